"""Each restriction at its very edge: minima inclusive, maxima exclusive (P-14 to P-22)."""

from decimal import Decimal
from typing import Any

import pytest

import tariffs

MONDAY_NOON = "2025-06-02T10:00:00Z"  # 12:00 in Amsterdam


def cost(restrictions: dict[str, Any], segments: list[dict[str, Any]], start: str = MONDAY_NOON) -> Decimal:
    """What an hour's price of 1 comes to where the restrictions hold; nothing elsewhere."""
    parts = [{"type": kind, "price": 1, "vat": 0, "step_size": 0} for kind in ("TIME", "PARKING_TIME")]
    element = {"price_components": parts, "restrictions": restrictions}
    tariff = tariffs.read_tariff({"id": "T", "currency": "EUR", "tax_included": "NO", "elements": [element]})
    session = tariffs.read_session({"start": start, "segments": segments})
    return tariffs.price(tariff, session, "Europe/Amsterdam").before_taxes


HOUR = {"hours": 1}


@pytest.mark.parametrize(
    ("restrictions", "hours"),
    [
        ({"start_time": "12:00"}, 1),
        ({"start_time": "12:01"}, "0.983333333333"),
        ({"start_time": "13:00"}, 0),
        ({"end_time": "12:00"}, 0),
        ({"end_time": "12:01"}, "0.016666666667"),
        ({"end_time": "13:00"}, 1),
        ({"end_time": "00:00"}, 1),
        ({"end_time": "24:00"}, 1),
        ({"start_time": "00:00", "end_time": "00:00"}, 1),  # A07
        ({"start_time": "12:00", "end_time": "12:00"}, 0),  # A07
        ({"start_time": "12:30", "end_time": "12:15"}, "0.75"),  # wraps over midnight
        ({"start_time": "22:00", "end_time": "12:15"}, "0.25"),
        ({"start_date": "2025-06-02"}, 1),
        ({"start_date": "2025-06-03"}, 0),
        ({"end_date": "2025-06-02"}, 0),
        ({"end_date": "2025-06-03"}, 1),
        ({"day_of_week": ["MONDAY"]}, 1),
        ({"day_of_week": ["TUESDAY"]}, 0),
        ({"day_of_week": []}, 1),  # P-14
        ({"min_duration": 0}, 1),
        ({"min_duration": 900}, "0.75"),
        ({"min_duration": 3600}, 0),
        ({"max_duration": 900}, "0.25"),
        ({"max_duration": 0}, 0),
        ({"min_duration": 900, "max_duration": 1800}, "0.25"),
        (
            {"start_time": "12:15", "day_of_week": ["MONDAY"], "max_duration": 1800},
            "0.25",
        ),  # P-14: all of them
        ({"start_time": None, "day_of_week": None, "max_kwh": None}, 1),
    ],
)
def test_an_hour_from_noon_on_a_monday(restrictions: dict[str, Any], hours: str) -> None:
    assert cost(restrictions, [HOUR]) == Decimal(hours)


@pytest.mark.parametrize(
    ("restrictions", "hours"),
    [
        ({"min_kwh": 0}, 1),
        ({"min_kwh": 5}, "0.5"),
        ({"min_kwh": 10}, 0),
        ({"max_kwh": 0}, 0),
        ({"max_kwh": 5}, "0.5"),
        ({"max_kwh": 10}, 1),
        ({"min_kwh": Decimal("2.5"), "max_kwh": Decimal("7.5")}, "0.5"),
    ],
)
def test_energy_counts_from_the_session_start_and_ten_kwh_are_spread_evenly(
    restrictions: dict[str, Any], hours: str
) -> None:
    assert cost(restrictions, [HOUR | {"kwh": 10}]) == Decimal(hours)


@pytest.mark.parametrize("what", ["power", "current"])
@pytest.mark.parametrize(
    ("least", "most", "value", "holds"),
    [
        (16, None, 16, True),
        (16, None, Decimal("15.999999999"), False),
        (None, 16, 16, False),
        (None, 16, Decimal("15.999999999"), True),
        (16, 32, 20, True),
        (16, 32, 32, False),
    ],
)
def test_a_load_is_inclusive_below_and_exclusive_above(
    what: str, least: int | None, most: int | None, value: Decimal, holds: bool
) -> None:
    restrictions = {f"min_{what}": least, f"max_{what}": most}
    assert cost(restrictions, [HOUR | {what: value}]) == (1 if holds else 0)


@pytest.mark.parametrize(
    ("segment", "holds"),
    [
        ({"min_current": 20, "max_current": 40}, False),  # A09: the highest is looked at
        ({"max_current": 31}, True),
        ({"min_current": 32}, False),  # more than enough is known
        ({"min_current": 20}, False),  # A09: not known is no match
        ({}, False),
        ({"current": 31, "min_current": 5}, True),
    ],
)
def test_what_is_told_of_a_load_decides_a_maximum(segment: dict[str, Any], holds: bool) -> None:
    assert cost({"max_current": 32}, [HOUR | segment]) == (1 if holds else 0)


def test_untold_power_is_energy_by_time() -> None:  # A09
    assert cost({"min_power": 11}, [HOUR | {"kwh": 11}]) == 1
    assert cost({"min_power": 11}, [HOUR | {"kwh": Decimal("10.999999")}]) == 0


def test_a_parked_vehicle_takes_no_load() -> None:  # A10
    parked = [{"kind": "PARKING", "hours": 1}]
    assert cost({"max_power": 11, "max_current": 16}, parked) == 1
    assert cost({"min_power": 1}, parked) == 0


def test_an_element_ends_when_the_load_leaves_its_range_and_comes_back_with_it() -> None:  # P-22
    segments = [HOUR | {"power": power} for power in (10, 20, 10)]
    assert cost({"max_power": 16}, segments) == 2


def test_duration_counts_parking_and_charging_but_not_the_reservation() -> None:  # A13
    segments = [{"kind": "RESERVATION", "hours": 2}, HOUR, {"kind": "PARKING", "hours": 1}]
    assert cost({"min_duration": 5400}, segments) == Decimal("0.5")


def test_a_week_of_local_days_is_told_by_the_place_not_by_utc() -> None:
    late_sunday = "2025-06-01T22:30:00Z"  # 00:30 on Monday in Amsterdam
    assert cost({"day_of_week": ["MONDAY"]}, [HOUR], late_sunday) == 1


def test_falling_energy_is_past_its_threshold_at_once() -> None:  # A27
    up_and_down = [HOUR | {"kwh": 10}, HOUR | {"kwh": -10}]
    assert cost({"min_kwh": 5}, up_and_down) == 1
    assert cost({"max_kwh": 5}, up_and_down) == 1


def test_a_skipped_boundary_falls_on_the_first_moment_that_exists() -> None:  # A08
    assert cost({"start_time": "02:30"}, [{"hours": 3}], "2024-03-31T00:00:00Z") == 2


def test_a_repeated_hour_matches_both_times() -> None:  # A08
    assert cost({"start_time": "02:00", "end_time": "02:30"}, [{"hours": 5}], "2024-10-26T22:00:00Z") == 1


def test_only_reservation_elements_price_a_reservation() -> None:  # P-51
    segments = [{"kind": "RESERVATION", "hours": 1}, HOUR]
    assert cost({}, segments) == 1
    assert cost({"reservation": "RESERVATION"}, segments) == 1
    assert cost({"reservation": "RESERVATION_EXPIRES"}, segments) == 0


def test_a_reservation_has_its_own_local_time_and_duration_and_no_energy() -> None:  # A14
    segments = [{"kind": "RESERVATION", "hours": 1}, HOUR | {"kwh": 5}]
    own = {"reservation": "RESERVATION"}
    assert cost(own | {"start_time": "12:30"}, segments) == Decimal("0.5")
    assert cost(own | {"min_duration": 1800}, segments) == Decimal("0.5")
    assert cost(own | {"max_kwh": 1}, segments) == 1
