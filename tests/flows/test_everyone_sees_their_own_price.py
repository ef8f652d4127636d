"""Three eMSPs with a price each, in three versions: nothing that one hears tells what another pays (O10)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from running import Running

from hub.demo.actor import patch
from hub.demo.calls import Refused
from hub.demo.partner import Partner
from hub.demo.wire import Json, now, stamp, write
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import book as rule_book
from hub.prices.rules.book import Draft
from hub.prices.rules.rules import Kind, Match
from hub.prices.shown import readers
from hub.store.audit import Actor

PATIENCE = 20.0
OWNER = Party("NL", "EXA")
PLACE = {"location_id": "EXA-LOC-001", "evse_uid": "EXA-EVSE-00101", "connector_id": "1"}
US = Actor("pricing", "CLI")
DAY = 86_400_000_000
SINCE = "2000-01-01T00:00:00Z"
Join = Callable[[str, str, str], Partner]


@dataclass
class Reader:
    """An eMSP, its private tariff, and all that it has heard."""

    emsp: Partner
    price: str
    newer: str
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.emsp.caller._session.hooks["response"].append(self.listen)

    def listen(self, response: Any, **_: Any) -> None:
        self.heard.append(f"{response.url} {response.status_code} {dict(response.headers)} {response.text}")

    @property
    def party(self) -> Party:
        first = self.emsp.identity.first
        return Party(first.country_code, first.party_id)

    @property
    def tariff_id(self) -> str:
        return f"PRIVATE-{self.party.party_id}"

    @property
    def marks(self) -> tuple[str, ...]:
        """What nobody else may ever hear: in upper case, as everything is searched."""
        return self.tariff_id, self.price, self.newer, f"ONLY FOR {self.party.party_id}"

    @property
    def said(self) -> str:
        """All that it was answered and sent."""
        pushed = [
            f"{each.method} {each.path} {each.headers} {write(each.body or {}).decode()}"
            for each in self.emsp.book.received
        ]
        return "\n".join(self.heard + pushed).upper()


def tariff(reader: Reader, price: str) -> Json:
    component = {"type": "ENERGY", "price": Decimal(price), "step_size": 1}
    return {
        "country_code": OWNER.country_code,
        "party_id": OWNER.party_id,
        "id": reader.tariff_id,
        "currency": "EUR",
        "tax_included": "NO",
        "tariff_alt_text": [{"language": "en", "text": f"Only for {reader.party.party_id}"}],
        "elements": [{"price_components": [component]}],
        "last_updated": "2026-01-01T00:00:00Z",
    }


@contextmanager
def days_ago(hub: Hub, days: int) -> Iterator[None]:
    """What an operator does in it was done then: sessions of today began since."""
    clock = hub.store.clock
    hub.store.clock = lambda: clock() - days * DAY
    yield
    hub.store.clock = clock


def give(hub: Hub, reader: Reader) -> None:
    """Its own price at one location, hidden from everybody else."""
    match = Match(partner=reader.party.code, location_id=PLACE["location_id"])
    asked = Draft(OWNER, Kind.TARIFF, match, tariff_id=reader.tariff_id, private=True)
    with hub.store.unit() as unit:
        publishing.publish(unit, tariff(reader, reader.price), OWNER, Edit(US))
        readers.restrict(unit, OWNER, reader.tariff_id, [reader.party])
        rule_book.add(unit, asked, US)


def raise_price(hub: Hub, reader: Reader) -> None:
    with hub.store.unit() as unit:
        publishing.publish(unit, tariff(reader, reader.newer), OWNER, Edit(US, "dearer"))


def plan_price(hub: Hub, reader: Reader) -> None:
    with hub.store.unit() as unit:
        publishing.publish(unit, tariff(reader, reader.price), OWNER, Edit(US, "cheap again", unit.now + DAY))


def name_everywhere(cpo: Partner, everybody: list[Reader]) -> None:
    """The CPO names the private tariffs at the connectors of all its locations, as CPOs do."""
    ids = [reader.tariff_id for reader in everybody]
    for place, location in enumerate(list(cpo.book.own["locations"].values())):
        for evse in location["evses"]:
            for connector in evse["connectors"]:
                one = {"tariff_id": ids[place % len(ids)]}
                several = {"tariff_ids": [*ids, *connector.get("tariff_ids", [])]}
                named = one if cpo.identity.version == "2.1.1" else several
                parts = [location["id"], evse["uid"], connector["id"]]
                patch(cpo, "locations", parts, named | {"last_updated": stamp(now())})


def charge(cpo: Partner, reader: Reader, session_id: str) -> None:
    emsp = reader.emsp
    (uid, *_) = emsp.do("issue")["uids"]
    assert cpo.book.wait_until(lambda: uid in {each["uid"] for each in tokens(cpo)}, PATIENCE)
    begun = cpo.do("begin", session_id=session_id, shape="story", token_uid=uid, place=PLACE)
    for leg in range(begun["legs"]):
        cpo.do("update", session_id=session_id, shape="story", leg=leg)
    cpo.do("finish", session_id=session_id, shape="story", place=PLACE)
    (cdr,) = emsp.wait_for("cdrs", 1, PATIENCE)
    assert price_in(cdr) == Decimal(reader.price)


def tokens(cpo: Partner) -> list[Json]:
    return list(cpo.book.held.get("tokens", {}).values())


def price_in(cdr: Json) -> Decimal:
    """Of the one tariff that the CDR was priced by."""
    (used,) = cdr["tariffs"]
    return Decimal(used["elements"][0]["price_components"][0]["price"])


def look_everywhere(reader: Reader, others: list[Reader]) -> None:
    """Pull every list whole and since, every location with its parts, and ask for what is another's."""
    emsp, caller = reader.emsp, reader.emsp.caller
    for module in ("locations", "tariffs", "sessions", "cdrs"):
        emsp.caller.pull(module, date_from=SINCE, limit="2")
        emsp.caller.pull(module, date_from="2026-06-01T00:00:00Z")
    for location in emsp.caller.pull("locations"):
        evse = location["evses"][0]
        for parts in ([], [evse["uid"]], [evse["uid"], evse["connectors"][0]["id"]]):
            caller.call("GET", caller.endpoint("locations", "SENDER", location["id"], *parts))
    for other in others:
        for method, module, path in guesses(other):
            with suppress(Refused):
                url = caller.endpoint(module, "SENDER", *path)
                for place in (url, url.replace("/sender/", "/receiver/")):
                    caller.call(method, place, None if method in ("GET", "DELETE") else tariff(reader, "1"))


def guesses(other: Reader) -> Iterator[tuple[str, str, list[str]]]:
    owned = [OWNER.country_code, OWNER.party_id]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        yield method, "tariffs", [*owned, "PRIVATE-X"]
        yield method, "cdrs", [*owned, other.party.party_id]
    yield "GET", "sessions", [*owned, f"S-{other.party.party_id}"]
    yield "GET", "locations", ["NOWHERE"]
    yield "POST", "cdrs", []
    yield "PUT", "sessions", [f"S-{other.party.party_id}", "charging_preferences"]


@pytest.fixture(params=["2.1.1", "2.2.1", "2.3.0"])
def scene(request: pytest.FixtureRequest, join: Join, running: Running) -> tuple[Partner, list[Reader]]:
    """All are connected, and each eMSP has its price since two days."""
    cpo = join("CPO", request.param, "NL/EXA")
    made = [
        Reader(join("EMSP", "2.1.1", "DE/AAA"), "0.1171", "0.9171"),
        Reader(join("EMSP", "2.2.1", "FR/BBB"), "0.2273", "0.8273"),
        Reader(join("EMSP", "2.3.0", "BE/CCC"), "0.3379", "0.7379"),
    ]
    with days_ago(running.hub, 2):
        for reader in made:
            give(running.hub, reader)
    return cpo, made


def test_nothing_that_an_emsp_hears_tells_anothers_price(
    scene: tuple[Partner, list[Reader]], running: Running
) -> None:
    cpo, everybody = scene
    count = cpo.do("publish")
    name_everywhere(cpo, everybody)
    for reader in everybody:
        reader.emsp.wait_for("locations", count["locations"], PATIENCE)
        assert reader.emsp.wait_for("tariffs", count["tariffs"] + 1, PATIENCE)
        charge(cpo, reader, f"S-{reader.party.party_id}")
        raise_price(running.hub, reader)
        plan_price(running.hub, reader)
    for reader in everybody:
        others = [other for other in everybody if other is not reader]
        assert reader.emsp.book.wait_until(lambda: reader.newer in held(reader), PATIENCE)  # noqa: B023
        look_everywhere(reader, others)
        assert len(reader.emsp.caller.pull("tariffs")) == count["tariffs"] + 1
        check(reader, others)
    one, two, three = everybody
    with running.hub.store.unit() as unit:  # it goes to another: who had it is sent a DELETE
        readers.restrict(unit, OWNER, one.tariff_id, [])
        readers.restrict(unit, OWNER, two.tariff_id, [two.party, three.party])
    kept = three.emsp.book
    assert kept.wait_until(lambda: {one.tariff_id, two.tariff_id} <= ids_held(three), PATIENCE)
    assert two.emsp.book.wait_until(lambda: one.tariff_id in ids_held(two), PATIENCE)
    look_everywhere(two, [three])
    check(two, [three])
    assert two.tariff_id not in one.said
    assert [reader.emsp.book.complaints for reader in everybody] == [[], [], []]


def held(reader: Reader) -> str:
    return write({"all": list(reader.emsp.book.held.get("tariffs", {}).values())}).decode()


def ids_held(reader: Reader) -> set[str]:
    return {str(each["id"]) for each in reader.emsp.book.held.get("tariffs", {}).values()}


def check(reader: Reader, others: list[Reader]) -> None:
    said = reader.said
    for mark in reader.marks:
        assert mark in said, mark
    for other in others:
        for mark in other.marks:
            assert mark not in said, (mark, around(said, mark))


def around(said: str, mark: str) -> str:
    place = said.index(mark)
    return said[max(0, place - 300) : place + 100]
