"""How prices over time become tariff versions that are right on nights of 23 and of 25 hours.

The restrictions of OCPI are of the wall clock, which shows one hour twice on the night it is set back (A08).
So a version cannot tell those two hours apart, and must not have to:

- Versions begin where the repeated hour begins, at its half, and at the instant at which it begins again.
  Restrictions on duration, which is counted from the start of the session, do the rest: of sessions that
  began within half an hour, it is known from their duration in which of the two hours they are. So a session
  that began in either hour is billed by the curve, exactly, however long it lasts.
- A session that began before the repeated hour keeps the version of its start, and may last into both. It is
  billed the lower of the two prices in either hour: never more than the curve.

A long curve becomes a version for every three days, each of which knows two more than it holds for:
no tariff is longer than partners can bear, and every session has the curve for two days at least.

Outside the known prices the fallback holds, also in the half of a repeated hour that is not known.
What is not energy (fees, parking, limits, taxes) is that of the template.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from hub.ocpi.document import Json
from hub.prices.curves.template import Template
from tariffs.clock import DAY, MINUTE, SECOND, Clock, clock

EPOCH = date(1970, 1, 1)
SPAN = 3 * DAY
"""After so long another version begins, where more than AHEAD is known beyond."""
AHEAD = 2 * DAY
"""So much of the curve a version knows beyond its own end."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until `end` a kWh costs `price`."""

    start: int
    end: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Dated:
    """A tariff that is to hold for sessions that begin from `start` until `end` (None: for good)."""

    start: int
    end: int | None
    document: Json


@dataclass(frozen=True, slots=True)
class Setback:
    """A night on which clocks show [at - length, at) and [at, at + length) alike."""

    at: int
    length: int

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where prices may not go on undivided."""
        return tuple(self.at + half * self.length // 2 for half in (-2, -1, 0, 1, 2))

    def other(self, instant: int) -> int:
        """When clocks show the same once more."""
        return instant + self.length if instant < self.at else instant - self.length


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """A part of a local day with one price; `twin` is the part that clocks show alike, if there is one."""

    day: int
    opens: int
    closes: int
    start: int
    end: int
    price: Decimal
    twin: tuple[int, Decimal] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """What becomes one element: a part of a local day, with one price, perhaps of young sessions only."""

    day: int
    opens: int
    closes: int
    price: Decimal
    below: int | None = None


def versions(curve: Sequence[Stretch], template: Template, time_zone: str, since: int) -> list[Dated]:
    """The tariffs that make up the curve for sessions from `since` on: one in usual days, four around
    a night of 25 hours.

    curve  in order, without overlaps; what lies between stretches has the fallback price
    """
    place = clock(time_zone)
    pieces = list(cut(curve, place, template.fallback))
    begin = sorted({*boundaries(pieces, curve, place), *portions(curve)})
    starts = [since, *(each for each in begin if each > since)]
    ends: list[int | None] = [*starts[1:], None]
    return [
        Dated(start, end, template.document(elements(pieces, start, end)))
        for start, end in zip(starts, ends, strict=True)
    ]


# The curve, by local days ----------------------------------------------------------------------------------


def cut(curve: Sequence[Stretch], place: Clock, fallback: Decimal) -> Iterator[Piece]:
    """The known prices in parts of one local day, with their twins where clocks show two alike."""
    if not curve:
        return
    nights = setbacks(curve, place)
    edges = sorted(set(all_edges(curve, place, nights)))
    for start, end in pairwise(edges):
        night = next((one for one in nights if -one.length <= start - one.at < one.length), None)
        price = price_at(curve, start)
        if price is None and night is None:
            continue
        local = place.local(start)
        opens = local % DAY
        twin = None if night is None else night.other(start)
        yield Piece(
            local // DAY,
            opens // MINUTE,
            (opens + end - start) // MINUTE,
            start,
            end,
            fallback if price is None else price,
            None if twin is None else (twin, price_or(curve, twin, fallback)),
        )


def setbacks(curve: Sequence[Stretch], place: Clock) -> list[Setback]:
    """The nights on which clocks are set back within the curve, or at one of its ends."""
    found = list(place.stretches(curve[0].start - DAY, curve[-1].end + DAY))
    nights = [
        Setback(later[0], before[2] - later[2]) for before, later in pairwise(found) if before[2] > later[2]
    ]
    return [
        one for one in nights if one.at - one.length < curve[-1].end and one.at + one.length > curve[0].start
    ]


def all_edges(curve: Sequence[Stretch], place: Clock, nights: Sequence[Setback]) -> Iterator[int]:
    """Where a price, an offset, a local day or the half of a repeated hour begins; of both hours alike."""
    own = [edge for each in curve for edge in (each.start, each.end)]
    yield from own
    for night in nights:
        yield from night.cuts
        yield from (night.other(edge) for edge in own if abs(edge - night.at) < night.length)
    for start, end, offset in place.stretches(curve[0].start - DAY, curve[-1].end + DAY):
        if curve[0].start < start < curve[-1].end:
            yield start
        midnight = -(-(start + offset) // DAY) * DAY - offset
        yield from (each for each in range(midnight, end, DAY) if curve[0].start < each < curve[-1].end)
    # A local midnight within a repeated hour parts its twin too.
    for night in nights:
        for edge in (night.at - night.length, night.at):
            midnight = edge + (-place.local(edge)) % DAY
            if midnight < edge + night.length:
                yield from (midnight, night.other(midnight))


def price_at(curve: Sequence[Stretch], instant: int) -> Decimal | None:
    place = bisect_right(curve, instant, key=lambda each: each.start) - 1
    if place < 0 or curve[place].end <= instant:
        return None
    return curve[place].price


def price_or(curve: Sequence[Stretch], instant: int, fallback: Decimal) -> Decimal:
    found = price_at(curve, instant)
    return fallback if found is None else found


# Versions --------------------------------------------------------------------------------------------------


def boundaries(pieces: Sequence[Piece], curve: Sequence[Stretch], place: Clock) -> list[int]:
    """Where a version must begin: around each repeated hour whose two prices differ."""
    found: list[int] = []
    for night in setbacks(curve, place) if curve else ():
        inside = [each for each in pieces if each.twin and abs(each.start - night.at) <= night.length]
        if any(each.twin and each.twin[1] != each.price for each in inside):
            found += night.cuts[:3]
    return found


def portions(curve: Sequence[Stretch]) -> Iterator[int]:
    """Where versions of a long curve begin; the same instants whenever that is asked."""
    if curve:
        yield from range(-(-curve[0].start // SPAN) * SPAN, curve[-1].end - AHEAD, SPAN)


def elements(pieces: Sequence[Piece], start: int, end: int | None) -> list[Json]:
    """What a version from `start` until `end` says of the pieces that its sessions can meet."""
    met = (each for each in pieces if each.end > start and (end is None or each.start < end + AHEAD))
    windows = sorted(
        {window for each in met for window in told(each, start, end)},
        key=lambda one: (one.day, one.opens, one.below is None),
    )
    return [element(each) for each in joined(windows)]


def told(piece: Piece, start: int, end: int | None) -> Iterator[Window]:
    """One window; two, where the duration of a session tells which of two repeated hours it is in."""
    if piece.twin is None:
        yield window(piece, piece.price)
        return
    twin, other = piece.twin
    if piece.start > twin:  # the second time: told with the first, unless that is over
        if twin + piece.end - piece.start <= start:
            yield window(piece, piece.price)
        return
    oldest = -((start - piece.end) // SECOND)  # in seconds, rounded up: no session is older in the first hour
    if piece.price == other:
        yield window(piece, piece.price)
    elif end is not None and oldest * SECOND <= twin - end:
        yield window(piece, piece.price, oldest)
        yield window(piece, other)
    else:
        yield window(piece, min(piece.price, other))


def window(piece: Piece, price: Decimal, below: int | None = None) -> Window:
    return Window(piece.day, piece.opens, piece.closes, price, below)


def joined(windows: Sequence[Window]) -> Iterator[Window]:
    """Neighbours with the same price are one."""
    for (day, _, _), same in groupby(by_run(windows), key=lambda pair: pair[0]):
        run = [each for _, each in same]
        yield Window(day, run[0].opens, run[-1].closes, run[0].price, run[0].below)


def by_run(windows: Sequence[Window]) -> Iterator[tuple[tuple[int, int, int], Window]]:
    """Each window with the number of its run."""
    number = 0
    before: Window | None = None
    for each in windows:
        if before is None or not follows(before, each):
            number += 1
        yield (each.day, number, 0), each
        before = each


def follows(before: Window, each: Window) -> bool:
    plain = before.below is None and each.below is None
    return plain and before.day == each.day and before.closes == each.opens and before.price == each.price


def element(told: Window) -> Json:
    """As OCPI has it; a day that begins or ends at midnight says no time, on which engines differ."""
    day = EPOCH + timedelta(days=told.day)
    limits: Json = {"start_date": day.isoformat(), "end_date": (day + timedelta(days=1)).isoformat()}
    if told.opens:
        limits["start_time"] = clock_time(told.opens)
    if told.closes < 24 * 60:
        limits["end_time"] = clock_time(told.closes)
    if told.below is not None:
        limits["max_duration"] = told.below
    return {"price": told.price, "restrictions": limits}


def clock_time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
