"""One tariff compiled: for each dimension, who is asked first at a moment (P-10 to P-13)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from tariffs.clock import DAY
from tariffs.exact import HOUR, MILLION, SECOND, WATT_HOUR, Exact, decimals, scaled
from tariffs.model import Component, Dimension, Element, ReservationKind, Restrictions, Tariff
from tariffs.restrictions import Bounds, Calendar, Moment, bounds, calendar, in_words
from tariffs.session import Phase


class Mode(Enum):
    """Which elements are asked, in which order (P-51 to P-53, A15)."""

    SESSION = (None,)
    RESERVED = (ReservationKind.RESERVATION,)
    EXPIRED = (ReservationKind.RESERVATION_EXPIRES, ReservationKind.RESERVATION)


PER_UNIT = {
    Dimension.ENERGY: HOUR // MILLION,
    Dimension.TIME: 1,
    Dimension.PARKING_TIME: 1,
    Dimension.FLAT: HOUR,
}
"""An amount is counted in 1/HOUR of the price's last decimal: what one unit of volume at price 1 comes to."""

STEP_UNIT = {
    Dimension.ENERGY: WATT_HOUR,
    Dimension.TIME: SECOND,
    Dimension.PARKING_TIME: SECOND,
    Dimension.FLAT: 1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One price component, ready to multiply: `rate` is the cost of a unit of volume in grains."""

    element: int
    dimension: Dimension
    rate: int
    step: int
    price: Decimal
    vat: Decimal | None
    calendar: Calendar | None
    bounds: Bounds | None
    restrictions: Restrictions
    component: Component

    @property
    def reason(self) -> str:
        """Why it was active, in words."""
        return f"element {self.element}: {in_words(self.restrictions)}"


class Table:
    """The candidates of one mode, in order, and the places at which another may become active."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.by_dimension = {dimension: _reachable(candidates, dimension) for dimension in Dimension}
        left = [found for of_one in self.by_dimension.values() for found in of_one]
        self.edges = _edges(left)
        self.energies = _thresholds(found.bounds.energy for found in left if found.bounds)
        self.durations = _thresholds(found.bounds.elapsed for found in left if found.bounds)
        self.powers = _thresholds(found.bounds.power for found in left if found.bounds)
        self.currents = _thresholds(found.bounds.current for found in left if found.bounds)
        self._days: dict[tuple[Dimension, int], tuple[Candidate, ...]] = {}
        self._slots: dict[tuple[Dimension, int, int], tuple[Candidate, ...]] = {}

    @property
    def empty(self) -> bool:
        """Whether it prices nothing at all."""
        return not any(self.by_dimension.values())

    @property
    def cuts(self) -> bool:
        """Whether a price can change inside a period."""
        return bool(self.edges or self.energies or self.durations)

    def find(self, dimension: Dimension, local: int, moment: Moment) -> Candidate | None:
        """The first candidate whose restrictions all hold (P-10, P-11); None is free of charge (P-12)."""
        for candidate in self.asked(dimension, local):
            if candidate.bounds is None or candidate.bounds.hold(moment):
                return candidate
        return None

    def asked(self, dimension: Dimension, local: int) -> tuple[Candidate, ...]:
        """The candidates that a local moment leaves, remembered by day and stretch of the day."""
        if not self.edges:
            return self.by_dimension[dimension]
        day, time_of_day = divmod(local, DAY)
        slot = bisect_right(self.edges, time_of_day) - 1
        found = self._slots.get((dimension, day, slot))
        if found is None:
            _keep_small(self._slots)
            start = self.edges[slot]
            candidates = self._on(dimension, day)
            left = (one for one in candidates if one.calendar is None or one.calendar.holds_at(start))
            found = self._slots[dimension, day, slot] = _cut(left)
        return found

    def _on(self, dimension: Dimension, day: int) -> tuple[Candidate, ...]:
        found = self._days.get((dimension, day))
        if found is None:
            _keep_small(self._days)
            candidates = self.by_dimension[dimension]
            left = (one for one in candidates if one.calendar is None or one.calendar.holds_on(day))
            found = self._days[dimension, day] = tuple(left)
        return found


class Plan:
    """A tariff ready to price with; amounts are whole numbers of 1/`grain` of its currency."""

    def __init__(self, tariff: Tariff) -> None:
        parts = [part for element in tariff.elements for part in element.components]
        self.tariff = tariff
        self.scale = 10 ** max((decimals(part.price) for part in parts), default=0)
        self.grain = self.scale * HOUR
        self._tables: dict[Mode, Table] = {}

    def table(self, mode: Mode) -> Table:
        """The table of a mode, made at first use."""
        found = self._tables.get(mode)
        if found is None:
            found = self._tables[mode] = Table(list(self._candidates(mode)))
        return found

    def _candidates(self, mode: Mode) -> Iterator[Candidate]:
        for kind in mode.value:
            for element in self.tariff.elements:
                if element.restrictions.reservation is kind:
                    yield from self._of(element)

    def _of(self, element: Element) -> Iterator[Candidate]:
        when, limits = calendar(element.restrictions), bounds(element.restrictions)
        for part in element.components:
            yield self._candidate(element, part, when, limits)

    def _candidate(
        self, element: Element, part: Component, when: Calendar | None, limits: Bounds | None
    ) -> Candidate:
        price = scaled(part.price, self.scale)
        assert isinstance(price, int)
        return Candidate(
            element=element.index,
            dimension=part.dimension,
            rate=price * PER_UNIT[part.dimension],
            step=part.step_size * STEP_UNIT[part.dimension],
            price=part.price,
            vat=part.vat,
            calendar=when,
            bounds=limits,
            restrictions=element.restrictions,
            component=part,
        )


@lru_cache(maxsize=512)
def compiled(tariff: Tariff) -> Plan:
    """The plan of a tariff, kept by the tariff's content."""
    return Plan(tariff)


def mode_of(phase: Phase, expired: bool) -> Mode:
    """Who is asked in a phase: elements for reservations price only these, the others never do (P-51)."""
    if phase is not Phase.RESERVATION:
        return Mode.SESSION
    return Mode.EXPIRED if expired else Mode.RESERVED


def _reachable(candidates: Sequence[Candidate], dimension: Dimension) -> tuple[Candidate, ...]:
    """Those of one dimension, up to the first that always applies."""
    found = []
    for candidate in candidates:
        if candidate.dimension is dimension:
            found.append(candidate)
            if candidate.calendar is None and candidate.bounds is None:
                break
    return tuple(found)


def _cut(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    found = []
    for candidate in candidates:
        found.append(candidate)
        if candidate.bounds is None:
            break
    return tuple(found)


def _edges(candidates: Iterable[Candidate]) -> tuple[int, ...]:
    """Times of day that begin a stretch without change; none when no candidate looks at the clock."""
    calendars = [candidate.calendar for candidate in candidates if candidate.calendar]
    edges = {edge for one in calendars for edge in one.edges if edge < DAY}
    return tuple(sorted(edges | {0})) if calendars else ()


def _thresholds(pairs: Iterable[tuple[Exact | None, Exact | None]]) -> tuple[Exact, ...]:
    return tuple(sorted({edge for pair in pairs for edge in pair if edge is not None}))


def _keep_small(memory: dict[Any, tuple[Candidate, ...]]) -> None:
    """A plan is kept for long and must not grow with every day it is asked about."""
    if len(memory) >= 20_000:
        memory.clear()
