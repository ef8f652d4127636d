"""Sessions of a batch whose periods are cut where a price changes inside them (A11), as `splitting` does it.

What is used in a period is spread evenly over it, so that the parts of a cut one are fractions. They are
counted here in grains of which 256 are the unit, each sum of parts up to a cut rounded down: so the parts of
a period make the period exactly, and a price on both sides of a cut is off by less than a grain at each. A
session in which that may turn the last digit of an amount is priced one by one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tariffs.batch_chunk import Chunk
from tariffs.batch_runner import MOST, Flags, Runner
from tariffs.columns import Columns, Whole
from tariffs.columns_text import LOADS
from tariffs.policy import Split
from tariffs.session import Source
from tariffs.splitting import LONGEST_SPLIT

CDR = tuple(Source).index(Source.CDR)
Cuts = tuple[Whole, Whole, Whole, Whole]
"""Of each cut the period, the instant, and how much of how much of the period lies before it."""


def chunk_of(runner: Runner, part: Columns) -> Chunk:
    """Cut where that may be needed."""
    if runner.policy.split is not Split.BY_SOURCE or not runner.table.cuts or (part.source == CDR).all():
        return Chunk(runner, part)
    return SplitChunk(runner, part)


class SplitChunk(Chunk):
    """Some sessions of which not all are priced by the start of their periods."""

    grain = 256

    def __init__(self, runner: Runner, part: Columns) -> None:
        super().__init__(runner, part)
        table = runner.table
        if not all(isinstance(edge, int) for edge in (*table.energies, *table.durations)):
            self.strange |= part.source != CDR
        self.length = self.ends - part.start
        self._exclude_bad()
        self.splits = np.asarray(self._spread((part.source != CDR) & ~self.strange), np.bool_)
        cuts = self._in_order([self._by_clock(), *self._by_duration(), *self._by_energy()])
        self.off = np.zeros(len(part), np.int64)
        self._cut(cuts)

    def _exclude_bad(self) -> None:
        """Energy given back is past its threshold before it is there (A27); the endless is not split."""
        bad = self.length > LONGEST_SPLIT
        if self.energy is not None:
            bad |= self.energy < 0
        self.strange |= self.any(bad) & (self.part.source != CDR)

    # Where ----------------------------------------------------------------------------------------------

    def _by_clock(self) -> Cuts:
        """Where other candidates are asked, in the midst of a period."""
        start, ends = self.part.start, self.ends
        if not self.splits.any():
            return self._at(self.splits, start)
        changes = self.runner.changes(int(start[self.splits].min()), int(ends[self.splits].max()))
        if changes is None:
            self.strange |= self.any(self.splits)
            return self._at(np.zeros_like(self.splits), start)
        low = np.searchsorted(changes, start, "right")
        counts = np.where(self.splits, np.searchsorted(changes, ends, "left") - low, 0).clip(0)
        period = np.repeat(np.arange(len(start)), counts)
        nth = np.arange(len(period)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = changes[low[period] + nth]
        return period, at, at - start[period], self.length[period]

    def _by_duration(self) -> Iterator[Cuts]:
        began = self._spread(self.part.began)
        for threshold in self.runner.table.durations:
            at = began + int(threshold)
            yield self._at(self.splits & (self.part.start < at) & (at < self.ends), at)

    def _at(self, cut: Flags, at: Whole) -> Cuts:
        period = np.flatnonzero(cut)
        return period, at[period], at[period] - self.part.start[period], self.length[period]

    def _by_energy(self) -> Iterator[Cuts]:
        energy = self.energy
        if energy is None or not self.runner.table.energies:
            return
        so_far = self._before(energy)
        for threshold in self.runner.table.energies:
            before = int(threshold) - so_far
            period = np.flatnonzero(self.splits & (before > 0) & (before < energy))
            passed, _ = self._shared(self.length, (period, before[period], energy[period]))
            yield period, self.part.start[period] + passed, before[period], energy[period]

    def _shared(self, volume: Whole, share: tuple[Whole, Whole, Whole]) -> tuple[Whole, Flags]:
        """What of the volumes of periods lies in a share of them, rounded down; and where that is less."""
        period, above, below = share
        common = np.gcd(above, below)
        above, below = above // common, below // common
        mine = volume[period]
        safe = mine < MOST // above
        if not safe.all():
            flags = np.zeros(len(volume), np.bool_)
            flags[period[~safe]] = True
            self.strange |= self.any(flags)
        product = np.where(safe, mine, 0) * above
        found = product // below
        return found, found * below != product

    def _in_order(self, found: list[Cuts]) -> Cuts:
        """By the share that lies before; of cuts in one microsecond those by the energy are after the others,
        which are at its very beginning."""
        by_energy = np.concatenate(
            [np.full(len(one[0]), place >= len(found) - self._energies()) for place, one in enumerate(found)]
        )
        period, at, above, below = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.lexsort((np.where(by_energy, above, 0), by_energy, at, period))
        return period[order], at[order], above[order], below[order]

    def _energies(self) -> int:
        return 0 if self.energy is None else len(self.runner.table.energies)

    # What lies between ----------------------------------------------------------------------------------

    def _cut(self, cuts: Cuts) -> None:
        period, at, above, below = cuts
        parts = np.bincount(period, minlength=len(self.length)) + 1
        owner = np.repeat(np.arange(len(parts)), parts)
        ends = np.cumsum(parts)
        inner = np.ones(len(owner), np.bool_)
        inner[ends - parts] = False
        if self.time is not None and self.runner.prepared.traits.derives:
            self.derived = self.derived[owner]
        self.flowing = self.flowing[owner]
        share = (period, above, below)
        self.owner = owner
        self.rough: list[tuple[Whole, Flags]] = []
        used = [self._in_parts(volume, share, (inner, ends)) for volume in (self.energy, self.time)]
        start = self.part.start[owner]
        start[inner] = at
        self.energy, self.time = used
        self.parked = None if self.parked is None else self.parked[owner]
        optional = {name: self.part.optional[name][owner] for name in LOADS if name in self.part.optional}
        offsets = np.concatenate([np.zeros(1, np.int64), ends])[self.part.offsets]
        self.part = replace(self.part, offsets=offsets, start=start, optional=optional)
        self.single = len(self.part) == len(start)
        self.first = offsets[:-1]

    def _in_parts(
        self, volume: Whole | None, share: tuple[Whole, Whole, Whole], places: tuple[Flags, Whole]
    ) -> Whole | None:
        """Volumes in grains, each part of a period up to the next cut. One that is too small for a grain may
        be more than nothing, of which something follows (P-45)."""
        if volume is None:
            return None
        grains = volume * self.grain
        inner, ends = places
        until = np.zeros(len(inner), np.int64)
        rough = np.zeros(len(inner), np.bool_)
        until[inner], rough[inner] = self._shared(grains, share)
        after = np.append(until[1:], 0)
        after[ends - 1] = grains
        found: Whole = after - until
        lost = np.zeros(len(volume), np.bool_)
        lost[self.owner[(found == 0) & (grains[self.owner] != 0)]] = True
        self.strange |= self.any(lost)
        self.rough.append((found, rough))
        return found

    # What may be wrong with it --------------------------------------------------------------------------

    def doubt(self, volume: Whole, chosen: Any) -> None:
        """A grain may be on the wrong side of a cut, at another price."""
        runner = self.runner
        rates = [runner.net_rate] if runner.one_tax else [runner.net_rate, runner.gross_rate]
        steps = [np.abs(np.diff(np.broadcast_to(rate[chosen], volume.shape))) for rate in rates]
        rough = self._rough_in(volume)
        rough[1:] *= np.maximum.reduce(steps)
        self.off = self.unsure = self.off + self._sum(rough)

    def doubt_steps(self, volume: Whole, chosen: Any, stepped: tuple[Whole, Whole]) -> None:
        """So may one of a total, where the rest of the period has no price: that matters near a whole step,
        and elsewhere as much as the grain."""
        total, step = stepped
        free = np.broadcast_to(chosen == self.runner.none, volume.shape)
        torn = self._rough_in(volume)
        torn[1:] *= free[1:] != free[:-1]
        grains = self._sum(torn)
        beyond = total % np.maximum(step, 1)
        self.strange |= (grains > 0) & (step > 0) & ((beyond <= grains) | (beyond >= step - grains))
        self.off = self.unsure = self.off + grains * self.runner.largest

    def _rough_in(self, volume: Whole) -> Whole:
        """1 for each part that begins with a cut at which a grain may be missing."""
        return next(rough for given, rough in self.rough if given is volume).astype(np.int64)
