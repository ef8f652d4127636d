"""`hub rule`: which tariff holds for whom and where, and what comes off it."""

from dataclasses import replace
from typing import Any

import click

from hub.billing import rating
from hub.billing.holding import Held
from hub.cli import rule_views as views
from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.limits import cut, limit_option
from hub.cli.moments import MomentType
from hub.cli.moments import shown as shown_at
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.rule_words import FROM, draft_of, give_options, match_of, match_options
from hub.cli.session import known
from hub.cli.tables import show_json
from hub.hub import Hub
from hub.ocpi import parts
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.wire import fold
from hub.prices.book import comparing
from hub.prices.rules import adjustments, resolving, situation
from hub.prices.rules import book as rule_book
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.drafts import Draft
from hub.prices.rules.resolving import Resolution
from hub.prices.rules.rules import Rule
from hub.prices.rules.situation import Situation
from hub.store import documents
from hub.store.assignments import rules
from hub.store.unit import Unit

party_argument = click.argument("party", metavar="PARTY", type=PartyType())
id_argument = click.argument("identity", metavar="ID", type=click.IntRange(1))


@click.group(cls=Group, example="hub rule list --owner NL/CPO")
def rule() -> None:
    """Say which tariff holds for whom and where, and what comes off the price.

    Of the rules that match a session, the most specific one gives its tariff: it names the first of
    --partner, --contract, --group, --plan, --tier, --campaign, --connector, --evse, --location,
    --location-group, --country, --power, --current, --standard, --token-type, --tariff-type that another
    does not name; among equals the higher --priority. Without a rule, the connector's own tariff holds.
    Discounts and allowances are chosen in the same way, one of each kind.

    A rule is never edited but ended and replaced, and touches no session that began before it was made.
    """


@rule.command(
    example="hub rule add NL/CPO --tariff NIGHT --partner DE/MSP --location HARBOUR --hours 22:00-06:00"
)
@party_argument
@give_options
@match_options
@click.option(
    "--replaces", type=click.IntRange(1), metavar="ID", help="End this rule where the new one begins."
)
@click.option("--dry-run", is_flag=True, help="Check it, and write nothing.")
@as_json_option
@with_hub
def add(hub: Hub, party: Party, replaces: int | None, dry_run: bool, as_json: bool, **told: Any) -> None:
    """Make a rule of a party. Refused when another could win as well, with a session that shows it."""
    draft = draft_of(party, told)
    try:
        with hub.store.unit() as unit:
            made = written(unit, draft, replaces)
            zone = comparing.time_zone_of(unit, party)
            refuse_to_keep(dry_run)
    except OnlyTried:
        click.echo("hub: it was only tried; nothing was written.", err=True)
    if as_json:
        show_json(rule_book.described(made))
    else:
        name = "It would be: " if dry_run else f"Rule {made.id}: "
        click.echo(f"{name}{views.sentence(made, zone)}")


class OnlyTried(Exception):
    """What was done is undone."""


def refuse_to_keep(only_tried: bool) -> None:
    if only_tried:
        raise OnlyTried


def written(unit: Unit, draft: Draft, replaces: int | None) -> Rule:
    author = at_the_terminal()
    if replaces is None:
        return rule_book.add(unit, draft, author)
    return rule_book.replace_by(unit, replaces, draft, author)


@rule.command("list", example="hub rule list --owner NL/CPO --all")
@click.option("--owner", type=PartyType(), metavar="NL/CPO", help="Only those of this party.")
@click.option("--partner", type=PartyType(), metavar="NL/EMS", help="Only those that name this partner.")
@click.option("--tariff", metavar="ID", help="Only those that give this tariff.")
@click.option("--all", "ended", is_flag=True, help="Those that have ended too.")
@limit_option(100)
@as_json_option
@with_hub
def list_(
    hub: Hub,
    owner: Party | None,
    partner: Party | None,
    tariff: str | None,
    ended: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show the rules, the most specific first."""
    with hub.store.reading() as unit:
        found = rule_rows.listed(unit, *([] if owner is None else [rules.c.owner == owner.code]))
        now = unit.now
    wanted = [
        each
        for each in found
        if (ended or each.valid_to is None or each.valid_to > now)
        and partner in (None, each.match.partner and Party.of_code(each.match.partner))
        and (tariff is None or fold(each.tariff_id or "") == fold(tariff))
    ]
    wanted.sort(key=lambda each: each.order, reverse=True)
    wanted.sort(key=lambda each: each.owner)
    shown = cut(wanted, limit)
    if as_json:
        show_json(list(map(rule_book.described, shown)))
    else:
        views.show_list(shown)


@rule.command(example="hub rule show 17")
@id_argument
@as_json_option
@with_hub
def show(hub: Hub, identity: int, as_json: bool) -> None:
    """Show one rule: who made it, when and why, and how it ended."""
    with hub.store.reading() as unit:
        found = rule_book.one(unit, identity)
    if as_json:
        show_json(rule_book.described(found))
    else:
        views.show_one(found)


@rule.command(example=f"hub rule end 17 --at '{FROM}' --reason 'the contract has ended'")
@id_argument
@click.option("--at", type=MomentType(), metavar="WHEN", help=f"As '{FROM}'.  [default: now]")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who look later.")
@with_hub
def end(hub: Hub, identity: int, at: int | None, reason: str) -> None:
    """End a rule for sessions that begin from then on; one that has not begun never does."""
    with hub.store.unit() as unit:
        ended = rule_book.end(unit, identity, at, at_the_terminal(), reason)
    click.echo(f"Rule {ended.id} ends at {shown_at(ended.valid_to, views.UTC)} UTC.")


@rule.command(example="hub rule resolve NL/CPO SESSION-1")
@party_argument
@click.argument("session", metavar="[SESSION]", required=False)
@click.option("--at", type=MomentType(), metavar="WHEN", help=f"When it begins, as '{FROM}'.  [default: now]")
@match_options
@as_json_option
@with_hub
def resolve(hub: Hub, party: Party, session: str | None, at: int | None, as_json: bool, **told: Any) -> None:
    """Tell which tariff and adjustments hold for a session, and why each other rule does not.

    SESSION is the id of one that there is. Without it, the options say what the session would be like: a
    --location at least (with its first EVSE and connector, unless they are named).
    """
    with hub.store.reading() as unit:
        found = of_session(unit, party, session) if session else supposed(unit, party, at, told)
        left = adjustments.left(unit, found.adjustments, adjustments.account(found.here))
    if as_json:
        show_json(views.of_resolution(found, left))
    else:
        views.show_resolution(found, left)


def of_session(unit: Unit, party: Party, identity: str) -> Resolution:
    try:
        found = rating.circumstances(unit, known(unit, party, identity).session.document)
    except Held as held:
        raise CommandFailed(f"nothing can be said of {identity}: {held.message}") from held
    return resolving.resolve(unit, found.here, found.seen)


def supposed(unit: Unit, party: Party, at: int | None, told: dict[str, Any]) -> Resolution:
    """What would hold for a session that the options describe."""
    wanted = match_of(told)
    if wanted.location_id is None:
        raise click.UsageError("Name a SESSION, or a --location.")
    place = place_in(unit, party, (wanted.location_id, wanted.evse_uid, wanted.connector_id))
    bare = situation.at_place(party, unit.now if at is None else at, place)
    described = replace(
        bare,
        partner=wanted.partner,
        contract=wanted.contract,
        group_id=wanted.group_id,
        plan=wanted.plan,
        tier=wanted.tier,
        campaign=frozenset(filter(None, [wanted.campaign])),
        location_group=frozenset(filter(None, [wanted.location_group])),
        token_type=wanted.token_type,
        tariff_type=wanted.tariff_type or usual_type(wanted.token_type),
    )
    return resolving.resolve(unit, known_partner(situation.with_memberships(unit, described)))


def usual_type(kind: str | None) -> str:
    return "AD_HOC_PAYMENT" if kind == "AD_HOC_USER" else "REGULAR"


def known_partner(here: Situation) -> Situation:
    """A contract id begins with its party, where it is written as the standard has it."""
    if here.partner is None and here.contract and here.contract[2:3] == "-":
        return replace(here, partner=here.contract[:2] + here.contract[3:6])
    return here


def place_in(unit: Unit, party: Party, named: tuple[str, str | None, str | None]) -> tuple[Json, Json, Json]:
    location_id, evse_uid, connector_id = named
    stored = documents.find(unit, "locations", party, fold(location_id))
    if stored is None or stored.deleted:
        raise CommandFailed(f"{party} has no location {location_id}.")
    location = stored.document.newest
    try:
        evse = parts.find_evse(location, evse_uid) if evse_uid else (location.get("evses") or [None])[0]
        if evse is None:
            raise CommandFailed(f"location {location_id} has no EVSE yet.")
        connector = parts.find_connector(evse, connector_id) if connector_id else evse["connectors"][0]
    except UnknownLocation as fault:
        raise CommandFailed(fault.message) from fault
    return location, evse, connector
