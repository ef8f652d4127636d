"""What the resources about prices have in common: figures, instants of edits, whose prices they are."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

import tariffs
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.fields import Because, Instant, text
from hub.operator.problems import NotFound
from hub.parties import quirk_table
from hub.parties.quirk_table import NoSuchValue
from hub.prices.book.publishing import Edit
from tariffs import Tariff

LARGEST = Decimal(10) ** 9
PLACES = 12


class Figure(fields.Field[Decimal]):
    """An exact figure: a string or a number when sent, a string when answered."""

    def __init__(
        self, least: int | Decimal = -LARGEST, most: int | Decimal = LARGEST, **options: Any
    ) -> None:
        super().__init__(**options)
        self.least, self.most = Decimal(least), Decimal(most)

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{Decimal(value):f}"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        figure = figure_of(value)
        if figure is None:
            raise ValidationError("not a number with at most 12 decimals, such as 0.35")
        if not self.least <= figure <= self.most:
            raise ValidationError(f"not between {self.least:f} and {self.most:f}")
        return figure


def figure_of(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        figure = Decimal(value)
    except ArithmeticError:
        return None
    if not figure.is_finite() or len(str(value)) > 40:
        return None
    exponent = figure.as_tuple().exponent
    return figure if isinstance(exponent, int) and -PLACES <= exponent <= PLACES else None


def zone(**options: Any) -> fields.String:
    """A time zone of the tz database."""
    told = {"description": "As Europe/Amsterdam."}
    return fields.String(validate=[validate.Length(1, 60), known_zone], metadata=told, **options)


def known_zone(name: str) -> None:
    try:
        quirk_table.time_zone(name)
    except NoSuchValue as fault:
        raise ValidationError(str(fault)) from fault


class When(Because):
    """A change of prices: from when on, and why."""

    valid_from = Instant(allow_none=True, metadata={"description": "When it takes force; now if left out."})


def edit(call: Call, latest: int | None = None) -> Edit:
    """Who makes it, why, and when, by what the body says; `latest` is the version that it was judged by."""
    given = call.body
    return Edit(call.actor, call.reason, given.get("valid_from"), given.get("valid_to"), latest)


def owned(call: Call, party: Party) -> Party:
    """NotFound when this user sees nothing of that party's."""
    if not call.sees(party):
        raise NotFound(f"There is no party {party} that this user prices for.")
    return party


def tariff_id(**options: Any) -> fields.String:
    return text(80, **options)


def read(document: Json) -> Tariff:
    """PricingError names the place when it cannot be priced."""
    return tariffs.read_tariff(document)
