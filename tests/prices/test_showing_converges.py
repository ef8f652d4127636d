"""Whatever changes, in whatever order: who is pushed and who pulls holds what a look at everything shows."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from factories import Json
from platforms import data
from viewers import OWNER, READERS, Connect, Scene, ids_of

from hub.ocpi import instants, strictjson
from hub.prices.rules import book as rule_book
from hub.prices.rules.book import Draft
from hub.prices.rules.faults import InvalidRule
from hub.prices.rules.rules import Kind, Match
from hub.prices.shown import readers
from hub.store.audit import Actor

US = Actor("a test", "CLI")
SECOND = 1_000_000
TARIFFS = ("T1", "T2", "T3")
LOCATIONS = ("L1", "L2")
MODULES = ("tariffs", "locations")


class World:
    """A hub on which things happen at random, and what its eMSPs hold."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.chance = scene, random.Random(seed)
        self.now = scene.hub.store.clock()
        scene.hub.store.clock = lambda: self.now
        self.rules: list[int] = []
        self.pushed: dict[tuple[str, str], dict[str, Json]] = {}
        self.pulled: dict[tuple[str, str], dict[str, Json]] = {}
        self.looked: dict[tuple[str, str], int] = {}

    def step(self) -> None:
        self.now += SECOND
        deeds: list[Callable[[], Any]] = [
            self.put_tariff,
            self.put_location,
            self.restrict,
            self.rule,
            self.end,
        ]
        self.chance.choices(deeds, [3, 3, 4, 2, 1])[0]()

    @property
    def stamp(self) -> str:
        return instants.text(self.now)

    def put_tariff(self) -> None:
        key = self.chance.choice(TARIFFS)
        if self.chance.random() < 0.2:
            self.scene.cpo.receiver("DELETE", f"tariffs/NL/CPO/{key}")
        else:
            self.scene.tariff(key, last_updated=self.stamp)

    def put_location(self) -> None:
        named = self.chance.sample(TARIFFS, self.chance.randint(1, 3))
        self.scene.location(self.chance.choice(LOCATIONS), *named, last_updated=self.stamp)

    def restrict(self) -> None:
        self.scene.restrict(
            self.chance.choice(TARIFFS), *self.chance.sample("ABC", self.chance.randint(0, 2))
        )

    def rule(self) -> None:
        partner = READERS[self.chance.choice("ABC")].code
        match = Match(partner=partner, location_id=self.chance.choice([None, *LOCATIONS]))
        asked = Draft(OWNER, Kind.TARIFF, match, self.chance.choice(TARIFFS), priority=len(self.rules))
        try:
            with self.scene.hub.store.unit() as unit:
                self.rules.append(rule_book.add(unit, asked, US).id)
        except InvalidRule:
            pass  # the tariff is not there, or for others

    def end(self) -> None:
        if self.rules:
            with self.scene.hub.store.unit() as unit:
                rule_book.end(unit, self.rules.pop(), None, US)

    def deliver(self) -> None:
        for name in self.scene.emsps:
            for module in MODULES:
                held = self.pushed.setdefault((name, module), {})
                for request in self.scene.owed(name, module):
                    assert not isinstance(request, str), request
                    if request.method == "DELETE":
                        held.pop(request.url.rsplit("/", 1)[1], None)
                    else:
                        body = strictjson.read(request.body)
                        held[body["id"]] = body

    def look(self) -> None:
        for name, emsp in self.scene.emsps.items():
            for module in MODULES:
                since = instants.text(self.looked.get((name, module), 0))
                news = data(emsp.sender("GET", f"{module}?date_from={since}"))
                self.pulled.setdefault((name, module), {}).update({body["id"]: body for body in news})
                self.looked[name, module] = self.now

    def shown(self, name: str, module: str) -> dict[str, Json]:
        answer = self.scene.emsps[name].sender("GET", module)
        bodies = data(answer)
        assert answer.headers["X-Total-Count"] == str(len(bodies))
        return {body["id"]: body for body in bodies}

    def check(self) -> None:
        for name, party in READERS.items():
            with self.scene.hub.store.reading() as unit:
                hidden = {key for key in TARIFFS if not readers.may_read(unit, OWNER, key, [party])}
            tariffs, locations = self.shown(name, "tariffs"), self.shown(name, "locations")
            assert not hidden & tariffs.keys()
            assert not hidden & {each for body in locations.values() for each in ids_of(body)}
            assert self.pushed[name, "tariffs"] == tariffs
            assert self.pushed[name, "locations"] == locations
            for module, bodies in (("tariffs", tariffs), ("locations", locations)):
                held = self.pulled[name, module]  # a list does not tell of what is gone
                assert {key: held.get(key) for key in bodies} == bodies


@pytest.mark.parametrize("seed", range(4))
def test_everybody_holds_what_is_shown(connect: Connect, seed: int) -> None:
    world = World(Scene.made(connect, "2.3.0 2.2.1 2.2.1"), seed)
    for _ in range(30):
        for _ in range(world.chance.randint(1, 3)):
            world.step()
        world.deliver()
        world.look()
        world.check()
