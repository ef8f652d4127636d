"""Some sessions of a batch on the way through a runner: what each comes to, and each of its components."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tariffs.batch_runner import TIMES, Flags, Runner
from tariffs.batch_volumes import Volumes
from tariffs.columns import Columns, Whole
from tariffs.lines import Group
from tariffs.model import Dimension
from tariffs.policy import Step

Share = tuple[Whole, Flags]


class Chunk(Volumes):
    """Some sessions on the way through a runner. Once they have `amounts`, `shares` has what of the net is
    each component's, and where it had a price at all, in 1/grain of the runner's smallest units."""

    unsure: Whole | None = None
    """By how much the amounts of each session may be off; None where all are exact."""

    def __init__(self, runner: Runner, part: Columns) -> None:
        super().__init__(runner, part)
        self.shares: dict[Group, Share] = {}

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


GROUPS = {
    Dimension.ENERGY: Group.ENERGY,
    Dimension.TIME: Group.TIME,
    Dimension.PARKING_TIME: Group.PARKING,
}
ENERGY = (Dimension.ENERGY,)
FLAT = (Dimension.FLAT,)
