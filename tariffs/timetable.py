"""Who is asked first in each minute of a place's days: one mode of a plan in one time zone, ready to look up.

A row is what a minute leaves of each dimension's candidates. A UTC day is a list of 1,440 rows, so that
pricing needs no local time: the zone, and nights on which its clock changes, are already in the list (A08).
Cost does not grow with the number of elements.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from tariffs.clock import DAY, MINUTE, Clock, micros
from tariffs.model import Dimension
from tariffs.plan import Candidate, Table

Day = list["Row"]
MOST_DAYS = 4_000


class UnevenClockError(ArithmeticError):
    """Local time that is not a whole number of minutes from UTC, as before 1972: priced the exact way."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The candidates of a minute, dimension by dimension, each cut after the first that needs no look."""

    number: int
    of: tuple[tuple[Candidate, ...], ...]


ORDER = (Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME, Dimension.FLAT)


class Timetable:
    """The rows of a table at a place; days are made at first use and equal ones are the same list."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.rows: list[Row] = []
        self._table = table
        self._clock = clock
        self._known: dict[tuple[int, ...], Row] = {}
        self._patterns: dict[tuple[tuple[int, int], ...], Day] = {}
        self._days: dict[int, Day] = {}

    def day(self, number: int) -> Day:
        """The 1,440 rows of a UTC day, counted from 1970."""
        found = self._days.get(number)
        if found is None:
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            runs = tuple(self._runs(number))
            found = self._patterns.get(runs)
            if found is None:
                found = [self.rows[row] for row, minutes in runs for _ in range(minutes)]
                self._patterns[runs] = found
            self._days[number] = found
        return found

    def _runs(self, number: int) -> Iterator[tuple[int, int]]:
        """The day in stretches of one row: its number, and for how many minutes."""
        start = number * DAY
        for first, last, offset in self._clock.stretches(start, start + DAY):
            if offset % MINUTE or first % MINUTE:
                raise UnevenClockError
            local = first + offset
            while local < last + offset:
                end = min(self._change_after(local), last + offset)
                yield self.row(local).number, (end - local) // MINUTE
                local = end

    def _change_after(self, local: int) -> int:
        edges = self._table.edges
        day, time_of_day = divmod(local, DAY)
        place = bisect_right(edges, time_of_day)
        return day * DAY + (edges[place] if place < len(edges) else DAY)

    def row(self, local: int) -> Row:
        """The row of a local moment."""
        of = tuple(self._table.asked(dimension, local) for dimension in ORDER)
        key = tuple(id(one) for asked in of for one in (*asked, None))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Row(len(self.rows), of)
            self.rows.append(found)
        return found


def time_of_day(text: str) -> int:
    """The time of day of a DateTime, from its T on, in microseconds; ValueError when it is none."""
    return micros(f"1970-01-01{text}")


def midnight(date: str) -> int:
    """The UTC midnight of the date of a DateTime; ValueError when it is none."""
    return micros(f"{date}T00:00:00Z")
