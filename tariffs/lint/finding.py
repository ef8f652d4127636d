"""What the linter says of one place in a tariff, and what it looks at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tariffs.cells import Moment
from tariffs.lint.rules import RULES, Severity
from tariffs.model import Dimension, Element, Tariff
from tariffs.words import DAYS, clock, day, digits, length

DIALECT_TYPE = "SESSION_TIME"
"""Of Gireve's 2.1.1: it prices both kinds of time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `example` is a local moment for which it holds, where that helps."""

    id: str
    severity: Severity
    path: str
    message: str
    remedy: str
    example: str | None = None

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Subject:
    """A tariff and its document; `near` is the day about which examples are made."""

    document: Mapping[str, Any]
    tariff: Tariff
    time_zone: str | None
    near: date

    @property
    def valid(self) -> tuple[date | None, date | None]:
        """The days on which the tariff may be in force, in any time zone."""
        start, end = self.tariff.start, self.tariff.end
        return (
            None if start is None else _day(start) - timedelta(days=1),
            None if end is None else _day(end) + timedelta(days=2),
        )

    def component(self, element: Element, dimension: Dimension) -> str:
        """The path of the component that supplies a dimension of an element."""
        given = self.document["elements"][element.index]["price_components"]
        names = (
            (dimension, DIALECT_TYPE)
            if dimension in (Dimension.TIME, Dimension.PARKING_TIME)
            else (dimension,)
        )
        place = next(place for place, part in enumerate(given) if part["type"] in names)
        return f"elements[{element.index}].price_components[{place}]"


Findings = Iterator[Finding]
Check = Callable[[Subject], Findings]


def finding(rule: str, path: str, message: str, example: str | None = None) -> Finding:
    """A finding under a rule of the table."""
    known = RULES[rule]
    return Finding(rule, known.severity, path, message, known.remedy, example)


def restriction(element: Element, name: str) -> str:
    """The path of a restriction."""
    return f"elements[{element.index}].restrictions.{name}"


def example(moment: Moment) -> str:
    """A moment in words: Saturday 10 January 2026, 20:00, after 20 kWh."""
    told = [f"{DAYS[moment.day.weekday()]} {day(moment.day)}", clock(moment.minute)]
    if moment.kwh:
        told.append(f"after {digits(moment.kwh)} kWh")
    if moment.duration:
        told.append(f"after {length(moment.duration)}")
    if moment.power:
        told.append(f"at {digits(moment.power)} kW")
    if moment.current:
        told.append(f"at {digits(moment.current)} A")
    return ", ".join(told)


def _day(instant: int) -> date:
    return (datetime(1970, 1, 1) + timedelta(microseconds=instant)).date()  # noqa: DTZ001  (only its date)
