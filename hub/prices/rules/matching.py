"""What a rule shall match, as a person or a program writes it, read and checked."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.ocpi import enums
from hub.ocpi.enums import Enum
from hub.ocpi.wire import fold
from hub.prices.rules.faults import InvalidRule
from hub.prices.rules.rules import WEEKDAYS, Band, Match, minutes

PARTY = re.compile(r"([A-Za-z]{2})[/*-]?([A-Za-z0-9]{3})")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LONGEST = 80


def read(told: Mapping[str, Any]) -> Match:
    """A Match from JSON by the names of its fields; None is the same as left out. InvalidRule names a field.

    partner NL/EMS; power_kw [22, 150], null for no end; weekdays ["SATURDAY"]; hours "22:00-06:00".
    """
    unknown = sorted(set(told) - set(READERS))
    if unknown:
        raise InvalidRule(f"match.{unknown[0]}", f"no rule matches that; there is {', '.join(READERS)}")
    match = Match(**{name: reading(name, value) for name, value in told.items() if value is not None})
    if match.connector_id is not None and match.evse_uid is None:
        raise InvalidRule(
            "match.connector_id", "names a connector only together with evse_uid; give that too"
        )
    return match


def reading(name: str, value: Any) -> Any:
    try:
        return READERS[name](value)
    except ValueError as fault:
        raise InvalidRule(f"match.{name}", str(fault)) from None


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise ValueError(f"must be a text of 1 to {LONGEST} signs")
    return value.strip()


def identity(value: Any) -> str:
    return fold(text(value))


def party(value: Any) -> str:
    found = PARTY.fullmatch(text(value))
    if found is None:
        raise ValueError(f"{value!r} is no party; write it as NL/EMS")
    return fold("".join(found.groups()))


def contract(value: Any) -> str:
    found = identity(value)
    if "*" in found[:-1] or found == "*":
        raise ValueError("* stands only at the end, after the beginning of the contract ids that are meant")
    return found


def country(value: Any) -> str:
    found = identity(value)
    if len(found) != 3 or not found.isalpha():
        raise ValueError(f"{value!r} is no country; write three letters, as NLD")
    return found


def band(value: Any) -> Band:
    try:
        low, high = (None if each is None else Decimal(str(each)) for each in value)
    except (TypeError, ValueError, InvalidOperation):
        raise ValueError("must be two numbers, [from, below], null for no end") from None
    for each in (low, high):
        if each is not None and (not each.is_finite() or each < 0):
            raise ValueError("a power is a number from 0 on")
    if low is None and high is None:
        raise ValueError("must have a beginning or an end")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"{low} is not below {high}")
    return low, high


def weekdays(value: Any) -> tuple[int, ...]:
    names = [fold(str(each)) for each in value] if isinstance(value, list | tuple) else []
    if not names or not set(names) <= set(WEEKDAYS):
        raise ValueError(f"must be a list of {', '.join(WEEKDAYS)}")
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def hours(value: Any) -> tuple[int, int]:
    start, _, end = text(value).partition("-")
    if not CLOCK.fullmatch(start) or not CLOCK.fullmatch(end):
        raise ValueError(f"{value!r} are no hours; write 22:00-06:00")
    if start == end:
        raise ValueError("that is no time at all; leave it out for the whole day")
    return minutes(start), minutes(end)


def one_of(enum: Enum) -> Callable[[Any], str]:
    def read_one(value: Any) -> str:
        found = identity(value)
        if found not in enum.values and not enum.open:
            raise ValueError(f"{value!r} is not one of {', '.join(sorted(enum.values))}")
        return found

    return read_one


CURRENT = enums.closed("Current", "AC DC")
READERS: Mapping[str, Callable[[Any], Any]] = {
    "partner": party,
    "contract": contract,
    "group_id": identity,
    "plan": identity,
    "tier": identity,
    "campaign": identity,
    "connector_id": identity,
    "evse_uid": identity,
    "location_id": identity,
    "location_group": identity,
    "country": country,
    "power_kw": band,
    "current": one_of(CURRENT),
    "standard": one_of(enums.CONNECTOR_TYPE),
    "token_type": one_of(enums.TOKEN_TYPE),
    "tariff_type": one_of(enums.TARIFF_TYPE),
    "weekdays": weekdays,
    "hours": hours,
}
