"""Whole numbers as long as they reach, fractions where they do not: never a float.

Inside the library energy is counted in 1e-6 kWh, time in microseconds (3.6e9 to the hour, so that a second
and 1e-6 h are both whole), power and current in 1e-6 kW and 1e-6 A. A quantity is an int; only one that is
finer than its unit becomes a Fraction, which the same arithmetic carries on exactly.
"""

from decimal import Decimal
from fractions import Fraction

Exact = int | Fraction

MILLION = 1_000_000
HOUR = 3_600 * MILLION
SECOND = MILLION
WATT_HOUR = 1_000


def whole(value: Exact) -> Exact:
    """The same value as an int when it is one."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def scaled(value: int | Decimal, scale: int) -> Exact:
    """`value` counted in units of 1/scale."""
    if isinstance(value, int):
        return value * scale
    numerator, denominator = value.as_integer_ratio()
    return whole(Fraction(numerator * scale, denominator))


def multiple_above(value: Exact, step: int) -> Exact:
    """The smallest multiple of `step` that is not below `value` (P-40, A01: an exact multiple stays)."""
    return -(-value // step) * step


def nearest(value: Exact, unit: int) -> int:
    """`value` at the nearest whole multiple of `unit`, halves upwards (A12)."""
    return int((2 * value + unit) // (2 * unit)) * unit


def decimals(value: Decimal) -> int:
    """How many decimals a price needs, trailing zeros left out."""
    denominator = value.as_integer_ratio()[1]
    places = 0
    while 10**places % denominator:
        places += 1
    return places
