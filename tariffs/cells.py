"""The conditions of a tariff's elements as sets of cells, in a space cut at the tariff's own edges.

The axes are the local day, the time of day, energy so far, time so far, power and current. Every condition
holds in all of a cell or in none of it, so that "covered by the elements before it" and "never priced" are
questions about sets. A set is one int with a bit for each cell: union and difference cost next to nothing.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from tariffs.model import Component, Dimension, Element, ReservationKind, Restrictions

QUANTITIES = ("kwh", "duration", "power", "current")
MINUTES = 1440
MOST_PARTS, MOST_WORK = 5_000, 2 * 10**9
"""Components, and bits times components: more than any honest tariff needs, and a second or two of work."""

Part = tuple[Element, Component]
Edge = TypeVar("Edge", int, Decimal)


@dataclass(frozen=True, slots=True)
class Moment:
    """One corner of a cell: the earliest local time and the least quantities in it."""

    day: date
    minute: int
    kwh: Decimal
    duration: Decimal
    power: Decimal
    current: Decimal


@dataclass(frozen=True, slots=True)
class _Days:
    """Local days between two edges (ordinals, None unbounded) that are one weekday."""

    first: int | None
    last: int | None
    weekday: int

    def nearest(self, near: date) -> date:
        """The first such day from `near` on, else the last before it."""
        start = max(near.toordinal(), self.first or 1)
        if self.last is not None and start >= self.last:
            start = max(self.first or 1, self.last - 7)
        forward = (self.weekday - (start + 6) % 7) % 7
        return date.fromordinal(start) + timedelta(days=forward)


class Space:
    """The cells of some components; `near` is the day about which examples are made."""

    def __init__(self, parts: Sequence[Part], near: date, valid: tuple[date | None, date | None]) -> None:
        self.parts = tuple(parts)
        self.near = near
        conditions = [element.restrictions for element, _ in parts]
        self.days = _day_cells(conditions, near, valid)
        self.minutes = _sorted(0, (edge for one in conditions for edge in (one.start_time, one.end_time)))
        self.edges = {name: _quantity_edges(conditions, name) for name in QUANTITIES}
        self.sizes = (len(self.days), len(self.minutes), *(len(self.edges[name]) for name in QUANTITIES))

    @property
    def count(self) -> int:
        """How many cells there are."""
        found = 1
        for size in self.sizes:
            found *= size
        return found

    @property
    def too_large(self) -> bool:
        """Whether sets of cells would take too long."""
        return len(self.parts) > MOST_PARTS or self.count * (len(self.parts) + 1) > MOST_WORK

    def box(self, read: Restrictions) -> int:
        """The cells in which restrictions hold."""
        axes = [self._on_days(read), self._on_minutes(read)]
        axes += [self._on_quantity(name, read) for name in QUANTITIES]
        return self._product(axes)

    def domain(self, dimension: Dimension | None, kind: ReservationKind | None) -> int:
        """The cells that can happen: a parked vehicle takes no load (A10), a reserved one no energy (A14)."""
        idle = kind is not None or dimension is Dimension.PARKING_TIME
        axes = [(1 << size) - 1 for size in self.sizes]
        for place, name in enumerate(QUANTITIES, start=2):
            if (idle and name in ("power", "current")) or (kind is not None and name == "kwh"):
                axes[place] = 1
        return self._product(axes)

    def moment(self, cells: int) -> Moment:
        """A corner of one of the cells, near the day given, early and with little used."""
        bit = (cells & -cells).bit_length() - 1
        places = []
        for size in reversed(self.sizes):
            bit, place = divmod(bit, size)
            places.append(place)
        day, minute, *rest = reversed(places)
        used = (self.edges[name][place] for name, place in zip(QUANTITIES, rest, strict=True))
        return Moment(self.days[day].nearest(self.near), self.minutes[minute], *used)

    def ends(self, moment: Moment) -> dict[str, Decimal | int | None]:
        """Where the cell of a corner ends on each axis of quantities and time; None is nowhere."""
        found: dict[str, Decimal | int | None] = {"minute": _next(self.minutes, moment.minute)}
        return found | {name: _next(self.edges[name], getattr(moment, name)) for name in QUANTITIES}

    def _on_days(self, read: Restrictions) -> int:
        first = read.start_date.toordinal() if read.start_date else None
        last = read.end_date.toordinal() if read.end_date else None
        found = 0
        for place, days in enumerate(self.days):
            after = first is None or (days.first is not None and days.first >= first)
            before = last is None or (days.last is not None and days.last <= last)
            if after and before and (not read.day_of_week or days.weekday in read.day_of_week):
                found |= 1 << place
        return found

    def _on_minutes(self, read: Restrictions) -> int:
        start, end = read.start_time or 0, read.end_time or MINUTES
        if start == end:
            return 0
        first, last = bisect_left(self.minutes, start), bisect_left(self.minutes, end)
        if start < end:
            return _run(first, last)
        return _run(0, last) | _run(first, len(self.minutes))

    def _on_quantity(self, name: str, read: Restrictions) -> int:
        edges = self.edges[name]
        least, most = getattr(read, f"min_{name}"), getattr(read, f"max_{name}")
        first = 0 if least is None else bisect_left(edges, max(least, Decimal(0)))
        last = len(edges) if most is None else bisect_left(edges, max(most, Decimal(0)))
        return _run(first, last)

    def _product(self, axes: Sequence[int]) -> int:
        """The cells whose place on each axis is among those of that axis; the last axis varies fastest."""
        found, width = 1, 1
        for places, size in zip(reversed(axes), reversed(self.sizes), strict=True):
            found, width = _repeated(found, width, places), width * size
        return found


def parts_of(elements: Iterable[Element], kind: ReservationKind | None, *dimensions: Dimension) -> list[Part]:
    """The components of some dimensions in elements for sessions (None) or for one kind of reservation."""
    return [
        (element, part)
        for element in elements
        if element.restrictions.reservation is kind
        for part in element.components
        if part.dimension in dimensions
    ]


def _repeated(pattern: int, width: int, places: int) -> int:
    """`pattern` of `width` bits at each of the places whose bit is set."""
    if width == 1:
        return places if pattern else 0
    found, place = 0, 0
    while places:
        skip = (places & -places).bit_length() - 1
        places, place = places >> skip, place + skip
        run = (~places & (places + 1)).bit_length() - 1
        found |= _tiled(pattern, width, run) << (place * width)
        places, place = places >> run, place + run
    return found


def _tiled(pattern: int, width: int, times: int) -> int:
    """`pattern` so many times in a row, by doubling."""
    found, have = 0, 0
    while times:
        if times & 1:
            found |= pattern << have
            have += width
        pattern |= pattern << width
        width, times = 2 * width, times >> 1
    return found


def _run(first: int, last: int) -> int:
    return (1 << last) - (1 << first) if last > first else 0


def _sorted(least: int, edges: Iterable[int | None]) -> list[int]:
    return sorted({least} | {edge for edge in edges if edge is not None and least < edge < MINUTES})


def _quantity_edges(conditions: Sequence[Restrictions], name: str) -> list[Decimal]:
    found = {getattr(one, f"{side}_{name}") for one in conditions for side in ("min", "max")}
    return sorted({Decimal(0)} | {edge for edge in found if edge is not None and edge > 0})


def _next(edges: Sequence[Edge], edge: Edge) -> Edge | None:
    place = bisect_left(edges, edge) + 1
    return edges[place] if place < len(edges) else None


def _day_cells(
    conditions: Sequence[Restrictions], near: date, valid: tuple[date | None, date | None]
) -> list[_Days]:
    """Those that lie within the tariff's validity, the nearest to `near` first."""
    start, end = (None if edge is None else edge.toordinal() for edge in valid)
    edges = {edge.toordinal() for one in conditions for edge in (one.start_date, one.end_date) if edge}
    edges = {edge for edge in edges if (start is None or edge > start) and (end is None or edge < end)}
    bounds = [start, *sorted(edges), end]
    cells = [
        _Days(first, last, weekday)
        for first, last in pairwise(bounds)
        for weekday in range(7)
        if first is None or last is None or (weekday - (first + 6) % 7) % 7 < last - first
    ]
    return sorted(cells, key=lambda cell: _distance(cell, near.toordinal()))


def _distance(cell: _Days, near: int) -> tuple[int, int]:
    if cell.first is not None and cell.first > near:
        return cell.first - near, cell.weekday
    if cell.last is not None and cell.last <= near:
        return 10**7 + near - cell.last, cell.weekday
    return 0, cell.weekday
