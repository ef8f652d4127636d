"""What is billed of some sessions of a batch, and what conditions see of it, as arrays."""

from functools import cached_property
from typing import Any

import numpy as np

from tariffs.batch_runner import MOST, UNIT, Flags, Runner, zone_of
from tariffs.columns import UNTOLD, Columns, Whole
from tariffs.exact import HOUR, SECOND, nearest
from tariffs.model import Dimension
from tariffs.policy import Hours, UnknownLoad
from tariffs.session import agrees

ALL = 2**63 - 1
"""Above every load."""


class Volumes:
    """Some sessions of a batch; `strange` are those that are priced one by one. Volumes are in 1/grain of the
    runner's units."""

    grain = 1

    def __init__(self, runner: Runner, part: Columns) -> None:
        self.runner = runner
        self.part = part
        self.single = len(part) == len(part.start)
        self.first = part.offsets[:-1]
        self.strange = np.zeros(len(part), np.bool_)
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

    # Sums of each session -------------------------------------------------------------------------------

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


def _either(one: Whole | None, other: Whole | None) -> Whole | None:
    """The first, or the second where that tells nothing."""
    if one is None or other is None:
        return other if one is None else one
    return np.where(one == UNTOLD, other, one)


def _within(volume: Whole, most: int) -> bool:
    return not len(volume) or (-most <= int(volume.min()) and int(volume.max()) <= most)
