"""Prices of the coming hours are those that are billed, on the nights of 23 and 25 hours too."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import NIGHTS, ZONES, Json, tariff_documents

import tariffs
from tariffs.drawing import Drawing, PicturesMissing
from tariffs.pictures import picture
from tariffs.preview import Preview, preview, usual_session
from tariffs.spot import Conditions

ZONE = "Europe/Amsterdam"
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def part(kind: str, price: Any, step: int = 1) -> Json:
    return {"type": kind, "price": price, "vat": 25, "step_size": step}


def tariff(*elements: tuple[Json, list[Json]], **changes: Any) -> tariffs.Tariff:
    made = [{"price_components": parts, "restrictions": when} for when, parts in elements]
    return tariffs.read_tariff(
        {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": made} | changes
    )


NIGHT = tariff(
    ({"start_time": "01:30", "end_time": "05:00"}, [part("ENERGY", Decimal("0.20"))]),
    ({}, [part("ENERGY", Decimal("0.40")), part("FLAT", 1)]),
)


def told(found: Preview) -> list[tuple[str, int, Decimal]]:
    """Local start, minutes, price of energy."""
    return [
        (f"{step.local:%H:%M}", (step.end - step.start) // timedelta(minutes=1), step.rates[0].price)
        for step in found.steps
    ]


@pytest.mark.parametrize(
    ("start", "hours", "night"),
    [((2026, 3, 28, 23), 23, 150), ((2026, 10, 24, 22), 25, 270), ((2026, 6, 6, 22), 24, 210)],
)
def test_a_local_day_has_as_many_hours_as_it_has(
    start: tuple[int, ...], hours: int, night: int
) -> None:  # P7
    begin = datetime(*start, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert told(preview(NIGHT, ZONE, begin, hours)) == [
        ("00:00", 90, Decimal("0.40")),
        ("01:30", night, Decimal("0.20")),
        ("05:00", 19 * 60, Decimal("0.40")),
    ]


def test_a_repeated_half_hour_shows_its_price_twice() -> None:  # A08
    short = tariff(
        ({"start_time": "02:00", "end_time": "02:30"}, [part("ENERGY", 1)]), ({}, [part("ENERGY", 2)])
    )
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert told(preview(short, ZONE, begin, 6)) == [
        ("00:00", 120, 2),
        ("02:00", 30, 1),
        ("02:30", 30, 2),
        ("02:00", 30, 1),
        ("02:30", 150, 2),
    ]


def test_prices_are_told_before_and_after_taxes() -> None:
    (step, *_) = preview(NIGHT, ZONE, datetime(2026, 6, 1, 12, tzinfo=UTC)).steps
    energy = step.rate("ENERGY")
    assert energy is not None
    assert (energy.price, energy.net, energy.gross, energy.element_index) == (
        Decimal("0.40"),
        Decimal("0.4"),
        Decimal("0.5"),
        1,
    )
    assert step.rate("PARKING_TIME") is None
    assert preview(NIGHT, ZONE, step.start).basis == "before taxes"
    included = tariff(({}, [part("ENERGY", 1)]), tax_included="YES")
    assert preview(included, ZONE, step.start).basis == "including taxes"
    assert preview([NIGHT, included], ZONE, step.start).basis in {"before taxes", "including taxes"}
    assert step.as_dict()["PARKING_TIME"] is None


def test_of_several_tariffs_each_shows_where_it_is_in_force() -> None:  # P-03, A23
    until = tariff(({}, [part("ENERGY", 1)]), id="OLD", end_date_time="2026-06-01T18:00:00Z")
    after = tariff(({}, [part("ENERGY", 2)]), id="NEW", start_date_time="2026-06-01T18:30:00Z")
    found = preview([until, after], ZONE, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert [(step.tariff_id, f"{step.start:%H:%M}") for step in found.steps] == [
        ("OLD", "12:00"),
        (None, "18:00"),
        ("NEW", "18:30"),
    ]


def test_power_decides_where_prices_depend_on_it() -> None:
    fast = tariff(
        ({"min_power": 50}, [part("ENERGY", 2)]),
        ({"min_current": 32}, [part("ENERGY", 3)]),
        ({}, [part("ENERGY", 1)]),
    )
    at = datetime(2026, 6, 1, tzinfo=UTC)
    prices = [
        preview(fast, ZONE, at, 1, load).steps[0].rates[0].price
        for load in (Conditions(Decimal(50)), Conditions(Decimal(11)), Conditions(Decimal(11), Decimal(16)))
    ]
    assert prices == [2, 3, 1]


def test_usual_sessions_charge_at_the_power_told_and_are_parked_afterwards() -> None:
    timed = tariff(({}, [part("ENERGY", 1), part("PARKING_TIME", 6)]))
    found = preview(timed, ZONE, datetime(2026, 6, 1, tzinfo=UTC), 1, Conditions(Decimal(20)))
    assert [(one.kwh, one.minutes, one.charging_seconds, one.power) for one in found.examples[:4]] == [
        (10, 30, 1800, 20),
        (10, 60, 1800, 20),
        (10, 240, 1800, 20),
        (20, 30, 1800, 40),
    ]
    assert [one.total.before_taxes for one in found.examples] == [10, 13, 31, 20, 20, 38, 50, 50, 59]


@FEW
@given(tariff_documents(limited=True), st.sampled_from(NIGHTS), st.sampled_from(ZONES))
def test_a_preview_is_what_is_billed(document: Json, start: str, zone: str) -> None:  # P1
    read = tariffs.read_tariff(document)
    begin = datetime.fromisoformat(start)
    found = preview(read, zone, begin, 30)
    assert (found.steps[0].start, found.steps[-1].end) == (begin, begin + timedelta(hours=30))
    assert all(one.end == other.start for one, other in zip(found.steps, found.steps[1:], strict=False))
    for example in found.examples[:2]:
        session, _, _ = usual_session(begin, int(example.kwh), example.minutes)
        assert tariffs.price(read, session, zone).total == example.total


@FEW
@given(tariff_documents(), st.sampled_from(NIGHTS), st.sampled_from(ZONES), st.integers(0, 30 * 60 - 1))
def test_at_any_moment_a_session_that_begins_costs_what_the_preview_says(
    document: Json, start: str, zone: str, minute: int
) -> None:
    read = tariffs.read_tariff(document)
    begin = datetime.fromisoformat(start)
    at = begin + timedelta(minutes=minute)
    step = next(one for one in preview(read, zone, begin, 30).steps if one.start <= at < one.end)
    segment = {"seconds": 1, "kwh": Decimal("0.001"), "power": 11, "current": Decimal("47.826")}
    session = tariffs.read_session({"start": f"{at:%Y-%m-%dT%H:%M:%SZ}", "segments": [segment]})
    for line in tariffs.price(read, session, zone).lines:
        rate = step.rate(line.dimension)
        assert rate is not None
        assert rate.price == line.unit_price


@pytest.mark.parametrize("hours", [0, 745])
def test_a_preview_has_an_end(hours: int) -> None:
    with pytest.raises(ValueError, match="1 to 744 hours"):
        preview(NIGHT, ZONE, datetime(2026, 6, 1, tzinfo=UTC), hours)


def test_tariffs_of_two_currencies_have_no_common_preview() -> None:
    with pytest.raises(tariffs.MismatchError):
        preview(
            [NIGHT, tariff(({}, [part("ENERGY", 1)]), currency="CHF")], ZONE, datetime(2026, 6, 1, tzinfo=UTC)
        )


def drawn(hours: int = 48, of: tariffs.Tariff = NIGHT) -> Drawing:
    return picture(preview(of, ZONE, datetime(2026, 10, 24, 10, tzinfo=UTC), hours))


@pytest.mark.parametrize("hours", [1, 24, 48, 168, 744])
def test_a_picture_is_sound_svg_and_nothing_lies_outside(hours: int) -> None:
    drawing = drawn(hours)
    root = ET.fromstring(drawing.svg())
    (title,) = root.findall("{*}title")
    assert (title.text or "").startswith("Prices in EUR from 2026-10-24 10:00 UTC")
    for shape in (*root.findall("{*}polyline"), *root.findall("{*}polygon")):
        for point in shape.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= drawing.width
            assert 60 <= y <= drawing.height


def test_the_words_of_a_tariff_are_no_markup_in_a_picture() -> None:
    ET.fromstring(drawn(of=tariff(({}, [part("ENERGY", 1)]), id='<script>&"')).svg())


def test_the_picture_tells_prices_and_a_start_fee_that_never_changes() -> None:
    words = [shape.text or "" for shape in ET.fromstring(drawn().svg()).findall("{*}text")]
    assert "0.40 EUR" in words
    assert any(word.endswith("tariff T; start fee 1.00 EUR") for word in words)
    assert "per hour" not in words


def test_a_png_is_the_same_drawing() -> None:
    pytest.importorskip("PIL", reason="the extra `pictures` is not installed")
    drawing = drawn()
    data = drawing.png()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (
        drawing.width * 2,
        drawing.height * 2,
    )


def test_without_pillow_a_png_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("tariffs.drawing.import_module", missing)
    with pytest.raises(PicturesMissing, match=r"ocpi-hub\[pictures\]"):
        drawn().png()
