"""What has had its time is forgotten, a little at a time, and nothing else is."""

import threading

import pytest
from delivering import Post
from sqlalchemy import insert, select

from hub.store import attempts
from hub.store.attempts import Attempt
from hub.store.parties import tokens_in
from hub.store.quarantine import quarantine
from hub.sync import retention
from hub.sync.outcomes import Outcome
from hub.sync.run import Run
from hub.sync.waits import SECOND

DAY = 86400 * SECOND


@pytest.fixture
def post(emsp) -> Post:
    return Post(emsp.hub)


def test_tries_are_kept_for_as_many_days_as_is_set(post, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    post.publish("A")
    (mark,) = post.claim()
    post.end(Outcome.ACCEPTED, mark)
    old = Attempt(mark.id, 1, 1, post.now - 31 * DAY, 5, "accepted", 200, 1000, None, None)
    with post.hub.store.unit() as unit:
        unit.connection.execute(attempts.attempts.delete())
        attempts.record(unit, [old] * 7)
    post.publish("A")
    post.end(Outcome.ACCEPTED, *post.claim())
    assert retention.forget(Run(post.hub)).told == "forgotten: 7 tries to deliver"
    with post.hub.store.reading() as unit:
        assert [each.rev for each in attempts.of_delivery(unit, mark.id, 100)] == [2]
    assert retention.forget(Run(post.hub)).told == "forgotten: nothing"


def test_what_lies_in_quarantine_is_forgotten_when_it_has_not_come_for_long(post, emsp):
    row = {"partner_id": emsp.id, "module": "locations", "edition": "2.2.1", "raw": b"{}", "cut": False}
    row |= {"error": "", "fields": "{}", "reading": "", "times": 1, "first_at": 1}
    with post.hub.store.unit() as unit:
        for key, days in (("old", 91), ("new", 89)):
            values = row | {"object_key": key, "seen_at": unit.now - days * DAY}
            unit.connection.execute(insert(quarantine).values(**values))
    assert "1 objects in quarantine" in retention.forget(Run(post.hub)).told
    with post.hub.store.reading() as unit:
        assert unit.connection.execute(select(quarantine.c.object_key)).scalars().all() == ["new"]


def test_tokens_in_force_are_never_forgotten(post, emsp):
    with post.hub.store.unit() as unit:
        before = unit.connection.execute(select(tokens_in.c.hash)).scalars().all()
        row = {"partner_id": emsp.id, "kind": "C", "created_at": 1, "hash": b"x" * 32}
        unit.connection.execute(insert(tokens_in).values(**row, expires_at=unit.now - 2 * DAY))
    assert "1 tokens that have expired" in retention.forget(Run(post.hub)).told
    with post.hub.store.reading() as unit:
        assert unit.connection.execute(select(tokens_in.c.hash)).scalars().all() == before


def test_a_process_that_ends_leaves_the_rest_for_the_next(post):
    stopping = threading.Event()
    stopping.set()
    outcome = retention.forget(Run(post.hub, stopping=stopping))
    assert (outcome.state, outcome.again) == ("partial", True)
