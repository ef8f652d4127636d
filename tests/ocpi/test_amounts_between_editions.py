"""What a CDR costs, as it is told and as it is reckoned from it, is the same in every edition (P8)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tariffs
from hub.ocpi.document import Json
from tests.ocpi.translating import down, newest, up

AMOUNTS = st.decimals("-99999", "99999", places=4)
OWED = st.decimals(0, 999, places=4)
KINDS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
PARTS = ("total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost")
MANY = settings(max_examples=60, deadline=None)


def price(net: Decimal, *taxes: Decimal) -> Json:
    told = [{"name": f"T{place}", "amount": amount} for place, amount in enumerate(taxes)]
    return {"before_taxes": net, "taxes": told}


def net(told: Any) -> Decimal:
    """Of a price in any edition."""
    if isinstance(told, dict):
        return Decimal(told["excl_vat"] if "excl_vat" in told else told["before_taxes"])
    return Decimal(told)


def gross(told: Json) -> Decimal:
    if "excl_vat" in told:
        return Decimal(told["incl_vat"])
    return told["before_taxes"] + sum((tax["amount"] for tax in told["taxes"]), Decimal(0))


@MANY
@given(AMOUNTS, st.lists(OWED, min_size=4, max_size=4), st.lists(OWED, min_size=1, max_size=3))
def test_amounts_survive_all_ways_up_and_down(
    total: Decimal, parts: list[Decimal], taxes: list[Decimal]
) -> None:  # P8
    costs = {name: price(part, *taxes) for name, part in zip(PARTS, parts, strict=True)}
    cdr = newest("cdrs", total_cost=price(total, *taxes), total_reservation_cost=None, **costs)
    older = down("2.2.1", "cdrs", cdr)
    for again in (older, up("2.2.1", "cdrs", older), down("2.2.1", "cdrs", up("2.2.1", "cdrs", older))):
        for name in ("total_cost", *PARTS):
            assert (net(again[name]), gross(again[name])) == (net(cdr[name]), gross(cdr[name])), name
    oldest = down("2.1.1", "cdrs", cdr)
    lifted = up("2.1.1", "cdrs", oldest)
    for told in (oldest, lifted, down("2.2.1", "cdrs", lifted), down("2.1.1", "cdrs", lifted)):
        assert net(told["total_cost"]) == total


@st.composite
def linear(draw: st.DrawFn) -> Json:
    """A tariff that every edition can say."""
    parts = [
        {"type": kind, "price": draw(OWED), "step_size": draw(st.sampled_from([1, 60, 900]))}
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True))
    ]
    days = draw(st.sampled_from([None, ["MONDAY"], ["SUNDAY"]]))
    element: Json = {"price_components": parts} | ({"restrictions": {"day_of_week": days}} if days else {})
    elements = [element, {"price_components": [{"type": "ENERGY", "price": draw(OWED), "step_size": 1}]}]
    limits = dict.fromkeys(("min_price", "max_price"))
    return newest("tariffs", id="T", tax_included="NO", elements=elements, **limits)


def reckoned(cdr: Json) -> Decimal:
    (tariff,) = tariffs.carried_tariffs(cdr)
    return tariffs.price(tariff, tariffs.read_session(cdr), "Europe/Amsterdam").before_taxes


@MANY
@given(linear(), OWED, st.integers(0, 24))
@pytest.mark.parametrize("version", ["2.2.1", "2.1.1"])
def test_what_a_cdr_costs_by_its_own_tariff_does_too(
    version: str, tariff: Json, kwh: Decimal, quarters: int
) -> None:  # P8
    begun, end = "2025-03-10T08:00:00Z", "2025-03-10T20:00:00Z"
    hours = {"ENERGY": kwh, "TIME": Decimal(quarters) / 4, "PARKING_TIME": Decimal("1.5")}
    volumes = [{"type": kind, "volume": volume} for kind, volume in hours.items()]
    period = {"start_date_time": begun, "dimensions": volumes, "tariff_id": "T"}
    times = {"start_date_time": begun, "end_date_time": end, "last_updated": end}
    cdr = newest("cdrs", tariffs=[tariff], charging_periods=[period], total_energy=kwh, **times)
    older = down(version, "cdrs", cdr)
    assert reckoned(up(version, "cdrs", older)) == reckoned(cdr)
