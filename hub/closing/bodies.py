"""What closing reads of the bytes of a CDR in the newest edition: what it costs, and the little beside it.

The rest is passed over, which takes a third of the time of reading all of it.
"""

from decimal import Decimal
from typing import TypedDict

import msgspec

from hub.ocpi.document import Json


class Tax(TypedDict, total=False):
    """One of the taxes on an amount."""

    amount: Decimal
    percentage: Decimal | None


class Price(TypedDict, total=False):
    """An amount and its taxes."""

    before_taxes: Decimal
    taxes: list[Tax] | None


class Costs(TypedDict, total=False):
    """What the total costs and its parts."""

    total_cost: Price
    total_fixed_cost: Price | None
    total_energy_cost: Price | None
    total_time_cost: Price | None
    total_parking_cost: Price | None
    total_reservation_cost: Price | None


class Told(Costs, total=False):
    """What the line of a CDR has beside its amount too."""

    credit: bool | None
    end_date_time: str
    total_energy: Decimal


COSTS = msgspec.json.Decoder(Costs)
TOLD = msgspec.json.Decoder(Told)


def costs(body: bytes) -> Json:
    """The fields of `Costs` that it has."""
    return COSTS.decode(body)  # type: ignore[return-value]  # a dict, of which less is known then


def told(body: bytes) -> Json:
    """The fields of `Told` that it has."""
    return TOLD.decode(body)  # type: ignore[return-value]
