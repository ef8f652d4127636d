"""What many lines come to, and the share of each: packed, so that a million of them take fifty megabytes, and
as much again while they are shared out.

Shares by largest remainder need the remainders of all lines at once; that is why memory grows with the lines
at all. Whole numbers of 64 bits are used where nothing can overflow, those of Python where something could.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.closing.problems import SafetyBound
from hub.closing.rounding import amount_of, places_of, rounded, units
from hub.closing.vat import Vat
from hub.parties.terms import Terms
from hub.store.base import MICRO, micro, of_micro

Whole = NDArray[Any]
"""Whole numbers, of 64 bits or of Python."""
Part = tuple[Vat, int]
"""What a line bears, and its exact amount in millionths."""
MOST = 2**62
HUNDRED = 100 * MICRO
"""A rate in millionths of a percent is so many parts of one."""


@dataclass(frozen=True, slots=True)
class Total:
    """What a statement has of one category and rate: the exact sum, the same rounded, the VAT of that."""

    vat: Vat
    base: Decimal
    net: Decimal
    tax: Decimal


class Bases:
    """The exact amounts of lines, in their order, by the VAT they bear: twelve bytes a line."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._places: dict[Vat, int] = {}
        self._which = array("I")
        self._bases = array("q")
        for which, base in parts:
            self.add(which, base)

    def __len__(self) -> int:
        return len(self._bases)

    def add(self, which: Vat, base: int) -> None:
        self._which.append(self._places.setdefault(which, len(self._places)))
        self._bases.append(base)

    @property
    def vats(self) -> Iterable[Vat]:
        return self._places

    def __iter__(self) -> Iterator[Part]:
        names = list(self._places)
        return ((names[which], base) for which, base in zip(self._which, self._bases, strict=True))

    def by_vat(self) -> Iterator[tuple[Vat, Whole, Whole]]:
        """Each VAT in order, with the places and the amounts of its lines."""
        which, bases = np.frombuffer(self._which, np.uint32), np.frombuffer(self._bases, np.int64)
        for each in sorted(self._places):
            mine = np.flatnonzero(which == self._places[each])
            yield each, mine, bases[mine]


@dataclass(frozen=True, slots=True)
class Shared:
    """What they come to; net and tax: of each line in its order, in millionths."""

    totals: tuple[Total, ...]
    net: Sequence[int]
    tax: Sequence[int]


def totals_of(bases: Bases, currency: str, terms: Terms) -> tuple[Total, ...]:
    return tuple(total_of(which, mine, currency, terms) for which, _, mine in bases.by_vat())


def shared(bases: Bases, currency: str, terms: Terms) -> Shared:
    """Totals first, each line's share from them (I2)."""
    totals, net, tax = [], np.zeros(len(bases), np.int64), np.zeros(len(bases), np.int64)
    for which, places, mine in bases.by_vat():
        total = total_of(which, mine, currency, terms)
        nets, taxes = shares_of(mine, total, currency, terms)
        refuse_difference(total, currency, (nets, taxes))
        one = MICRO // 10 ** places_of(currency)
        net[places], tax[places] = nets * one, taxes * one
        totals.append(total)
    return Shared(tuple(totals), memoryview(net), memoryview(tax))  # type: ignore[arg-type]  # of whole numbers


def total_of(which: Vat, bases: Whole, currency: str, terms: Terms) -> Total:
    """Rounded once for all of a rate (BR-CO-17), or where agreed, each line and then summed."""
    base = of_micro(summed(bases))
    if terms.rounded == "LINE":
        net, tax = (amount_of(summed(each), currency) for each in by_line(which, bases, currency, terms))
        return Total(which, base, net, tax)
    net = rounded(base, currency, terms.rounding)
    return Total(which, base, net, tax_on(net, which, currency, terms))


def tax_on(net: Decimal, which: Vat, currency: str, terms: Terms) -> Decimal:
    return rounded(net * which.rate / 100, currency, terms.rounding)


def shares_of(bases: Whole, total: Total, currency: str, terms: Terms) -> tuple[Whole, Whole]:
    """Each line's part of a total in units of the currency, by largest remainder: they make up the whole."""
    if terms.rounded == "LINE":
        return by_line(total.vat, bases, currency, terms)
    cents, rate = 10 ** places_of(currency), micro(total.vat.rate)
    return (
        apportioned(units(total.net, currency), bases, cents, MICRO),
        apportioned(units(total.tax, currency), bases, cents * rate, MICRO * HUNDRED),
    )


def by_line(which: Vat, bases: Whole, currency: str, terms: Terms) -> tuple[Whole, Whole]:
    nets = divided(bases, 10 ** places_of(currency), MICRO, terms.rounding)
    return nets, divided(nets, micro(which.rate), HUNDRED, terms.rounding)


def refuse_difference(total: Total, currency: str, parts: tuple[Whole, Whole]) -> None:
    """SafetyBound unless lines make up their total."""
    if tuple(map(summed, parts)) != (units(total.net, currency), units(total.tax, currency)):
        raise SafetyBound(f"the lines of VAT {total.vat} do not make up their total")


# Arithmetic ------------------------------------------------------------------------------------------------


def apportioned(total: int, bases: Whole, times: int, one: int) -> Whole:
    """Whole units that sum to `total`, each as near to its exact amount as that lets it; of equal lines the
    first are favoured.

    bases  times `times`: amounts in parts, of which `one` make a unit

    For amounts that are known one by one and whose sum was rounded: where debits and credits nearly make
    nought, shares by weight (`hub.closing.allocation`) would be far from what stands on the lines.
    """
    if not len(bases):
        return bases
    parts, one = scaled(bases, times, one)
    shares, rest = parts // one, parts % one
    each, left = divmod(total - summed(shares), len(shares))
    shares[np.argsort(-rest, kind="stable")[:left]] += 1
    return shares + each


ROUNDERS: Mapping[str, Any] = {
    "HALF_UP": lambda _, twice, one: twice >= one,
    "HALF_EVEN": lambda whole, twice, one: (twice > one) | ((twice == one) & (whole % 2 == 1)),
    "DOWN": lambda _, twice, one: twice < 0,
}
"""When the rest of a division, taken twice, makes the amount greater; signs are aside."""


def divided(amounts: Whole, times: int, one: int, mode: str) -> Whole:
    """Amounts times `times`, of which `one` make a unit, rounded to units one by one, as
    `hub.closing.rounding.units` does."""
    parts, one = scaled(amounts, times, one)
    whole, rest = abs(parts) // one, abs(parts) % one
    whole = whole + ROUNDERS[mode](whole, 2 * rest, one)
    signed: Whole = np.where(parts < 0, -whole, whole)
    return signed


def scaled(amounts: Whole, times: int, one: int) -> tuple[Whole, int]:
    """The amounts in parts, and how many of them make a unit now that both have been divided as far as they
    go; as numbers of Python where those of 64 bits could overflow."""
    common = gcd(times, one)
    times, one = times // common, one // common
    largest = max(abs(int(amounts.max())), abs(int(amounts.min()))) if len(amounts) else 0
    if max(largest * times, 2 * one) > MOST:
        amounts = amounts.astype(object)
    return amounts * times, one


def summed(amounts: Whole) -> int:
    """Exact, however many there are: upper and lower halves each on their own."""
    if amounts.dtype == object:
        return int(amounts.sum()) if len(amounts) else 0
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum())
