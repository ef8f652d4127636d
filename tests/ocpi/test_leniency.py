"""What an operator may let pass, on documents with the mess of real ones; and what stays out all the same."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ocpi.checking import check
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import edition
from hub.ocpi.errors import InvalidObject
from hub.ocpi.leniency import MENDS, mend
from tests.factories import example

NOW = 1_760_000_000_000_000
OWNER = Party("DE", "SWX")
NOT_BOTH = [name for name in MENDS if name != "prices_with_taxes"]


def messy_tariff() -> Json:
    """A tariff as municipal platforms publish them: no owner, no time, lists and seconds."""
    blocking = {"type": "PARKING_TIME", "price": Decimal("4.8"), "step_size": 60}
    return {
        "id": "22ac",
        "currency": "EUR",
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": Decimal("0.59"), "step_size": 1}],
                "restrictions": [],
            },
            {
                "price_components": [blocking],
                "restrictions": [{"start_time": "08:00:00", "end_time": "19:59:59", "min_duration": 14460}],
            },
        ],
    }


def messy_location() -> Json:
    plug = example("2.2.1", "connectors", tariff_ids=None)
    evse = example("2.2.1", "evses", connectors=[plug], physical_reference="") | {"tariffs": [messy_tariff()]}
    return example("2.2.1", "locations", evses=[evse]) | {
        "coordinates": {"latitude": "48.8923", "longitude": Decimal("9.18329123")},
        "directions": [{"language": "DE", "text": "Rathausgarage:\r\n\r\nMontag\t06:30"}],
        "operator": {"name": "Stadtwerke X", "website": ""},
    }


def mended(name: str, body: Json, *mends: str) -> Json:
    return mend(mends, name, body, owner=OWNER, now=NOW)[0]


def tariff_with(**restrictions: Any) -> Json:
    tariff = example("2.3.0", "tariffs")
    tariff["elements"][0]["restrictions"] = restrictions
    return tariff


# --- the mess of a real operator


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_a_messy_tariff_passes_after_all_mends(version: str) -> None:
    with pytest.raises(InvalidObject):
        check(edition(version), "tariffs", messy_tariff())
    check(edition(version), "tariffs", mended("tariffs", messy_tariff(), *NOT_BOTH))


def test_a_messy_location_passes_after_all_mends() -> None:
    with pytest.raises(InvalidObject) as refused:
        check(edition("2.2.1"), "locations", messy_location())
    assert set(refused.value.fields) == {
        "coordinates.latitude",
        "coordinates.longitude",
        "directions[0].text",
        "operator.website",
    }
    check(edition("2.2.1"), "locations", mended("locations", messy_location(), *NOT_BOTH))


def test_every_change_is_noted_by_its_path() -> None:
    _, notes = mend(["restrictions_as_list", "times_with_seconds"], "tariffs", messy_tariff())
    assert notes == {
        "elements[0].restrictions": "an empty list is no restriction",
        "elements[1].restrictions": "the one object of a list",
        "elements[1].restrictions.start_time": "seconds cut off",
        "elements[1].restrictions.end_time": "the last second taken for the end",
    }


def test_a_mend_that_is_not_allowed_does_nothing() -> None:
    assert mend([], "tariffs", messy_tariff()) == (messy_tariff(), {})


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize("name", ["locations", "evses", "tariffs", "sessions", "cdrs", "tokens"])
def test_a_good_object_needs_no_mend(version: str, name: str) -> None:
    mends = [mend for mend in NOT_BOTH if mend not in ("owner_from_connection", "prices_without_taxes")]
    assert mend(mends, name, example(version, name), owner=OWNER, now=NOW) == (example(version, name), {})


def test_what_is_mended_is_a_new_object() -> None:
    body = messy_location()
    mended("locations", body, *MENDS)
    assert body == messy_location()


@pytest.mark.parametrize("name", MENDS)
def test_every_mend_says_why_it_is_safe(name: str) -> None:
    assert len(MENDS[name].help) > 60


NESTED = """
    id evses connectors tariffs charging_periods dimensions type volume kwh elements restrictions start_time
    last_updated latitude text language tax_included
"""
TOP = "id evses tariffs charging_periods elements kwh total_energy coordinates status"
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=False)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NESTED.split()), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["locations", "evses", "tariffs", "sessions", "cdrs", "tokens"]),
    st.dictionaries(st.sampled_from(TOP.split()), JSON),
)
def test_mends_stumble_over_nothing(name: str, body: Json) -> None:
    mend(MENDS, name, body, owner=OWNER, now=NOW)


# --- one by one: what is safe, what stays out


def test_several_restrictions_stay_out() -> None:
    tariff = tariff_with() | {"elements": [{"price_components": [], "restrictions": [{}, {}]}]}
    assert mended("tariffs", tariff, *MENDS)["elements"][0]["restrictions"] == [{}, {}]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("08:00:00", "19:59:59", ("08:00", "20:00")),
        ("08:00", "20:00:00", ("08:00", "20:00")),
        ("00:00:00", "23:59:59", ("00:00", "00:00")),
        ("20:00:00", "24:00", ("20:00", "00:00")),
        ("08:00:30", "19:59:30", ("08:00:30", "19:59:30")),
        ("08:00:59", "8 pm", ("08:00:59", "8 pm")),
    ],
)
def test_seconds_go_only_at_the_ends_of_a_minute(start: str, end: str, expected: tuple[str, str]) -> None:
    limits = mended("tariffs", tariff_with(start_time=start, end_time=end), "times_with_seconds")["elements"][
        0
    ]
    assert (limits["restrictions"]["start_time"], limits["restrictions"]["end_time"]) == expected


def test_opening_hours_with_seconds_too() -> None:
    hours = {"regular_hours": [{"weekday": 1, "period_begin": "08:00:00", "period_end": "19:59:59"}]}
    assert mended("locations", {"opening_times": hours}, "times_with_seconds")["opening_times"][
        "regular_hours"
    ] == [{"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}]


def test_an_empty_required_text_is_left_to_the_check() -> None:
    assert mended("locations", {"id": "", "city": "", "state": ""}, "empty_texts") == {"id": "", "city": ""}


@pytest.mark.parametrize(
    ("said", "expected"), [("DE", "de"), ("de-AT", "de"), ("de", "de"), ("deutsch", "deutsch"), (7, 7)]
)
def test_languages_are_two_small_letters(said: Any, expected: Any) -> None:
    assert mended("tokens", {"language": said}, "language_codes") == {"language": expected}


def test_only_prose_is_cut() -> None:
    body = {"publish": True, "name": "n" * 300, "address": "a" * 300, "postal_code": "p" * 30, "id": "i" * 40}
    done = mended("locations", body, "long_texts")
    assert [len(done[name]) for name in ("name", "address", "postal_code", "id")] == [255, 255, 30, 40]
    assert done["name"].endswith("…")


def test_the_place_of_a_cdr_has_less_room() -> None:  # C6
    place = example("2.3.0", "cdrs")["cdr_location"] | {"address": "a" * 255, "state": "s" * 45}
    done = mended("cdrs", example("2.3.0", "cdrs", cdr_location=place), "long_texts")
    check(edition("2.3.0"), "cdrs", done)


def test_numeric_ids_become_texts_but_not_of_tokens() -> None:
    evse = {"uid": 8976020, "connectors": [{"id": 1, "tariff_ids": [7, "8"]}], "postal_code": 1067}
    assert mended("evses", evse, "numeric_ids") == {
        "uid": "8976020",
        "connectors": [{"id": "1", "tariff_ids": ["7", "8"]}],
        "postal_code": 1067,
    }
    assert mended("tokens", {"uid": 4711}, "numeric_ids") == {"uid": 4711}
    assert (
        mended("cdrs", {"cdr_token": {"uid": 4711, "contract_id": "A"}}, "numeric_ids")["cdr_token"]["uid"]
        == 4711
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0.35", Decimal("0.35")),
        ("7", 7),
        ("0,35", "0,35"),
        ("0.35 EUR", "0.35 EUR"),
        ("1e3", "1e3"),
        ("NaN", "NaN"),
    ],
)
def test_quoted_numbers_are_unquoted_exactly(said: str, expected: Any) -> None:
    assert mended("tariffs", {"price": said}, "quoted_numbers") == {"price": expected}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2025-03-10T08:00:00+00:00", "2025-03-10T08:00:00Z"),
        ("2025-03-10T10:00:00.123456+02:00", "2025-03-10T08:00:00.123Z"),
        ("2025-03-10 08:00:00Z", "2025-03-10T08:00:00Z"),
        ("2025-03-10T08:00:00.123456789Z", "2025-03-10T08:00:00.123Z"),
        ("2025-03-10T08:00:00.5", "2025-03-10T08:00:00.5"),
        ("2025-03-10 08:00:00", "2025-03-10 08:00:00"),
        ("2025-13-10T08:00:00+00:00", "2025-13-10T08:00:00+00:00"),
        ("10.03.2025", "10.03.2025"),
    ],
)
def test_offsets_become_utc_and_unnamed_zones_stay_out(said: str, expected: str) -> None:
    assert mended("tokens", {"last_updated": said}, "offset_times") == {"last_updated": expected}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("48.8923", "48.89230"),
        (Decimal("48.892335"), "48.892335"),
        (48, "48.00000"),
        ("48.12345678", "48.1234568"),
        ("9.1", "9.10000"),
        ("north", "north"),
        ("481.2", "481.2"),
        ("NaN", "NaN"),
        (True, True),
    ],
)
def test_coordinates_get_the_decimals_that_ocpi_takes(said: Any, expected: Any) -> None:
    assert mended("locations", {"coordinates": {"latitude": said}}, "coordinates") == {
        "coordinates": {"latitude": expected}
    }


def test_the_reservation_by_its_other_name() -> None:  # SES-07
    assert mended("sessions", {"status": "RESERVED"}, "reserved_sessions") == {"status": "RESERVATION"}
    assert mended("evses", {"status": "RESERVED"}, "reserved_sessions") == {"status": "RESERVED"}


def test_an_owner_is_only_filled_in() -> None:
    assert mended("tariffs", {"party_id": "ABC"}, "owner_from_connection") == {
        "party_id": "ABC",
        "country_code": "DE",
    }
    cdr = mended("cdrs", {"tariffs": [{"id": "T"}]}, "owner_from_connection")
    assert cdr["tariffs"] == [{"id": "T", "country_code": "DE", "party_id": "SWX"}]
    assert mend(["owner_from_connection"], "tariffs", {"id": "T"}) == ({"id": "T"}, {})
    assert mended("evses", {"uid": "E"}, "owner_from_connection") == {"uid": "E"}


def test_what_has_no_time_is_of_now_and_its_parts_of_its_own() -> None:
    body = {"evses": [{"last_updated": "2025-01-01T00:00:00Z", "connectors": [{}]}, {"connectors": [{}]}]}
    done = mended("locations", body, "missing_last_updated")
    assert done["last_updated"] == done["evses"][1]["connectors"][0]["last_updated"] == "2025-10-09T08:53:20Z"
    assert done["evses"][0]["connectors"][0]["last_updated"] == "2025-01-01T00:00:00Z"
    assert mended("cdrs", {"tariffs": [{}]}, "missing_last_updated")["tariffs"] == [
        {"last_updated": "2025-10-09T08:53:20Z"}
    ]


def test_whether_prices_bear_taxes_is_never_guessed() -> None:
    tariff = example("2.3.0", "tariffs", tax_included=None)
    assert "tax_included" not in mended("tariffs", tariff, *(name for name in MENDS if "prices" not in name))
    assert mended("tariffs", tariff, "prices_with_taxes")["tax_included"] == "YES"
    assert mended("tariffs", tariff | {"tax_included": "N/A"}, "prices_with_taxes")["tax_included"] == "N/A"
    assert mended("cdrs", {"tariffs": [tariff]}, "prices_without_taxes")["tariffs"][0]["tax_included"] == "NO"


def test_what_is_said_twice_word_for_word_counts_once() -> None:
    evse = {"uid": "E", "status": "AVAILABLE"}
    assert mended("locations", {"evses": [evse, evse, evse | {"status": "BLOCKED"}]}, "exact_duplicates") == {
        "evses": [evse, evse | {"status": "BLOCKED"}]
    }


def test_connectors_refer_to_the_tariffs_in_their_evse() -> None:
    evse = {
        "tariffs": [{"id": "22ac"}],
        "connectors": [{"id": "1"}, {"id": "2", "tariff_ids": ["OWN"]}],
    }
    done, notes = mend(["tariffs_in_evses"], "locations", {"evses": [evse]})
    assert [plug["tariff_ids"] for plug in done["evses"][0]["connectors"]] == [["22ac"], ["OWN"]]
    assert list(notes) == ["evses[0].connectors[0].tariff_ids"]
    assert mend(["tariffs_in_evses"], "evses", evse)[0] == done["evses"][0]


def test_the_tariffs_in_an_evse_are_nobodys_business() -> None:
    evse = example("2.2.1", "evses") | {"tariffs": [messy_tariff()]}
    assert mended("evses", evse, *MENDS)["tariffs"] == [messy_tariff()]


@pytest.mark.parametrize(
    ("total", "expected"), [(Decimal("14.2"), Decimal("7.1")), (14200, 7100), (5, 7100), (0, 7100)]
)
def test_watt_hours_are_proved_by_the_total(total: Any, expected: Any) -> None:  # SES-14
    halves = [{"dimensions": [{"type": "ENERGY", "volume": 7100}, {"type": "TIME", "volume": 1}]}] * 2
    done = mended("sessions", {"kwh": total, "charging_periods": halves}, "energy_in_wh")
    assert [one["dimensions"][0]["volume"] for one in done["charging_periods"]] == [expected] * 2
    assert done["charging_periods"][0]["dimensions"][1]["volume"] == 1


def test_what_must_stay_out_stays_out() -> None:
    for body in (
        example("2.3.0", "tariffs", currency=None),
        example("2.3.0", "tariffs", elements=[{"price_components": [{"type": "ENERGY", "step_size": 1}]}]),
        example(
            "2.3.0", "tariffs", elements=[{"price_components": [{"type": "GAS", "price": 1, "step_size": 1}]}]
        ),
        tariff_with(start_time="08:00:30"),
    ):
        with pytest.raises(InvalidObject):
            check(edition("2.3.0"), "tariffs", mended("tariffs", body, *MENDS))
