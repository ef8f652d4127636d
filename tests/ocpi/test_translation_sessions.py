"""Sessions and CDRs between the editions: C4 of the requirements, row by row."""

from decimal import Decimal
from typing import Any

import pytest

from hub.ocpi.document import Json, Party
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.surroundings import Traits
from tests.ocpi.translating import World, down, newest, up, v211, v221

EIGHT, NINE, TEN = "2025-03-10T08:00:00Z", "2025-03-10T09:00:00Z", "2025-03-10T10:00:00Z"


def period(start: str, **volumes: Any) -> Json:
    return {
        "start_date_time": start,
        "dimensions": [{"type": kind, "volume": volumes[kind]} for kind in volumes],
    }


def volumes(body: Json) -> list[dict[str, Any]]:
    return [{d["type"]: d["volume"] for d in one["dimensions"]} for one in body["charging_periods"]]


def starts(body: Json) -> list[str]:
    return [one["start_date_time"] for one in body["charging_periods"]]


# --- who charged


def test_the_token_of_a_211_session_is_found_by_its_contract() -> None:  # C4 auth_id
    assert up("2.1.1", "sessions", v211("sessions"))["cdr_token"] == newest("sessions")["cdr_token"]


def test_of_several_tokens_it_is_the_one_last_authorised() -> None:  # C4 auth_id
    tokens = [newest("tokens", uid="LAST", type="EMAID"), newest("tokens")]
    token = up("2.1.1", "sessions", v211("sessions"), World(tokens=tokens))["cdr_token"]
    assert (token["uid"], token["type"]) == ("LAST", "EMAID")


@pytest.mark.parametrize(
    ("auth_id", "counterpart", "issuer"),
    [
        ("DE-8AC-C12E46L89-X", None, ("DE", "8AC")),
        ("de8acc12e46l89", None, ("DE", "8AC")),
        ("047A1B2C", Party("NL", "EMS"), ("NL", "EMS")),
    ],
)
def test_without_a_token_the_contract_tells_whose_it_is(
    auth_id: str, counterpart: Party | None, issuer: tuple[str, str]
) -> None:  # C4 auth_id
    world = World(tokens=[], traits=Traits(counterpart=counterpart))
    token = up("2.1.1", "sessions", v211("sessions", auth_id=auth_id), world)["cdr_token"]
    country_code, party_id = issuer
    assert token == {
        "country_code": country_code,
        "party_id": party_id,
        "uid": auth_id,
        "type": "OTHER",
        "contract_id": auth_id,
    }


def test_a_contract_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidObject):
        up("2.1.1", "sessions", v211("sessions", auth_id="047A1B2C"), World(tokens=[]))


@pytest.mark.parametrize("name", ["sessions", "cdrs"])
def test_211_is_told_the_contract_alone(name: str) -> None:  # C4 auth_id L, authorization_reference L
    lowered = down("2.1.1", name, newest(name))
    assert lowered["auth_id"] == newest(name)["cdr_token"]["contract_id"]
    assert {"cdr_token", "authorization_reference", "country_code", "party_id"}.isdisjoint(lowered)


@pytest.mark.parametrize("name", ["sessions", "cdrs"])
def test_a_new_type_of_token_is_other_in_221(name: str) -> None:  # C5 type
    body = newest(name)
    lowered = down("2.2.1", name, body | {"cdr_token": body["cdr_token"] | {"type": "EMAID"}})
    assert lowered["cdr_token"]["type"] == "OTHER"


@pytest.mark.parametrize("name", ["sessions", "cdrs"])
@pytest.mark.parametrize(("method", "expected"), [("COMMAND", "AUTH_REQUEST"), ("WHITELIST", "WHITELIST")])
def test_a_command_is_a_request_in_211(name: str, method: str, expected: str) -> None:  # C4 auth_method L
    assert down("2.1.1", name, newest(name, auth_method=method))["auth_method"] == expected


# --- where


def test_a_211_session_carries_the_reduced_location() -> None:  # C4 Session.location
    lowered = down("2.1.1", "sessions", newest("sessions"))
    (evse,) = lowered["location"]["evses"]
    assert (lowered["location"]["id"], evse["uid"], [plug["id"] for plug in evse["connectors"]]) == (
        "HARBOUR",
        "EVSE-1",
        ["1"],
    )
    assert {"location_id", "evse_uid", "connector_id"}.isdisjoint(lowered)


def test_the_driver_of_a_session_may_know_where_it_is() -> None:  # though C2 publish
    hidden = World(locations=[newest("locations", publish=False)])
    assert down("2.1.1", "sessions", newest("sessions"), hidden)["location"]["id"] == "HARBOUR"


@pytest.mark.parametrize(
    ("changes", "locations"),
    [
        ({"evse_uid": "#NA", "connector_id": "#NA"}, [newest("locations")]),
        ({"evse_uid": "MOVED"}, [newest("locations")]),
        ({}, []),
    ],
)
def test_a_session_is_held_until_its_evse_is_known(changes: Json, locations: list[Json]) -> None:  # C4 L
    with pytest.raises(NotExpressible):
        down("2.1.1", "sessions", newest("sessions", **changes), World(locations=locations))


def test_a_211_session_refers_to_its_location() -> None:  # C4 Session.location
    lifted = up("2.1.1", "sessions", v211("sessions"))
    assert (lifted["location_id"], lifted["evse_uid"], lifted["connector_id"]) == ("HARBOUR", "EVSE-1", "1")
    assert "location" not in lifted


def test_a_211_session_without_an_evse_has_none() -> None:  # TR-80
    session = v211("sessions")
    lifted = up("2.1.1", "sessions", session | {"location": session["location"] | {"evses": []}})
    assert (lifted["evse_uid"], lifted["connector_id"]) == ("#NA", "#NA")


def test_a_211_cdr_is_flattened() -> None:  # C4 CDR.location
    lifted = up("2.1.1", "cdrs", v211("cdrs"))
    place = newest("cdrs")["cdr_location"]
    assert lifted["cdr_location"] == {name: place[name] for name in place if name != "state"}


def test_a_211_cdr_without_an_evse_id_or_evse() -> None:  # C4 CDR.location
    cdr = v211("cdrs")
    (evse,) = cdr["location"]["evses"]
    bare = {name: evse[name] for name in evse if name != "evse_id"}
    lifted = up("2.1.1", "cdrs", cdr | {"location": cdr["location"] | {"evses": [bare]}})
    assert lifted["cdr_location"]["evse_id"] == "#NA"
    nowhere = up("2.1.1", "cdrs", cdr | {"location": cdr["location"] | {"evses": []}})["cdr_location"]
    assert (nowhere["evse_uid"], nowhere["connector_id"]) == ("#NA", "#NA")


def test_a_211_cdr_has_the_location_of_then_and_the_rating_of_now() -> None:  # C4 CDR.location L
    lowered = down("2.1.1", "cdrs", newest("cdrs"))["location"]
    (evse,) = lowered["evses"]
    assert lowered["type"] == "PARKING_GARAGE"
    assert lowered["last_updated"] == evse["last_updated"] == newest("cdrs")["last_updated"]
    assert (evse["status"], evse["connectors"][0]["voltage"]) == ("UNKNOWN", 230)


def test_a_211_cdr_of_a_location_nobody_stored() -> None:  # CDR-21, C4 CDR.location
    cdr = newest("cdrs")
    lowered = down("2.1.1", "cdrs", cdr | {"cdr_location": without_postal_code(cdr)}, World(locations=[]))
    assert (lowered["location"]["type"], lowered["location"]["postal_code"]) == ("UNKNOWN", "#NA")
    assert lowered["location"]["evses"][0]["connectors"][0]["amperage"] == 0


def without_postal_code(cdr: Json) -> Json:
    return {name: value for name, value in cdr["cdr_location"].items() if name != "postal_code"}


@pytest.mark.parametrize(
    "changes", [{"evse_uid": "#NA", "evse_id": "#NA", "connector_id": "#NA"}, {"connector_standard": "MCS"}]
)
def test_a_cdr_reaches_its_payer_without_a_word_for_the_plug(changes: Json) -> None:  # CDR-10, C2 standard L
    cdr = newest("cdrs")
    strange = cdr | {"cdr_location": cdr["cdr_location"] | changes}
    assert down("2.2.1", "cdrs", strange)["cdr_location"]["connector_id"] == "#NA"
    assert down("2.1.1", "cdrs", strange)["location"]["evses"] == []


def test_the_place_of_a_cdr_is_narrower_than_a_location() -> None:  # C4 CdrLocation.address/state L, C6
    cdr = newest("cdrs")
    wide = cdr | {"cdr_location": cdr["cdr_location"] | {"address": "a" * 255, "state": "s" * 45}}
    lowered = down("2.2.1", "cdrs", wide)["cdr_location"]
    assert (len(lowered["address"]), len(lowered["state"])) == (45, 20)


# --- times, states, ids


def test_start_and_end_have_other_names_in_211() -> None:  # C4 start_datetime, stop_date_time
    session, cdr = down("2.1.1", "sessions", newest("sessions")), down("2.1.1", "cdrs", newest("cdrs"))
    assert (session["start_datetime"], session["end_datetime"]) == (EIGHT, "2025-03-10T09:45:00Z")
    assert (cdr["start_date_time"], cdr["stop_date_time"]) == (EIGHT, "2025-03-10T09:45:00Z")
    assert session["last_updated"] == "2025-03-10T09:45:10Z"
    assert up("2.1.1", "sessions", session)["end_date_time"] == "2025-03-10T09:45:00Z"
    assert up("2.1.1", "cdrs", cdr)["end_date_time"] == "2025-03-10T09:45:00Z"


@pytest.mark.parametrize(("status", "expected"), [("RESERVATION", "PENDING"), ("INVALID", "INVALID")])
def test_a_reservation_is_pending_in_211(status: str, expected: str) -> None:  # C4 Session.status L
    assert down("2.1.1", "sessions", newest("sessions", status=status))["status"] == expected


def test_a_cdr_id_of_39_gets_an_alias_in_211() -> None:  # C4 CDR.id
    assert len(down("2.1.1", "cdrs", newest("cdrs", id="C" * 39))["id"]) == 36


def test_what_211_has_no_field_for_is_dropped() -> None:  # C4 session_id, signed_data ... L
    lowered = down("2.1.1", "cdrs", newest("cdrs"))
    gone = {
        "session_id",
        "signed_data",
        "invoice_reference_id",
        "home_charging_compensation",
        "total_energy_cost",
    }
    assert gone.isdisjoint(lowered)
    assert down("2.2.1", "cdrs", newest("cdrs"))["signed_data"] == newest("cdrs")["signed_data"]


def test_a_credit_is_not_shown_to_211() -> None:  # C4 credit L
    credit = newest("cdrs", credit=True, credit_reference_id="CDR-0")
    with pytest.raises(NotExpressible):
        down("2.1.1", "cdrs", credit)
    assert down("2.2.1", "cdrs", credit)["credit_reference_id"] == "CDR-0"
    assert "credit" not in down("2.1.1", "cdrs", newest("cdrs", credit=False))


# --- money


def tax(amount: str, **more: object) -> Json:
    return {"name": "VAT", "amount": Decimal(amount)} | more


def test_vat_is_the_difference_with_its_rate_where_there_is_one() -> None:  # C4 total_cost
    cost = {"excl_vat": Decimal("10.00"), "incl_vat": Decimal("12.10")}
    assert up("2.2.1", "cdrs", v221("cdrs", total_cost=cost))["total_cost"] == {
        "before_taxes": Decimal("10.00"),
        "taxes": [tax("2.10", percentage=21)],
    }
    assert up("2.2.1", "cdrs", v221("cdrs", total_cost=cost, tariffs=None))["total_cost"]["taxes"] == [
        tax("2.10")
    ]


def test_a_session_finds_the_rate_by_the_tariff_of_its_periods() -> None:  # C4 total_cost
    cost = {"excl_vat": 1, "incl_vat": Decimal("1.21")}
    lifted = up("2.2.1", "sessions", v221("sessions", total_cost=cost))
    assert lifted["total_cost"]["taxes"] == [tax("0.21", percentage=21)]


def test_an_unsaid_vat_is_no_tax_that_is_known() -> None:  # C4 total_cost
    lifted = up("2.2.1", "cdrs", v221("cdrs", total_cost={"excl_vat": 10}))
    assert lifted["total_cost"] == {"before_taxes": 10, "taxes": []}
    assert down("2.2.1", "cdrs", lifted)["total_cost"] == {"excl_vat": 10}


def test_taxes_are_summed_for_221() -> None:  # C4 total_cost, all other Price fields
    price = {
        "before_taxes": 10,
        "taxes": [{"name": "GST", "amount": Decimal("0.5")}, {"name": "PST", "amount": 1}],
    }
    lowered = down("2.2.1", "cdrs", newest("cdrs", total_cost=price, total_parking_cost=price))
    assert (
        lowered["total_cost"]
        == lowered["total_parking_cost"]
        == {"excl_vat": 10, "incl_vat": Decimal("11.5")}
    )


def test_without_taxes_the_gross_is_known_only_where_none_apply() -> None:  # C4 total_cost
    price = {"before_taxes": 10, "taxes": []}
    free = newest("tariffs", tax_included="N/A")
    assert down("2.2.1", "cdrs", newest("cdrs", total_cost=price))["total_cost"] == {"excl_vat": 10}
    lowered = down("2.2.1", "cdrs", newest("cdrs", total_cost=price, tariffs=[free]))
    assert lowered["total_cost"] == {"excl_vat": 10, "incl_vat": 10}
    session = newest("sessions", total_cost=price)
    assert down("2.2.1", "sessions", session, World(tariffs=[free]))["total_cost"] == {
        "excl_vat": 10,
        "incl_vat": 10,
    }


def test_211_has_the_net_amount_alone() -> None:  # C4 total_cost L
    assert down("2.1.1", "cdrs", newest("cdrs"))["total_cost"] == Decimal("5.536")
    assert down("2.1.1", "sessions", newest("sessions"))["total_cost"] == Decimal("5.536")
    assert up("2.1.1", "cdrs", v211("cdrs", total_cost=7))["total_cost"] == {"before_taxes": 7, "taxes": []}


def test_a_session_without_a_price_has_none_anywhere() -> None:  # SES-12
    for version in ("2.2.1", "2.1.1"):
        assert "total_cost" not in down(version, "sessions", newest("sessions", total_cost=None))


def test_the_tariffs_in_a_cdr_are_translated_as_all_are() -> None:  # C4 tariffs
    cdr = newest("cdrs")
    assert down("2.2.1", "cdrs", cdr)["tariffs"] == [down("2.2.1", "tariffs", cdr["tariffs"][0])]
    assert down("2.1.1", "cdrs", cdr)["tariffs"] == [down("2.1.1", "tariffs", cdr["tariffs"][0])]
    assert up("2.2.1", "cdrs", v221("cdrs"))["tariffs"] == [up("2.2.1", "tariffs", v221("tariffs"))]


def test_a_tariff_in_a_cdr_was_right_when_the_session_began() -> None:  # CDR-09
    past = newest("tariffs", type="AD_HOC_PAYMENT", end_date_time="2025-03-10T08:30:00Z")
    assert len(down("2.1.1", "cdrs", newest("cdrs", tariffs=[past]))["tariffs"]) == 1


def test_a_tariff_in_a_cdr_that_211_cannot_say_is_left_out() -> None:  # C3 currents L
    by_current = newest("tariffs")
    by_current["elements"][0]["restrictions"] = {"max_current": 16}
    lowered = down("2.1.1", "cdrs", newest("cdrs", tariffs=[by_current]), World(locations=[]))
    assert lowered["tariffs"] == []


# --- periods


def test_211_has_no_tariff_in_its_periods() -> None:  # C4 charging_periods[].tariff_id L
    assert "tariff_id" not in str(down("2.1.1", "sessions", newest("sessions"))["charging_periods"])


def test_a_period_of_211_is_of_the_single_tariff() -> None:  # C4 charging_periods[].tariff_id
    assert {one["tariff_id"] for one in up("2.1.1", "cdrs", v211("cdrs"))["charging_periods"]} == {
        "DAY-NIGHT"
    }
    assert {one["tariff_id"] for one in up("2.1.1", "sessions", v211("sessions"))["charging_periods"]} == {
        "DAY-NIGHT"
    }
    several = v211("cdrs", tariffs=[v211("tariffs"), v211("tariffs", id="OTHER")])
    assert "tariff_id" not in str(up("2.1.1", "cdrs", several)["charging_periods"])


def test_dimensions_that_211_does_not_know_are_dropped() -> None:  # C4 dimension types L
    periods = [
        period(EIGHT, ENERGY=5, POWER=11, STATE_OF_CHARGE=40),
        period(NINE, MAX_CURRENT=16, MAX_POWER=11),
    ]
    lowered = down("2.1.1", "sessions", newest("sessions", charging_periods=periods))
    assert volumes(lowered) == [{"ENERGY": 5}, {"MAX_CURRENT": 16}]


def test_a_period_left_empty_belongs_to_the_one_before() -> None:  # C4 dimension types
    periods = [period(EIGHT, ENERGY=5), period(NINE, POWER=11), period(TEN, ENERGY=2)]
    lowered = down("2.1.1", "cdrs", newest("cdrs", charging_periods=periods))
    assert list(zip(starts(lowered), volumes(lowered), strict=True)) == [
        (EIGHT, {"ENERGY": 5}),
        (TEN, {"ENERGY": 2}),
    ]


@pytest.mark.parametrize(("name", "start"), [("cdrs", "start_date_time"), ("sessions", "start_datetime")])
def test_a_reservation_before_charging_moves_the_start(name: str, start: str) -> None:  # C4 dimension types L
    periods = [period(EIGHT, RESERVATION_TIME=1), period(NINE, ENERGY=5)]
    lowered = down("2.1.1", name, newest(name, charging_periods=periods))
    assert (lowered[start], starts(lowered), volumes(lowered)) == (NINE, [NINE], [{"ENERGY": 5}])


def test_a_first_period_without_a_word_begins_the_next() -> None:  # C4 dimension types
    periods = [period(EIGHT, POWER=0), period(NINE, ENERGY=5)]
    lowered = down("2.1.1", "cdrs", newest("cdrs", charging_periods=periods))
    assert (lowered["start_date_time"], starts(lowered)) == (EIGHT, [EIGHT])


def test_a_reservation_never_used_is_a_period_without_energy() -> None:  # C4 dimension types, CDR-10
    lowered = down("2.1.1", "cdrs", newest("cdrs", charging_periods=[period(EIGHT, RESERVATION_TIME=1)]))
    assert (starts(lowered), volumes(lowered)) == ([EIGHT], [{"ENERGY": 0}])
    assert (
        down("2.1.1", "sessions", newest("sessions", charging_periods=[period(EIGHT, RESERVATION_TIME=1)]))[
            "charging_periods"
        ]
        == []
    )


def test_fees_are_no_dimension_since_22() -> None:  # C4 dimension types
    periods = [period(EIGHT, FLAT=1, ENERGY=5), period(NINE, FLAT=1)]
    cdr = up("2.1.1", "cdrs", v211("cdrs", charging_periods=periods, stop_date_time="2025-03-10T09:45:00Z"))
    assert volumes(cdr) == [{"ENERGY": 5}, {"TIME": Decimal("0.75")}]


def test_a_session_without_periods_has_none() -> None:
    assert "charging_periods" not in up("2.1.1", "sessions", v211("sessions", charging_periods=None))
    assert "charging_periods" not in down("2.1.1", "sessions", newest("sessions", charging_periods=None))


def test_the_input_is_never_changed() -> None:
    for name in ("sessions", "cdrs", "locations", "tariffs"):
        body = newest(name)
        down("2.1.1", name, body)
        assert body == newest(name)
