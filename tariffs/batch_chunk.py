"""Some sessions of a batch on the way through a runner: what each comes to, and which it cannot tell."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tariffs.batch_runner import MOST, TIMES, UNIT, Flags, Runner, zone_of
from tariffs.columns import UNTOLD, Columns, Whole
from tariffs.exact import HOUR, SECOND, nearest
from tariffs.lines import Group
from tariffs.model import Dimension
from tariffs.policy import Hours, Step, UnknownLoad
from tariffs.session import agrees

ALL = 2**63 - 1
"""Above every load."""


Share = tuple[Whole, Flags]


class Chunk:
    """Some sessions on the way through a runner. Once they have `amounts`, `shares` has what of the net is
    each component's, and where it had a price at all, in 1/grain of the runner's smallest units."""

    grain = 1
    unsure: Whole | None = None
    """By how much the amounts of each session may be off; None where all are exact."""

    def __init__(self, runner: Runner, part: Columns) -> None:
        self.runner = runner
        self.part = part
        self.shares: dict[Group, Share] = {}
        self.single = len(part) == len(part.start)
        self.first = part.offsets[:-1]
        self.strange = np.zeros(len(part), np.bool_)
        """The sessions that are priced one by one."""
        self._bound()
        self._exclude()

    def column(self, name: str) -> Whole | None:
        """One of the optional columns, None when it says nothing."""
        return self.part.optional.get(name)

    # What the arrays cannot tell ------------------------------------------------------------------------

    def _exclude(self) -> None:
        for place in self.part.exact:
            self.strange[place] = True
        reserved, parking, charging = map(self.column, ("reservation", "parking", "charging"))
        if reserved is not None:
            self.strange |= self.any(reserved != 0)
        told_apart = self.runner.phased or self.runner.fee is not None
        if told_apart and parking is not None and charging is not None:
            self.strange |= self.any((parking != 0) & (charging != 0))

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
        fixed = runner.net_scale[1] + runner.gross_scale[1] + runner.flats
        left = MOST // runner.factor // self.grain - fixed
        most = left // runner.largest // (4 * max(count, 1)) - steps
        derived = min(most, MOST // HOUR) if runner.prepared.traits.derives else most
        limits = [(self.energy, derived), (self.time, most)]
        volumes = [(volume, limit) for volume, limit in limits if volume is not None]
        if all(_within(volume, limit) for volume, limit in volumes):
            return
        for volume, limit in volumes:
            self.strange |= self.any(np.abs(volume) > limit)
        clean = ~np.repeat(self.strange, np.diff(part.offsets))
        self.energy = None if self.energy is None else np.where(clean, self.energy, 0)
        self.time = None if self.time is None else np.where(clean, self.time, 0)
        if most < 0:
            self.strange[:] = True

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
        units = billed // UNIT
        uneven = units * UNIT != billed
        if uneven.any():
            self.strange |= self.any(uneven)
        return units, parked

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
                zone = zone_of(values, edges)
                found = found * (len(edges) + 1) + zone
        return found

    def _seen(self, name: str) -> list[Whole]:
        if name == "so_far":
            return [self._so_far()]
        if name == "elapsed":
            return [self.part.start - self._spread(self.part.began)]
        return self._load(name)

    def _spread(self, of_sessions: Any) -> Any:
        return of_sessions if self.single else np.repeat(of_sessions, np.diff(self.part.offsets))

    def _so_far(self) -> Whole:
        if self.energy is None or self.single:
            return np.zeros(len(self.part.start), np.int64)
        return self._before(self.energy) // self.grain

    def _before(self, volume: Whole) -> Whole:
        """What came before each period of its session."""
        if self.single:
            return np.zeros(len(volume), np.int64)
        before = np.cumsum(volume) - volume
        filled = np.diff(self.part.offsets) > 0
        found: Whole = before - np.repeat(before[self.first[filled]], np.diff(self.part.offsets)[filled])
        return found

    def _load(self, name: str) -> list[Whole]:
        """What a minimum and a maximum look at (A09, A10)."""
        low, average, high = (self.column(f"{name}_{side}") for side in ("low", "average", "high"))
        count = len(self.part.start)
        untold = np.ones(count, np.bool_)
        for told in (low, average, high):
            if told is not None:
                untold &= told == UNTOLD
        if name == "power" and self.runner.prepared.traits.derives and self.time is not None:
            average = np.where(untold, self.derived, UNTOLD if average is None else average)
        least, most = _either(low, average), _either(high, average)
        if self.runner.policy.unknown_load is UnknownLoad.MATCH:
            least, most = _either(least, high), _either(most, low)
            least = np.full(count, ALL) if least is None else np.where(least == UNTOLD, ALL, least)
            most = np.full(count, UNTOLD) if most is None else most
        else:  # what is not told lies below every minimum as it is
            least = np.full(count, UNTOLD) if least is None else least
            most = np.full(count, ALL) if most is None else np.where(most == UNTOLD, ALL, most)
        if self.parked is not None:
            idle = self.parked & (~self.flowing | untold)
            least, most = np.where(idle, 0, least), np.where(idle, 0, most)
        return [least, most]

    @cached_property
    def derived(self) -> Whole:
        """Power by energy and time, UNTOLD where no time is billed (A09)."""
        assert self.time is not None
        energy = 0 if self.energy is None else self.energy
        return np.where(self.time != 0, energy * (HOUR // UNIT) // np.maximum(self.time, 1), UNTOLD)

    @cached_property
    def flowing(self) -> Flags:
        """Where there was energy."""
        return np.zeros(len(self.part.start), np.bool_) if self.energy is None else self.energy != 0

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
            self._at_one_price(dimensions, int(chosen), volume, (net, gross))
            return
        self.doubt(volume, chosen)
        amount = volume * runner.net_rate[chosen]
        net += self._sum(amount)
        if not runner.one_tax:
            gross += self._sum(volume * runner.gross_rate[chosen])
        last = extra = None
        if runner.policy.step is Step.ONCE and any(runner.steps_list):
            last, total = self._last(dimensions, volume, chosen)
            step = runner.step[last] * self.grain
            self.doubt_steps(volume, chosen, (total, step))
            missing = np.where((total > 0) & (step > 0), -total % np.maximum(step, 1), 0)
            extra = missing * runner.net_rate[last]
            net += extra
            if not runner.one_tax:
                gross += missing * runner.gross_rate[last]
        self._share(dimensions, amount, (volume != 0) & (chosen != runner.none), (last, extra))

    def doubt(self, volume: Whole, chosen: Any) -> None:
        """For who knows of sessions whose volumes are not told exactly."""

    def doubt_steps(self, volume: Whole, chosen: Any, stepped: tuple[Whole, Whole]) -> None:
        """The same, of totals that are rounded to a step."""

    def _share(
        self, dimensions: Sequence[Dimension], amount: Whole, used: Flags, surplus: tuple[Any, Whole | None]
    ) -> None:
        """What of a net is for energy, or for charging and for parking."""
        last, extra = surplus
        if len(dimensions) == 1 or self.parked is None:
            whole = self._sum(amount) if extra is None else self._sum(amount) + extra
            self.shares[GROUPS[dimensions[0]]] = whole, self._some(used)
            return
        for dimension, mine in zip(dimensions, (~self.parked, self.parked), strict=True):
            sums = self._sum(np.where(mine, amount, 0))
            if extra is not None:
                sums = sums + np.where(self.runner.is_of(dimension)[last], extra, 0)
            self.shares[GROUPS[dimension]] = sums, self._some(used & mine)

    def _at_one_price(
        self, dimensions: Sequence[Dimension], number: int, volume: Whole, amounts: tuple[Whole, Whole]
    ) -> None:
        """The same candidate always: what is billed is the sum, stepped."""
        runner, (net, gross) = self.runner, amounts
        billed, step = self._sum(volume), int(runner.step[number]) * self.grain
        if step > 1 and runner.policy.step is Step.ONCE:
            stepped = -(-billed // step) * step
            billed = (
                stepped if not len(billed) or billed.min() >= 0 else np.where(billed > 0, stepped, billed)
            )
        amount = billed * int(runner.net_rate[number])
        net += amount
        if not runner.one_tax:
            gross += billed * int(runner.gross_rate[number])
        if number != runner.none:
            self.shares[GROUPS[dimensions[0]]] = amount, self._some(volume != 0)

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
            net += runner.net_list[number] * self.grain
            if not runner.one_tax:
                gross += runner.gross_list[number] * self.grain
            filled = np.flatnonzero(np.diff(self.part.offsets))
            self._share_flats(filled, self.first[filled], np.full(len(filled), number))
        elif runner.table.by_dimension[Dimension.FLAT]:
            chosen = np.broadcast_to(self._chosen(FLAT), self.part.start.shape)
            session = self._spread(np.arange(len(self.part)))
            priced = np.flatnonzero(chosen != runner.none)
            pairs, first = np.unique((session * (runner.none + 1) + chosen)[priced], return_index=True)
            place, numbers = pairs // (runner.none + 1), pairs % (runner.none + 1)
            np.add.at(net, place, runner.net_rate[numbers] * self.grain)
            if not runner.one_tax:
                np.add.at(gross, place, runner.gross_rate[numbers] * self.grain)
            self._share_flats(place, priced[first], numbers)

    def _share_flats(self, session: Whole, period: Whole, numbers: Whole) -> None:
        """A fee that sets in while parked, not at the very start, is parking's (A36)."""
        late = self.part.start[period] > self.part.began[session]
        parked = np.zeros(len(period), np.bool_) if self.parked is None else self.parked[period] & late
        for group, mine in ((Group.FIXED, ~parked), (Group.PARKING, parked)):
            if mine.any():
                none = np.zeros(len(self.part), np.int64), np.zeros(len(self.part), np.bool_)
                sums, used = self.shares.setdefault(group, none)
                np.add.at(sums, session[mine], self.runner.net_rate[numbers[mine]] * self.grain)
                used[session[mine]] = True

    def _sum(self, of_periods: Whole) -> Whole:
        return of_periods if self.single else self._reduce(np.add, of_periods, 0)

    def _some(self, of_periods: Flags) -> Flags:
        return of_periods if self.single else self._reduce(np.logical_or, of_periods, 0) > 0

    def _most(self, of_periods: Whole) -> Whole:
        return self._reduce(np.maximum, of_periods, -1)

    def _reduce(self, with_: np.ufunc, of_periods: Whole | Flags, nothing: int) -> Whole:
        counts = np.diff(self.part.offsets)
        found: Whole = np.full(len(counts), nothing, np.int64)
        if not len(of_periods):
            return found
        filled = counts > 0
        if filled.all():
            return np.asarray(with_.reduceat(of_periods, self.first), np.int64)
        found[filled] = with_.reduceat(of_periods, self.first[filled])
        return found


GROUPS = {
    Dimension.ENERGY: Group.ENERGY,
    Dimension.TIME: Group.TIME,
    Dimension.PARKING_TIME: Group.PARKING,
}
ENERGY = (Dimension.ENERGY,)
FLAT = (Dimension.FLAT,)


def _either(one: Whole | None, other: Whole | None) -> Whole | None:
    """The first, or the second where that tells nothing."""
    if one is None or other is None:
        return other if one is None else one
    return np.where(one == UNTOLD, other, one)


def _within(volume: Whole, most: int) -> bool:
    return not len(volume) or (-most <= int(volume.min()) and int(volume.max()) <= most)
