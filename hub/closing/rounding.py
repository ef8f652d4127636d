"""The only place where documents round: exact amounts to whole units of a currency, as was agreed."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from moneyed import get_currency

MODES: Mapping[str, str] = {
    "HALF_UP": ROUND_HALF_UP,
    "HALF_EVEN": ROUND_HALF_EVEN,
    "DOWN": ROUND_DOWN,
}
ENOUGH = Context(prec=60)
"""Whatever anybody bills, no digit is lost before the one rounding."""


def places_of(currency: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    units = get_currency(currency).sub_unit
    return len(str(units)) - 1


def units(amount: Decimal, currency: str, mode: str = "HALF_UP") -> int:
    """An amount in whole units of its currency: cents of a euro."""
    scaled = ENOUGH.scaleb(amount, places_of(currency))
    return int(scaled.to_integral_value(rounding=MODES[mode]))


def amount_of(units_: int, currency: str) -> Decimal:
    """Whole units as an amount, with all the decimals of its currency."""
    return ENOUGH.scaleb(Decimal(units_), -places_of(currency))


def rounded(amount: Decimal, currency: str, mode: str = "HALF_UP") -> Decimal:
    """An amount as it stands on a document."""
    return amount_of(units(amount, currency, mode), currency)


def whole(amount: Decimal, currency: str) -> Decimal:
    """An amount with all the decimals of its currency, as documents write it; more of them stay."""
    told = rounded(amount, currency)
    return told if told == amount else amount
