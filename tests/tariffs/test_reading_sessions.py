"""What a session document of any edition says: instants, energy, time, and what is missing."""

from decimal import Decimal
from typing import Any

import pytest

import tariffs
from tariffs.exact import HOUR, MILLION

START, LATER, END = "2025-06-02T08:00:00Z", "2025-06-02T09:00:00Z", "2025-06-02T10:00:00Z"


def period(start: str, **volumes: Any) -> dict[str, Any]:
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": start, "dimensions": dimensions}


def session(**changes: Any) -> dict[str, Any]:
    found = {"start_date_time": START, "end_date_time": END, "kwh": 20, "currency": "EUR"}
    return (
        found
        | {"charging_periods": [period(START, ENERGY=12, TIME=1), period(LATER, ENERGY=8, TIME=1)]}
        | changes
    )


def ids(read: tariffs.Session) -> list[str]:
    return [remark.id for remark in read.warnings]


def test_a_period_ends_where_the_next_begins_and_the_last_with_the_session() -> None:
    read = tariffs.read_session(session())
    assert [(one.end - one.start, one.energy) for one in read.periods] == [
        (HOUR, 12 * MILLION),
        (HOUR, 8 * MILLION),
    ]
    assert (read.energy, read.time, read.parking) == (20 * MILLION, 2 * HOUR, 0)
    assert read.source is tariffs.Source.SESSION
    assert not read.warnings


@pytest.mark.parametrize(
    ("first", "last"), [("start_datetime", "end_datetime"), ("start_date_time", "stop_date_time")]
)
def test_the_names_of_2_1_1_are_understood(first: str, last: str) -> None:
    old = session() | {first: START, last: END}
    for name in {"start_date_time", "end_date_time"} - {first}:
        old.pop(name, None)
    assert tariffs.read_session(old).periods == tariffs.read_session(session()).periods


@pytest.mark.parametrize("field", ["stop_date_time", "total_energy", "total_time", "cdr_location", "tariffs"])
def test_a_cdr_is_told_by_its_fields(field: str) -> None:
    values = {"stop_date_time": END, "cdr_location": {}, "tariffs": []}
    read = tariffs.read_session(session() | {field: values.get(field, 20)})
    assert read.source is tariffs.Source.CDR


def test_periods_out_of_order_are_put_in_order() -> None:
    read = tariffs.read_session(
        session(charging_periods=[period(LATER, TIME=1), period(START, TIME=1)], kwh=0)
    )
    assert (
        read.periods
        == tariffs.read_session(
            session(charging_periods=[period(START, TIME=1), period(LATER, TIME=1)], kwh=0)
        ).periods
    )
    assert ids(read) == ["periods-unordered"]


def test_a_session_without_periods_is_one_period_of_charging() -> None:  # A34
    read = tariffs.read_session(session(charging_periods=[]))
    assert [(one.charging, one.energy) for one in read.periods] == [(2 * HOUR, 20 * MILLION)]
    assert ids(read) == ["periods-missing"]


def test_energy_that_only_the_total_tells_is_spread_over_the_charging() -> None:  # A35
    read = tariffs.read_session(
        session(charging_periods=[period(START, TIME=1), period(LATER, PARKING_TIME=1)])
    )
    assert [one.energy for one in read.periods] == [20 * MILLION, 0]
    assert ids(read) == ["energy-spread"]


def test_energy_that_does_not_add_up_is_told() -> None:
    assert ids(tariffs.read_session(session(kwh=21))) == ["energy-differs"]


def test_where_no_period_tells_a_time_energy_means_charging() -> None:  # A33
    read = tariffs.read_session(session(charging_periods=[period(START, ENERGY=20), period(LATER, ENERGY=0)]))
    assert [(one.charging, one.parking) for one in read.periods] == [(HOUR, 0), (0, 0)]
    assert read.time == 2 * HOUR
    assert ids(read) == ["time-inferred"]


def test_imported_less_exported_energy_is_what_was_used() -> None:  # A27
    read = tariffs.read_session(
        session(charging_periods=[period(START, ENERGY_IMPORT=9, ENERGY_EXPORT=4, TIME=2)], kwh=5)
    )
    assert read.periods[0].energy == 5 * MILLION


def test_what_is_told_of_power_and_current_is_kept() -> None:
    read = tariffs.read_session(
        session(charging_periods=[period(START, TIME=2, MIN_POWER=3, POWER=5, MAX_CURRENT=16)], kwh=0)
    )
    assert read.periods[0].power == tariffs.Load(3 * MILLION, 5 * MILLION, None)
    assert read.periods[0].current == tariffs.Load(None, None, 16 * MILLION)


def test_nothing_but_a_reservation_is_known_as_such() -> None:
    read = tariffs.read_session(session(charging_periods=[period(START, RESERVATION_TIME=2)], kwh=0))
    assert read.only_reserved
    assert read.time == 0


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ("x", "", "object"),
        ({}, "charging_periods", "required"),
        ({"start_date_time": START}, "charging_periods", "required"),
        ({"start_date_time": END, "end_date_time": START}, "end_date_time", "end-before-start"),
        (session(end_date_time=START), "end_date_time", "end-before-period"),
        (session(charging_periods=[{"dimensions": []}]), "charging_periods[0].start_date_time", "required"),
        (
            session(charging_periods=[period("now", TIME=1)]),
            "charging_periods[0].start_date_time",
            "date-time",
        ),
        (
            session(charging_periods=[period("9999-01-01T00:00:00Z")]),
            "charging_periods[0].start_date_time",
            "date-time",
        ),
        (
            session(charging_periods=[period(START, TIME=-1)]),
            "charging_periods[0].dimensions",
            "negative-time",
        ),
        (
            session(charging_periods=[period(START, TIME="1")]),
            "charging_periods[0].dimensions[0].volume",
            "number",
        ),
        (session(kwh=Decimal("1e1000000")), "kwh", "number-range"),
        ({"start": START, "segments": []}, "segments", "required"),
        ({"start": START, "segments": [{"minutes": -1}]}, "segments[0]", "negative-time"),
        ({"segments": [{"minutes": 1}]}, "start", "required"),
        ({"start": START, "segments": [{"minutes": 1, "kind": "SLEEPING"}]}, "segments[0].kind", "choice"),
    ],
)
def test_a_session_that_cannot_be_priced_is_refused_with_path_and_rule(
    document: Any, path: str, rule: str
) -> None:
    with pytest.raises(tariffs.SessionError) as refused:
        tariffs.read_session(document)
    assert (refused.value.path, refused.value.rule) == (path, rule)


@pytest.mark.parametrize(
    "text", ["2025-06-02T08:00:00", "2025-06-02T08:00:00.000Z", "2025-06-02T08:00:00+00:00"]
)
def test_a_date_time_is_utc_with_or_without_z(text: str) -> None:
    assert tariffs.read_session(session(start_date_time=text)).start == tariffs.read_session(session()).start
