"""What holds for every tariff and every session."""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, components, money, session_documents, tariff_documents

import tariffs
from tariffs import Policy, Step

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
zones = st.sampled_from(ZONES)


def quote(tariff: Json, session: Json, zone: str = "UTC", policy: Policy = tariffs.DEFAULT) -> tariffs.Quote:
    return tariffs.price(tariffs.read_tariff(tariff), tariffs.read_session(session), zone, policy)


@st.composite
def linear_tariffs(draw: st.DrawFn, steps: tuple[int, ...] = (1,)) -> Json:
    """No restrictions, no limits: every unit costs the same."""
    parts = draw(components(["ENERGY", "TIME", "PARKING_TIME", "FLAT"], st.sampled_from(steps)))
    return {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": [{"price_components": parts}]}


@FEW
@given(tariff_documents(), session_documents(), zones)
def test_cutting_segments_in_two_changes_nothing(tariff: Json, session: Json, zone: str) -> None:  # P2
    whole, halves = deepcopy(session), []
    for segment in whole["segments"]:
        segment["seconds"] *= 2
        half = segment | {"seconds": segment["seconds"] // 2}
        if "kwh" in segment:
            half["kwh"] = Decimal(segment["kwh"]) / 2
        halves += [half, half]
    assert quote(tariff, whole, zone).total == quote(tariff, whole | {"segments": halves}, zone).total


@FEW
@given(linear_tariffs(), session_documents(), st.integers(0, 4), money(0, 1000))
def test_more_energy_never_costs_less_and_nothing_costs_less_than_nothing(
    tariff: Json, session: Json, place: int, more: Decimal
) -> None:  # P3
    fuller = deepcopy(session)
    segment = fuller["segments"][place % len(fuller["segments"])]
    if "kwh" in segment:
        segment["kwh"] += more
    assert 0 <= quote(tariff, session).total.net <= quote(tariff, fuller).total.net


@FEW
@given(tariff_documents(limited=True), session_documents(), money(0, 2000))
def test_the_total_is_between_its_limits(tariff: Json, session: Json, most: Decimal) -> None:  # P4
    limited = tariff | {"max_price": {"before_taxes": most, "after_taxes": most * 2}}
    found = quote(limited, session).total
    assert found.net <= most
    assert found.gross is not None
    assert found.net <= found.gross <= most * 2
    if "min_price" in tariff and tariff["min_price"]["before_taxes"] <= most and not only_reserved(session):
        assert found.net >= tariff["min_price"]["before_taxes"]


def only_reserved(session: Json) -> bool:
    return all(segment["kind"] == "RESERVATION" for segment in session["segments"])


@FEW
@given(linear_tariffs((1, 7, 600, 900)), session_documents())
def test_a_step_adds_less_than_one_step(tariff: Json, session: Json) -> None:  # P5
    exact, stepped = quote(tariff, session, policy=Policy(step=Step.OFF)), quote(tariff, session)
    most = sum((one_step(part) for part in tariff["elements"][0]["price_components"]), Fraction(0))
    assert exact.total.net <= stepped.total.net
    assert stepped.total.net < exact.total.net + most or stepped.total.net == exact.total.net
    assert (stepped.total_energy, stepped.total_time) == (exact.total_energy, exact.total_time)  # P-46


def one_step(part: Json) -> Fraction:
    units = {"ENERGY": 1000, "TIME": 3600, "PARKING_TIME": 3600, "FLAT": 1}
    return Fraction(part["price"]) * part["step_size"] / units[part["type"]]


@FEW
@given(tariff_documents(), st.integers(0, 2**32))
def test_the_order_in_which_periods_are_listed_does_not_matter(tariff: Json, seed: int) -> None:  # P6
    hours = [(f"2024-10-26T{hour:02d}:00:00Z", Decimal(hour) / 4) for hour in range(12, 23)]
    periods = [
        {
            "start_date_time": start,
            "dimensions": [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 1}],
        }
        for start, kwh in hours
    ]
    session = {"end_date_time": "2024-10-26T23:00:00Z", "charging_periods": periods}
    shuffled = Random(seed).sample(periods, len(periods))
    assert quote(tariff, session).total == quote(tariff, session | {"charging_periods": shuffled}).total


@pytest.mark.parametrize(("start", "hours"), [("2024-03-30T23:00:00Z", 23), ("2024-10-26T22:00:00Z", 25)])
def test_a_local_sunday_bills_the_hours_it_has(start: str, hours: int) -> None:  # P7
    element = {"price_components": [{"type": "TIME", "price": 1, "vat": 0, "step_size": 1}]}
    tariff = {
        "id": "T",
        "currency": "EUR",
        "elements": [element | {"restrictions": {"day_of_week": ["SUNDAY"]}}],
    }
    assert (
        quote(tariff, {"start": start, "segments": [{"hours": 30}]}, "Europe/Amsterdam").before_taxes == hours
    )


@FEW
@given(tariff_documents(), session_documents(), zones, st.integers(0, 1000))
def test_prices_times_k_cost_k_times_as_much(tariff: Json, session: Json, zone: str, k: int) -> None:  # P9
    dearer = deepcopy(tariff)
    for element in dearer["elements"]:
        for part in element["price_components"]:
            part["price"] *= k
    assert quote(dearer, session, zone).total.net == k * quote(tariff, session, zone).total.net


@FEW
@given(tariff_documents(), session_documents(), zones)
def test_prices_with_tax_come_to_exactly_what_is_displayed(
    tariff: Json, session: Json, zone: str
) -> None:  # P11
    found = quote(tariff | {"tax_included": "YES"}, session, zone)
    displayed = quote(tariff | {"tax_included": "N/A"}, session, zone)
    assert found.total.gross == displayed.total.net


@FEW
@given(tariff_documents(limited=True), session_documents(), zones)
def test_figures_add_up_and_lines_and_shares_make_the_total(tariff: Json, session: Json, zone: str) -> None:
    found = quote(tariff, session, zone)
    for places in (2, 4, 12):
        figures = found.total.figures(places)
        assert figures.after_taxes is not None
        assert figures.before_taxes + sum(tax.amount for tax in figures.taxes) == figures.after_taxes
    shares = [share for share in found.shares.values() if share]
    if not found.limits:
        assert sum(share.net for share in shares) == found.total.net
    quantities = {line.group: Decimal(0) for line in found.lines}
    assert set(quantities) == {name for name, share in found.shares.items() if share}


NAMES = [
    "id",
    "currency",
    "elements",
    "price_components",
    "type",
    "price",
    "segments",
    "start",
    "charging_periods",
]
leaves = st.none() | st.booleans() | st.integers() | st.text()
documents = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner)
)


@pytest.mark.parametrize("read", [tariffs.read_tariff, tariffs.read_session])
@FEW
@given(document=documents)
def test_any_document_is_read_or_refused_by_name(read: Callable[[Any], object], document: Any) -> None:
    with suppress(tariffs.PricingError):
        read(document)
