"""What makes a tariff impossible to price, and what only looks wrong."""

import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import tariffs


def tariff(**changes: Any) -> dict[str, Any]:
    components = [{"type": "ENERGY", "price": Decimal("0.25"), "vat": 21, "step_size": 1}]
    found = {
        "id": "T",
        "currency": "EUR",
        "tax_included": "NO",
        "elements": [{"price_components": components}],
    }
    return found | changes


def component(**changes: Any) -> dict[str, Any]:
    one = {"type": "ENERGY", "price": 1, "vat": 21, "step_size": 1} | changes
    return tariff(elements=[{"price_components": [one]}])


def restricted(**restrictions: Any) -> dict[str, Any]:
    return tariff(
        elements=[{"price_components": [{"type": "TIME", "price": 1}], "restrictions": restrictions}]
    )


PRICE = "elements[0].price_components[0].price"
RESTRICTIONS = "elements[0].restrictions"


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ([], "", "object"),
        (tariff(id=None), "id", "required"),
        (tariff(id=7), "id", "text"),
        (tariff(currency="EURO"), "currency", "currency"),
        (tariff(currency=None), "currency", "required"),
        (tariff(elements=[]), "elements", "required"),
        (tariff(elements={}), "elements", "list"),
        (tariff(elements=["x"]), "elements[0]", "object"),
        (tariff(tax_included="MAYBE"), "tax_included", "choice"),
        (tariff(min_price=1), "min_price", "object"),
        (tariff(min_price={"after_taxes": 1}), "min_price.before_taxes", "required"),
        (tariff(start_date_time="yesterday"), "start_date_time", "date-time"),
        (component(price=None), PRICE, "required"),
        (component(price="0.25"), PRICE, "number"),
        (component(price=True), PRICE, "number"),
        (component(price=0.25), PRICE, "exact"),
        (component(price=Decimal("NaN")), PRICE, "number"),
        (component(price=Decimal("Infinity")), PRICE, "number"),
        (component(price=Decimal("1e1000000")), PRICE, "number-range"),
        (component(price=Decimal("1e-1000000")), PRICE, "number-range"),
        (component(price=10**1000), PRICE, "number-range"),
        (component(type="SPEED"), "elements[0].price_components[0].type", "choice"),
        (component(type=None), "elements[0].price_components[0].type", "required"),
        (component(step_size=-1), "elements[0].price_components[0].step_size", "step-range"),
        (component(step_size=Decimal("0.5")), "elements[0].price_components[0].step_size", "whole-number"),
        (component(vat=-1), "elements[0].price_components[0].vat", "vat-range"),
        (restricted(start_time="7:00"), f"{RESTRICTIONS}.start_time", "clock-time"),
        (restricted(start_time="24:00"), f"{RESTRICTIONS}.start_time", "clock-time"),
        (restricted(end_time="12:60"), f"{RESTRICTIONS}.end_time", "clock-time"),
        (restricted(start_date="2025-02-29"), f"{RESTRICTIONS}.start_date", "local-date"),
        (restricted(start_date="20250228"), f"{RESTRICTIONS}.start_date", "local-date"),
        (restricted(day_of_week=["MON"]), f"{RESTRICTIONS}.day_of_week", "choice"),
        (restricted(day_of_week="MONDAY"), f"{RESTRICTIONS}.day_of_week", "list"),
        (restricted(max_kwh="10"), f"{RESTRICTIONS}.max_kwh", "number"),
        (restricted(reservation="YES"), f"{RESTRICTIONS}.reservation", "choice"),
    ],
)
def test_a_tariff_that_cannot_be_priced_is_refused_with_path_and_rule(
    document: Any, path: str, rule: str
) -> None:
    with pytest.raises(tariffs.TariffError) as refused:
        tariffs.read_tariff(document)
    assert (refused.value.path, refused.value.rule) == (path, rule)
    assert refused.value.message in str(refused.value)


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        (component(price=-1), "price-negative"),
        (component(vat=Decimal("0.21")), "vat-range"),
        (component(step_size=None), "step-missing"),
        (component(step_size=0), "step-zero"),
        (tariff(elements=[{"price_components": []}]), "element-empty"),
        (
            tariff(elements=[{"price_components": [{"type": "TIME", "price": 1, "step_size": 1}] * 2}]),
            "component-twice",
        ),
        (tariff(max_price={"before_taxes": 2, "after_taxes": 1}), "limit-gross-below-net"),
        (restricted(max_soc=80), "restriction-unknown"),
        (restricted(start_time="12:00", end_time="12:00"), "never"),
        (restricted(start_date="2025-01-02", end_date="2025-01-02"), "never"),
        (restricted(min_kwh=10, max_kwh=10), "never"),
    ],
)
def test_a_tariff_that_looks_wrong_is_read_with_a_warning(document: dict[str, Any], warning: str) -> None:
    assert warning in {remark.id for remark in tariffs.read_tariff(document).warnings}


def test_a_reservation_has_no_energy_or_parking() -> None:  # P-50
    energy = [{"type": "ENERGY", "price": 1, "step_size": 1}]
    element = {"price_components": energy, "restrictions": {"reservation": "RESERVATION"}}
    read = tariffs.read_tariff(tariff(elements=[element]))
    assert [remark.id for remark in read.warnings] == ["reservation-dimension"]


def test_tariffs_are_equal_when_their_content_is() -> None:
    one, same, other = (
        tariffs.read_tariff(document) for document in (tariff(), tariff(), component(price=2))
    )
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


def test_a_price_of_55_decimals_stays_exact() -> None:
    price = Decimal("0.1000000000000000055511151231257827021181583404541015625")
    session = tariffs.read_session(
        {"start": "2025-01-01T00:00:00Z", "segments": [{"hours": 1, "kwh": 10**6}]}
    )
    quote = tariffs.price(tariffs.read_tariff(component(price=price)), session, "UTC")
    assert quote.total.net == Fraction(price) * 10**6


def test_very_many_elements_end_in_bounded_time() -> None:
    one = {"type": "ENERGY", "price": 1, "step_size": 10**11}
    elements = [{"price_components": [one], "restrictions": {"max_kwh": n + 1}} for n in range(20_000)]
    began = time.process_time()
    read = tariffs.read_tariff(tariff(elements=elements))
    session = {"start": "2025-01-01T00:00:00Z", "segments": [{"hours": 1, "kwh": 20}]}
    assert tariffs.price(read, tariffs.read_session(session), "UTC").before_taxes == 10**8
    assert time.process_time() - began < 6
    with pytest.raises(tariffs.TariffError):
        tariffs.read_tariff(tariff(elements=elements * 5 + elements[:1]))
