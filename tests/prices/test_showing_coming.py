"""Who only pulls tariffs is told beforehand what is to come, where its edition knows validity dates."""

from decimal import Decimal
from typing import Any

import pytest
from factories import Json
from platforms import data
from sqlalchemy import delete
from viewers import OWNER, Connect, Scene, component, ids_of

from hub.ocpi import instants, strictjson
from hub.prices.book import publishing, taking_force
from hub.prices.book.publishing import Edit
from hub.prices.shown import turning
from hub.store.audit import Actor
from hub.store.parties import endpoints
from hub.store.readers import shown

MINUTE = 60_000_000
US = Actor("a test", "CLI")
PULLING = ("A", "B")


@pytest.fixture
def scene(connect: Connect) -> Scene:
    """A 2.3.0, B 2.2.1 and C 2.1.1, none of which is pushed tariffs."""
    made = Scene.made(connect, "2.3.0 2.2.1 2.1.1")
    for emsp in made.emsps.values():
        emsp.set(pull_only=frozenset({"tariffs"}))
    made.tariff("T", elements=[{"price_components": [component("0.30")]}])
    made.tariff("U")
    made.location("L1", "T")
    made.location("L2", "U")
    made.settle()
    return made


@pytest.fixture
def at(scene: Scene) -> int:
    """An instant in an hour."""
    return (scene.hub.store.clock() // MINUTE + 60) * MINUTE


def publish(scene: Scene, price: str, at: int, until: int | None = None, identity: str = "T") -> None:
    body = {"id": identity, "currency": "EUR", "elements": [{"price_components": [component(price)]}]}
    body |= {"country_code": "NL", "party_id": "CPO", "last_updated": "2025-03-10T08:00:00Z"}
    with scene.hub.store.unit() as unit:
        publishing.publish(unit, body, OWNER, Edit(US, at=at, until=until))


def listed(scene: Scene, name: str, query: str = "") -> dict[str, Json]:
    answer = scene.emsps[name].sender("GET", f"tariffs?{query}")
    bodies = data(answer)
    assert answer.headers["X-Total-Count"] == str(len(bodies))
    return {body["id"]: body for body in bodies}


def price_of(tariff: Json) -> Decimal:
    return Decimal(tariff["elements"][0]["price_components"][0]["price"])


@pytest.mark.parametrize("name", PULLING)
def test_it_is_told_the_present_version_with_its_end_and_every_later_one(
    scene: Scene, at: int, name: str
) -> None:
    publish(scene, "0.40", at, at + 60 * MINUTE)
    publish(scene, "0.50", at + 60 * MINUTE)
    told = listed(scene, name)
    assert list(told) == ["T", "U", "T.v2", "T.v3"]
    assert [price_of(told[each]) for each in ("T", "T.v2", "T.v3")] == [
        Decimal("0.30"),
        Decimal("0.40"),
        Decimal("0.50"),
    ]
    assert told["T"]["end_date_time"] == told["T.v2"]["start_date_time"] == instants.text(at)
    assert told["T.v2"]["end_date_time"] == told["T.v3"]["start_date_time"]
    assert told["T.v3"].get("end_date_time") is None
    assert told["U"].get("end_date_time") is None


@pytest.mark.parametrize("name", PULLING)
def test_connectors_name_what_is_to_come_too(scene: Scene, at: int, name: str) -> None:
    publish(scene, "0.40", at)
    assert scene.named(name) == {"L1": ["T", "T.v2"], "L2": ["U"]}


def test_2_1_1_sees_what_is_in_force_and_no_dates(scene: Scene, at: int) -> None:
    publish(scene, "0.40", at)
    told = listed(scene, "C")
    assert list(told) == ["T", "U"]
    assert not {"start_date_time", "end_date_time"} & told["T"].keys()
    assert scene.named("C") == {"L1": ["T"], "L2": ["U"]}


def test_who_is_pushed_tariffs_hears_of_it_at_the_instant(scene: Scene, at: int) -> None:
    scene.emsps["B"].set(pull_only=frozenset())
    publish(scene, "0.40", at)
    assert list(listed(scene, "B")) == ["T", "U"]
    assert scene.named("B") == {"L1": ["T"], "L2": ["U"]}
    assert scene.owed("B", "tariffs") == scene.owed("B", "locations") == []


def test_who_has_no_receiver_for_tariffs_pulls_only(scene: Scene, at: int) -> None:
    emsp = scene.emsps["B"].set(pull_only=frozenset())
    mine = (endpoints.c.partner_id == emsp.id) & (endpoints.c.module == "tariffs")
    with scene.hub.store.unit() as unit:
        unit.connection.execute(delete(endpoints).where(mine))
    publish(scene, "0.40", at)
    assert list(listed(scene, "B")) == ["T", "U", "T.v2"]
    (put,) = scene.owed("B", "locations")  # which are pushed to it
    assert ids_of(strictjson.read(put.body)) == ["T", "T.v2"]


@pytest.mark.parametrize("name", PULLING)
def test_at_its_instant_a_version_takes_the_name_of_the_present_one(scene: Scene, at: int, name: str) -> None:
    publish(scene, "0.40", at)
    scene.hub.store.clock = lambda: at + MINUTE
    taking_force.all_due(scene.hub.store)
    turning.catch_up(scene.hub.store)
    told = listed(scene, name)
    assert list(told) == ["T", "U"]
    assert price_of(told["T"]) == Decimal("0.40")
    assert told["T"].get("end_date_time") is None
    assert scene.named(name) == {"L1": ["T"], "L2": ["U"]}
    assert list(listed(scene, name, f"date_from={instants.text(at)}")) == ["T"]
    assert list(scene.named(name)) == ["L1", "L2"]
    since = instants.text(at + 1)
    assert [each["id"] for each in data(scene.emsps[name].sender("GET", f"locations?date_from={since}"))] == [
        "L1"
    ]


def test_a_hub_that_has_never_looked_does_not_read_its_whole_book(scene: Scene, at: int) -> None:
    publish(scene, "0.40", at)
    for days, found in ((8, []), (6, ["L1"])):
        later = at + days * 24 * 60 * MINUTE
        with scene.hub.store.unit() as unit:
            unit.connection.execute(delete(shown))
        scene.hub.store.clock = lambda later=later: later
        taking_force.all_due(scene.hub.store)
        turning.catch_up(scene.hub.store)
        news = data(scene.emsps["B"].sender("GET", f"locations?date_from={instants.text(at + MINUTE)}"))
        assert [each["id"] for each in news] == found


@pytest.mark.parametrize("name", PULLING)
def test_who_looks_for_news_finds_the_announcement(scene: Scene, at: int, name: str) -> None:
    since = instants.text(scene.hub.store.clock())
    publish(scene, "0.40", at)
    assert list(listed(scene, name, f"date_from={since}")) == ["T", "T.v2"]
    locations = data(scene.emsps[name].sender("GET", f"locations?date_from={since}"))
    assert [each["id"] for each in locations] == ["L1"]


@pytest.mark.parametrize("name", PULLING)
def test_what_is_withdrawn_is_not_told_any_more(scene: Scene, at: int, name: str) -> None:
    publish(scene, "0.40", at)
    with scene.hub.store.unit() as unit:
        publishing.withdraw(unit, OWNER, "T", 2, Edit(US))
    told = listed(scene, name)
    assert list(told) == ["T", "U"]
    assert told["T"].get("end_date_time") is None
    assert scene.named(name) == {"L1": ["T"], "L2": ["U"]}


def test_pages_run_on_from_what_is_into_what_is_to_come(scene: Scene, at: int) -> None:
    for place in range(5):
        publish(scene, f"0.4{place}", at + place * MINUTE)
    for query in ("limit=2", "limit=3", "limit=1", "limit=2&offset=1", "limit=2&offset=4"):
        found = list(crawled(scene, query))
        skipped = int(query.partition("offset=")[2] or 0)
        assert found == ["T", "U", "T.v2", "T.v3", "T.v4", "T.v5", "T.v6"][skipped:]


def crawled(scene: Scene, query: str) -> Any:
    while query:
        answer = scene.emsps["B"].sender("GET", f"tariffs?{query}")
        assert answer.headers["X-Total-Count"] == "7"
        yield from (body["id"] for body in data(answer))
        link = answer.headers.get("Link")
        query = link.split("?", 1)[1].split(">")[0] if link else ""


def test_what_is_to_come_is_for_its_readers_alone(scene: Scene, at: int) -> None:
    scene.restrict("T", "A")
    publish(scene, "0.40", at)
    assert "T.v2" in listed(scene, "A")
    assert list(listed(scene, "B")) == ["U"]
    assert scene.named("B") == {"L1": [], "L2": ["U"]}


def test_a_long_id_keeps_to_the_room_there_is(scene: Scene, at: int) -> None:
    long = "X" * 36
    scene.tariff(long)
    publish(scene, "0.40", at, identity=long)
    (future,) = [each for each in listed(scene, "B") if each not in ("T", "U", long)]
    assert len(future) <= 36


def test_an_end_alone_is_told_as_well(scene: Scene, at: int) -> None:
    with scene.hub.store.unit() as unit:
        publishing.end(unit, OWNER, "T", Edit(US, at=at))
    told = listed(scene, "A")
    assert list(told) == ["T", "U"]
    assert told["T"]["end_date_time"] == instants.text(at)


def test_a_tariff_that_is_not_in_force_yet_is_told_by_its_first_version(scene: Scene, at: int) -> None:
    publish(scene, "0.40", at, identity="SOON")
    assert list(listed(scene, "A")) == ["T", "U", "SOON.v1"]
    assert list(listed(scene, "C")) == ["T", "U"]
