"""Locations, EVSEs and connectors between the editions: C2 of the requirements, row by row."""

from copy import deepcopy

import pytest

from hub.ocpi.document import Json
from hub.ocpi.editions import edition
from hub.ocpi.editions.v2_1_1 import places
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.surroundings import Traits
from hub.ocpi.translation import lift
from tests.ocpi.translating import CPO, World, down, newest, up, v211, v221


def with_connectors(*connectors: Json) -> Json:
    return newest("locations", evses=[newest("evses", connectors=list(connectors))])


def connector(**changes: object) -> Json:
    return newest("connectors", **changes)


# --- what is the same in both


def test_a_location_of_221_that_says_nothing_new_is_the_same_object_in_230() -> None:
    body = v221("locations")
    assert lift(edition("2.2.1"), "locations", body, CPO, World()) is body


def test_where_one_part_of_a_location_changes_nothing_of_what_was_sent_does() -> None:
    plug = v221("connectors", capabilities=["OF_THEIR_OWN"])
    evses = [v221("evses"), v221("evses", uid="E2", connectors=[plug])]
    body = v221("locations", evses=evses)
    before = deepcopy(body)
    lifted = lift(edition("2.2.1"), "locations", body, CPO, World())
    assert body == before
    assert lifted["evses"][0] == body["evses"][0]
    assert "capabilities" not in lifted["evses"][1]["connectors"][0]


# --- whose it is, and who may see it


def test_a_location_of_211_gets_its_owner_and_is_public() -> None:  # C2 country_code, publish
    lifted = up("2.1.1", "locations", v211("locations"))
    assert (lifted["country_code"], lifted["party_id"], lifted["publish"]) == ("NL", "CPO", True)


def test_the_owner_stands_only_in_the_url_of_211() -> None:  # C2 country_code, party_id
    assert {"country_code", "party_id", "publish"}.isdisjoint(down("2.1.1", "locations", newest("locations")))


def test_an_unpublished_location_is_not_shown_to_211() -> None:  # C2 publish L
    hidden = newest("locations", publish=False, publish_allowed_to=[{"group_id": "STAFF"}])
    with pytest.raises(NotExpressible):
        down("2.1.1", "locations", hidden)
    assert down("2.2.1", "locations", hidden)["publish_allowed_to"] == [{"group_id": "STAFF"}]


def test_a_sender_of_211_that_hides_a_location_in_newer_words_is_understood() -> None:  # LOC-11
    assert up("2.1.1", "locations", v211("locations", publish=False))["publish"] is False


def test_a_publish_token_of_a_new_type_is_other_in_221() -> None:  # C2 publish_allowed_to
    hidden = newest("locations", publish=False, publish_allowed_to=[{"uid": "A", "type": "EMAID"}])
    assert down("2.2.1", "locations", hidden)["publish_allowed_to"] == [{"uid": "A", "type": "OTHER"}]


# --- words for the place


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ON_STREET", "ON_STREET"),
        ("ALONG_MOTORWAY", "OTHER"),
        ("ON_DRIVEWAY", "OTHER"),
        ("FERRY", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_211_has_fewer_types_of_location(kind: str | None, expected: str) -> None:  # C2 type L
    # A word that 2.2.1 does not know either is lost on the way through it.
    lowered = down("2.1.1", "locations", newest("locations", parking_type=kind))
    assert lowered["type"] == expected
    assert "parking_type" not in lowered


@pytest.mark.parametrize(
    ("kind", "expected"), [("PARKING_LOT", "PARKING_LOT"), ("OTHER", None), ("UNKNOWN", None)]
)
def test_an_unknown_type_of_211_is_no_parking_type(kind: str, expected: str | None) -> None:  # C2 type
    lifted = up("2.1.1", "locations", v211("locations", type=kind))
    assert lifted.get("parking_type") == expected
    assert "type" not in lifted


def test_a_parking_type_of_ones_own_is_left_out_for_221() -> None:  # C2 type: open in 2.3.0
    assert "parking_type" not in down("2.2.1", "locations", newest("locations", parking_type="FERRY"))


def test_a_long_address_is_cut_for_211() -> None:  # C2 address L
    address = "Straße " * 30
    assert down("2.1.1", "locations", newest("locations", address=address))["address"] == address[:45]
    assert down("2.2.1", "locations", newest("locations", address=address))["address"] == address


def test_a_missing_postal_code_is_filled_for_211_and_emptied_again() -> None:  # C2 postal_code
    lowered = down("2.1.1", "locations", newest("locations", postal_code=None))
    assert lowered["postal_code"] == "#NA"
    assert "postal_code" not in up("2.1.1", "locations", lowered)
    world = World(traits=Traits(postal_code="00000"))
    assert down("2.1.1", "locations", newest("locations", postal_code=None), world)["postal_code"] == "00000"


def test_211_has_no_state() -> None:  # C2 state L
    assert "state" not in down("2.1.1", "locations", newest("locations"))


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [("52.37403", "52.374030"), ("52.3740305", "52.374031"), ("-0.00001", "-0.000010")],
)
def test_coordinates_have_six_decimals_in_211(latitude: str, expected: str) -> None:  # C2 coordinates, TR-81
    point = {"latitude": latitude, "longitude": "4.8896900"}
    place = newest(
        "locations", coordinates=point, related_locations=[point], evses=[newest("evses", coordinates=point)]
    )
    lowered = down("2.1.1", "locations", place)
    found = [lowered["coordinates"], lowered["related_locations"][0], lowered["evses"][0]["coordinates"]]
    assert found == [{"latitude": expected, "longitude": "4.889690"}] * 3


def test_parking_places_are_of_230_alone() -> None:  # C2 parking_places, help_phone, parking, accepted ... L
    lowered = down("2.2.1", "locations", newest("locations", help_phone="+3120123456"))
    assert {"parking_places", "help_phone"}.isdisjoint(lowered)
    assert {"parking", "accepted_service_providers"}.isdisjoint(lowered["evses"][0])
    assert "capabilities" not in lowered["evses"][0]["connectors"][0]


def test_an_evse_for_disabled_drivers_alone_still_says_so() -> None:  # C2 parking_places, the hint
    place = newest("locations")["parking_places"][0]
    kept = place | {"vehicle_types": ["DISABLED"], "restricted_to_type": True}
    lowered = down("2.1.1", "locations", newest("locations", parking_places=[kept]))
    assert [evse.get("parking_restrictions") for evse in lowered["evses"]] == [
        ["EV_ONLY", "DISABLED"],
        ["EV_ONLY"],
    ]


def test_facilities_that_an_edition_does_not_know_are_dropped() -> None:  # C2 facilities L
    place = newest("locations", facilities=["CAFE", "TRAM_STOP", "SAUNA"])
    assert down("2.2.1", "locations", place)["facilities"] == ["CAFE", "TRAM_STOP"]
    assert down("2.1.1", "locations", place)["facilities"] == ["CAFE"]


def test_images_and_impacts_of_new_categories() -> None:  # TR-78: open in 2.3.0, closed before
    logo = {"url": "https://x.example/a.png", "category": "DRONE_VIEW", "type": "png"}
    mix = {"is_green_energy": False, "environ_impact": [{"category": "NOISE", "amount": 1}]}
    place = newest("locations", images=[logo], operator={"name": "A", "logo": logo}, energy_mix=mix)
    lowered = down("2.2.1", "locations", place)
    assert lowered["images"][0]["category"] == lowered["operator"]["logo"]["category"] == "OTHER"
    assert lowered["energy_mix"]["environ_impact"] == []


def test_an_impact_is_called_source_in_211() -> None:  # C2 energy_mix, LOC-27
    lowered = down("2.1.1", "locations", newest("locations"))
    assert [set(impact) for impact in lowered["energy_mix"]["environ_impact"]] == [{"source", "amount"}] * 2
    assert up("2.1.1", "locations", lowered)["energy_mix"] == newest("locations")["energy_mix"]


# --- time


def test_the_time_zone_is_guessed_from_the_country() -> None:  # C2 time_zone
    place = v211(
        "locations",
        time_zone=None,
        country="DEU",
        coordinates={"latitude": "52.500000", "longitude": "13.400000"},
    )
    assert up("2.1.1", "locations", place)["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("country", "latitude", "longitude", "told", "expected"),
    [
        ("ESP", "28.46", "-16.25", None, "Atlantic/Canary"),
        ("ES", "40.42", "-3.70", None, "Europe/Madrid"),
        ("USA", "34.05", "-118.24", None, "America/Los_Angeles"),
        ("PRT", "38.72", "-9.14", "Atlantic/Azores", "Atlantic/Azores"),
        ("NLD", "52.37", "4.89", "Europe/Berlin", "Europe/Amsterdam"),
        ("XYZ", "0.0", "0.0", "Europe/Paris", "Europe/Paris"),
        ("XYZ", "0.0", "0.0", None, None),
    ],
)
def test_a_zone_is_of_the_country_and_near(
    country: str, latitude: str, longitude: str, told: str | None, expected: str | None
) -> None:
    assert places.time_zone(country, latitude, longitude, told) == expected


def test_a_location_without_a_zone_or_a_country_is_refused_with_a_remedy() -> None:  # C2 time_zone
    with pytest.raises(InvalidObject) as refused:
        up("2.1.1", "locations", v211("locations", time_zone=None, country="XYZ"))
    assert "time_zone" in refused.value.fields


def test_a_country_of_two_letters_becomes_three() -> None:  # LOC-13
    assert up("2.1.1", "locations", v211("locations", country="BE"))["country"] == "BEL"
    with pytest.raises(InvalidObject):
        up("2.1.1", "locations", v211("locations", country="DC"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"twentyfourseven": True}),
        ({"regular_hours": [{"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}]}, False),
        ({"twentyfourseven": True, "regular_hours": []}, {"twentyfourseven": True}),
    ],
)
def test_hours_say_whether_it_is_always_open(said: Json, expected: Json | bool) -> None:  # C2 opening_times
    hours = up("2.1.1", "locations", v211("locations", opening_times=said))["opening_times"]
    assert hours == (said | {"twentyfourseven": False} if expected is False else expected)


def test_times_to_211_are_in_whole_seconds() -> None:  # TR-71, C1 DateTime
    stamp = "2025-03-10T08:00:00.750Z"
    plug = connector(last_updated=stamp)
    closing = {"period_begin": stamp, "period_end": stamp}
    evse = newest(
        "evses", last_updated=stamp, connectors=[plug], status_schedule=[closing | {"status": "BLOCKED"}]
    )
    hours = {"twentyfourseven": True, "exceptional_closings": [closing]}
    lowered = down(
        "2.1.1", "locations", newest("locations", last_updated=stamp, evses=[evse], opening_times=hours)
    )
    assert ".750" not in str(lowered)
    assert lowered["evses"][0]["connectors"][0]["last_updated"] == "2025-03-10T08:00:00Z"


# --- EVSEs and connectors


def test_capabilities_that_an_edition_does_not_know_are_dropped() -> None:  # C2 EVSE.capabilities L
    evse = newest("evses", capabilities=["RFID_READER", "PED_TERMINAL", "MAKES_COFFEE"])
    assert down("2.2.1", "evses", evse)["capabilities"] == ["RFID_READER", "PED_TERMINAL"]
    assert down("2.1.1", "evses", evse)["capabilities"] == ["RFID_READER"]


def test_parking_restrictions_that_an_edition_does_not_know_are_dropped() -> (
    None
):  # C2 parking_restrictions L
    evse = newest("evses", parking_restrictions=["PLUGGED", "TAXIS", "CYCLISTS"])
    assert down("2.2.1", "evses", evse)["parking_restrictions"] == ["PLUGGED"]


def test_the_rating_of_a_connector_has_other_names_in_211() -> (
    None
):  # C2 voltage/amperage, max_electric_power L
    lowered = down("2.1.1", "connectors", connector())
    assert (lowered["voltage"], lowered["amperage"]) == (230, 32)
    assert {"max_voltage", "max_amperage", "max_electric_power", "tariff_ids", "capabilities"}.isdisjoint(
        lowered
    )
    lifted = up("2.1.1", "connectors", lowered)
    assert (lifted["max_voltage"], lifted["max_amperage"]) == (230, 32)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AC_1_PHASE", "AC_1_PHASE"),
        ("AC_2_PHASE", "AC_1_PHASE"),
        ("AC_2_PHASE_SPLIT", "AC_1_PHASE"),
        ("DC", "DC"),
    ],
)
def test_two_phases_are_one_in_211(kind: str, expected: str) -> None:  # C2 power_type L
    assert down("2.1.1", "connectors", connector(power_type=kind))["power_type"] == expected


@pytest.mark.parametrize(
    ("standard", "version"),
    [
        ("SAE_J3400", "2.2.1"),
        ("MCS", "2.2.1"),
        ("HOLOGRAM", "2.2.1"),
        ("CHAOJI", "2.1.1"),
        ("NEMA_14_50", "2.1.1"),
    ],
)
def test_a_connector_without_a_word_is_left_out(standard: str, version: str) -> None:  # C2 standard L
    both = with_connectors(connector(), connector(id="2", standard=standard))
    assert [plug["id"] for plug in down(version, "locations", both)["evses"][0]["connectors"]] == ["1"]
    assert down(version, "locations", with_connectors(connector(standard=standard)))["evses"] == []
    with pytest.raises(NotExpressible):
        down(version, "evses", newest("evses", connectors=[connector(standard=standard)]))
    with pytest.raises(NotExpressible):
        down(version, "connectors", connector(standard=standard))


def test_long_ids_of_211_get_an_alias() -> None:  # C1 ids, C2 id, EVSE.uid
    long = "L" * 39
    place = v211("locations", id=long, evses=[v211("evses", uid=long)])
    lifted = up("2.1.1", "locations", place)
    assert len(lifted["id"]) == len(lifted["evses"][0]["uid"]) == 36
    assert up("2.1.1", "locations", place)["id"] == lifted["id"]


# --- the one tariff of a connector


def tariff(identity: str, **changes: object) -> Json:
    return newest(
        "tariffs", **{"id": identity, "start_date_time": None, "end_date_time": None, "type": None} | changes
    )


@pytest.mark.parametrize(
    ("tariffs", "expected"),
    [
        ([tariff("A"), tariff("B", type="REGULAR")], "B"),
        ([tariff("A", type="AD_HOC_PAYMENT"), tariff("B")], "B"),
        ([tariff("A", type="AD_HOC_PAYMENT"), tariff("B", type="PROFILE_GREEN")], None),
        ([tariff("A", type="REGULAR", end_date_time="2025-03-10T12:00:00Z"), tariff("B")], "B"),
        ([tariff("A", type="REGULAR", start_date_time="2025-03-10T12:00:00Z"), tariff("B")], "A"),
        ([tariff("A", type="AD_HOC_PAYMENT")], "B"),
        ([], "A"),
    ],
)
def test_211_gets_the_one_tariff_that_is_valid_now(
    tariffs: list[Json], expected: str | None
) -> None:  # tariff_ids L
    lowered = down("2.1.1", "connectors", connector(tariff_ids=["A", "B"]), World(tariffs=tariffs))
    assert lowered.get("tariff_id") == expected


def test_the_tariff_of_211_is_a_list_of_one() -> None:  # C2 tariff_id
    assert up("2.1.1", "connectors", v211("connectors", tariff_id="T"))["tariff_ids"] == ["T"]
    assert "tariff_ids" not in up("2.1.1", "connectors", v211("connectors", tariff_id=None))


# --- strangers


def test_unknown_fields_pass_both_ways() -> None:  # TR-77
    assert down("2.1.1", "locations", newest("locations", x_floor_plan="a.svg"))["x_floor_plan"] == "a.svg"
    assert up("2.1.1", "locations", v211("locations", x_floor_plan="a.svg"))["x_floor_plan"] == "a.svg"


def test_a_stranger_gives_way_where_the_other_edition_knows_its_name() -> None:
    assert down("2.1.1", "locations", newest("locations", type="carpark"))["type"] == "PARKING_GARAGE"
    assert down("2.1.1", "connectors", connector(voltage="lots"))["voltage"] == 230
    assert up("2.2.1", "locations", v221("locations", parking_places="two"))
    assert "help_phone" not in up("2.2.1", "locations", v221("locations", help_phone=911))


def test_what_221_says_of_230_sensibly_is_kept() -> None:
    evse = v221("evses", accepted_service_providers=["Ladestrom"])
    lifted = up("2.2.1", "locations", v221("locations", help_phone="+49714112345", evses=[evse]))
    assert lifted["help_phone"] == "+49714112345"
    assert lifted["evses"][0]["accepted_service_providers"] == ["Ladestrom"]


def test_nulls_are_absent_on_every_way() -> None:  # TR-76
    nothing = dict.fromkeys(
        ("parking_type", "facilities", "images", "energy_mix", "opening_times", "operator")
    )
    assert down("2.1.1", "locations", newest("locations") | nothing)["type"] == "UNKNOWN"
    assert "evses" in down("2.1.1", "locations", newest("locations") | {"evses": None})


def test_a_partner_that_reads_only_ascii_gets_ascii() -> None:  # C1 string charset L
    place = newest("locations", name="Brenzstraße – Café № 1", city="Łódź")
    lowered = down("2.1.1", "locations", place, World(traits=Traits(ascii_only=True)))
    assert (lowered["name"], lowered["city"]) == ("Brenzstrasse - Cafe No 1", "Lodz")
