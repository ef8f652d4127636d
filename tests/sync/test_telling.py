"""What each partner was told of a tariff, and when: by version, over the command line as over the API."""

import json
from typing import Any

import pytest
from apps import app, connect
from operators import admin, api
from platforms import Platform
from pricebooks import ANN, tariff
from sqlalchemy import update

from hub import cli
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.shown import readers
from hub.store import attempts
from hub.store.attempts import Attempt
from hub.store.deliveries import deliveries
from hub.sync import telling

__all__ = ["admin", "api", "app", "connect"]

OWNER = Party.of("NL", "CPO")
MINUTE = 60_000_000


@pytest.fixture
def emsps(connect: Any) -> tuple[Platform, Platform, Platform]:
    """Two that are sent tariffs, and one that pulls them."""
    connect("NL/CPO", Role.CPO, "2.2.1")
    pulls = connect("DE/PUL", Role.EMSP, "2.3.0").set(pull_only=frozenset({"tariffs"}))
    return connect("DE/OLD", Role.EMSP, "2.1.1"), connect("DE/MSP", Role.EMSP, "2.2.1"), pulls


def publish(platform: Platform, price: str, begin: int | None = None) -> None:
    with platform.hub.store.unit() as unit:
        at = None if begin is None else unit.now + begin
        publishing.publish(unit, tariff(price, "NIGHT"), OWNER, Edit(ANN, None, at))


def confirm(platform: Platform, outcome: str = "accepted") -> int:
    """As a try ends that a partner has answered; when."""
    with platform.hub.store.unit() as unit:
        mine = deliveries.c.partner_id == platform.id
        state = "done" if outcome == "accepted" else "dead"
        (mark,) = unit.connection.execute(deliveries.select().where(mine)).all()
        values = {"state": state, "acked_rev": mark.wanted_rev, "done_at": unit.now}
        answer = None if outcome == "accepted" else "refused: 400/2001 id: is too long"
        unit.connection.execute(update(deliveries).where(mine).values(values | {"error": answer}))
        at, rev = unit.now, mark.wanted_rev
        attempts.record(unit, [Attempt(mark.id, 1, rev, at, 5, outcome, 200, 1000, answer, None)])
        return unit.now


def told(platform: Platform) -> dict[str, Any]:
    with platform.hub.store.reading() as unit:
        return {each.partner: each for each in telling.of_tariff(unit, OWNER, "NIGHT", 9)}


def test_each_partner_stands_where_it_has_confirmed(emsps):
    old, new, _ = emsps
    publish(old, "0.30")
    first = confirm(old)
    publish(old, "0.20")
    found = told(old)
    assert [(found[name].state, found[name].version) for name in sorted(found)] == [
        ("owed", 2),  # DE/MSP has never answered
        ("owed", 2),
        ("pulls", 2),
    ]
    assert [(each.version, each.at) for each in found["EMSP DE/OLD"].tries] == [(1, first)]
    second = confirm(old)
    confirm(new, "refused")
    found = told(old)
    assert (found["EMSP DE/OLD"].version, found["EMSP DE/OLD"].ended_at) == (2, second)
    assert [each.version for each in found["EMSP DE/OLD"].tries] == [1, 2]
    assert (found["EMSP DE/MSP"].state, found["EMSP DE/MSP"].version) == ("refused", 2)
    assert "too long" in found["EMSP DE/MSP"].answer


def test_going_back_is_told_as_the_version_that_it_is(emsps):
    old, *_ = emsps
    for price in ("0.30", "0.20", "0.30"):
        publish(old, price)
        confirm(old)
    assert [each.version for each in told(old)["EMSP DE/OLD"].tries] == [1, 2, 3]


def test_an_end_is_told_as_none(emsps):
    old, *_ = emsps
    publish(old, "0.30")
    confirm(old)
    with old.hub.store.unit() as unit:
        publishing.end(unit, OWNER, "NIGHT", Edit(ANN, None))
    confirm(old)
    publish(old, "0.25")
    confirm(old)
    assert [each.version for each in told(old)["EMSP DE/OLD"].tries] == [1, None, 2]


def test_who_may_not_read_it_was_told_that_there_is_none(emsps):
    old, *_ = emsps
    publish(old, "0.30")
    confirm(old)
    with old.hub.store.unit() as unit:
        readers.restrict(unit, OWNER, "NIGHT", [Party.of("DE", "MSP")])
    found = told(old)
    assert (found["EMSP DE/OLD"].state, found["EMSP DE/OLD"].version) == ("owed", None)
    assert (found["EMSP DE/PUL"].state, found["EMSP DE/MSP"].version) == ("not for it", 1)
    confirm(old)
    assert [each.version for each in told(old)["EMSP DE/OLD"].tries] == [1, None]


def test_what_is_still_to_come_was_told_to_nobody(emsps):
    old, *_ = emsps
    publish(old, "0.30", begin=9 * MINUTE)
    found = told(old)
    assert {each.state for each in found.values()} == {"not told yet", "pulls"}


def test_the_command_and_the_api_tell_the_same(emsps, settings, capsys, monkeypatch, api):
    old, *_ = emsps
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    publish(old, "0.30")
    confirm(old)
    publish(old, "0.20", begin=9 * MINUTE)
    assert cli.run(["tariff", "told", "NL/CPO", "night"]) == 0
    shown = capsys.readouterr().out
    assert "EMSP DE/OLD" in shown
    assert "confirmed" in shown
    assert "It changes next" in shown
    assert cli.run(["tariff", "told", "NL/CPO", "night", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    items = api("read-only", "NL/CPO").get("/tariffs/NL/CPO/NIGHT/told").json["items"]
    assert [(each["partner"], each["version"], each["ended_at"]) for each in items] == [
        (each["partner"], each["version"], each["ended_at"]) for each in plain
    ]
    assert api("read-only", "BE/XYZ").get("/tariffs/NL/CPO/NIGHT/told").status_code == 404
    assert cli.run(["tariff", "told", "NL/CPO", "NOWHERE"]) == 1
