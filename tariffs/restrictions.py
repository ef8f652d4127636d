"""When an element applies: its restrictions, minima inclusive, maxima exclusive (P-14 to P-22)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tariffs.clock import DAY, MINUTE
from tariffs.exact import MILLION, SECOND, Exact, scaled
from tariffs.model import Restrictions
from tariffs.session import Load

MINUTES_OF_DAY = 24 * 60
EPOCH_DAY = date(1970, 1, 1).toordinal()
WEEKDAY_OF_EPOCH = 3  # a Thursday, counted from Monday = 0
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Moment(NamedTuple):
    """What restrictions look at besides the clock: energy and time so far, and the present load."""

    energy: Exact
    elapsed: Exact
    power: Load
    current: Load
    unknown_matches: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """The conditions on local date and time of day; each must hold at the instant itself (P-20, A06)."""

    windows: tuple[tuple[int, int], ...]
    first_day: int | None
    last_day: int | None
    weekdays: tuple[int, ...]

    def holds_on(self, day: int) -> bool:
        """Whether a local day, counted from 1970, is one of those meant."""
        if self.first_day is not None and day < self.first_day:
            return False
        if self.last_day is not None and day >= self.last_day:
            return False
        return not self.weekdays or (day + WEEKDAY_OF_EPOCH) % 7 in self.weekdays

    def holds_at(self, time_of_day: int) -> bool:
        """Whether a local time of day, in microseconds, is in a window."""
        return any(start <= time_of_day < end for start, end in self.windows)

    @property
    def edges(self) -> Iterator[int]:
        """The times of day at which the answer can change."""
        return (edge for window in self.windows for edge in window)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The conditions on quantities, in the units of `exact`; each a minimum and a maximum."""

    energy: tuple[Exact | None, Exact | None]
    elapsed: tuple[Exact | None, Exact | None]
    power: tuple[Exact | None, Exact | None]
    current: tuple[Exact | None, Exact | None]

    def hold(self, moment: Moment) -> bool:
        """Whether all of them hold (P-14)."""
        return (
            _between(moment.energy, self.energy)
            and _between(moment.elapsed, self.elapsed)
            and _load_between(moment.power, self.power, moment.unknown_matches)
            and _load_between(moment.current, self.current, moment.unknown_matches)
        )


def calendar(read: Restrictions) -> Calendar | None:
    """The clock's part of restrictions; None when it says nothing."""
    windows = _windows(read.start_time, read.end_time)
    first, last = _day(read.start_date), _day(read.end_date)
    if windows == ((0, DAY),) and first is None and last is None and not read.day_of_week:
        return None
    return Calendar(windows, first, last, read.day_of_week)


def bounds(read: Restrictions) -> Bounds | None:
    """The quantities' part of restrictions; None when it says nothing."""
    found = Bounds(
        energy=_pair(read.min_kwh, read.max_kwh, MILLION),
        elapsed=_pair(read.min_duration, read.max_duration, SECOND),
        power=_pair(read.min_power, read.max_power, MILLION),
        current=_pair(read.min_current, read.max_current, MILLION),
    )
    return None if found == UNBOUNDED else found


UNBOUNDED = Bounds((None, None), (None, None), (None, None), (None, None))


def _windows(start: int | None, end: int | None) -> tuple[tuple[int, int], ...]:
    """Local windows of a day: a lone edge reaches to midnight (A05), an end of 00:00 is the day's (A07)."""
    first, last = start or 0, end or MINUTES_OF_DAY
    if first == last:
        return ()
    if first < last:
        return ((first * MINUTE, last * MINUTE),)
    return ((0, last * MINUTE), (first * MINUTE, DAY))


def _day(day: date | None) -> int | None:
    return None if day is None else day.toordinal() - EPOCH_DAY


def _pair(least: Decimal | None, most: Decimal | None, unit: int) -> tuple[Exact | None, Exact | None]:
    return _unit(least, unit), _unit(most, unit)


def _unit(value: Decimal | None, unit: int) -> Exact | None:
    return None if value is None else scaled(value, unit)


def _between(value: Exact, pair: tuple[Exact | None, Exact | None]) -> bool:
    least, most = pair
    return (least is None or value >= least) and (most is None or value < most)


def _load_between(load: Load, pair: tuple[Exact | None, Exact | None], unknown: bool) -> bool:
    """A minimum looks at the lowest load told, a maximum at the highest, else at the average (A09, P-22)."""
    least, most = pair
    above = least is None or _at_least(load, least, unknown)
    return above and (most is None or _below(load, most, unknown))


def _at_least(load: Load, least: Exact, unknown: bool) -> bool:
    value = load.average if load.low is None else load.low
    if value is not None:
        return value >= least
    return unknown and (load.high is None or load.high >= least)  # a lower maximum settles it


def _below(load: Load, most: Exact, unknown: bool) -> bool:
    value = load.average if load.high is None else load.high
    if value is not None:
        return value < most
    return unknown and (load.low is None or load.low < most)  # a higher minimum settles it


def in_words(read: Restrictions) -> str:
    """Restrictions as a reason on a line."""
    parts = [
        f"from {_clock(read.start_time)}" if read.start_time is not None else "",
        f"until {_clock(read.end_time)}" if read.end_time is not None else "",
        f"from {read.start_date}" if read.start_date else "",
        f"before {read.end_date}" if read.end_date else "",
        "on " + ", ".join(DAY_NAMES[day] for day in read.day_of_week) if read.day_of_week else "",
        *_limits_in_words(read),
        f"for {read.reservation}" if read.reservation else "",
    ]
    return ", ".join(part for part in parts if part) or "always"


def _limits_in_words(read: Restrictions) -> Iterator[str]:
    for name, unit in (("kwh", "kWh"), ("current", "A"), ("power", "kW"), ("duration", "s")):
        least, most = getattr(read, f"min_{name}"), getattr(read, f"max_{name}")
        if least is not None:
            yield f"from {least} {unit}"
        if most is not None:
            yield f"below {most} {unit}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
