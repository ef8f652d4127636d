"""Many sessions under one tariff at once, with NumPy: whole numbers, in chunks, with a bound on each sum.

What a session's columns or 64 bits cannot do is priced the general way, one session at a time: reservations,
periods of both charging and parking, prices that change inside a period to be split, amounts at which a limit
of the tariff sets in, and numbers too large. So the amounts are always those of `price`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import ceil, gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tariffs.clock import DAY, MINUTE
from tariffs.columns import UNTOLD, Columns, Whole
from tariffs.errors import MismatchError
from tariffs.exact import HOUR, SECOND, Exact, nearest
from tariffs.loops import BEYOND, limits_of
from tariffs.model import Dimension, Tariff
from tariffs.plan import Candidate
from tariffs.policy import DEFAULT, Hours, Policy, Split, Step, UnknownLoad
from tariffs.prepared import Prepared, prepare
from tariffs.pricing import price
from tariffs.rounding import Rounding
from tariffs.session import Source, agrees
from tariffs.timetable import ORDER, Row, UnevenClockError

Flags = NDArray[np.bool_]
Places = NDArray[np.int32]

CHUNK = 10_000
UNIT = 200
"""Microseconds in which times are counted here: seconds, milliseconds and 1e-6 h are whole."""
MOST = 2**62
MOST_CELLS = 20_000
MOST_DAYS = 4_000
MINUTES = DAY // MINUTE
UNKNOWN = -(2**63) + 1
"""Below every load."""
ALL = 2**63 - 1
"""Above every load."""


@dataclass(frozen=True, eq=False)
class Amounts:
    """What each session costs in 10**-places of the currency, each amount rounded once by the policy.

    `after_taxes` stands for something only where `known` (A21). `general` is how many were priced one by one.
    """

    currency: str
    places: int
    before_taxes: Whole
    after_taxes: Whole
    known: Flags
    general: int


def price_columns(
    tariff: Tariff, columns: Columns, time_zone: str, policy: Policy = DEFAULT, *, chunk: int = CHUNK
) -> Amounts:
    """What `price` comes to for each session, in arrays; `chunk` sessions at a time bound the memory.

    MismatchError when the currency is not the tariff's, TimeZoneError when the zone is not known.
    """
    if columns.currency and columns.currency.upper() != tariff.currency:
        message = f"tariffs and sessions differ: {tariff.currency}, {columns.currency}"
        raise MismatchError("currency", "currency", message)
    runner = _runner(prepare(tariff, time_zone, policy))
    count = len(columns)
    net, gross = np.zeros(count, np.int64), np.zeros(count, np.int64)
    known, odd = np.ones(count, np.bool_), np.ones(count, np.bool_)
    if runner.able:
        for first in range(0, count, chunk):
            last = min(first + chunk, count)
            span = slice(first, last)
            runner.price(columns.part(first, last), (net[span], gross[span]), known[span], odd[span])
    for place in np.flatnonzero(odd).tolist():
        quote = price(tariff, columns.session(place), time_zone, policy)
        one_net, one_gross = quote.whole_amounts(policy.decimals)
        net[place], gross[place], known[place] = one_net, one_gross or 0, one_gross is not None
    return Amounts(tariff.currency, policy.decimals, net, gross, known, int(odd.sum()))


@lru_cache(maxsize=64)
def _runner(prepared: Prepared) -> "Runner":
    return Runner(prepared)


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
        if self._span is None or first < self._span[0] or last > self._span[1]:
            if self._span is not None:
                first, last = min(first, self._span[0]), max(last, self._span[1])
            if last - first > MOST_DAYS:
                return self._rows_of_days(start)
            days = [self._day(day) for day in range(first, last + 1)]
            self._span = first, last, np.concatenate(days)
        return self._span[2][(start - self._span[0] * DAY) // MINUTE]

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

    # How much -------------------------------------------------------------------------------------------

    def price(self, part: Columns, amounts: tuple[Whole, Whole], known: Flags, odd: Flags) -> None:
        """Fill in what the sessions of a part cost; `odd` stays for those that it cannot tell."""
        if not len(part.start):
            return
        try:
            found = Chunk(self, part)
            strange = found.odd()
            base, taxed = found.amounts()
        except UnevenClockError:
            return
        rounded = _rounded(base, self.net_scale)
        after = rounded if self.same_gross else _rounded(taxed, self.gross_scale)
        net, gross = amounts
        net[:], gross[:] = rounded, after
        if self.prepared.scale.open:
            known[:] = base == 0
            gross[~known] = 0
        if self.prepared.scale.limited:
            strange = strange | self._limited(base, taxed)
        odd[:] = strange

    @cached_property
    def same_gross(self) -> bool:
        """Whether nothing is added to the net amounts."""
        return self.one_tax and self.net_scale == self.gross_scale

    def _limited(self, base: Whole, taxed: Whole) -> Flags:
        """Where a limit of the tariff may set in (rounded to whole units, so rather too often)."""
        tariff = self.prepared.tariff
        found = np.zeros(len(base), np.bool_)
        unit = 10**self.policy.decimals
        for limit, sign in ((tariff.min_price, 1), (tariff.max_price, -1)):
            for side in () if limit is None else (limit.before_taxes, limit.after_taxes):
                for amount, scale in ((base, self.net_scale), (taxed, self.gross_scale)):
                    if side is not None:
                        edge = ceil(side * unit) * sign
                        found |= _rounded(amount, scale) * sign <= min(max(edge + 1, -MOST), MOST)
        return found


TIMES = (Dimension.TIME, Dimension.PARKING_TIME)


def _sides(name: str) -> tuple[str, ...]:
    return ("low", "high") if name in ("power", "current") else ("",)


def _reduced(factor: int, denominator: int, places: int) -> tuple[int, int]:
    return _lowest(factor * 10**places, denominator)


def _lowest(above: int, below: int) -> tuple[int, int]:
    common = gcd(above, below)
    return above // common, below // common


def _rounded(amount: Whole, scale: tuple[int, int]) -> Whole:
    """amount * above / below, halves away from zero."""
    above, below = scale
    if not len(amount) or amount.min() >= 0:
        return (amount * (2 * above) + below) // (2 * below)
    up = (np.abs(amount) * (2 * above) + below) // (2 * below)
    return np.where(amount < 0, -up, up)


class Chunk:
    """Some sessions on the way through a runner."""

    def __init__(self, runner: Runner, part: Columns) -> None:
        self.runner = runner
        self.part = part
        self.single = len(part) == len(part.start)
        self.first = part.offsets[:-1]
        self._strange = np.zeros(len(part), np.bool_)
        self._bound()

    def column(self, name: str) -> Whole | None:
        """One of the optional columns, None when it says nothing."""
        return self.part.optional.get(name)

    # What the arrays cannot tell ------------------------------------------------------------------------

    def odd(self) -> Flags:
        """The sessions that are priced one by one."""
        found = self._strange
        policy, columns = self.runner.policy, self.part
        for place in columns.exact:
            found[place] = True
        if policy.split is Split.BY_SOURCE and self.runner.table.cuts:
            found |= columns.source != CDR
        reserved, parking, charging = map(self.column, ("reservation", "parking", "charging"))
        if reserved is not None:
            found |= self.any(reserved != 0)
        if self.runner.phased and parking is not None and charging is not None:
            found |= self.any((parking != 0) & (charging != 0))
        return found

    def any(self, of_periods: Flags) -> Flags:
        """Whether it holds for some period of each session."""
        if self.single:
            return of_periods
        found = np.zeros(len(self.part), np.bool_)
        found[self.session_of(of_periods)] = True
        return found

    def session_of(self, of_periods: Flags) -> Whole:
        """The sessions of the periods for which it holds."""
        return np.searchsorted(self.part.offsets, np.flatnonzero(of_periods), "right") - 1

    def _bound(self) -> None:
        """Volumes so small that no sum leaves 64 bits; those of other sessions are taken for nothing."""
        runner, part = self.runner, self.part
        self.energy = self.column("energy") if self._needs_energy() else None
        self.time, self.parked = self._times()
        count = 1 if self.single else int(np.diff(part.offsets).max(initial=1))
        steps = 2 * int(runner.step.max(initial=0))
        left = MOST // runner.factor - runner.net_scale[1] - runner.gross_scale[1] - runner.flats
        most = left // runner.largest // (4 * max(count, 1)) - steps
        derived = min(most, MOST // HOUR) if runner.prepared.traits.derives else most
        limits = [(self.energy, derived), (self.time, most)]
        volumes = [(volume, limit) for volume, limit in limits if volume is not None]
        if all(_within(volume, limit) for volume, limit in volumes):
            return
        for volume, limit in volumes:
            self._strange |= self.any(np.abs(volume) > limit)
        clean = ~np.repeat(self._strange, np.diff(part.offsets))
        self.energy = None if self.energy is None else np.where(clean, self.energy, 0)
        self.time = None if self.time is None else np.where(clean, self.time, 0)
        if most < 0:
            self._strange[:] = True

    def _needs_energy(self) -> bool:
        return bool(self.runner.table.by_dimension[Dimension.ENERGY] or self.runner.looks)

    def _times(self) -> tuple[Whole | None, Flags | None]:
        """What is billed as time, in UNIT, and whether it is parking (A12)."""
        runner = self.runner
        charging, parking = self.column("charging"), self.column("parking")
        parked = None if parking is None else parking != 0
        if not runner.timed and not runner.prepared.traits.derives:
            return None, parked
        told = parking if charging is None else charging if parking is None else charging + parking
        if told is None:
            return None, None
        billed = self._billed(told)
        uneven = billed % UNIT != 0
        if uneven.any():
            self._strange |= self.any(uneven)
        return billed // UNIT, parked

    def _billed(self, told: Whole) -> Whole:
        hours = self.runner.policy.hours
        if hours is Hours.RAW:
            return told
        if hours is Hours.SECONDS:
            return (2 * told + SECOND) // (2 * SECOND) * SECOND
        length = self.ends - self.part.start
        off = np.abs(told - length)
        billed = np.where(told != 0, length, 0)
        for place in np.flatnonzero((off > SECOND) & (told != 0)).tolist():
            one, span = int(told[place]), int(length[place])
            billed[place] = span if agrees(one, span) else nearest(one, SECOND)
        return billed

    @cached_property
    def ends(self) -> Whole:
        """The end of each period: the start of the next, or that of the session."""
        if self.single:
            return self.part.end
        found = np.empty_like(self.part.start)
        found[:-1] = self.part.start[1:]
        filled = np.diff(self.part.offsets) > 0
        found[self.part.offsets[1:][filled] - 1] = self.part.end[filled]
        return found

    # What is priced ---------------------------------------------------------------------------------------

    @cached_property
    def key(self) -> Any:
        """Row and zones of each period, as one number."""
        runner = self.runner
        found: Any = runner.rows(self.part.start)
        for name in runner.looks:
            for values in self._seen(name):
                edges = runner.thresholds[name]
                zone = _zone(values, edges)
                found = found * (len(edges) + 1) + zone
        return found

    def _seen(self, name: str) -> list[Whole]:
        if name == "so_far":
            return [self._so_far()]
        if name == "elapsed":
            return [self.part.start - self._spread(self.part.began)]
        return self._load(name)

    def _spread(self, of_sessions: Whole) -> Whole:
        return of_sessions if self.single else np.repeat(of_sessions, np.diff(self.part.offsets))

    def _so_far(self) -> Whole:
        if self.energy is None or self.single:
            return np.zeros(len(self.part.start), np.int64)
        before = np.cumsum(self.energy) - self.energy
        filled = np.diff(self.part.offsets) > 0
        return before - np.repeat(before[self.first[filled]], np.diff(self.part.offsets)[filled])

    def _load(self, name: str) -> list[Whole]:
        """What a minimum and a maximum look at (A09, A10)."""
        count = len(self.part.start)
        columns = [self.column(f"{name}_{side}") for side in ("low", "average", "high")]
        low, average, high = (np.full(count, UNTOLD) if one is None else one for one in columns)
        untold = (low == UNTOLD) & (average == UNTOLD) & (high == UNTOLD)
        energy = np.zeros(count, np.int64) if self.energy is None else self.energy
        if name == "power" and self.runner.prepared.traits.derives and self.time is not None:
            derived = energy * (HOUR // UNIT) // np.maximum(self.time, 1)
            average = np.where(untold & (self.time != 0), derived, average)
        least = np.where(low != UNTOLD, low, average)
        most = np.where(high != UNTOLD, high, average)
        matches = self.runner.policy.unknown_load is UnknownLoad.MATCH
        if matches:
            filled = np.where(least != UNTOLD, least, np.where(high != UNTOLD, high, ALL))
            most = np.where(most != UNTOLD, most, np.where(low != UNTOLD, low, UNKNOWN))
            least = filled
        else:
            least = np.where(least == UNTOLD, UNKNOWN, least)
            most = np.where(most == UNTOLD, ALL, most)
        if self.parked is not None:
            idle = self.parked & ((energy == 0) | untold)
            least, most = np.where(idle, 0, least), np.where(idle, 0, most)
        return [least, most]

    def amounts(self) -> tuple[Whole, Whole]:
        """Net and gross of each session, in the runner's smallest units; equal where there is one tax."""
        runner = self.runner
        net = np.zeros(len(self.part), np.int64)
        gross = net if runner.one_tax else np.zeros(len(self.part), np.int64)
        for dimensions, volume in ((ENERGY, self.energy), (TIMES, self.time if runner.timed else None)):
            if volume is not None and any(runner.table.by_dimension[one] for one in dimensions):
                self._priced(dimensions, volume, net, gross)
        self._flats(net, gross)
        return net, gross

    def _priced(self, dimensions: Sequence[Dimension], volume: Whole, net: Whole, gross: Whole) -> None:
        chosen = self._chosen(dimensions)
        runner = self.runner
        if np.ndim(chosen) == 0:
            self._at_one_price(int(chosen), volume, net, gross)
            return
        net += self._sum(volume * runner.net_rate[chosen])
        if not runner.one_tax:
            gross += self._sum(volume * runner.gross_rate[chosen])
        if runner.policy.step is Step.ONCE and any(runner.steps_list):
            last, total = self._last(dimensions, volume, chosen)
            step = runner.step[last]
            missing = np.where((total > 0) & (step > 0), -total % np.maximum(step, 1), 0)
            net += missing * runner.net_rate[last]
            if not runner.one_tax:
                gross += missing * runner.gross_rate[last]

    def _at_one_price(self, number: int, volume: Whole, net: Whole, gross: Whole) -> None:
        """The same candidate always: what is billed is the sum, stepped."""
        runner = self.runner
        billed, step = self._sum(volume), int(runner.step[number])
        if step > 1 and runner.policy.step is Step.ONCE:
            stepped = -(-billed // step) * step
            billed = (
                stepped if not len(billed) or billed.min() >= 0 else np.where(billed > 0, stepped, billed)
            )
        net += billed * int(runner.net_rate[number])
        if not runner.one_tax:
            gross += billed * int(runner.gross_rate[number])

    def _chosen(self, dimensions: Sequence[Dimension]) -> Any:
        """The candidate of each period, or of all."""
        key = self.key
        tables = [self.runner.choices(dimension) for dimension in dimensions]
        found = tables[0][key]
        if len(tables) == 2 and self.parked is not None:
            return np.where(self.parked, tables[1][key], found)
        return found

    def _last(self, dimensions: Sequence[Dimension], volume: Whole, chosen: Any) -> tuple[Any, Whole]:
        """Whose step it is, and the total that it rounds (P-42, P-43, P-45)."""
        none = self.runner.none
        if self.single:
            return np.where(volume != 0, chosen, none), np.where(chosen == none, 0, volume)
        priced = (volume != 0) & (chosen != none)
        place = self._most(np.where(priced, np.arange(len(volume)), -1))
        every = np.broadcast_to(chosen, volume.shape)
        last = np.where(place < 0, none, every[place])
        counted = np.where(priced, volume, 0)
        if len(dimensions) == 2 and self.parked is not None:
            of_last = np.where(place < 0, False, self.parked[place])
            return last, self._sum(np.where(self.parked == self._spread(of_last), counted, 0))
        return last, self._sum(counted)

    def _flats(self, net: Whole, gross: Whole) -> None:
        """A02."""
        runner = self.runner
        if runner.fee is not None:
            number = runner.number[runner.fee]
            net += runner.net_list[number]
            if not runner.one_tax:
                gross += runner.gross_list[number]
        elif runner.table.by_dimension[Dimension.FLAT]:
            chosen = np.broadcast_to(self._chosen(FLAT), self.part.start.shape)
            session = self._spread(np.arange(len(self.part)))
            pairs = np.unique((session * (runner.none + 1) + chosen)[chosen != runner.none])
            place, numbers = pairs // (runner.none + 1), pairs % (runner.none + 1)
            np.add.at(net, place, runner.net_rate[numbers])
            if not runner.one_tax:
                np.add.at(gross, place, runner.gross_rate[numbers])

    def _sum(self, of_periods: Whole) -> Whole:
        return of_periods if self.single else self._reduce(np.add, of_periods, 0)

    def _most(self, of_periods: Whole) -> Whole:
        return self._reduce(np.maximum, of_periods, -1)

    def _reduce(self, with_: np.ufunc, of_periods: Whole, nothing: int) -> Whole:
        counts = np.diff(self.part.offsets)
        found: Whole = np.full(len(counts), nothing, np.int64)
        if not len(of_periods):
            return found
        filled = counts > 0
        if filled.all():
            return np.asarray(with_.reduceat(of_periods, self.first), np.int64)
        found[filled] = with_.reduceat(of_periods, self.first[filled])
        return found


ENERGY = (Dimension.ENERGY,)
FLAT = (Dimension.FLAT,)
CDR = tuple(Source).index(Source.CDR)


def _zone(values: Whole, edges: Sequence[int]) -> Any:
    """How many of the edges a value has reached."""
    if len(edges) == 1:
        return (values >= edges[0]).astype(np.int32)
    return np.searchsorted(np.array(edges, np.int64), values, "right").astype(np.int32)


def _within(volume: Whole, most: int) -> bool:
    return not len(volume) or (-most <= int(volume.min()) and int(volume.max()) <= most)
