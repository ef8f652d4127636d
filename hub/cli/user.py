"""`hub user`: who may use the operators' API."""

from collections.abc import Iterator
from typing import Any

import click

from hub.cli.acting import at_the_terminal, problems_told, reason_option
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.operator import people
from hub.operator.people import NewUser, User
from hub.operator.resources import SECTIONS
from hub.operator.roles import PURPOSES, Role

ROLE = click.Choice([role.value for role in Role])
HEADINGS = ("Name", "Role", "Party", "Created", "Disabled")
name_argument = click.argument("name", metavar="NAME")


@click.group(cls=Group, example="hub user add ann --role pricing --party NL/EXA")
def user() -> None:
    """Say who may use the operators' API, and as what.

    A user opens nothing by itself: `hub token create` makes what it sends with each request.
    """


@user.command(example="hub user add ann --role pricing --party NL/EXA")
@name_argument
@click.option("--role", type=ROLE, required=True, help="What the user may do; see the README.")
@click.option("--party", type=PartyType(), help="Let it see what is this party's only, as NL/EXA.")
@reason_option
@as_json_option
@with_hub
@problems_told
def add(hub: Hub, name: str, role: str, party: Party | None, reason: str | None, as_json: bool) -> None:
    """Make a user."""
    with hub.store.unit() as unit:
        made = people.add(unit, at_the_terminal(), NewUser(name, Role(role), party), reason)
    if as_json:
        show_json(described(made))
        return
    whose = f", for {party} only" if party else ""
    click.echo(f"{name} is a user with the role {role}{whose}. `hub token create {name!r}` makes a token.")


@user.command(example="hub user roles")
def roles() -> None:
    """Show what each role is for, and what it may change; all of them read all but users and the trail."""
    click.echo("\n".join(roles_table()))


def roles_table() -> Iterator[str]:
    """As Markdown."""
    yield "| Role | For | May change |"
    yield "| --- | --- | --- |"
    for role, purpose in PURPOSES.items():
        yield f"| `{role.value}` | {purpose} | {', '.join(changed_by(role)) or 'nothing'} |"


def changed_by(role: Role) -> Iterator[str]:
    """The operations that change something, by section."""
    if role is Role.ADMIN:
        yield "everything"
        return
    for section in SECTIONS:
        its = [each for each in section.operations if each.changes and role in each.permission.roles]
        if its:
            names = ", ".join(each.name.partition(".")[2] for each in its)
            yield f"{section.name} ({names})"


@user.command("list", example="hub user list --json")
@as_json_option
@with_hub
def list_(hub: Hub, as_json: bool) -> None:
    """Show the users, also those that are disabled."""
    with hub.store.reading() as unit:
        told = [described(each) for each in people.everyone(unit)]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, [tuple(each.values()) for each in told])


@user.command("set", example="hub user set ann --role read-only")
@name_argument
@click.option("--role", type=ROLE, help="The role it is to have.")
@click.option("--party", type=PartyType(), help="Let it see what is this party's only.")
@click.option("--every-party", is_flag=True, help="Let it see what is any party's.")
@reason_option
@with_hub
@problems_told
def set_(
    hub: Hub, name: str, role: str | None, party: Party | None, every_party: bool, reason: str | None
) -> None:
    """Give a user another role, or let it see another party's objects."""
    if party is not None and every_party:
        raise click.UsageError("Give --party or --every-party, not both.")
    values: dict[str, Any] = {} if role is None else {"role": Role(role)}
    if party is not None or every_party:
        values["party"] = party
    if not values:
        raise click.UsageError("Say what to change: --role, --party or --every-party.")
    with hub.store.unit() as unit:
        people.change(unit, at_the_terminal(), people.named(unit, name), reason, **values)
    click.echo(f"{name} is changed.")


@user.command(example="hub user disable ann --reason 'has left'")
@name_argument
@reason_option
@with_hub
@problems_told
def disable(hub: Hub, name: str, reason: str | None) -> None:
    """Shut a user out at once: its tokens open nothing. `enable` undoes it."""
    with hub.store.unit() as unit:
        people.change(unit, at_the_terminal(), people.named(unit, name), reason, disabled_at=unit.now)
    click.echo(f"{name} is disabled.")


@user.command(example="hub user enable ann")
@name_argument
@reason_option
@with_hub
@problems_told
def enable(hub: Hub, name: str, reason: str | None) -> None:
    """Let a user in again, with those of its tokens that still hold."""
    with hub.store.unit() as unit:
        people.change(unit, at_the_terminal(), people.named(unit, name), reason, disabled_at=None)
    click.echo(f"{name} is enabled.")


def described(each: User) -> Json:
    return {
        "name": each.name,
        "role": each.role.value,
        "party": each.party and str(each.party),
        "created_at": instants.text(each.created_at),
        "disabled_at": each.disabled_at and instants.text(each.disabled_at),
    }
