"""Where CDRs cost something else than they should: summed up by partner, tariff, cause and week."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.clearing import rows
from hub.clearing.deciding import Filter
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.prices.book import versions
from hub.store.clearings import clearings
from hub.store.unit import Unit

NOUGHT = Decimal(0)
NONE = "-"


@dataclass(slots=True)
class Sum:
    """CDRs that differ: how many, what they claim, what they should cost, before taxes."""

    count: int = 0
    claimed: Decimal = NOUGHT
    expected: Decimal = NOUGHT

    def add(self, claimed: Decimal, expected: Decimal) -> None:
        self.count += 1
        self.claimed += claimed
        self.expected += expected

    def as_dict(self) -> Json:
        delta = self.claimed - self.expected
        return {"count": self.count, "claimed": self.claimed, "expected": self.expected, "delta": delta}


@dataclass(slots=True)
class Report:
    """Of one currency: all CDRs that were recomputed, those that differ, and these by each axis."""

    currency: str
    recomputed: int = 0
    total: Sum = field(default_factory=Sum)
    by: dict[str, dict[str, Sum]] = field(default_factory=lambda: {axis: {} for axis in AXES})

    def as_dict(self) -> Json:
        return {
            "currency": self.currency,
            "recomputed": self.recomputed,
            **self.total.as_dict(),
            "by": {
                axis: {name: each.as_dict() for name, each in sorted(groups.items())}
                for axis, groups in self.by.items()
            },
        }


def week(row: Any) -> str:
    """The ISO week in which the session ended, in UTC."""
    year, number, _ = instants.moment(row.ended_at).isocalendar()
    return f"{year}-W{number:02}"


AXES: Mapping[str, Callable[[Any], str]] = {
    "cpo": lambda row: str(Party.of_code(row.owner)),
    "emsp": lambda row: str(Party.of_code(row.emsp)),
    "tariff": lambda row: str(row.tariff_version_id or NONE),
    "cause": lambda row: str(row.cause or NONE),
    "week": week,
}


def report(unit: Unit, wanted: Filter) -> list[Report]:
    """A report for each currency among the CDRs that are meant."""
    named = Tariffs(unit)
    found: dict[str, Report] = {}
    for row in recomputed(unit, wanted):
        told = found.setdefault(row.currency, Report(row.currency))
        told.recomputed += 1
        if row.net == row.expected_net:
            continue
        told.total.add(row.net, row.expected_net)
        for axis, name_of in AXES.items():
            name = named(row) if axis == "tariff" else name_of(row)
            told.by[axis].setdefault(name, Sum()).add(row.net, row.expected_net)
    return [found[currency] for currency in sorted(found)]


def recomputed(unit: Unit, wanted: Filter) -> Iterable[Any]:
    priced = [clearings.c.expected_net.is_not(None), clearings.c.kind.not_in(rows.CREDITS)]
    query = clearings.select().where(*wanted.conditions(), *priced).order_by(clearings.c.id)
    return unit.connection.execute(query.execution_options(stream_results=True))


class Tariffs:
    """The names of versions, each looked up once."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.names: dict[int | None, str] = {None: NONE}

    def __call__(self, row: Any) -> str:
        identity = row.tariff_version_id
        if identity not in self.names:
            found = versions.by_id(self.unit, identity)
            self.names[identity] = NONE if found is None else f"{found.party}/{found.key}@{found.number}"
        return self.names[identity]
