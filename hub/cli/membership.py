"""`hub location-group` and `hub membership`: what locations and contracts belong to, for rules to name."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from hub.cli.acting import at_the_terminal
from hub.cli.frame import Group
from hub.cli.moments import MomentType, shown
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.rule_words import FROM
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.prices.rules import membership_book, memberships
from hub.prices.rules.membership_book import Belonging
from hub.prices.rules.memberships import Kind, Membership
from hub.store.assignments import memberships as rows

UTC = "UTC"
KINDS = {kind.lower(): kind for kind in Kind if kind is not Kind.LOCATION}
party_argument = click.argument("party", metavar="PARTY", type=PartyType())
name_argument = click.argument("name", metavar="NAME")
kind_argument = click.argument("kind", metavar="KIND", type=click.Choice(list(KINDS)))
locations_argument = click.argument("members", metavar="LOCATION...", nargs=-1, required=True)
contracts_argument = click.argument("members", metavar="CONTRACT...", nargs=-1, required=True)
owner_option = click.option("--owner", type=PartyType(), metavar="NL/CPO", help="Only those of this party.")
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for those who look later.")


def moment_option(flag: str, name: str, told: str) -> Callable[..., Any]:
    return click.option(flag, name, type=MomentType(), metavar="WHEN", help=told)


from_option = moment_option("--from", "valid_from", f"As '{FROM}'.  [default: now]")
until_option = moment_option("--until", "valid_to", "Until then.  [default: for good]")
at_option = moment_option("--at", "valid_from", f"As '{FROM}'.  [default: now]")


@click.group("location-group", cls=Group, example="hub location-group list --owner NL/CPO")
def location_group() -> None:
    """Put locations of a party into groups that rules can name; a location may be in several."""


@location_group.command("add", example="hub location-group add NL/CPO COAST HARBOUR PIER")
@party_argument
@name_argument
@locations_argument
@from_option
@until_option
@reason_option
@with_hub
def add_locations(hub: Hub, party: Party, name: str, members: Sequence[str], **told: Any) -> None:
    """Put locations into a group, which is made at first need."""
    come(hub, Belonging(party, Kind.LOCATION, name, members, **told))


@location_group.command("remove", example="hub location-group remove NL/CPO COAST PIER")
@party_argument
@name_argument
@locations_argument
@at_option
@reason_option
@with_hub
def remove_locations(hub: Hub, party: Party, name: str, members: Sequence[str], **told: Any) -> None:
    """Take locations out of a group."""
    leave(hub, Belonging(party, Kind.LOCATION, name, members, **told))


@location_group.command("list", example="hub location-group list --owner NL/CPO --all")
@owner_option
@click.option("--all", "ended", is_flag=True, help="Those that have left too.")
@as_json_option
@with_hub
def list_locations(hub: Hub, owner: Party | None, ended: bool, as_json: bool) -> None:
    """Show which locations are in which groups."""
    show(hub, owner, (Kind.LOCATION,), ended=ended, as_json=as_json)


@click.group(cls=Group, example="hub membership list --owner NL/CPO")
def membership() -> None:
    """Put contracts into plans, tiers, campaigns and driver groups that rules can name.

    KIND is plan, tier, campaign or group. A contract has one plan, one tier and one driver group at a time;
    it may be in several campaigns.
    """


@membership.command(
    "add", example="hub membership add NL/CPO plan GOLD NL-EMS-C00012345-X --until 2027-01-01T00:00:00Z"
)
@party_argument
@kind_argument
@name_argument
@contracts_argument
@from_option
@until_option
@reason_option
@with_hub
def add_contracts(hub: Hub, party: Party, kind: str, name: str, members: Sequence[str], **told: Any) -> None:
    """Let contracts belong to a plan, tier, campaign or driver group."""
    come(hub, Belonging(party, KINDS[kind], name, members, **told))


@membership.command("remove", example="hub membership remove NL/CPO plan GOLD NL-EMS-C00012345-X")
@party_argument
@kind_argument
@name_argument
@contracts_argument
@at_option
@reason_option
@with_hub
def remove_contracts(
    hub: Hub, party: Party, kind: str, name: str, members: Sequence[str], **told: Any
) -> None:
    """Let contracts leave."""
    leave(hub, Belonging(party, KINDS[kind], name, members, **told))


@membership.command("list", example="hub membership list --owner NL/CPO --kind plan")
@owner_option
@click.option("--kind", type=click.Choice(list(KINDS)), help="Only these.")
@click.option("--all", "ended", is_flag=True, help="Those that have left too.")
@as_json_option
@with_hub
def list_contracts(hub: Hub, owner: Party | None, kind: str | None, ended: bool, as_json: bool) -> None:
    """Show which contracts belong to what."""
    show(hub, owner, tuple(KINDS.values()) if kind is None else (KINDS[kind],), ended=ended, as_json=as_json)


def come(hub: Hub, asked: Belonging) -> None:
    with hub.store.unit() as unit:
        made = membership_book.add(unit, asked, at_the_terminal())
    already = len({fold(member) for member in asked.members}) - len(made)
    more = f"; {already} {'was' if already == 1 else 'were'} there already" if already else ""
    click.echo(f"{len(made)} came into {called(asked)}{more}.")


def leave(hub: Hub, asked: Belonging) -> None:
    with hub.store.unit() as unit:
        gone = membership_book.remove(unit, asked, at_the_terminal())
    click.echo(f"{len(gone)} left {called(asked)}.")


def called(asked: Belonging) -> str:
    kind = "location group" if asked.kind is Kind.LOCATION else asked.kind.lower()
    return f"{kind} {fold(asked.name)} of {asked.owner}"


def show(hub: Hub, owner: Party | None, kinds: Sequence[Kind], *, ended: bool, as_json: bool) -> None:
    with hub.store.reading() as unit:
        mine = [] if owner is None else [rows.c.owner == owner.code]
        found = memberships.listed(unit, rows.c.kind.in_(kinds), *mine)
        found = [each for each in found if ended or each.valid_to is None or each.valid_to > unit.now]
    if as_json:
        show_json([described(each) for each in found])
        return
    show_table(("Party", "Kind", "Name", "Member", "From", "Until", "Reason"), [row(each) for each in found])


def described(each: Membership) -> Json:
    return {
        "owner": str(each.owner),
        "kind": each.kind,
        "name": each.name,
        "member": each.member,
        "valid_from": instants.text(each.valid_from),
        "valid_to": None if each.valid_to is None else instants.text(each.valid_to),
        "author": each.author,
        "reason": each.reason,
    }


def row(each: Membership) -> tuple[Any, ...]:
    window = shown(each.valid_from, UTC), shown(each.valid_to, UTC)
    return str(each.owner), each.kind.lower(), each.name, each.member, *window, each.reason
