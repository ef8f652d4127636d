"""A prepared tariff as arrays: rates in 64 bits, and who is asked first in each row and zone."""

from collections.abc import Sequence
from functools import cached_property
from itertools import product
from math import ceil, gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tariffs.clock import DAY, MINUTE
from tariffs.columns import Whole
from tariffs.exact import Exact
from tariffs.loop_traits import BEYOND, limits_of
from tariffs.model import Dimension
from tariffs.plan import Candidate
from tariffs.policy import Step
from tariffs.prepared import Prepared
from tariffs.rounding import Rounding
from tariffs.timetable import ORDER, Row

Flags = NDArray[np.bool_]
Places = NDArray[np.int32]

UNIT = 200
"""Microseconds in which times are counted here: seconds, milliseconds and 1e-6 h are whole."""
MOST = 2**62
MOST_CELLS = 20_000
MOST_DAYS = 4_000
MINUTES = DAY // MINUTE
TIMES = (Dimension.TIME, Dimension.PARKING_TIME)


class Runner:
    """A prepared tariff as arrays. Candidates are numbered; the number after the last is none, and free."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.policy = prepared.policy
        self.table = prepared.table
        self.looks = prepared.traits.looks_at
        of = self.table.by_dimension
        self.candidates: list[Candidate] = [one for dimension in ORDER for one in of[dimension]]
        self.number = {one: place for place, one in enumerate(self.candidates)}
        self.none = len(self.candidates)
        self.timed = bool(of[Dimension.TIME] or of[Dimension.PARKING_TIME])
        self.phased = prepared.traits.phases
        self.fee = of[Dimension.FLAT][0] if of[Dimension.FLAT] and not prepared.traits.flat else None
        self.able = prepared.regular and self.policy.rounding is Rounding.HALF_UP and self._scaled()
        self._zones()

    def _scaled(self) -> bool:
        """Rates in the smallest whole numbers; whether 64 bits hold them."""
        scale, taxes = self.prepared.scale, self.prepared.taxes
        one_tax = len(self.prepared.percentages) == 1
        self.one_tax = one_tax
        units = [UNIT if one.dimension in TIMES else 1 for one in self.candidates]
        rates = [one.rate * unit for one, unit in zip(self.candidates, units, strict=True)]
        places = [self.prepared.percentages.index(taxes[one]) for one in self.candidates]
        nets = [
            rate * (1 if one_tax else scale.net[place]) for rate, place in zip(rates, places, strict=True)
        ]
        grosses = [rate * scale.gross[place] for rate, place in zip(rates, places, strict=True)]
        step_units = [one.step for one in self.candidates]
        whole_steps = all(
            step % unit == 0
            for step, unit in zip(step_units, units, strict=True)
            if self.policy.step is Step.ONCE
        )
        self.net_scale = _reduced(scale.net[0] if one_tax else 1, scale.denominator, self.policy.decimals)
        self.gross_scale = _reduced(scale.gross[0] if one_tax else 1, scale.denominator, self.policy.decimals)
        common = gcd(*nets, *grosses, self.net_scale[1], self.gross_scale[1]) if self.candidates else 1
        common = gcd(common, *([] if one_tax else grosses)) or 1
        self.net_scale = _lowest(self.net_scale[0], self.net_scale[1] // common)
        self.gross_scale = _lowest(self.gross_scale[0], self.gross_scale[1] // common)
        self.net_list = [net // common for net in nets]
        self.gross_list = [] if one_tax else [gross // common for gross in grosses]
        steps = [step // unit for step, unit in zip(step_units, units, strict=True)]
        self.steps_list = steps
        both = (self.net_list, self.gross_list)
        sizes = [max(abs(one[place]) for one in both if one) for place in range(len(nets))]
        flat = [one.dimension is Dimension.FLAT for one in self.candidates]
        largest = max((size for size, is_flat in zip(sizes, flat, strict=True) if not is_flat), default=0)
        self.flats = sum(size for size, is_flat in zip(sizes, flat, strict=True) if is_flat)
        self.factor = 2 * max(self.net_scale[0], self.gross_scale[0], 1)
        self.largest = max(largest, 1)
        held = whole_steps and max([*self.net_scale, *self.gross_scale, *steps, largest, self.flats]) < MOST
        if held:
            self.net_rate = np.array([*self.net_list, 0], np.int64)
            self.gross_rate = np.array([*self.gross_list, 0], np.int64)
            self.step = np.array([*steps, 0], np.int64)
        return held

    # Which candidate ------------------------------------------------------------------------------------

    def _zones(self) -> None:
        """The thresholds of each quantity: between two of them nothing changes."""
        table = self.table
        of = {
            "so_far": table.energies,
            "elapsed": table.durations,
            "power": table.powers,
            "current": table.currents,
        }
        self.thresholds = {name: [ceil(edge) for edge in of[name]] for name in self.looks}
        sides = [(name, side) for name in self.looks for side in _sides(name)]
        self.shape = tuple(len(self.thresholds[name]) + 1 for name, _ in sides)
        self.cells = int(np.prod(self.shape, dtype=np.int64))
        self.able = self.able and self.cells <= MOST_CELLS
        self.able = self.able and all(
            abs(edge) < MOST for edges in self.thresholds.values() for edge in edges
        )
        self._choices: dict[Dimension, list[list[int]]] = {dimension: [] for dimension in ORDER}
        self._minutes: dict[int, Places] = {}
        self._span: tuple[int, int, Places] | None = None
        self._tables: dict[tuple[Dimension, int], Places] = {}

    def rows(self, start: Whole) -> Places | int:
        """The row of each instant."""
        if not self.table.edges:
            return self.prepared.timetable.row(0).number
        first, last = int(start.min()) // DAY, int(start.max()) // DAY
        span = self._spanning(first, last)
        if span is None:
            return self._rows_of_days(start)
        return span[1][(start - span[0] * DAY) // MINUTE]

    def _spanning(self, first: int, last: int) -> tuple[int, Places] | None:
        """The rows of all minutes from a day on, until at least another; None when these are too many."""
        if self._span is None or first < self._span[0] or last > self._span[1]:
            if self._span is not None:
                first, last = min(first, self._span[0]), max(last, self._span[1])
            if last - first > MOST_DAYS:
                return None
            days = [self._day(day) for day in range(first, last + 1)]
            self._span = first, last, np.concatenate(days)
        return self._span[0], self._span[2]

    def changes(self, first: int, last: int) -> Whole | None:
        """The instants from one to another at which other candidates are asked; None when they are too far
        from each other."""
        if not self.table.edges:
            return np.zeros(0, np.int64)
        span = self._spanning(first // DAY, last // DAY)
        if span is None:
            return None
        day, rows = span
        low, high = (instant // MINUTE - day * MINUTES for instant in (first, last))
        seen = rows[max(low, 0) : high + 1]
        return (np.flatnonzero(np.diff(seen)) + 1 + max(low, 0)) * MINUTE + day * DAY

    def _rows_of_days(self, start: Whole) -> Places:
        """The same where the days lie too far apart to make all between them."""
        days, place = np.unique(start // DAY, return_inverse=True)
        minutes = np.concatenate([self._day(day) for day in days.tolist()])
        found: Places = minutes[place * MINUTES + start % DAY // MINUTE]
        return found

    def _day(self, day: int) -> Places:
        found = self._minutes.get(day)
        if found is None:
            numbers = [row.number for row in self.prepared.timetable.day(day)]
            found = self._minutes[day] = np.array(numbers, np.int32)
        return found

    def choices(self, dimension: Dimension) -> Places:
        """By row and zone, the number of the candidate that is asked first."""
        rows = self.prepared.timetable.rows
        known = self._choices[dimension]
        for row in rows[len(known) :]:
            known.append(self._chosen(dimension, row))
        found = self._tables.get((dimension, len(known)))
        if found is None:
            found = self._tables[dimension, len(known)] = np.array(known, np.int32).reshape(-1)
        return found

    def _chosen(self, dimension: Dimension, row: Row) -> list[int]:
        asked = row.of[ORDER.index(dimension)]
        if not asked:
            return [self.none] * self.cells
        return [self._first(asked, seen) for seen in product(*self._samples())]

    def _samples(self) -> list[list[Exact]]:
        return [[-BEYOND + 1, *self.thresholds[name]] for name in self.looks for _ in _sides(name)]

    def _first(self, asked: Sequence[Candidate], seen: tuple[Exact, ...]) -> int:
        for one in asked:
            if self._holds(one, seen):
                return self.number[one]
        return self.none

    def _holds(self, candidate: Candidate, seen: tuple[Exact, ...]) -> bool:
        limits = iter(limits_of(self.prepared.traits, candidate.bounds))
        values = iter(seen)
        for name in self.looks:
            least, most = next(limits), next(limits)
            low = next(values)
            high = next(values) if len(_sides(name)) == 2 else low
            if not (least <= low and high < most):
                return False
        return True

    def is_of(self, dimension: Dimension) -> Flags:
        """By its number, whether a candidate is of this dimension."""
        return np.array([*(one.dimension is dimension for one in self.candidates), False])

    @cached_property
    def same_gross(self) -> bool:
        """Whether nothing is added to the net amounts."""
        return self.one_tax and self.net_scale == self.gross_scale


def _sides(name: str) -> tuple[str, ...]:
    return ("low", "high") if name in ("power", "current") else ("",)


def _reduced(factor: int, denominator: int, places: int) -> tuple[int, int]:
    return _lowest(factor * 10**places, denominator)


def _lowest(above: int, below: int) -> tuple[int, int]:
    common = gcd(above, below)
    return above // common, below // common


def zone_of(values: Whole, edges: Sequence[int]) -> Any:
    """How many of the edges a value has reached."""
    if len(edges) == 1:
        return (values >= edges[0]).astype(np.int32)
    return np.searchsorted(np.array(edges, np.int64), values, "right").astype(np.int32)
