"""An edge moved by the smallest step changes a price: some generated sample notices every such mutant."""

from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, clock_times, session_documents, tariff_documents

import tariffs
from tariffs import Policy, Step
from tariffs.generate import generate

ZONE = "Europe/Amsterdam"
EXACT = Policy(step=Step.OFF)


def clock(text: str, minutes: int) -> str:
    hours, minute = map(int, text.split(":"))
    moved = (hours * 60 + minute + minutes) % 1440
    return f"{moved // 60:02d}:{moved % 60:02d}"


def moved(name: str, value: Any, by: int) -> Any:
    """A restriction's value one smallest step further."""
    if name.endswith("_time"):
        return clock(value, by)
    if name.endswith("_date"):
        return (date.fromisoformat(value) + timedelta(days=by)).isoformat()
    return value + by * (1 if name.endswith("duration") else Decimal("0.001"))


def tariff(restrictions: Json, kind: str) -> tariffs.Tariff:
    dear, cheap = ({"type": kind, "price": price, "vat": 0, "step_size": 1} for price in (7, 3))
    elements = [{"price_components": [dear], "restrictions": restrictions}, {"price_components": [cheap]}]
    return tariffs.read_tariff({"id": "T", "currency": "EUR", "tax_included": "NO", "elements": elements})


def noticed(one: tariffs.Tariff, mutant: tariffs.Tariff) -> bool:
    """Whether a sample of either costs something else under the other."""
    for sample in (*generate(one, ZONE), *generate(mutant, ZONE)):
        session = tariffs.read_session(sample.document)
        if (
            tariffs.price(one, session, ZONE, EXACT).total
            != tariffs.price(mutant, session, ZONE, EXACT).total
        ):
            return True
    return False


EDGES: list[tuple[str, Any]] = [
    ("start_time", "08:00"),
    ("end_time", "20:00"),
    ("start_date", "2026-03-29"),
    ("end_date", "2026-10-25"),
    ("min_kwh", 20),
    ("max_kwh", 20),
    ("min_power", 22),
    ("max_power", 22),
    ("min_current", 32),
    ("max_current", 32),
    ("min_duration", 1800),
    ("max_duration", 1800),
]


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("kind", ["ENERGY", "TIME"])
@pytest.mark.parametrize(("name", "value"), EDGES)
def test_an_edge_moved_by_one_step_is_noticed(name: str, value: Any, kind: str, by: int) -> None:
    assert noticed(tariff({name: value}, kind), tariff({name: moved(name, value, by)}, kind))


@pytest.mark.parametrize("weekday", range(7))
def test_a_weekday_added_or_left_out_is_noticed(weekday: int) -> None:
    days = list(tariffs.reading.WEEKDAYS)
    one = tariff({"day_of_week": days[:3]}, "ENERGY")
    other = [*days[:3], days[weekday]] if weekday > 2 else [day for day in days[:3] if day != days[weekday]]
    assert noticed(one, tariff({"day_of_week": other}, "ENERGY"))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(clock_times, clock_times, st.sampled_from(["start_time", "end_time"]), st.sampled_from([-1, 1]))
def test_windows_of_any_kind_notice_a_minute(start: str, end: str, name: str, by: int) -> None:
    window = {"start_time": start, "end_time": end}
    if start == end:
        return
    assert noticed(tariff(window, "ENERGY"), tariff(window | {name: clock(window[name], by)}, "ENERGY"))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(), session_documents(), st.sampled_from(ZONES))
def test_a_free_tariff_costs_nothing_and_bears_no_tax(
    document: Json, session: Json, zone: str
) -> None:  # P10
    free = deepcopy(document)
    for element in free["elements"]:
        for part in element["price_components"]:
            part["price"] = 0
    total = tariffs.price(tariffs.read_tariff(free), tariffs.read_session(session), zone).total
    assert (total.net, total.gross) == (0, 0)
    assert all(amount == 0 for _, amount in total.taxes)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(), session_documents(), st.sampled_from(ZONES))
def test_the_same_tariff_in_the_words_of_2_2_1_costs_the_same_before_taxes(
    document: Json, session: Json, zone: str
) -> None:  # P8, as far as pricing is concerned
    older = {name: value for name, value in document.items() if name != "tax_included"}
    newer = document | {"tax_included": "NO"}
    nets = [
        tariffs.price(tariffs.read_tariff(one), tariffs.read_session(session), zone).total.net
        for one in (older, newer)
    ]
    assert nets[0] == nets[1]


def adds_up(one: tariffs.Tariff, zone: str) -> None:
    """Totals and lines may be reckoned in different ways: at every edge they must come to the same."""
    for sample in generate(one, zone):
        quote = tariffs.price(one, tariffs.read_session(sample.document), zone)
        assert abs(
            sum((line.before_taxes for line in quote.lines), Decimal(0)) - quote.before_taxes
        ) < Decimal("1e-9")


@pytest.mark.parametrize("kind", ["ENERGY", "TIME"])
@pytest.mark.parametrize(("name", "value"), EDGES)
def test_lines_and_totals_agree_at_every_edge(name: str, value: Any, kind: str) -> None:
    adds_up(tariff({name: value}, kind), ZONE)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(), st.sampled_from(ZONES))
def test_lines_and_totals_of_any_tariff_agree_at_its_edges(document: Json, zone: str) -> None:
    adds_up(tariffs.read_tariff(document), zone)
