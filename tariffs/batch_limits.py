"""How min_price and max_price bound the amounts of a batch, net and gross apart, as `limits` does (P-60)."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from tariffs.batch_chunk import Chunk
from tariffs.batch_runner import MOST, Flags, Runner
from tariffs.columns import Whole
from tariffs.model import PriceLimit, Tariff, Taxes, rates
from tariffs.rounding import counted

Scale = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a limit: `sign` is 1 for the least. `exact` in whole units, and what it is rounded to."""

    sign: int
    exact: Fraction
    rounded: int

    def beyond(self, chunk: Chunk, amount: Whole, scale: Scale) -> Flags:
        """Where it sets in; a session for which that is not sure is strange."""
        edge = self.exact * scale[1] * chunk.grain / scale[0]
        last = ceil(edge) if self.sign > 0 else floor(edge)
        if abs(last) >= MOST:  # no amount is so large
            return np.full(len(amount), last * self.sign > 0)
        if chunk.unsure is not None:
            chunk.strange |= (chunk.unsure > 0) & (np.abs(amount - last) <= chunk.unsure + 1)
        found: Flags = amount < last if self.sign > 0 else amount > last
        return found


@dataclass(frozen=True, slots=True)
class Limit:
    """A net beyond `net` becomes that, a gross beyond `gross` too; without one it follows from the net."""

    net: Bound
    gross: Bound | None
    follows: int

    def apply(
        self, runner: Runner, chunk: Chunk, amounts: tuple[Whole, Whole], found: tuple[Whole, Whole]
    ) -> None:
        """Bound what was `found`, rounded, of the exact amounts of a chunk."""
        (base, taxed), (net, gross) = amounts, found
        hit = self.net.beyond(chunk, base, runner.net_scale)
        net[hit] = self.net.rounded
        if self.gross is not None:
            gross[self.gross.beyond(chunk, taxed, runner.gross_scale)] = self.gross.rounded
            return
        gross[hit] = self.follows
        nothing = base == 0 if chunk.unsure is None else np.abs(base) <= chunk.unsure
        chunk.strange |= hit & nothing  # its tax is found otherwise


def limits_of(runner: Runner) -> tuple[Limit, ...] | None:
    """Those of the runner's tariff; None where they must be looked at session by session."""
    tariff = runner.prepared.tariff
    given = [(limit, sign) for limit, sign in ((tariff.min_price, 1), (tariff.max_price, -1)) if limit]
    if any(limit.after_taxes is None for limit, _ in given) and not runner.one_tax:
        return None
    if runner.prepared.scale.open or not _independent(tariff):
        return None
    sides = [_sides(runner, limit) for limit, _ in given]
    if any(after < before for before, after in sides) or not _agreeing(sides):
        return None
    return tuple(
        Limit(
            _bound(runner, before, sign),
            None if limit.after_taxes is None else _bound(runner, after, sign),
            counted(after, 1, runner.policy.decimals),
        )
        for (limit, sign), (before, after) in zip(given, sides, strict=True)
    )


def _independent(tariff: Tariff) -> bool:
    """Whether net and gross are bounded apart."""
    return tariff.taxes is Taxes.ON_TOP or (tariff.taxes is Taxes.INCLUDED and bool(rates(tariff.elements)))


def _sides(runner: Runner, limit: PriceLimit) -> tuple[Fraction, Fraction]:
    """Before and after taxes; what is not said after them, follows."""
    scale = runner.prepared.scale
    before = Fraction(limit.before_taxes)
    after = before * scale.gross[0] / scale.net[0] if limit.after_taxes is None else limit.after_taxes
    return before, Fraction(after)


def _agreeing(sides: list[tuple[Fraction, Fraction]]) -> bool:
    """Whether the least is not more than the most."""
    return len(sides) < 2 or all(low <= high for low, high in zip(*sides, strict=True))


def _bound(runner: Runner, side: Fraction, sign: int) -> Bound:
    places = runner.policy.decimals
    return Bound(sign, side * 10**places, counted(side, 1, places))
