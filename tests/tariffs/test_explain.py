"""A tariff and a quote in plain words, in the local time of the place."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, session_documents, tariff_documents

import tariffs
from tariffs.explain import explain
from tariffs.explain_quote import explain_quote
from tariffs.words import length, money, weekdays

CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())
ZONE = "Europe/Amsterdam"


def read(name: str, part: str) -> Any:
    return json.loads((CASES / name / f"{part}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def tariff_of(name: str) -> tariffs.Tariff:
    document = read(name, "tariff")
    return tariffs.read_tariff(document[0] if isinstance(document, list) else document)


def test_the_complex_tariff_is_told_by_weekday_and_time() -> None:
    assert explain(tariff_of("w15-complex-weekday"), ZONE).text().splitlines()[6:15] == [
        "",
        "Days              Time         Charging, per hour  Parked, per hour  Start fee",
        "Monday to Friday  00:00-09:00  2.00 EUR            free              2.50 EUR",
        "Monday to Friday  09:00-18:00  2.00 EUR            5.00 EUR          2.50 EUR",
        "Monday to Friday  18:00-24:00  2.00 EUR            free              2.50 EUR",
        "Saturday          00:00-10:00  1.25 EUR            free              2.50 EUR",
        "Saturday          10:00-17:00  1.25 EUR            6.00 EUR          2.50 EUR",
        "Saturday          17:00-24:00  1.25 EUR            free              2.50 EUR",
        "Sunday            all day      1.25 EUR            free              2.50 EUR",
    ]


def test_rules_are_told_in_the_order_in_which_they_are_asked() -> None:
    (rule,) = explain(tariff_of("w28-duration"), ZONE).rules
    assert rule == (
        "Energy: free of charge (during the first 30 min of session); 0.25 EUR per kWh, plus 20 % VAT "
        "(otherwise, during the first 1 h of session); 0.40 EUR per kWh, plus 20 % VAT (otherwise)."
    )
    charging, parked, _ = explain(tariff_of("w15-complex-weekday"), ZONE).rules
    assert not charging.endswith("at all other times nothing.")
    assert parked.endswith("at all other times nothing.")


def test_a_night_of_fridays_is_told_as_it_is_priced() -> None:  # A06
    (rule,) = explain(tariff_of("x06-friday-night"), ZONE).rules
    assert "on Friday, from 00:00 to 06:00 and from 22:00 to 24:00" in rule


def test_limits_steps_validity_and_reservations_are_told() -> None:
    assert (
        "A session costs at most 10.00 EUR before taxes (11.00 EUR after taxes)."
        in explain(tariff_of("w06-maximum"), ZONE).notes
    )
    assert "It holds until Sunday 1 July 2035, 01:59." in explain(tariff_of("w06-maximum"), ZONE).facts
    rules = explain(tariff_of("w20-expiry-fee-unused"), ZONE).rules
    assert "Reservation: 2.00 EUR per hour, plus 20 % VAT, in steps of 10 min." in rules
    assert "Reservation that expires unused: 4.00 EUR once, plus 20 % VAT." in rules


def test_markdown_has_a_table_and_an_id_is_no_markup() -> None:
    document = read("w15-complex-weekday", "tariff") | {"id": "a|b_<c>"}
    told = explain(tariffs.read_tariff(document), ZONE).markdown()
    assert told.startswith("## Tariff a\\|b\\_\\<c\\>, in EUR\n")
    assert "| --- | --- | --- | --- | --- |\n| Monday to Friday | 00:00-09:00 | 2.00 EUR |" in told


def test_a_quote_is_explained_line_by_line() -> None:
    name = "w15-complex-weekday"
    quote = tariffs.price(tariff_of(name), tariffs.read_session(read(name, "session")), ZONE)
    lines = explain_quote(quote, ZONE)
    assert lines[2] == (
        "From Monday 2 June 2025 12:15:00: 0.7 h parked, billed as 0.75 h in whole steps, at 5.00 EUR per h: "
        "3.75 EUR before taxes, 4.125 EUR after taxes at 10 % tax; element 4: from 09:00, until 18:00, on "
        "Monday, Tuesday, Wednesday, Thursday, Friday."
    )
    assert lines[3].startswith("In all 9.00 EUR plus 0.375 EUR VAT of 10 %, ")
    assert lines[3].endswith(": 10.30 EUR after taxes.")


@pytest.mark.parametrize("name", NAMES)
def test_every_case_is_explained(name: str) -> None:
    document, session = read(name, "tariff"), tariffs.read_session(read(name, "session"))
    many = [tariffs.read_tariff(one) for one in (document if isinstance(document, list) else [document])]
    quote = tariffs.price(many if len(many) > 1 else many[0], session, ZONE)
    assert len(explain_quote(quote, ZONE)) == len(quote.lines) + len(quote.limits) + len(quote.warnings) + 1
    assert len(explain(many[0], ZONE).as_dict()["rules"]) > 0  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(limited=True), session_documents(), st.sampled_from(ZONES))
def test_any_tariff_and_quote_can_be_explained(document: Json, session: Json, zone: str) -> None:
    tariff = tariffs.read_tariff(document)
    told = explain(tariff, zone)
    assert told.text()
    assert told.markdown().count("\n| ") in (0, len(told.rows) + 2)
    assert explain_quote(tariffs.price(tariff, tariffs.read_session(session), zone), zone)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (length(5400), "1 h 30 min"),
        (length(90), "1 min 30 s"),
        (length(Decimal("0.5")), "0.5 s"),
        (length(0), "0 s"),
        (money(Decimal(5), "JPY"), "5 JPY"),
        (money(Decimal("0.5"), "KWD"), "0.500 KWD"),
        (money(Decimal("0.123400"), "EUR"), "0.1234 EUR"),
        (weekdays((0, 1, 2, 3, 4)), "Monday to Friday"),
        (weekdays((0, 2, 4)), "Monday, Wednesday and Friday"),
        (weekdays((0, 1, 2, 3, 5, 6)), "every day but Friday"),
        (weekdays(()), "every day"),
    ],
)
def test_quantities_in_words(said: str, expected: str) -> None:
    assert said == expected


def test_a_price_that_is_never_reached_is_not_told() -> None:
    part = {"type": "ENERGY", "price": 1, "step_size": 1}
    free = {"type": "TIME", "price": 0, "step_size": 60}
    elements = [
        {"price_components": [part, free]},
        {"price_components": [part | {"price": 9}], "restrictions": {"max_kwh": 20}},
    ]
    told = explain(tariffs.read_tariff({"id": "T", "currency": "EUR", "elements": elements}))
    assert told.rules == ("Energy: 1.00 EUR per kWh.", "Charging: free of charge.")
    assert told.notes == ("Parking without charging has no price.",)


def test_amounts_beyond_any_decimal_context_are_told() -> None:
    most = 10**12 - 1
    tariff = tariffs.read_tariff(
        {
            "id": "T",
            "currency": "EUR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": most, "step_size": 1}]}],
        }
    )
    session = {
        "start": "2025-06-02T08:00:00Z",
        "segments": [{"hours": 1, "kwh": Decimal("999999999999.9999999")}],
    }
    (line, *_) = explain_quote(tariffs.price(tariff, tariffs.read_session(session), ZONE))
    assert "999999999999 EUR per kWh" in line.replace(".00", "")
