"""How large a CDR may be so that it is checked within seconds, and its amounts fit where they are kept."""

from collections.abc import Iterator
from decimal import Decimal

from hub.clearing.facts import Facts
from hub.ocpi.document import Json

LARGEST = Decimal(10**9)
"""Of an amount or a number of kWh: rows hold no more, and thousands of them can be summed up."""
PERIODS = 5_000
"""One for each minute of three days and a half."""
DIMENSIONS = 50_000
TARIFFS = 50
ELEMENTS = 3_000
SIGNED_VALUES = 500


class TooLarge(ValueError):
    """A CDR that is not checked for its size; a person must look at it."""


def refuse(cdr: Json, facts: Facts) -> None:
    """TooLarge with all that is."""
    found = [f"{name} is beyond {LARGEST:f}" for name, value in amounts(facts) if not fits(value)]
    found += [f"it has {count} {name}, at most {most}" for name, count, most in counts(cdr) if count > most]
    if found:
        raise TooLarge("; ".join(found))


def amounts(facts: Facts) -> Iterator[tuple[str, Decimal]]:
    yield "total_energy", facts.energy
    yield "total_cost", facts.total.net
    yield "total_cost with its taxes", facts.total.net if facts.total.gross is None else facts.total.gross


def counts(cdr: Json) -> Iterator[tuple[str, int, int]]:
    tariffs = cdr.get("tariffs") or []
    yield "charging_periods", len(cdr["charging_periods"]), PERIODS
    yield "dimensions", sum(len(period["dimensions"]) for period in cdr["charging_periods"]), DIMENSIONS
    yield "tariffs", len(tariffs), TARIFFS
    yield "elements of tariffs", sum(len(tariff["elements"]) for tariff in tariffs), ELEMENTS
    yield "signed_values", len((cdr.get("signed_data") or {}).get("signed_values") or []), SIGNED_VALUES


def fits(value: Decimal) -> bool:
    return abs(value) < LARGEST


def kept(value: Decimal) -> Decimal:
    """As rows have it: six places; what does not fit is LARGEST, and nobody can accept it."""
    return round(value, 6) if fits(value) else LARGEST.copy_sign(value)
