"""The one place where money is rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest

from tariffs.rounding import Rounding, to_places


@pytest.mark.parametrize(
    ("value", "half_up", "half_even", "down", "up"),
    [
        ("0.12345", "0.1235", "0.1234", "0.1234", "0.1235"),
        ("0.12355", "0.1236", "0.1236", "0.1235", "0.1236"),
        ("-0.12345", "-0.1235", "-0.1234", "-0.1234", "-0.1235"),
        ("0.123449", "0.1234", "0.1234", "0.1234", "0.1235"),
        ("0.123451", "0.1235", "0.1235", "0.1234", "0.1235"),
        ("7", "7", "7", "7", "7"),
        ("0", "0", "0", "0", "0"),
        ("-0.00001", "0", "0", "0", "-0.0001"),
    ],
)
def test_each_mode_goes_its_way(value: str, half_up: str, half_even: str, down: str, up: str) -> None:
    modes = {Rounding.HALF_UP: half_up, Rounding.HALF_EVEN: half_even, Rounding.DOWN: down, Rounding.UP: up}
    for mode, expected in modes.items():
        assert str(to_places(Fraction(value), 1, 4, mode)) == expected


def test_a_third_is_shown_to_twelve_decimals() -> None:
    assert to_places(Fraction(1, 3)) == Decimal("0.333333333333")


def test_large_amounts_lose_nothing_to_a_decimal_context() -> None:
    assert str(to_places(Fraction(10**40 + 1, 10))) == "1" + "0" * 39 + ".1"
