"""What is under way when a partner begins to see an object otherwise is sent again, one try after another."""

import pytest
from sqlalchemy import select, update
from viewers import OWNER, Connect, Scene, ids_of

from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.prices.shown import readers
from hub.store.deliveries import deliveries
from hub.sync import settling
from hub.sync.claiming import Mark
from hub.sync.outcomes import Outcome
from hub.sync.settling import Ended

SECOND = 1_000_000


@pytest.fixture
def scene(connect: Connect) -> Scene:
    made = Scene.made(connect, "2.2.1 2.2.1 2.2.1")
    for identity in ("OPEN", "SECRET"):
        made.tariff(identity)
    made.location("L1", "SECRET", "OPEN")
    return made


def claimed(scene: Scene, name: str, module: str) -> Mark:
    """A try of a delivery that is under way for half a minute."""
    mine = [deliveries.c.partner_id == scene.emsps[name].id, deliveries.c.module == module]
    until = scene.hub.store.clock() + 30 * SECOND
    lease = {"state": "leased", "lease": "mine", "next_at": until, "attempts": 1}
    with scene.hub.store.unit() as unit:
        unit.connection.execute(update(deliveries).where(*mine).values(lease))
        row = unit.connection.execute(select(deliveries).where(*mine)).first()
    assert row is not None
    return Mark(row.id, row.partner_id, module, row.document, row.wanted_rev, 1, False, None, "mine", until)


def test_a_try_that_was_packed_before_does_not_count_as_what_is_wanted_now(scene: Scene) -> None:
    mark = claimed(scene, "B", "locations")
    scene.restrict("SECRET", "A")
    with scene.hub.store.unit() as unit:
        ended = Ended(mark, Outcome.ACCEPTED, mark.wanted_rev)
        assert settling.settle(unit, [ended], lambda low, high: low) == []
        row = unit.connection.execute(select(deliveries).where(deliveries.c.id == mark.id)).one()
    assert (row.state, row.lease, row.next_at) == ("due", None, mark.until)
    (put,) = scene.owed("B", "locations")
    assert ids_of(strictjson.read(put.body)) == ["OPEN"]


def test_marks_that_wait_keep_their_turn(scene: Scene) -> None:
    """A restriction asks for nothing sooner than the partner's pause allows."""
    later = scene.hub.store.clock() + 600 * SECOND
    with scene.hub.store.unit() as unit:
        unit.connection.execute(update(deliveries).values(next_at=later, attempts=5))
    scene.restrict("SECRET", "A")
    with scene.hub.store.reading() as unit:
        rows = unit.connection.execute(select(deliveries.c.next_at, deliveries.c.attempts)).all()
    assert {tuple(row) for row in rows} == {(later, 5)}


def test_a_platform_with_two_parties_gets_one_mark(connect: Connect) -> None:
    scene = Scene.made(connect)
    both = connect("DE/ONE", Role.EMSP, "2.2.1", ("DE/TWO", Role.EMSP))
    scene.tariff("SECRET")
    scene.location("L1", "SECRET")
    scene.settle()
    scene.restrict("SECRET", "A")
    owed = list(scene._owed(both.id, "tariffs"))
    assert [request.method for request in owed] == ["DELETE"]
    assert len(list(scene._owed(both.id, "locations"))) == 1


def test_a_partner_that_keeps_one_of_its_readers_is_not_sent_a_delete(connect: Connect) -> None:
    scene = Scene.made(connect)
    both = connect("DE/ONE", Role.EMSP, "2.2.1", ("DE/TWO", Role.EMSP))
    scene.tariff("SECRET")
    scene.settle()
    with scene.hub.store.unit() as unit:
        readers.restrict(unit, OWNER, "SECRET", [Party("DE", "TWO")])
    assert [request.method for request in scene._owed(both.id, "tariffs")] == ["PUT"]
    assert [each["id"] for each in both.pulled("tariffs")] == ["SECRET"]


def test_a_tariff_that_is_for_nobody_else_makes_no_marks_at_all(scene: Scene) -> None:
    scene.settle()
    scene.restrict("SECRET", "A")
    scene.settle()
    scene.tariff("SECRET", last_updated="2025-07-01T00:00:00Z", currency="SEK")
    with scene.hub.store.reading() as unit:
        due = select(deliveries.c.partner_id).where(deliveries.c.state == "due")
        assert list(unit.connection.execute(due).scalars()) == [scene.emsps["A"].id]
