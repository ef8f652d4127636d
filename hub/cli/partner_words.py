"""What an operator writes on the command line about a partner, read and checked."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import quirk_table, registry
from hub.parties.quirk_table import NoSuchValue
from hub.store.unit import Unit


class PartyType(click.ParamType[Party]):
    """A party as NL/EMS."""

    name = "party"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Party:
        try:
            return quirk_table.party(str(value))
        except NoSuchValue as fault:
            self.fail(f"{fault}.", param, ctx)


def warn_of_stranger(unit: Unit, party: Party | None, role: Role) -> None:
    """What is written for a party that is not connected waits for it; most often it is mistyped."""
    if party is not None and not registry.of_party(unit, party, role):
        click.echo(f"hub: no {role} {party} is connected; see `hub partner list`.", err=True)


class HostType(click.ParamType[str]):
    """A host as api.example.com or api.example.com:8443."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return quirk_table.host(str(value))
        except NoSuchValue as fault:
            self.fail(f"{fault}.", param, ctx)


class FileType(click.ParamType[str]):
    """A file that `check` finds usable; its absolute path."""

    name = "file"

    def __init__(self, check: Callable[[str], str]) -> None:
        self.check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self.check(str(value))
        except NoSuchValue as fault:
            self.fail(f"{fault}.", param, ctx)


def time_zone(text: str) -> str:
    try:
        return quirk_table.time_zone(text)
    except NoSuchValue as fault:
        raise click.BadParameter(f"{fault}.") from fault


def roles_of(roles: Sequence[str], parties: Sequence[Party]) -> list[tuple[Role, Party]]:
    """Each role with the party at the same place; a single party has all the roles."""
    if len(parties) == 1:
        parties = [parties[0]] * len(roles)
    if len(roles) != len(parties):
        raise click.UsageError("Give a --party for each --role, in the same order.")
    return [(Role(role), party) for role, party in zip(roles, parties, strict=True)]
