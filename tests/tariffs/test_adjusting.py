"""What holds for every adjustment: lines that make the total, taxes that follow, never below zero."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, money, session_documents, tariff_documents

import tariffs
from tariffs import Adjustment, Deal
from tariffs.taxes import total

FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
VALUES = {
    Deal.FREE_KWH: money(0, 3000),
    Deal.FREE_MINUTES: money(0, 30_000),
    Deal.PER_KWH: money(-60, 60),
    Deal.PERCENT: money(-12_000, 5000),
    Deal.CAP: money(0, 2000),
}
adjustments = st.lists(
    st.sampled_from(Deal).flatmap(lambda deal: VALUES[deal].map(lambda value: Adjustment("7", deal, value))),
    min_size=1,
    max_size=4,
)
POINT_ONE = [
    {"type": "FLAT", "price": Decimal("0.50"), "vat": 20, "step_size": 1},
    {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 100},
    {"type": "PARKING_TIME", "price": 2, "vat": 20, "step_size": 1},
]
TARIFF = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": [{"price_components": POINT_ONE}]}
SESSION = {
    "start": "2025-03-10T08:00:00Z",
    "segments": [{"seconds": 9000, "kwh": Decimal("20.45")}, {"kind": "PARKING", "seconds": 3600}],
}


def quote(tariff: Json, session: Json, zone: str = "UTC") -> tariffs.Quote:
    return tariffs.price(tariffs.read_tariff(tariff), tariffs.read_session(session), zone)


def adjusted(*given: Adjustment, tariff: Json = TARIFF) -> tariffs.AdjustedQuote:
    found = tariffs.adjust(quote(tariff, SESSION), given)
    assert isinstance(found, tariffs.AdjustedQuote)
    return found


@FEW
@given(tariff_documents(limited=True), session_documents(), st.sampled_from(ZONES), adjustments)
def test_the_base_and_the_lines_make_the_total_and_so_do_the_parts(
    tariff: Json, session: Json, zone: str, given: list[Adjustment]
) -> None:
    base = quote(tariff, session, zone)
    found = tariffs.adjust(base, given)
    if not isinstance(found, tariffs.AdjustedQuote):
        assert found is base
        return
    assert base.total.net + sum(one.change.net for one in found.adjustments) == found.total.net
    if found.total.gross is not None and base.total.gross is not None:
        assert base.total.gross + sum(one.change.gross or 0 for one in found.adjustments) == found.total.gross
    for rate, tax in base.total.taxes:
        changed = sum(dict(one.change.taxes).get(rate, Fraction(0)) for one in found.adjustments)
        assert tax + changed == dict(found.total.taxes).get(rate, Fraction(0))
    assert total(cost for cost in found.shares.values() if cost) == found.total


@FEW
@given(tariff_documents(limited=True), session_documents(), st.sampled_from(ZONES), adjustments)
def test_nothing_falls_below_zero_and_taxes_keep_their_rates(
    tariff: Json, session: Json, zone: str, given: list[Adjustment]
) -> None:
    base = quote(tariff, session, zone)
    found = tariffs.adjust(base, given)
    for cost in (found.total, *filter(None, found.shares.values())):
        assert cost.net >= 0
        assert all(amount >= 0 for _, amount in cost.taxes)
    if not base.limits:
        for name, cost in found.shares.items():
            was = base.shares[name]
            if cost is not None and was is not None and len(was.taxes) == 1 and was.net:
                assert sum(tax for _, tax in cost.taxes) == cost.net * was.taxes[0][1] / was.net


@FEW
@given(tariff_documents(limited=True), session_documents(), adjustments)
def test_the_subtotals_of_a_cdr_make_its_total_to_the_last_decimal(
    tariff: Json, session: Json, given: list[Adjustment]
) -> None:
    found = tariffs.adjust(quote(tariff, session), given)
    told: dict[str, Any] = found.cdr_totals()
    if not isinstance(found, tariffs.AdjustedQuote):
        return
    parts = [told[name] for name in told if name.endswith("_cost") and name != "total_cost"]
    if parts:
        assert sum(part["before_taxes"] for part in parts) == told["total_cost"]["before_taxes"]
        taxes = [tax["amount"] for part in parts for tax in part["taxes"]]
        assert sum(taxes) == sum(tax["amount"] for tax in told["total_cost"]["taxes"])
    assert all(part["before_taxes"] >= 0 for part in parts)


@FEW
@given(tariff_documents(), session_documents(), adjustments)
def test_the_remark_of_a_cdr_is_read_back(tariff: Json, session: Json, given: list[Adjustment]) -> None:
    found = tariffs.adjust(quote(tariff, session), given)
    said = tariffs.adjustments_told(tariffs.adjustment_remark(found))
    changes = found.adjustments if isinstance(found, tariffs.AdjustedQuote) else ()
    assert len(said) == len(changes)
    for (rule, amount), one in zip(said, changes, strict=True):
        assert rule == "7"
        assert abs(Fraction(amount) - one.change.net) <= Fraction(1, 20_000)


@pytest.mark.parametrize(
    ("adjustment", "net", "gross", "quantity"),
    [
        (Adjustment("1", Deal.PERCENT, Decimal(-10)), "6.8625", "7.77375", "-10"),
        (Adjustment("1", Deal.PERCENT, Decimal(-200)), "0", "0", "-200"),
        (Adjustment("1", Deal.PER_KWH, Decimal("-0.05")), "6.6", "7.51", "20.5"),
        (Adjustment("1", Deal.PER_KWH, Decimal(-9)), "2.5", "3", "20.5"),
        (Adjustment("1", Deal.FREE_KWH, Decimal(10)), "5.125", "5.8875", "10"),
        (Adjustment("1", Deal.FREE_KWH, Decimal(100)), "2.5", "3", "20.5"),
        (Adjustment("1", Deal.FREE_MINUTES, Decimal(30)), "6.625", "7.4375", "30"),
        (Adjustment("1", Deal.CAP, Decimal("3.8125")), "3.8125", "4.31875", "0"),
    ],
)
def test_each_kind_by_hand(adjustment: Adjustment, net: str, gross: str, quantity: str) -> None:
    """0.50 + 20.5 x 0.25 + 2.00 = 7.625 before taxes; 0.60 + 5.6375 + 2.40 = 8.6375 after."""
    found = adjusted(adjustment)
    assert (found.before_taxes, found.after_taxes) == (Decimal(net), Decimal(gross))
    (line,) = found.adjustments
    assert line.quantity == Decimal(quantity)


def test_what_is_free_is_the_first_that_has_a_price() -> None:
    """A dear hour comes first: 10 kWh of it are free."""
    parts = [
        {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1}], "restrictions": when}
        for price, when in ((Decimal("0.60"), {"max_kwh": 12}), (Decimal("0.20"), {}))
    ]
    found = adjusted(Adjustment("1", Deal.FREE_KWH, Decimal(10)), tariff=TARIFF | {"elements": parts})
    assert found.base.before_taxes == Decimal("8.89")
    assert found.before_taxes == Decimal("2.89")


def test_a_limit_comes_before_the_adjustments() -> None:
    capped = TARIFF | {"max_price": {"before_taxes": 5}}
    found = adjusted(Adjustment("1", Deal.PERCENT, Decimal(-10)), tariff=capped)
    assert found.before_taxes == Decimal("4.5")


def test_without_adjustments_it_is_the_same_quote() -> None:
    base = quote(TARIFF, SESSION)
    assert tariffs.adjust(base, []) is base


def test_an_adjusted_cdr_is_told_to_be_one() -> None:
    """A CDR that costs less than its tariff says so itself; verifying it names the rules."""
    found = adjusted(Adjustment("7", Deal.PERCENT, Decimal(-10), "loyalty"))
    cdr = {
        "currency": "EUR",
        "start_date_time": "2025-03-10T08:00:00Z",
        "end_date_time": "2025-03-10T11:30:00Z",
        "charging_periods": found.charging_periods(),
        "tariffs": [TARIFF],
        "remark": tariffs.adjustment_remark(found),
        **found.cdr_totals(),
    }
    told = tariffs.verify(cdr)
    assert told.cause is not None
    assert told.cause.id == "ADJUSTED"
    assert "rule 7 by -0.7625" in told.cause.message
    assert told.findings == ()


def test_it_is_explained_in_words() -> None:
    told = tariffs.explain_quote(adjusted(Adjustment("7", Deal.PERCENT, Decimal(-10), "loyalty")))
    assert "By rule 7 (loyalty), -10 %: -0.7625 EUR before taxes." in told


@FEW
@given(tariff_documents(), session_documents(), adjustments)
def test_cutting_segments_in_two_changes_nothing(
    tariff: Json, session: Json, given: list[Adjustment]
) -> None:  # P2
    whole = session | {"segments": [each | {"seconds": each["seconds"] * 2} for each in session["segments"]]}
    halves = [
        each
        | {"seconds": each["seconds"] // 2}
        | ({"kwh": Decimal(each["kwh"]) / 2} if "kwh" in each else {})
        for each in whole["segments"]
        for _ in range(2)
    ]
    one = tariffs.adjust(quote(tariff, whole), given)
    other = tariffs.adjust(quote(tariff, session | {"segments": halves}), given)
    assert one.total == other.total
