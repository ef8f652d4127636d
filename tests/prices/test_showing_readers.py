"""A tariff for some only: nobody else sees it, counts it, is sent it, or finds its id anywhere."""

import pytest
from factories import example
from platforms import code, data
from viewers import OWNER, READERS, Connect, Scene, ids_of

from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document
from hub.prices.shown import readers
from hub.store import documents


@pytest.fixture
def scene(connect: Connect) -> Scene:
    """Two tariffs at one location; OPEN is for all, SECRET for A."""
    made = Scene.made(connect)
    for identity in ("OPEN", "SECRET"):
        made.tariff(identity)
    made.location("L1", "SECRET", "OPEN")
    made.location("L2", "OPEN")
    made.settle()
    made.restrict("SECRET", "A")
    return made


def test_lists_hold_and_count_what_a_party_may_read(scene: Scene) -> None:  # O10
    expected = {"A": ["OPEN", "SECRET"], "B": ["OPEN"], "C": ["OPEN"]}
    for name, emsp in scene.emsps.items():
        answer = emsp.sender("GET", "tariffs")
        assert [body["id"] for body in data(answer)] == expected[name]
        assert answer.headers["X-Total-Count"] == str(len(expected[name]))


def test_the_owner_sees_and_counts_all_of_its_own(scene: Scene) -> None:
    answer = scene.cpo.sender("GET", "tariffs")
    assert [body["id"] for body in data(answer)] == ["OPEN", "SECRET"]
    assert answer.headers["X-Total-Count"] == "2"
    assert scene.cpo.get("tariffs/NL/CPO/SECRET")["id"] == "SECRET"
    assert scene.cpo.pulled("locations")[0]["evses"][0]["connectors"][0]["tariff_ids"] == ["SECRET", "OPEN"]


def test_connectors_name_what_a_party_may_read(scene: Scene) -> None:
    assert scene.named("A") == {"L1": ["SECRET"], "L2": ["OPEN"]}  # 2.1.1 has room for one
    for name in "BC":
        assert scene.named(name) == {"L1": ["OPEN"], "L2": ["OPEN"]}


@pytest.mark.parametrize("name", ["B", "C"])
def test_a_single_location_and_its_parts_name_no_more_than_the_list(scene: Scene, name: str) -> None:
    emsp = scene.emsps[name]
    location = data(emsp.sender("GET", "locations/L1"))
    evse = data(emsp.sender("GET", "locations/L1/E1"))
    connector = data(emsp.sender("GET", "locations/L1/E1/1"))
    assert ids_of(location) == ids_of({"evses": [evse]}) == connector["tariff_ids"] == ["OPEN"]


def test_whoever_loses_a_tariff_is_sent_a_delete_and_the_locations_that_name_it(scene: Scene) -> None:
    for name in "BC":
        (gone,) = scene.owed(name, "tariffs")
        assert (gone.method, gone.url.rsplit("/", 1)[1]) == ("DELETE", "SECRET")
        (location,) = scene.owed(name, "locations")
        assert ids_of(strictjson.read(location.body)) == ["OPEN"]
    assert scene.owed("A", "tariffs") == scene.owed("A", "locations") == []


def test_whoever_gains_a_tariff_is_sent_it_and_the_locations_that_name_it(scene: Scene) -> None:
    scene.settle()
    scene.restrict("SECRET", "A", "B")
    (put,) = scene.owed("B", "tariffs")
    assert put.method == "PUT"
    assert strictjson.read(put.body)["id"] == "SECRET"
    (location,) = scene.owed("B", "locations")
    assert ids_of(strictjson.read(location.body)) == ["SECRET", "OPEN"]
    for name in "AC":
        assert scene.owed(name, "tariffs") == scene.owed(name, "locations") == []


def test_a_tariff_that_is_public_again_reaches_those_that_did_not_have_it(scene: Scene) -> None:
    scene.settle()
    scene.restrict("SECRET")
    assert [request.method for name in "ABC" for request in scene.owed(name, "tariffs")] == ["PUT", "PUT"]
    assert scene.ids("B", "tariffs") == ["OPEN", "SECRET"]


def test_a_change_of_a_tariff_is_owed_to_its_readers_alone(scene: Scene) -> None:
    scene.settle()
    scene.tariff("SECRET", last_updated="2025-07-01T00:00:00Z", currency="SEK")
    assert [request.method for request in scene.owed("A", "tariffs")] == ["PUT"]
    assert scene.owed("B", "tariffs") == scene.owed("C", "tariffs") == []
    assert scene.ids("B", "tariffs") == ["OPEN"]


def test_a_deletion_is_told_to_its_readers_alone(scene: Scene) -> None:
    scene.settle()
    assert scene.cpo.receiver("DELETE", "tariffs/NL/CPO/SECRET").status_code == 200
    assert [request.method for request in scene.owed("A", "tariffs")] == ["DELETE"]
    assert scene.owed("B", "tariffs") == []
    assert scene.ids("A", "tariffs") == ["OPEN"]


def test_a_tariff_that_was_deleted_comes_back_for_its_readers_alone(scene: Scene) -> None:
    assert scene.cpo.receiver("DELETE", "tariffs/NL/CPO/SECRET").status_code == 200
    scene.settle()
    scene.tariff("SECRET", last_updated="2025-07-01T00:00:00Z")
    assert scene.ids("A", "tariffs") == ["OPEN", "SECRET"]
    assert scene.ids("B", "tariffs") == ["OPEN"]
    assert scene.owed("B", "tariffs") == []


def test_a_tariff_restricted_before_it_exists_is_never_seen_by_others(scene: Scene) -> None:
    scene.restrict("EARLY", "B")
    scene.settle()
    scene.tariff("EARLY")
    assert scene.ids("A", "tariffs") == ["OPEN", "SECRET"]
    assert scene.ids("B", "tariffs") == ["OPEN", "EARLY"]
    assert [request.method for request in scene.owed("B", "tariffs")] == ["PUT"]
    assert scene.owed("A", "tariffs") == scene.owed("C", "tariffs") == []


def test_a_tariff_may_be_opened_and_closed_before_it_exists(scene: Scene) -> None:
    for names in ("B", "", "C", "", "B"):
        scene.restrict("EARLY", *names)
    scene.tariff("EARLY")
    assert ["EARLY" in scene.ids(name, "tariffs") for name in "ABC"] == [False, True, False]


def test_what_is_claimed_before_it_is_restricted_is_stored_as_restricted(scene: Scene) -> None:
    """In one transaction, as when an operator publishes for some what was for all."""
    body = example("2.3.0", "tariffs", id="OPEN")
    with scene.hub.store.unit() as unit:
        existing = documents.claim(unit, "tariffs", OWNER, "OPEN")
        readers.restrict(unit, OWNER, "OPEN", [READERS["C"]])
        document = Document("tariffs", OWNER, "OPEN", "2.3.0", body, body)
        audience = readers.audience(unit, document)
        documents.save(unit, document, existing, audience=audience, source=None)
    assert "OPEN" not in scene.ids("A", "tariffs") + scene.ids("B", "tariffs")


def test_a_tariff_made_and_restricted_in_one_transaction_is_told_to_nobody_else(scene: Scene) -> None:

    scene.settle()
    body = example("2.3.0", "tariffs", id="BOTH")
    with scene.hub.store.unit() as unit:
        documents.save(
            unit, Document("tariffs", OWNER, "BOTH", "2.3.0", body, body), None, audience=None, source=None
        )
        readers.restrict(unit, OWNER, "BOTH", [READERS["C"]])
    assert [request.method for request in scene.owed("C", "tariffs")] == ["PUT"]
    assert scene.owed("A", "tariffs") == scene.owed("B", "tariffs") == []
    assert "BOTH" not in scene.ids("A", "tariffs") + scene.ids("B", "tariffs")


def test_who_pulls_since_its_last_look_notices_what_it_sees_otherwise(scene: Scene) -> None:
    """The location itself did not change."""
    seen = {body["id"]: body["last_updated"] for body in scene.emsps["B"].pulled("locations")}
    assert instants.micros(seen["L1"]) > instants.micros(seen["L2"])
    since = "date_from=2025-06-01T00:00:00Z"
    answer = scene.emsps["B"].sender("GET", f"locations?{since}")
    (location,) = data(answer)
    assert answer.headers["X-Total-Count"] == "1"
    assert location["last_updated"] == seen["L1"]
    connector = location["evses"][0]["connectors"][0]
    assert connector["last_updated"] == seen["L1"]
    assert data(scene.emsps["B"].sender("GET", f"locations?{since}&date_to=2025-07-01T00:00:00Z")) == []
    assert data(scene.emsps["B"].sender("GET", "locations?date_to=2025-06-01T00:00:00Z"))[0]["id"] == "L2"
    assert data(scene.emsps["A"].sender("GET", f"locations?{since}")) == []  # it saw SECRET, and still does


def test_who_gains_a_tariff_finds_it_in_its_window(scene: Scene) -> None:
    scene.restrict("SECRET", "A", "C")
    (tariff,) = data(scene.emsps["C"].sender("GET", "tariffs?date_from=2025-06-01T00:00:00Z"))
    assert tariff["id"] == "SECRET"
    assert instants.micros(tariff["last_updated"]) > instants.micros("2025-06-01T00:00:00Z")


def test_the_owner_may_go_on_writing_in_its_own_time(scene: Scene) -> None:
    """What partners see otherwise leaves the object's own time alone."""
    patch = {"status": "CHARGING", "last_updated": "2025-06-15T00:00:00Z"}
    assert code(scene.cpo.patch("locations/NL/CPO/L1/E1", patch)) == (200, 1000)
    assert data(scene.emsps["B"].sender("GET", "locations/L1/E1"))["status"] == "CHARGING"


def test_pages_of_a_partner_with_a_view_miss_and_repeat_nothing(scene: Scene) -> None:
    for number in range(7):
        scene.tariff(f"T{number}")
        scene.restrict(f"T{number}", "B" if number % 2 else "C")
    found, query = [], "limit=2"
    while query:
        answer = scene.emsps["B"].sender("GET", f"tariffs?{query}")
        found += [body["id"] for body in data(answer)]
        assert answer.headers["X-Total-Count"] == "4"
        link = answer.headers.get("Link")
        query = link.split("?", 1)[1].split(">")[0] if link else ""
    assert found == ["OPEN", "T1", "T3", "T5"]


def test_unknown_fields_that_name_a_hidden_tariff_do_not_betray_it(scene: Scene) -> None:
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["secret"])
    evse = example("2.2.1", "evses", uid="E1", connectors=[connector], tariff_id="SECRET")
    scene.location("L3", evses=[evse], charging={"tariff_ids": ["Secret", "OPEN"]})
    for name in "BC":
        (location,) = [each for each in scene.emsps[name].pulled("locations") if each["id"] == "L3"]
        assert "secret" not in strictjson.write(location).decode().lower()


def test_a_location_is_shown_anew_when_its_tariff_is_hidden_by_another_spelling(scene: Scene) -> None:
    scene.location("L4", "sEcReT")
    assert scene.named("B")["L4"] == []


def test_a_restriction_that_changes_nothing_tells_nobody(scene: Scene) -> None:
    scene.settle()
    scene.restrict("SECRET", "A")
    for name in "ABC":
        assert scene.owed(name, "tariffs") == scene.owed(name, "locations") == []


def test_readers_of_the_past_are_known(scene: Scene) -> None:
    with scene.hub.store.unit() as unit:
        before = unit.now
    scene.restrict("SECRET", "B")
    with scene.hub.store.reading() as unit:
        a, b = [READERS["A"]], [READERS["B"]]
        assert readers.may_read(unit, OWNER, "SECRET", a, before)
        assert not readers.may_read(unit, OWNER, "SECRET", b, before)
        assert readers.may_read(unit, OWNER, "SECRET", b)
        assert not readers.may_read(unit, OWNER, "SECRET", a)
        assert readers.may_read(unit, OWNER, "SECRET", b, 0)  # when it was for all
        assert readers.may_read(unit, OWNER, "SECRET", [OWNER])
