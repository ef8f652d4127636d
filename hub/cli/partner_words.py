"""What an operator writes on the command line about a partner, read and checked."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import available_timezones

import click

from hub.ocpi.document import Party
from hub.ocpi.leniency import MENDS
from hub.ocpi.module import Role
from hub.settings import PARTY

R = TypeVar("R")
NONE = "none"


class PartyType(click.ParamType[Party]):
    """A party as NL/EMS."""

    name = "party"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Party:
        found = PARTY.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no country code and party id; write it as NL/EMS.", param, ctx)
        return Party.of(*found.groups())


def time_zone(text: str) -> str:
    if text not in available_timezones():
        raise click.BadParameter(f"{text!r} is no IANA time zone; write it as Europe/Amsterdam.")
    return text


def percentage(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(-1)
    if not 0 <= rate <= 100:
        raise click.BadParameter(f"{text!r} is no percentage; write it as 21 or 5.5.")
    return rate


def mend(text: str) -> str:
    if text not in MENDS:
        raise click.BadParameter(f"there is no mend {text!r}; there are: {', '.join(MENDS)}.")
    return text


def host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.\-]+(:\d{1,5})?", text):
        raise click.BadParameter(f"{text!r} is no host; write it as api.example.com or api.example.com:8443.")
    return text.lower()


def or_none(read: Callable[[str], R]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Read the value, or the values, of an option; the word `none` takes the setting away."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if isinstance(value, tuple):
            return value and frozenset(read(each) for each in value if each != NONE)
        return value if value in (None, NONE) else read(value)

    return callback


def roles_of(roles: Sequence[str], parties: Sequence[Party]) -> list[tuple[Role, Party]]:
    """Each role with the party at the same place; a single party has all the roles."""
    if len(parties) == 1:
        parties = [parties[0]] * len(roles)
    if len(roles) != len(parties):
        raise click.UsageError("Give a --party for each --role, in the same order.")
    return [(Role(role), party) for role, party in zip(roles, parties, strict=True)]
