"""A rule gives one partner another tariff at some places: its connectors name that one, while it holds."""

from decimal import Decimal
from typing import Any

import pytest
from factories import example
from platforms import data
from viewers import OWNER, READERS, Connect, Scene, ids_of

from hub.ocpi import instants, strictjson
from hub.ocpi.module import Role
from hub.parties import registry
from hub.prices.rules import book as rule_book
from hub.prices.rules import membership_book
from hub.prices.rules.book import Draft
from hub.prices.rules.membership_book import Belonging
from hub.prices.rules.memberships import Kind as Group
from hub.prices.rules.rules import Kind, Match, Rule
from hub.prices.shown import sightings, turning
from hub.store.audit import Actor

US = Actor("a test", "CLI")
MINUTE = 60_000_000


@pytest.fixture
def scene(connect: Connect) -> Scene:
    made = Scene.made(connect)
    for identity in ("OPEN", "CHEAP", "OTHER"):
        made.tariff(identity)
    made.location("L1", "OPEN")
    made.location("L2", "OPEN", "OTHER")
    made.settle()
    return made


def rule(scene: Scene, tariff_id: str = "CHEAP", match: Match | None = None, **more: Any) -> Rule:
    asked = Draft(OWNER, Kind.TARIFF, match or Match(), tariff_id=tariff_id, **more)
    with scene.hub.store.unit() as unit:
        return rule_book.add(unit, asked, US)


def of(name: str, **more: Any) -> Match:
    return Match(partner=READERS[name].code, **more)


@pytest.mark.parametrize("cpo_version", ["2.1.1", "2.2.1", "2.3.0"])
def test_a_rule_for_a_partner_shows_to_it_alone(connect: Connect, cpo_version: str) -> None:
    scene = Scene.made(connect, cpo_version=cpo_version)
    for identity in ("OPEN", "CHEAP"):
        scene.tariff(identity)
    scene.location("L1", "OPEN")
    scene.settle()
    for name in "ABC":
        rule(scene, match=of(name)) if name != "B" else None
    assert [scene.named(name) for name in "ABC"] == [{"L1": ["CHEAP"]}, {"L1": ["OPEN"]}, {"L1": ["CHEAP"]}]


def test_the_owner_sees_what_it_wrote(scene: Scene) -> None:
    rule(scene)
    assert ids_of(scene.cpo.get("locations/NL/CPO/L1")) == ["OPEN"]
    assert [ids_of(each) for each in scene.cpo.pulled("locations")] == [["OPEN"], ["OPEN", "OTHER"]]


@pytest.mark.parametrize(
    "place",
    [
        Match(location_id="L1"),
        Match(evse_uid="E1", location_id="L1"),
        Match(location_group="HARBOUR"),
        Match(location_id="L1", connector_id="1", current="AC", standard="IEC_62196_T2", country="NLD"),
    ],
)
def test_a_rule_for_a_place_shows_there_to_everybody(scene: Scene, place: Match) -> None:
    with scene.hub.store.unit() as unit:
        membership_book.add(unit, Belonging(OWNER, Group.LOCATION, "HARBOUR", ("L1",), None, None), US)
    rule(scene, match=place)
    for name in "BC":
        assert scene.named(name) == {"L1": ["CHEAP"], "L2": ["OPEN", "OTHER"]}
        assert ids_of(data(scene.emsps[name].sender("GET", "locations/L1"))) == ["CHEAP"]
    assert scene.named("A") == {"L1": ["CHEAP"], "L2": ["OPEN"]}


@pytest.mark.parametrize(
    "driver", [{"contract": "DE-AAA-*"}, {"token_type": "RFID"}, {"plan": "GOLD"}, {"weekdays": (0,)}]
)
def test_what_only_some_drivers_get_does_not_show(scene: Scene, driver: dict[str, Any]) -> None:
    rule(scene, match=of("A", **driver))
    assert scene.named("A") == {"L1": ["OPEN"], "L2": ["OPEN"]}


def test_the_more_specific_rule_shows(scene: Scene) -> None:
    rule(scene, "CHEAP", of("C"))
    rule(scene, "OTHER", of("C", location_id="L2"))
    assert scene.named("C") == {"L1": ["CHEAP"], "L2": ["OTHER"]}


def test_the_locations_concerned_are_owed_to_the_partner_concerned(scene: Scene) -> None:
    rule(scene, match=of("B", location_id="L2"))
    assert scene.owed("A", "locations") == scene.owed("C", "locations") == []
    (put,) = scene.owed("B", "locations")
    body = strictjson.read(put.body)
    assert (body["id"], ids_of(body)) == ("L2", ["CHEAP"])
    (pulled,) = data(scene.emsps["B"].sender("GET", "locations?date_from=2025-06-01T00:00:00Z"))
    assert pulled["last_updated"] == body["last_updated"]


def test_a_rule_shows_from_its_instant_until_its_end(scene: Scene) -> None:
    clock = scene.hub.store.clock
    begin, end = clock() + 10 * MINUTE, clock() + 20 * MINUTE
    turning.catch_up(scene.hub.store)
    rule(scene, match=of("B"), valid_from=begin, valid_to=end)
    steps = [(begin - 1, "OPEN", 0), (begin, "CHEAP", 2), (end - 1, "CHEAP", 0), (end, "OPEN", 2)]
    for at, named, owed in steps:
        scene.hub.store.clock = lambda at=at: at
        turning.catch_up(scene.hub.store)
        assert len(scene.owed("B", "locations")) == owed
        assert scene.named("B")["L1"] == [named]
    assert instants.micros(scene.emsps["B"].pulled("locations")[0]["last_updated"]) == end // 1000 * 1000
    assert scene.owed("A", "locations") == scene.owed("C", "locations") == []


def test_ending_a_rule_shows_at_once(scene: Scene) -> None:
    made = rule(scene, match=of("C"))
    scene.settle()
    with scene.hub.store.unit() as unit:
        rule_book.end(unit, made.id, None, US)
    assert scene.named("C")["L1"] == ["OPEN"]
    assert len(scene.owed("C", "locations")) == 2


def test_a_private_rule_hides_its_tariff_from_all_others(scene: Scene) -> None:
    rule(scene, match=of("B"), private=True)
    assert scene.named("B")["L1"] == ["CHEAP"]
    assert "CHEAP" in scene.ids("B", "tariffs")
    for name in "AC":
        assert "CHEAP" not in scene.ids(name, "tariffs")
        assert [request.method for request in scene.owed(name, "tariffs")] == ["DELETE"]


def test_a_rule_does_not_show_a_tariff_that_the_partner_may_not_read(scene: Scene) -> None:
    rule(scene, match=Match(location_id="L1"))
    scene.settle()
    scene.restrict("CHEAP", "A")
    assert [len(scene.owed(name, "locations")) for name in "BC"] == [1, 1]  # though it names OPEN itself
    assert scene.named("A")["L1"] == ["CHEAP"]
    assert scene.named("B")["L1"] == scene.named("C")["L1"] == []


def test_a_partner_with_two_parties_is_shown_the_tariffs_of_both(connect: Connect) -> None:
    scene = Scene.made(connect)
    both = connect("DE/ONE", Role.EMSP, "2.2.1", ("DE/TWO", Role.EMSP))
    for identity in ("OPEN", "CHEAP"):
        scene.tariff(identity)
    scene.location("L1", "OPEN")
    rule(scene, match=Match(partner="DETWO"))
    assert ids_of(both.pulled("locations")[0]) == ["OPEN", "CHEAP"]


def test_power_decides_by_connector(scene: Scene) -> None:
    slow = example("2.2.1", "connectors", id="1", max_electric_power=11000, tariff_ids=["OPEN"])
    fast = example("2.2.1", "connectors", id="2", max_electric_power=50000, tariff_ids=["OPEN"])
    scene.location("L3", evses=[example("2.2.1", "evses", uid="E1", connectors=[slow, fast])])
    rule(scene, match=Match(power_kw=(Decimal(22), None)))
    (location,) = [each for each in scene.emsps["C"].pulled("locations") if each["id"] == "L3"]
    assert [each["tariff_ids"] for each in location["evses"][0]["connectors"]] == [["OPEN"], ["CHEAP"]]


def test_nobody_has_a_view_while_nothing_is_special(scene: Scene) -> None:
    with scene.hub.store.reading() as unit:
        assert not any(partner.prices_vary for partner in registry.everyone(unit))
        assert sightings.state(unit) is None
