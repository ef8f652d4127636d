"""Two tariffs side by side: what changed, where prices differ, and which sessions feel it."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, tariff_documents

import tariffs
from tariffs.diff import diff

ZONE = "Europe/Amsterdam"


def part(kind: str, price: Any, step: int = 1) -> Json:
    return {"type": kind, "price": price, "vat": 21, "step_size": step}


def element(*parts: Json, **restrictions: Any) -> Json:
    return {"price_components": list(parts), "restrictions": restrictions}


def tariff(*elements: Json, **changes: Any) -> tariffs.Tariff:
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": list(elements)}
    return tariffs.read_tariff(document | changes)


BASE = element(part("ENERGY", Decimal("0.30")))
EVENING = element(part("ENERGY", Decimal("0.50")), start_time="17:00", end_time="20:00")


def test_a_tariff_does_not_differ_from_itself() -> None:
    found = diff(tariff(EVENING, BASE), tariff(EVENING, BASE), ZONE)
    assert (found.changes, found.prices, found.dearer, found.cheaper) == ((), (), 0, 0)
    assert len(found.impacts) > 7 * 8 * 9


def test_a_dearer_evening_is_told_in_words_by_time_and_by_sessions() -> None:
    found = diff(tariff(BASE), tariff(EVENING, BASE), ZONE)
    assert found.changes == ("element 0 is added: ENERGY 0.50 EUR per kWh, 21 % VAT (from 17:00 to 20:00)",)
    assert [one.words("EUR") for one in found.prices] == [
        "every day, 17:00-20:00: ENERGY 0.30 EUR per kWh -> 0.50 EUR per kWh"
    ]
    assert found.cheaper == 0
    worst = found.impacts[0]
    assert (worst.about, worst.delta) == ("Monday 18:00, 50 kWh in 30 min", 10)


def test_prices_limits_taxes_steps_and_validity_are_told() -> None:
    one = tariff(element(part("ENERGY", 1), part("FLAT", 1)), max_price={"before_taxes": 5})
    other = tariff(
        element(part("ENERGY", 1, 500), max_kwh=20),
        tax_included="YES",
        type="REGULAR",
        start_date_time="2026-01-01T00:00:00Z",
        max_price={"before_taxes": 5, "after_taxes": 6},
    )
    assert diff(one, other, ZONE).changes == (
        "taxes: Prices are before taxes; taxes come on top. -> Prices include taxes.",
        "type: any session -> REGULAR",
        "valid from: always -> 2026-01-01T00:00:00Z",
        "max_price: 5.00 EUR -> 5.00 EUR (6.00 EUR after taxes)",
        "element 0: when it applies: always -> until 20 kWh are reached",
        ("element 0: ENERGY: 1.00 EUR per kWh, 21 % VAT -> 1.00 EUR per kWh, 21 % VAT, in steps of 0.5 kWh"),
        "element 0: FLAT: 1.00 EUR once, 21 % VAT -> no price",
    )


def test_weekdays_that_are_alike_are_one_line() -> None:
    weekend = element(part("ENERGY", Decimal("0.20")), day_of_week=["SATURDAY", "SUNDAY"])
    (change,) = diff(tariff(BASE), tariff(weekend, BASE), ZONE).prices
    assert change.words("EUR") == "Saturday and Sunday, all day: ENERGY 0.30 EUR per kWh -> 0.20 EUR per kWh"


def test_a_change_that_only_long_sessions_feel_is_found() -> None:
    overstay = element(part("PARKING_TIME", 6), min_duration=10800)
    found = diff(tariff(BASE), tariff(overstay, BASE), ZONE)
    assert found.prices == ()
    assert found.dearer > 0
    assert all("240 min" in one.about or "edge" in one.about for one in found.impacts if one.delta)


def test_amounts_of_two_currencies_are_not_compared() -> None:
    found = diff(tariff(BASE), tariff(BASE, currency="CHF"), ZONE)
    assert "currency: EUR -> CHF" in found.changes
    assert (found.prices, found.impacts) == ((), ())


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(), st.sampled_from(ZONES))
def test_a_tariff_with_doubled_prices_makes_no_session_cheaper(document: Json, zone: str) -> None:
    dearer = deepcopy(document)
    for one in dearer["elements"]:
        for component in one["price_components"]:
            component["price"] *= 2
    found = diff(tariffs.read_tariff(document), tariffs.read_tariff(dearer), zone)
    assert found.cheaper == 0
    assert all(abs(one.after - 2 * one.before) < Decimal("1e-9") for one in found.impacts)
    assert found.as_dict()["dearer"] == found.dearer
