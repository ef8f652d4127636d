"""EVSEs and connectors inside a location."""

from copy import deepcopy
from operator import eq

import pytest

from hub.ocpi.checking import check
from hub.ocpi.editions import edition
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.parts import alike, cdr_location, find_connector, find_evse, splice_connector, splice_evse
from tests.factories import example

EARLY, LATE = "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"
VERSIONS = pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])


@VERSIONS
def test_parts_are_found_whatever_their_case(version: str) -> None:  # TR-60
    evse = find_evse(example(version, "locations"), "evse-1")
    assert evse["uid"] == "EVSE-1"
    assert find_connector(evse, "1")["id"] == "1"


def test_a_211_partner_may_mean_its_case() -> None:  # TR-60
    with pytest.raises(UnknownLocation):
        find_evse(example("2.1.1", "locations"), "evse-1", eq)
    spliced = splice_evse(example("2.1.1", "locations"), example("2.1.1", "evses", uid="evse-1"), eq)
    assert [evse["uid"] for evse in spliced["evses"]] == ["EVSE-1", "EVSE-2", "evse-1"]


def test_unknown_parts_are_unknown_locations() -> None:  # LOC-02, LOC-03
    location = example("2.3.0", "locations")
    for search in (
        lambda: find_evse(location, "NO"),
        lambda: find_evse(location | {"evses": None}, "NO"),
        lambda: find_connector(location["evses"][0], "NO"),
        lambda: splice_connector(location, "NO", example("2.3.0", "connectors")),
    ):
        with pytest.raises(UnknownLocation):
            search()


@VERSIONS
def test_an_evse_takes_the_place_of_its_namesake(version: str) -> None:  # LOC-03
    location = example(version, "locations")
    before = deepcopy(location)
    spliced = splice_evse(
        location, example(version, "evses", uid="evse-2", status="BLOCKED", last_updated=LATE)
    )
    assert [(evse["uid"], evse["status"]) for evse in spliced["evses"]][1:] == [("evse-2", "BLOCKED")]
    assert spliced["last_updated"] == LATE
    check(edition(version), "locations", spliced)
    assert location == before


@VERSIONS
def test_a_new_evse_is_the_last(version: str) -> None:  # LOC-03
    spliced = splice_evse(example(version, "locations"), example(version, "evses", uid="EVSE-9"))
    assert [evse["uid"] for evse in spliced["evses"]] == ["EVSE-1", "EVSE-2", "EVSE-9"]
    assert splice_evse(example(version, "locations", evses=None), example(version, "evses"))["evses"]


@VERSIONS
def test_the_time_of_a_connector_climbs_to_evse_and_location(version: str) -> None:  # LOC-04
    connector = example(version, "connectors", id="2", last_updated=LATE)
    spliced = splice_connector(example(version, "locations"), "EVSE-1", connector)
    assert [plug["id"] for plug in spliced["evses"][0]["connectors"]] == ["1", "2"]
    assert [evse["last_updated"] == LATE for evse in spliced["evses"]] == [True, False]
    assert spliced["last_updated"] == LATE


def test_time_never_climbs_backwards() -> None:  # LOC-04
    location = example("2.3.0", "locations")
    spliced = splice_connector(location, "EVSE-1", example("2.3.0", "connectors", last_updated=EARLY))
    assert spliced["last_updated"] == location["last_updated"]
    assert spliced["evses"][0]["last_updated"] == location["evses"][0]["last_updated"]
    assert spliced["evses"][0]["connectors"][0]["last_updated"] == EARLY


def test_times_are_compared_as_instants() -> None:  # LOC-04, TR-70
    location = example("2.3.0", "locations", last_updated="2025-03-10T08:00:00.5Z")
    assert (
        splice_evse(location, example("2.3.0", "evses", last_updated="2025-03-10T08:00:00Z"))["last_updated"]
        == location["last_updated"]
    )


def test_the_place_of_a_cdr_is_cut_to_its_room() -> None:  # C4 CdrLocation, CDR-10
    location = example("2.3.0", "locations", address="a" * 255, state="s" * 45)
    evse = location["evses"][0]
    place = cdr_location(location, evse, evse["connectors"][0])
    assert (len(place["address"]), len(place["state"])) == (45, 20)
    for complete in (place, cdr_location(location, evse), cdr_location(location)):
        check(edition("2.3.0"), "cdrs", example("2.3.0", "cdrs", cdr_location=complete))
    assert cdr_location(location)["evse_uid"] == "#NA"


def test_ids_are_alike_without_case() -> None:
    assert alike("ab", "AB")
    assert not alike("ab", "abc")
