"""`hub tariff list`, `publish` and what else changes prices: the price book at the command line."""

from collections.abc import Sequence
from typing import Any

import click

from hub.cli import tariff_book_views as views
from hub.cli import tariff_told_views as told_views
from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.limits import cut, limit_option
from hub.cli.moments import day, shown_in_full
from hub.cli.opening import as_json_option, with_hub
from hub.cli.rule_views import where
from hub.cli.tables import show_json
from hub.cli.tariff_book_views import Standing
from hub.cli.tariff_options import (
    FROM,
    expect_option,
    id_argument,
    owner_option,
    party_argument,
    reason_option,
    when,
    zone_option,
)
from hub.cli.tariff_publish import publish
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.prices.book import comparing, publishing, versions
from hub.prices.book.problems import NoSuchTariff, NoSuchVersion
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import ALWAYS, Version
from hub.prices.rules import rows as rule_rows
from hub.prices.shown import readers
from hub.store.unit import Unit
from hub.sync import telling

UTC = "UTC"


# Looking ---------------------------------------------------------------------------------------------------


@click.command("list", cls=Command, example="hub tariff list --owner NL/EXA")
@owner_option
@limit_option()
@zone_option
@as_json_option
@with_hub
def list_(hub: Hub, owner: Party | None, limit: int, time_zone: str | None, as_json: bool) -> None:
    """Show the tariffs of the price book: what is in force, since when, and what comes next."""
    with hub.store.reading() as unit:
        known_ones = cut(versions.identities(unit, owner, limit + 1), limit)
        found = [standing(unit, *each) for each in known_ones]
        zone = time_zone or (UTC if owner is None else comparing.time_zone_of(unit, owner))
    if as_json:
        show_json(list(map(views.of_standing, found)))
    else:
        views.show_list(found, zone)


@click.command(cls=Command, example="hub tariff show NL/EXA NIGHT --version 3")
@party_argument
@id_argument
@click.option("--version", "number", type=click.IntRange(1), metavar="NUMBER", help="What this one says.")
@limit_option()
@zone_option
@as_json_option
@with_hub
def show(
    hub: Hub,
    party: Party,
    identity: str,
    number: int | None,
    limit: int,
    time_zone: str | None,
    as_json: bool,
) -> None:
    """Show the versions of one tariff: when each holds, who made it and why; or what one of them says.

    What CPOs put over OCPI is there as well. A time in which nothing holds is told.
    """
    with hub.store.reading() as unit:
        found = known(unit, party, identity)
        zone = time_zone or comparing.time_zone_of(unit, party)
    if number is None:
        cut(found.versions, limit, "newest")
        if as_json:
            show_json(views.of_standing(found, limit))
        else:
            views.show_one(found, zone, limit)
        return
    version = numbered(found, number)
    if as_json:
        show_json(views.of_version(version, found.now) | {"tariff": version.document.sent})
    else:
        views.show_version(found, version, zone)


@click.command(cls=Command, example="hub tariff schedule --owner NL/EXA")
@owner_option
@zone_option
@as_json_option
@with_hub
def schedule(hub: Hub, owner: Party | None, time_zone: str | None, as_json: bool) -> None:
    """Show what is still to come: the versions that take force and those that end, in order."""
    with hub.store.reading() as unit:
        found = versions.changes_between(unit, unit.now + 1, ALWAYS, owner)
        zone = time_zone or (UTC if owner is None else comparing.time_zone_of(unit, owner))
    if as_json:
        show_json(list(map(views.of_turn, found)))
    elif found:
        views.show_schedule(found, zone)
    else:
        click.echo("Nothing is planned.")


@click.command(cls=Command, example="hub tariff changes --on 2026-11-30 --time-zone Europe/Berlin")
@click.option("--on", "date", metavar="DATE", required=True, help="The local day, as 2026-11-30.")
@owner_option
@zone_option
@as_json_option
@with_hub
def changes(hub: Hub, date: str, owner: Party | None, time_zone: str | None, as_json: bool) -> None:
    """Show which prices change on a day, past or to come, and what that means in words and in money."""
    with hub.store.reading() as unit:
        zone = time_zone or (UTC if owner is None else comparing.time_zone_of(unit, owner))
        found = versions.changes_between(unit, *day(date, zone), owner)
    if as_json:
        show_json(list(map(views.of_turn, found)))
    elif found:
        views.show_changes(found, zone)
    else:
        click.echo(f"No price changes on {date} ({zone}).")


@click.command(cls=Command, example="hub tariff told NL/EXA NIGHT")
@party_argument
@id_argument
@click.option(
    "--tries", type=click.IntRange(0), default=5, show_default=True, help="How many of each at most."
)
@zone_option
@as_json_option
@with_hub
def told(hub: Hub, party: Party, identity: str, tries: int, time_zone: str | None, as_json: bool) -> None:
    """Show what each partner was told of a tariff: which version, when, and what it answered.

    A partner that pulls is told nothing by itself; it sees the version that is in force. Which locations name
    the tariff is told with them: `hub delivery list --module locations`.
    """
    with hub.store.reading() as unit:
        shown = known(unit, party, identity)
        found = telling.of_tariff(unit, party, fold(identity), tries)
        zone = time_zone or comparing.time_zone_of(unit, party)
    if as_json:
        show_json(list(map(told_views.plain, found)))
    elif found:
        told_views.show(found, zone)
        if shown.next is not None:
            click.echo(f"\nIt changes next {shown_in_full(shown.next, zone)}: it is sent then, not before.")
    else:
        click.echo("No partner that hears of tariffs is connected.")


# Changing --------------------------------------------------------------------------------------------------


@click.command(cls=Command, example=f"hub tariff end NL/EXA NIGHT --at '{FROM}'")
@party_argument
@id_argument
@when("--at", "When it ends")
@reason_option
@expect_option
@with_hub
def end(hub: Hub, party: Party, identity: str, **told: Any) -> None:
    """End a tariff, now or at a moment to come: from then on it is not there."""
    with hub.store.unit() as unit:
        ended = publishing.end(unit, party, identity, edit_of(told))
        zone = comparing.time_zone_of(unit, party)
        assert ended.valid_to is not None
        giving = rule_rows.giving(unit, party, fold(identity), ended.valid_to)
    click.echo(f"{party} {identity}: version {ended.number} ends {shown_in_full(ended.valid_to, zone)}.")
    for each in giving:
        click.echo(
            f"hub: rule {each.id} gives it then ({where(each)}): such sessions are held, "
            f"RULE_TARIFF_NOT_IN_FORCE. `hub rule end {each.id}` ends the rule.",
            err=True,
        )


@click.command(cls=Command, example="hub tariff revert NL/EXA NIGHT 2 --reason 'the new price was wrong'")
@party_argument
@id_argument
@click.argument("number", metavar="NUMBER", type=click.IntRange(1))
@when("--from", "When it takes force")
@reason_option
@expect_option
@with_hub
def revert(hub: Hub, party: Party, identity: str, number: int, **told: Any) -> None:
    """Go back to what version NUMBER says, by a new version with the same words."""
    with hub.store.unit() as unit:
        made = publishing.revert(unit, party, identity, number, edit_of(told))
        zone = comparing.time_zone_of(unit, party)
    click.echo(views.published(f"{party} {identity}", made, zone))


@click.command(cls=Command, example="hub tariff withdraw NL/EXA NIGHT 4")
@party_argument
@id_argument
@click.argument("number", metavar="NUMBER", type=click.IntRange(1))
@click.option("--end", "its_end", is_flag=True, help="Take back its end only: it goes on.")
@reason_option
@expect_option
@with_hub
def withdraw(hub: Hub, party: Party, identity: str, number: int, its_end: bool, **told: Any) -> None:
    """Take back a version that has not taken force yet, or an end that is still to come."""
    act = publishing.withdraw_end if its_end else publishing.withdraw
    with hub.store.unit() as unit:
        act(unit, party, identity, number, edit_of(told))
    what = f"the end of version {number}" if its_end else f"version {number}"
    click.echo(f"{party} {identity}: {what} is withdrawn.")


COMMANDS: Sequence[click.Command] = (list_, show, told, publish, schedule, changes, end, revert, withdraw)


# What they need --------------------------------------------------------------------------------------------


def edit_of(told: Json) -> Edit:
    return Edit(at_the_terminal(), told["reason"], told.get("at"), expect=told["expect"])


def standing(unit: Unit, owner: Party, key: str) -> Standing:
    allowed = readers.of(unit, owner, key)
    return Standing(
        owner, versions.of_tariff(unit, owner, key), None if allowed is None else sorted(allowed), unit.now
    )


def known(unit: Unit, party: Party, identity: str) -> Standing:
    found = standing(unit, party, fold(identity))
    if not found.versions:
        raise NoSuchTariff(f"{party} has no tariff {identity}. `hub tariff list` shows those there are")
    return found


def numbered(found: Standing, number: int) -> Version:
    for each in found.versions:
        if each.number == number:
            return each
    raise NoSuchVersion(
        f"{found.owner} {found.identity} has no version {number}; it has 1 to {len(found.versions)}"
    )


def referred(unit: Unit, party: Party, identity: str, number: str | None) -> Version:
    """The version of this number; without one, what is in force."""
    found = known(unit, party, identity)
    present = found.present if number is None else numbered(found, int(number))
    if present is None:
        raise CommandFailed(f"nothing of {party} {identity} is in force. Write a version, as {identity}@1.")
    return present
