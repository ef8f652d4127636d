"""Amounts of money between 2.2.1 (one VAT) and 2.3.0 (a list of taxes) (C4)."""

from collections.abc import Iterable
from decimal import Decimal

from hub.ocpi.document import Json
from hub.ocpi.editions.rewriting import Move, Number, renamed, without

TOTALS = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
LIMITS = ("min_price", "max_price")
LIMIT_NAMES = {"excl_vat": "before_taxes", "incl_vat": "after_taxes"}

limit_up: Move = renamed(LIMIT_NAMES)
limit_down: Move = renamed({new: old for old, new in LIMIT_NAMES.items()})


def single_rate(tariffs: Iterable[Json]) -> Number | None:
    """The one VAT percentage that every component of every tariff bears; None when there is no such one."""
    rates = {
        None if component.get("vat") is None else Decimal(component["vat"]): component.get("vat")
        for tariff in tariffs
        for element in tariff["elements"]
        for component in element["price_components"]
    }
    return next(iter(rates.values())) if len(rates) == 1 else None


def price_up(price: Json, rate: Number | None) -> Json:
    """{excl_vat, incl_vat?} as {before_taxes, taxes}; an unsaid VAT is an empty list."""
    rest = without("excl_vat", "incl_vat", "before_taxes", "taxes")(price)
    return {"before_taxes": price["excl_vat"], "taxes": _taxes(price, rate)} | rest


def price_down(price: Json, tax_free: bool) -> Json:
    """{before_taxes, taxes*} as {excl_vat, incl_vat?}, which without taxes is known only where none apply."""
    rest = without("excl_vat", "incl_vat", "before_taxes", "taxes")(price)
    net, taxes = price["before_taxes"], price.get("taxes") or ()
    if not taxes and not tax_free:
        return {"excl_vat": net} | rest
    return {"excl_vat": net, "incl_vat": net + sum(tax["amount"] for tax in taxes)} | rest


def _taxes(price: Json, rate: Number | None) -> list[Json]:
    gross = price.get("incl_vat")
    if gross is None:
        return []
    tax = {"name": "VAT", "amount": gross - price["excl_vat"]}
    return [tax if rate is None else tax | {"percentage": rate}]
