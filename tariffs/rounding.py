"""How an exact amount becomes a decimal number; nothing else in the library rounds money (P-64, A29)."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tariffs.exact import Exact

PLACES_SHOWN = 12
"""Decimals at which an amount without a finite decimal form (a third of an hour) is shown."""


class Rounding(StrEnum):
    """Where a value between two representable ones goes; halves upwards means away from zero."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"
    UP = "UP"


def to_places(
    value: Exact, unit: int = 1, places: int = PLACES_SHOWN, mode: Rounding = Rounding.HALF_UP
) -> Decimal:
    """`value`, counted in 1/unit, as a number with at most `places` decimals and no trailing zeros."""
    fraction = Fraction(value) / unit
    below, rest = divmod(abs(fraction.numerator) * 10**places, fraction.denominator)
    digits = below + _raised(below, 2 * rest, fraction.denominator, mode)
    return _without_zeros(-digits if fraction < 0 else digits, places)


def _raised(below: int, twice: int, denominator: int, mode: Rounding) -> bool:
    if mode is Rounding.HALF_UP:
        return twice >= denominator
    if mode is Rounding.UP:
        return twice > 0
    half_even = mode is Rounding.HALF_EVEN
    return half_even and (twice > denominator or (twice == denominator and below % 2 == 1))


def _without_zeros(digits: int, places: int) -> Decimal:
    while places and digits % 10 == 0:
        digits //= 10
        places -= 1
    sign = 1 if digits < 0 else 0
    return Decimal((sign, tuple(map(int, str(abs(digits)))), -places))
