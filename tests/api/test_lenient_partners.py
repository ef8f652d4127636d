"""Partners whose operator lets some faults pass: what they send is mended, kept so, and told the operator."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from factories import example, without
from platforms import Platform, code, data, envelope

from hub.ocpi.checking import check
from hub.ocpi.editions import edition
from hub.ocpi.instants import micros
from hub.ocpi.module import Role
from hub.parties import mendings
from hub.parties.mendings import Mending

Connect = Callable[..., Platform]
ROOM = "tariffs/NL/CPO/22ac"


def messy_tariff() -> Any:
    """As municipal platforms publish them: no owner, no time, lists and seconds where OCPI has neither."""
    parking = {"type": "PARKING_TIME", "price": "4.8", "step_size": 60}
    return {
        "id": "22ac",
        "currency": "EUR",
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": Decimal("0.59"), "step_size": 1}],
                "restrictions": [],
            },
            {
                "price_components": [parking],
                "restrictions": [{"start_time": "08:00:00", "end_time": "19:59:59"}],
            },
        ],
    }


MENDS_OF_TARIFF = frozenset(
    {
        "restrictions_as_list",
        "times_with_seconds",
        "quoted_numbers",
        "owner_from_connection",
        "missing_last_updated",
    }
)
FAULTS = {
    "country_code",
    "party_id",
    "last_updated",
    "elements[0].restrictions",
    "elements[1].restrictions",
    "elements[1].price_components[0].price",
}


def noted(partner: Platform) -> list[Mending]:
    with partner.hub.store.reading() as unit:
        return mendings.of_partner(unit, partner.id)


def test_without_permission_every_fault_is_named_and_nothing_kept(cpo: Platform) -> None:  # TR-21
    refused = cpo.put(ROOM, messy_tariff())
    assert code(refused) == (200, 2001)
    assert {each["field"] for each in envelope(refused)["data"]} == FAULTS
    assert code(cpo.receiver("GET", ROOM)) == (404, 2000)
    assert noted(cpo) == []


def test_with_permission_it_is_kept_mended(connect: Connect, cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF)
    assert code(cpo.put(ROOM, messy_tariff())) == (201, 1000)
    kept = cpo.get(ROOM)
    check(edition("2.2.1"), "tariffs", kept)
    assert (kept["country_code"], kept["party_id"]) == ("NL", "CPO")
    assert "restrictions" not in kept["elements"][0]
    assert kept["elements"][1]["restrictions"] == {"start_time": "08:00", "end_time": "20:00"}
    assert kept["elements"][1]["price_components"][0]["price"] == Decimal("4.8")
    (heard,) = connect("DE/MSP", Role.EMSP, "2.3.0").pulled("tariffs")
    check(edition("2.3.0"), "tariffs", heard)


def test_what_was_mended_is_told_field_by_field(cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF)
    cpo.put(ROOM, messy_tariff())
    (mending,) = noted(cpo)
    assert (mending.module, mending.object_key, mending.times) == ("tariffs", "22AC", 1)
    assert mending.notes.keys() >= FAULTS - {"elements[1].restrictions"}
    assert mending.notes["elements[1].restrictions.end_time"] == "the last second taken for the end"


def test_each_time_it_comes_so_is_counted(cpo: Platform) -> None:
    cpo.set(lenient=frozenset({"quoted_numbers"}))
    body = example("2.2.1", "sessions", kwh=1, status="ACTIVE", charging_periods=None)
    for _ in range(3):
        messy = body | {"total_cost": {"excl_vat": "0.35"}}
        assert code(cpo.put("sessions/NL/CPO/SESSION-1", messy))[1] == 1000
    (mending,) = noted(cpo)
    assert mending.times == 3
    assert mending.notes == {"total_cost.excl_vat": "a quoted number unquoted"}


def test_some_permission_is_not_all(cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF - {"quoted_numbers"})
    refused = cpo.put(ROOM, messy_tariff())
    assert [each["field"] for each in envelope(refused)["data"]] == ["elements[1].price_components[0].price"]
    assert noted(cpo) == []


def test_one_partners_permission_is_not_anothers(connect: Connect, cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF)
    other = connect("BE/OTH", Role.CPO, "2.2.1")
    assert code(other.put("tariffs/BE/OTH/22ac", messy_tariff())) == (200, 2001)


def test_a_good_object_of_a_lenient_partner_is_kept_as_it_is(cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF)
    body = example("2.2.1", "tariffs", id="22ac")
    cpo.put(ROOM, body)
    assert cpo.get(ROOM) == body
    assert noted(cpo) == []


def test_the_moment_of_arrival_stands_in_for_a_missing_one(cpo: Platform) -> None:
    cpo.set(lenient=MENDS_OF_TARIFF)
    before = cpo.hub.store.clock()
    cpo.put(ROOM, messy_tariff())
    assert before - 1000 <= micros(cpo.get(ROOM)["last_updated"]) <= cpo.hub.store.clock()


def test_a_cdr_belongs_to_the_one_cpo_it_came_from(connect: Connect, cpo: Platform) -> None:
    lenient = frozenset({"owner_from_connection"})
    messy = without(example("2.2.1", "cdrs"), "country_code", "party_id")
    assert code(cpo.set(lenient=lenient).receiver("POST", "cdrs", messy)) == (201, 1000)
    assert cpo.pulled("cdrs")[0]["party_id"] == "CPO"
    both = connect("BE/ONE", Role.CPO, "2.2.1", ("BE/TWO", Role.CPO)).set(lenient=lenient)
    refused = both.receiver("POST", "cdrs", messy)  # whose would it be?
    assert code(refused) == (200, 2001)
    assert {each["field"] for each in envelope(refused)["data"]} == {"country_code", "party_id"}


def test_a_mended_cdr_sent_again_is_the_same_cdr(cpo: Platform) -> None:  # CDR-04
    cpo.set(lenient=frozenset({"quoted_numbers"}))
    messy = example("2.2.1", "cdrs", total_energy="14.2")
    assert code(cpo.receiver("POST", "cdrs", messy)) == (201, 1000)
    assert code(cpo.receiver("POST", "cdrs", messy)) == (200, 1000)
    assert [each.module for each in noted(cpo)] == ["cdrs"]


def test_parts_and_patches_are_mended_too(cpo: Platform) -> None:
    cpo.set(lenient=frozenset({"offset_times", "empty_texts", "coordinates"}))
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    evse = example(
        "2.2.1", "evses", uid="NEW", physical_reference="", last_updated="2025-04-01T10:00:00+02:00"
    )
    assert code(cpo.put("locations/NL/CPO/HARBOUR/NEW", evse)) == (201, 1000)
    kept = cpo.get("locations/NL/CPO/HARBOUR/NEW")
    assert kept["last_updated"] == "2025-04-01T08:00:00Z"
    assert "physical_reference" not in kept
    change = {"coordinates": {"latitude": 52, "longitude": 4}, "last_updated": "2025-05-01 10:00:00Z"}
    assert code(cpo.patch("locations/NL/CPO/HARBOUR", change)) == (200, 1000)
    assert cpo.get("locations/NL/CPO/HARBOUR")["coordinates"]["latitude"] == "52.00000"
    assert {each.object_key for each in noted(cpo)} == {"HARBOUR"}


def test_a_reserved_session_is_a_reservation(cpo: Platform) -> None:  # SES-07
    body = example("2.2.1", "sessions", status="RESERVED")
    assert code(cpo.put("sessions/NL/CPO/SESSION-1", body)) == (200, 2001)
    cpo.set(lenient=frozenset({"reserved_sessions"}))
    assert code(cpo.put("sessions/NL/CPO/SESSION-1", body)) == (201, 1000)
    assert cpo.get("sessions/NL/CPO/SESSION-1")["status"] == "RESERVATION"


def test_appended_periods_are_mended_once(cpo: Platform) -> None:  # SES-02
    cpo.set(lenient=frozenset({"quoted_numbers"}))
    body = example("2.2.1", "sessions", status="ACTIVE")
    cpo.put("sessions/NL/CPO/SESSION-1", body)
    period = {
        "start_date_time": "2025-03-10T10:00:00Z",
        "dimensions": [{"type": "ENERGY", "volume": "1.25"}],
    }
    change = {"charging_periods": [period], "last_updated": "2025-03-10T11:00:00Z"}
    assert code(cpo.patch("sessions/NL/CPO/SESSION-1", change)) == (200, 1000)
    kept = cpo.get("sessions/NL/CPO/SESSION-1")["charging_periods"]
    assert kept[:-1] == body["charging_periods"]
    assert kept[-1]["dimensions"][0]["volume"] == Decimal("1.25")


@pytest.mark.parametrize("version", ["2.1.1", "2.3.0"])
def test_other_editions_are_mended_as_well(connect: Connect, version: str) -> None:
    cpo = connect("NL/CPO", Role.CPO, version).set(lenient=MENDS_OF_TARIFF | {"prices_without_taxes"})
    assert code(cpo.put(ROOM, messy_tariff())) == (201, 1000)
    check(edition(version), "tariffs", cpo.get(ROOM))
    assert data(cpo.receiver("GET", ROOM))["id"] == "22ac"
