"""What a CDR of any edition says that it costs, and how that compares with an exact amount."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tariffs.errors import SessionError
from tariffs.fields import Fields
from tariffs.rounding import Rounding, to_places
from tariffs.taxes import Cost
from tariffs.totals import FIELDS

LEAST_PLACES = 2
"""Zeros at the end are often not written: 5.6 stands for 5.60."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An amount as a CDR tells it; None is not told. Taxes are (percentage or None, amount)."""

    net: Decimal | None = None
    gross: Decimal | None = None
    taxes: tuple[tuple[Decimal | None, Decimal], ...] = ()

    @property
    def sides(self) -> Iterator[tuple[str, Decimal]]:
        """What is told of it."""
        if self.net is not None:
            yield "before_taxes", self.net
        if self.gross is not None:
            yield "after_taxes", self.gross


@dataclass(frozen=True, slots=True)
class Claims:
    """All amounts of a CDR: the total, and the shares by the names of Quote's: energy, time, parking ..."""

    total: Claim
    shares: Mapping[str, Claim]
    places: int

    @property
    def told(self) -> Iterator[tuple[str, str, Decimal]]:
        """Each amount: of what, on which side, how much."""
        for name, claim in (("total", self.total), *self.shares.items()):
            for side, amount in claim.sides:
                yield name, side, amount


def read_claims(document: Mapping[str, Any]) -> Claims:
    """The amounts of a CDR of 2.1.1, 2.2.1 or 2.3.0; SessionError when one cannot be read.

    A credit CDR has its total negated and nothing else (P-65, A31); it is told as that of its original.
    """
    fields = Fields(document, "", SessionError)
    total = _claim(fields, "total_cost")
    if fields.get("credit") is True:
        total = negated(total)
    shares = {name: _claim(fields, field) for name, field in FIELDS.items() if fields.has(field)}
    written = [amount for claim in (total, *shares.values()) for _, amount in claim.sides]
    return Claims(total, shares, max([LEAST_PLACES, *map(_places, written)]))


def negated(claim: Claim) -> Claim:
    """The same amount the other way round."""
    return Claim(
        None if claim.net is None else -claim.net,
        None if claim.gross is None else -claim.gross,
        tuple((percentage, -amount) for percentage, amount in claim.taxes),
    )


def agrees(claimed: Decimal, exact: Fraction | None, places: int, mode: Rounding = Rounding.HALF_UP) -> bool:
    """Whether a claim is the exact amount at as many decimals as the CDR writes (A45); the unknown agrees."""
    return exact is None or to_places(exact, 1, places, mode) == claimed


def side_of(cost: Cost | None, side: str) -> Fraction | None:
    """The exact amount before or after taxes; where nothing had a price it is 0."""
    if cost is None:
        return Fraction(0)
    return cost.net if side == "before_taxes" else cost.gross


def _claim(fields: Fields, name: str) -> Claim:
    if not fields.has(name):
        return Claim()
    if not isinstance(fields.get(name), Mapping):
        return Claim(fields.number(name))
    price = fields.child(name)
    assert price is not None
    if price.has("excl_vat") or price.has("incl_vat"):
        return Claim(price.number("excl_vat"), price.number("incl_vat"))
    net = price.number("before_taxes")
    if net is None or not price.has("taxes"):
        return Claim(net)
    taxes = tuple(
        (tax.number("percentage"), tax.required_number("amount")) for tax in price.children("taxes")
    )
    return Claim(net, net + sum(amount for _, amount in taxes), taxes)


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
