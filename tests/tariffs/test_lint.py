"""The linter: one tariff triggers each rule and nothing else; the text's own tariffs have no errors."""

import json
import time
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, session_documents, tariff_documents

import tariffs
from tariffs.lint import RULES, Finding, Severity, lint, lint_together

CASES = Path(__file__).parent / "cases"
WORKED = sorted(folder.name for folder in CASES.iterdir() if folder.name.startswith("w"))
MONDAY = date(2026, 1, 5)


def part(kind: str = "ENERGY", price: Any = Decimal("0.25"), step: int = 1, **more: Any) -> Json:
    return {"type": kind, "price": price, "vat": 21, "step_size": step} | more


def element(*parts: Json, **restrictions: Any) -> Json:
    return {"price_components": list(parts) or [part()]} | (
        {"restrictions": restrictions} if restrictions else {}
    )


def tariff(*elements: Json, **changes: Any) -> Json:
    sound = {"country_code": "NL", "party_id": "TST", "id": "T", "currency": "EUR", "tax_included": "NO"}
    sound["last_updated"] = "2026-01-01T00:00:00Z"
    return sound | {"elements": list(elements) or [element()]} | changes


def ids(document: Any, zone: str | None = None) -> list[str]:
    return [finding.id for finding in lint(document, zone, MONDAY)]


def only(document: Json, zone: str | None = None) -> Finding:
    (finding,) = lint(document, zone, MONDAY)
    return finding


NIGHT = {"start_time": "22:00", "end_time": "06:00"}
TEXT = {"language": "en"}
LIMIT = {"before_taxes": 1, "after_taxes": 2}

ONE_RULE_EACH: list[tuple[str, str, Json]] = [
    ("unreadable", "elements[0].price_components[0].price", tariff(element(part(price="0.25")))),
    ("unreadable", "elements", tariff(elements=[])),
    ("field-unknown", "elements[0].restrictions.max_soc", tariff(element(max_soc=80))),
    ("field-unknown", "margin", tariff(margin=3)),
    ("field-misspelt", "elements[0].restrictions.min_kw", tariff(element(min_kw=80))),
    ("field-misspelt", "start_date_tme", tariff(start_date_tme="2026-01-01T00:00:00Z")),
    ("field-null", "end_date_time", tariff(end_date_time=None)),
    ("wrong-case", "Type", tariff(Type="REGULAR")),
    ("wrong-case", "elements[0].price_components[0].type", tariff(element(part("energy")))),
    ("wrong-case", "elements[0].restrictions.day_of_week", tariff(element(day_of_week=["Monday"]))),
    ("currency-unknown", "currency", tariff(currency="EUX")),
    ("unreachable", "elements[1].price_components[0]", tariff(element(), element(max_kwh=5))),
    ("charging-gap", "elements", tariff(element(start_time="08:00", end_time="20:00"))),
    ("impossible", "elements[0].restrictions.max_kwh", tariff(element(min_kwh=9, max_kwh=9), element())),
    ("impossible", "elements[0].restrictions.max_kwh", tariff(element(max_kwh=0), element())),
    (
        "impossible",
        "elements[0].restrictions.end_date",
        tariff(element(start_date="2026-02-01", end_date="2026-02-01"), element()),
    ),
    ("component-twice", "elements[0].price_components[1]", tariff(element(part(), part(price=1)))),
    ("element-empty", "elements[1]", tariff(element(), {"price_components": []})),
    ("limits-crossed", "min_price", tariff(min_price=LIMIT | {"before_taxes": 2}, max_price=LIMIT)),
    ("limits-crossed", "min_price", tariff(min_price=LIMIT | {"after_taxes": 3}, max_price=LIMIT)),
    ("limit-gross-below-net", "max_price", tariff(max_price={"before_taxes": 2, "after_taxes": 1})),
    (
        "validity-reversed",
        "end_date_time",
        tariff(start_date_time="2026-02-01T00:00:00Z", end_date_time="2026-02-01T00:00:00Z"),
    ),
    (
        "tax-rate-unexpected",
        "elements[0].price_components[0].vat",
        tariff(tax_included="N/A"),
    ),
    ("vat-range", "elements[0].price_components[0].vat", tariff(element(part(vat=Decimal("0.21"))))),
    ("vat-range", "elements[0].price_components[0].vat", tariff(element(part(vat=121)))),
    ("vat-range", "elements[0].price_components[0].vat", tariff(element(part(vat=-1)))),
    ("dimension-gap", "elements", tariff(element(), element(part("PARKING_TIME", 2), end_time="20:00"))),
    (
        "tax-rate-missing",
        "elements[0].price_components[0]",
        tariff(element({"type": "TIME", "price": 3, "step_size": 1}), tax_included="YES"),
    ),
    (
        "time-window-empty",
        "elements[0].restrictions.start_time",
        tariff(element(start_time="08:00", end_time="08:00"), element()),
    ),
    (
        "end-time-midnight",
        "elements[0].restrictions.end_time",
        tariff(element(start_time="20:00", end_time="00:00"), element()),
    ),
    ("step-zero", "elements[0].price_components[0].step_size", tariff(element(part(step=0)))),
    (
        "step-missing",
        "elements[0].price_components[0].step_size",
        tariff(element({"type": "ENERGY", "price": 1, "vat": 21})),
    ),
    (
        "flat-step",
        "elements[0].price_components[1].step_size",
        tariff(element(part(), part("FLAT", 1, step=60))),
    ),
    (
        "time-step-inert",
        "elements[0].price_components[0].step_size",
        tariff(element(part("TIME", 3, step=60), part("PARKING_TIME", 3))),
    ),
    ("steps-differ", "elements", tariff(element(part(step=100), max_kwh=5), element())),
    ("step-large", "elements[0].price_components[0].step_size", tariff(element(part(step=1000)))),
    ("step-large", "elements[0].price_components[0].step_size", tariff(element(part("TIME", 3, step=900)))),
    ("load-restriction", "elements[0].restrictions.max_power", tariff(element(max_power=50), element())),
    ("load-restriction", "elements[0].restrictions.min_current", tariff(element(min_current=16), element())),
    (
        "date-restriction",
        "elements",
        tariff(
            element(start_date="2026-02-01", end_date="2026-03-01"),
            start_date_time="2026-02-03T00:00:00Z",
            end_date_time="2026-02-20T00:00:00Z",
        ),
    ),
    (
        "weekday-over-midnight",
        "elements[0].restrictions.day_of_week",
        tariff(element(day_of_week=["FRIDAY"], **NIGHT), element()),
    ),
    (
        "price-decimals",
        "elements[0].price_components[0].price",
        tariff(element(part(price=Decimal("0.1234567")))),
    ),
    ("price-high", "elements[0].price_components[0].price", tariff(element(part(price=Decimal("10.5"))))),
    ("price-in-cents", "elements[0].price_components[0].price", tariff(element(part(price=39)))),
    (
        "price-per-minute",
        "elements[0].price_components[0].price",
        tariff(element(part("TIME", Decimal("0.05")))),
    ),
    ("price-negative", "elements[0].price_components[0].price", tariff(element(part(price=-1)))),
    (
        "reservation-dimension",
        "elements[1].price_components[0]",
        tariff(element(), element(reservation="RESERVATION")),
    ),
    (
        "expiry-without-reservation",
        "elements[1].restrictions.reservation",
        tariff(element(), element(part("FLAT", 4), reservation="RESERVATION_EXPIRES")),
    ),
    ("no-energy-or-time", "elements", tariff(element(part("FLAT", 4)))),
    ("free-tariff-form", "elements", tariff(element(part(price=0)))),
    (
        "flats-add-up",
        "elements",
        tariff(element(part("FLAT", 5), min_duration=14400), element(part("FLAT", 1), part())),
    ),
    (
        "dialect",
        "elements[0].price_components[0].price_round",
        tariff(element(part(price_round={"round_granularity": "UNIT", "round_rule": "ROUND_UP"}))),
    ),
    (
        "alt-text-contradicts",
        "tariff_alt_text[0].text",
        tariff(tariff_alt_text=[TEXT | {"text": "€ 0.35/kWh"}]),
    ),
]


@pytest.mark.parametrize(("rule", "path", "document"), ONE_RULE_EACH, ids=lambda value: str(value)[:30])
def test_a_rule_is_triggered_alone_and_names_place_and_remedy(rule: str, path: str, document: Json) -> None:
    found = only(document)
    assert (found.id, found.path) == (rule, path)
    assert found.remedy == RULES[rule].remedy
    assert found.severity is RULES[rule].severity
    assert found.message


def test_an_edge_in_the_hour_that_clocks_skip_or_repeat_is_told() -> None:  # A08
    document = tariff(element(start_time="02:30", end_time="05:00"), element())
    assert ids(document) == []
    assert [found.message for found in lint(document, "Europe/Amsterdam", MONDAY)] == [
        "is in the hour that is skipped on 29 March 2026",
        "is in the hour that is repeated on 25 October 2026",
    ]
    assert ids(document, "Asia/Tokyo") == []


@pytest.mark.parametrize(("edge", "told"), [("01:15", 0), ("01:30", 1), ("02:15", 1), ("02:30", 0)])
def test_the_half_hour_of_lord_howe_counts(edge: str, told: int) -> None:
    document = tariff(element(start_time=edge, end_time="12:00"), element())
    assert len(ids(document, "Australia/Lord_Howe")) == told


def test_the_rules_that_have_tests_are_all_rules_there_are() -> None:
    elsewhere = {"dst-edge", "validity-overlap", "validity-gap", "too-large"}
    assert {rule for rule, _, _ in ONE_RULE_EACH} | elsewhere == set(RULES)


@pytest.mark.parametrize("name", WORKED)
def test_the_texts_own_tariffs_have_no_errors(name: str) -> None:
    document = json.loads((CASES / name / "tariff.json").read_text(), parse_float=Decimal)
    found = lint(document, "Europe/Amsterdam", MONDAY)
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_a_sound_tariff_has_no_findings() -> None:
    day, other = element(start_time="08:00", end_time="20:00"), element(part(price=Decimal("0.2")))
    assert ids(tariff(day, other, min_price=LIMIT), "Europe/Amsterdam") == []


UNIONS: list[tuple[str, list[Json]]] = [
    ("day and night", [{"start_time": "06:00", "end_time": "22:00"}, NIGHT]),
    ("energy", [{"max_kwh": 20}, {"min_kwh": 20}]),
    ("duration", [{"min_duration": 60}, {"max_duration": 3600}]),
    (
        "week and weekend",
        [{"day_of_week": list(tariffs.reading.WEEKDAYS[:5])}, {"day_of_week": ["SATURDAY", "SUNDAY"]}],
    ),
    ("dates", [{"end_date": "2026-03-01"}, {"start_date": "2026-03-01"}]),
    ("power", [{"max_power": 22}, {"min_power": 22}]),
    (
        "three axes",
        [
            {"max_kwh": 10, "start_time": "08:00"},
            {"max_kwh": 10, "end_time": "08:00"},
            {"min_kwh": 10, "day_of_week": ["SUNDAY"]},
            {"min_kwh": 10, "day_of_week": list(tariffs.reading.WEEKDAYS[:6])},
        ],
    ),
]


@pytest.mark.parametrize("restrictions", [given for _, given in UNIONS], ids=[name for name, _ in UNIONS])
def test_an_element_behind_the_union_of_others_is_unreachable_and_without_one_of_them_it_is_not(
    restrictions: list[Json],
) -> None:
    behind = element(part(price=9))
    found = [
        one
        for one in lint(tariff(*(element(**one) for one in restrictions), behind))
        if one.id == "unreachable"
    ]
    assert [one.path for one in found] == [f"elements[{len(restrictions)}].price_components[0]"]
    assert found[0].message.startswith("is never reached: the union of the elements 0")
    for left_out in range(len(restrictions)):
        fewer = [element(**one) for place, one in enumerate(restrictions) if place != left_out]
        assert "unreachable" not in ids(tariff(*fewer, behind))


def test_a_gap_has_an_example_of_a_local_moment() -> None:
    weekdays = element(day_of_week=list(tariffs.reading.WEEKDAYS[:6]))
    sunday = element(day_of_week=["SUNDAY"], max_kwh=30)
    assert only(tariff(weekdays, sunday)).example == "Sunday 11 January 2026, 00:00, after 30 kWh"
    day = only(tariff(element(start_time="08:00", end_time="20:30", max_duration=3600)))
    assert day.example == "Monday 5 January 2026, 00:00"


def test_parking_that_needs_power_never_applies() -> None:  # A10
    found = lint(tariff(element(), element(part("PARKING_TIME", 2), min_power=1)))
    assert found[0].message == "never applies: its conditions exclude parking time"


def test_elements_of_reservations_do_not_cover_those_of_sessions() -> None:  # P-51
    reserved = element(part("TIME", 5), reservation="RESERVATION")
    assert ids(tariff(reserved, element(part("TIME", 1)))) == []
    assert ids(tariff(reserved, deepcopy(reserved), element())) == ["unreachable"]


def test_prices_are_judged_by_the_size_of_their_currency() -> None:
    assert ids(tariff(element(part(price=12)), currency="CZK")) == []
    assert ids(tariff(element(part(price=120)), currency="HUF")) == []
    assert ids(tariff(element(part("TIME", 3)), currency="JPY")) == ["price-per-minute"]


@pytest.mark.parametrize(
    "text",
    ["25 ct/kWh", "€0.25 per kWh", "0,30 € je kWh inkl. MwSt.", "0.25 EUR", "max 20 kWh, 0.00 EUR idle fee"],
)
def test_a_text_may_name_net_gross_and_cents(text: str) -> None:
    assert ids(tariff(tariff_alt_text=[TEXT | {"text": text}])) == []


def test_the_free_tariff_of_the_text_is_well_written() -> None:
    assert ids(tariff(element({"type": "FLAT", "price": 0, "step_size": 0}))) == []


def valid(name: str, start: str | None, end: str | None, **more: Any) -> Json:
    return tariff(id=name, **more) | {
        field: f"2026-{month}-01T00:00:00Z"
        for field, month in (("start_date_time", start), ("end_date_time", end))
        if month
    }


def test_tariffs_of_a_connector_may_not_overlap_or_leave_gaps() -> None:  # A23
    one, next_one = valid("ONE", None, "03"), valid("NEXT", "03", None)
    assert lint_together([next_one, one]) == ()
    (overlap,) = lint_together([one, valid("OVER", "02", None)])
    assert (overlap.id, overlap.path) == ("validity-overlap", "tariffs[1].start_date_time")
    (gap,) = lint_together([one, valid("LATE", "04", None)])
    assert (gap.id, gap.message) == (
        "validity-gap",
        "none is in force from 2026-03-01T00:00:00Z to 2026-04-01T00:00:00Z",
    )
    assert lint_together([one, valid("ADHOC", "02", None, type="AD_HOC_PAYMENT")]) == ()


def test_a_tariff_of_very_many_conditions_ends_in_bounded_time() -> None:
    many = [
        element(part(price=n + 1), max_kwh=n + 1, max_duration=n + 1, max_power=n + 1) for n in range(3000)
    ]
    began = time.process_time()
    found = {one.id for one in lint(tariff(*many), "Europe/Amsterdam")}
    assert "too-large" in found
    assert time.process_time() - began < 20


FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(tariff_documents(), session_documents(), st.sampled_from(ZONES))
def test_what_is_called_unreachable_never_has_a_price(document: Json, session: Json, zone: str) -> None:
    unreachable = {found.path for found in lint(document, zone) if found.id == "unreachable"}
    quote = tariffs.price(tariffs.read_tariff(document), tariffs.read_session(session), zone)
    for line in quote.lines:
        parts = document["elements"][line.element_index]["price_components"]
        place = [one["type"] for one in parts].index(line.dimension)
        assert f"elements[{line.element_index}].price_components[{place}]" not in unreachable


@FEW
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "currency", "elements", "price_components", "type", "restrictions", "Price"]
                ),
                inner,
            )
        ),
    )
)
def test_any_document_has_findings_and_none_an_exception(document: Any) -> None:
    assert all(found.id in RULES for found in lint(document))


@FEW
@given(tariff_documents(), session_documents(), st.sampled_from(ZONES))
def test_where_no_gap_is_told_every_kwh_and_hour_of_what_is_priced_has_a_price(
    document: Json, session: Json, zone: str
) -> None:
    told = [found.message for found in lint(document, zone) if found.id in ("dimension-gap", "charging-gap")]
    read = tariffs.read_tariff(document)
    quote = tariffs.price(read, tariffs.read_session(session), zone)
    used = {"ENERGY": quote.total_energy, "PARKING_TIME": quote.total_parking_time}
    priced = {
        one["type"]
        for each in document["elements"]
        for one in each["price_components"]
        if each["restrictions"].get("reservation") is None
    }
    for dimension in priced & used.keys() if not told else ():
        billed = sum(line.quantity for line in quote.lines if line.dimension == dimension)
        assert abs(billed - used[dimension]) < Decimal("1e-9")
