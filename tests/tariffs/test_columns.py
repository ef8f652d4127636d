"""A session as packed columns is the session; what columns cannot hold is kept exactly as well."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import Json, session_documents

import tariffs
from tariffs import decode, encode, pack, read_session, unpack

START = "2025-06-02T08:00:00Z"
FINER = {"start": START, "segments": [{"hours": 1, "kwh": Decimal("1.0000001")}]}
TOO_LONG = {"start": START, "segments": [{"hours": 10**11, "kwh": 1}]}
TWO_TARIFFS = {
    "start": START,
    "segments": [{"hours": 1, "kwh": 1, "tariff_id": "A"}, {"hours": 1, "kwh": 1, "tariff_id": "B"}],
}
LOADS = {
    "start": START,
    "currency": "EUR",
    "segments": [{"hours": 1, "kwh": 2, "min_power": 1, "max_current": 16, "tariff_id": "Ä"}, {"seconds": 0}],
}
BACK = {"start": START, "segments": [{"hours": 1, "kwh": -3, "power": 0}]}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(session_documents(), max_size=5))
def test_sessions_come_back_from_bytes_and_from_columns(documents: list[Json]) -> None:
    sessions = [read_session(one) for one in documents]
    assert [decode(encode(one)) for one in sessions] == sessions
    assert list(pack(sessions)) == sessions


@pytest.mark.parametrize("document", [FINER, TWO_TARIFFS, LOADS, BACK])
def test_a_session_of_any_kind_comes_back(document: dict[str, Any]) -> None:
    session = read_session(document)
    assert decode(encode(session)) == session


def test_what_64_bits_cannot_hold_is_kept_as_text_beside_the_columns() -> None:
    sessions = [read_session(one) for one in (FINER, BACK, TWO_TARIFFS, TOO_LONG)]
    columns = pack(sessions)
    assert sorted(columns.exact) == [0, 2, 3]
    assert list(columns) == sessions
    assert list(columns.part(1, 3)) == sessions[1:3]


def test_remarks_of_reading_are_not_kept() -> None:
    session = read_session({"start_date_time": START, "end_date_time": "2025-06-02T09:00:00Z", "kwh": 3})
    assert session.warnings
    assert decode(encode(session)) == replace(session, warnings=())


def test_a_column_that_says_nothing_is_left_out() -> None:
    columns = pack([read_session({"start": START, "segments": [{"hours": 1, "kwh": 1}]})] * 3)
    assert sorted(columns.optional) == ["charging", "energy"]
    assert columns.nbytes == (3 * 3 + 4 + 3 * 3) * 8
    assert len(encode(columns.session(0))) == 32 + 3 * 8


def test_columns_have_one_currency() -> None:
    euros, others = (
        read_session({"start": START, "currency": code, "segments": [{"hours": 1}]})
        for code in ("EUR", "CHF")
    )
    with pytest.raises(ValueError, match="one currency"):
        pack([euros, others])


def test_no_sessions_are_columns_too() -> None:
    columns = unpack([])
    assert (len(columns), list(columns)) == (0, [])
    document = {
        "id": "T",
        "currency": "EUR",
        "elements": [{"price_components": [{"type": "TIME", "price": 1}]}],
    }
    assert len(tariffs.price_columns(tariffs.read_tariff(document), columns, "UTC").before_taxes) == 0


def test_arrays_are_whole_numbers_of_64_bits() -> None:
    columns = pack([read_session(LOADS)])
    arrays = (columns.offsets, columns.began, columns.end, columns.start, *columns.optional.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.int64)}
