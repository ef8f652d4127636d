"""How an exact amount becomes a decimal number; nothing else in the library rounds money (P-64, A29)."""

from collections.abc import Sequence
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from math import gcd

from tariffs.exact import Exact
from tariffs.model import Round, Rule

PLACES_SHOWN = 12
"""Decimals at which an amount without a finite decimal form (a third of an hour) is shown."""


class Rounding(StrEnum):
    """Where a value between two representable ones goes; halves upwards means away from zero."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"
    UP = "UP"


POWERS = [10**places for places in range(33)]
ANY_LENGTH = Context(prec=100_000)


def to_places(
    value: Exact, unit: int = 1, places: int = PLACES_SHOWN, mode: Rounding = Rounding.HALF_UP
) -> Decimal:
    """`value`, counted in 1/unit, as a number with at most `places` decimals and no trailing zeros."""
    return _without_zeros(counted(value, unit, places, mode), places)


def counted(value: Exact, unit: int, places: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """`value`, counted in 1/unit, rounded to whole multiples of 10**-places."""
    below: int
    if isinstance(value, int) and value >= 0 and mode is Rounding.HALF_UP:
        below = (2 * value * POWERS[places] + unit) // (2 * unit)
        return below
    if not isinstance(value, int):
        value, unit = value.numerator, value.denominator * unit
    below, rest = divmod(abs(value) * POWERS[places], unit)
    if rest and _raised(below, 2 * rest, unit, mode):
        below += 1
    return -below if value < 0 else below


def halves_up(weights: Sequence[int], unit: int, places: int) -> tuple[list[int], int, int]:
    """What `counted` does to sums of `weights` times something, halves up, as one division:
    (sum of these weights times the same + the second) // the third. For sums that are not negative."""
    weighed = [2 * POWERS[places] * weight for weight in weights]
    below = 2 * unit
    common = gcd(*weighed, unit)
    return [weight // common for weight in weighed], unit // common, below // common


def _raised(below: int, twice: int, denominator: int, mode: Rounding) -> bool:
    if mode is Rounding.HALF_UP:
        return twice >= denominator
    if mode is Rounding.UP:
        return True
    half_even = mode is Rounding.HALF_EVEN
    return half_even and (twice > denominator or (twice == denominator and below % 2 == 1))


def _without_zeros(digits: int, places: int) -> Decimal:
    if places >= 6 and digits % 1_000_000 == 0:
        digits, places = digits // 1_000_000, places - 6
    while places and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    return ANY_LENGTH.scaleb(Decimal(digits), -places) if places else Decimal(digits)


def rounded(value: Fraction, rule: Round) -> Fraction:
    """`value` as a rounding of Gireve's dialect has it (A39)."""
    mode = {Rule.ROUND_UP: Rounding.UP, Rule.ROUND_DOWN: Rounding.DOWN, Rule.ROUND_NEAR: Rounding.HALF_UP}
    return Fraction(counted(value, 1, rule.places, mode[rule.rule]), POWERS[rule.places])
