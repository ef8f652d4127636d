"""A partner that waits for too long is told of once after an hour, a day, three days; and when it is over."""

import logging

import pytest
from delivering import Post

from hub.parties import registry
from hub.parties.partner import Status
from hub.sync import overdue
from hub.sync.outcomes import Outcome
from hub.sync.run import Run

HOUR = 3600
SPOKEN = ("a partner has waited for too long", "a partner waits no longer")


@pytest.fixture
def post(emsp) -> Post:
    return Post(emsp.hub)


def look(post: Post, caplog) -> list[tuple[str, int | None]]:
    """What one run tells in the log."""
    caplog.clear()
    with caplog.at_level(logging.INFO):
        outcome = overdue.watch(Run(post.hub))
    with post.hub.store.unit() as unit:
        outcome.finish(unit)
    told = [record for record in caplog.records if record.getMessage() in SPOKEN]
    assert all(record.partner == "EMSP DE/MSP" for record in told)
    return [(record.getMessage(), getattr(record, "hours", None)) for record in told]


def test_a_partner_that_waits_is_told_of_once_for_each_of_the_waits(post, caplog):
    post.publish("A")
    told = []
    for _ in range(160):
        post.pass_by(HOUR / 2)
        told += look(post, caplog)
    assert told == [(SPOKEN[0], 1), (SPOKEN[0], 24), (SPOKEN[0], 72)]


def test_a_partner_that_is_caught_up_with_is_told_of_and_may_be_late_again(post, caplog):
    post.publish("A")
    post.pass_by(25 * HOUR)
    assert look(post, caplog) == [(SPOKEN[0], 24)]
    post.end(Outcome.ACCEPTED, *post.claim())
    assert look(post, caplog) == [(SPOKEN[1], None)]
    assert look(post, caplog) == []
    post.publish("B")
    post.pass_by(2 * HOUR)
    assert look(post, caplog) == [(SPOKEN[0], 1)]


def test_of_a_partner_that_is_suspended_nobody_is_told(post, emsp, caplog):
    post.publish("A")
    with post.hub.store.unit() as unit:
        registry.set_status(unit, registry.by_id(unit, emsp.id), Status.SUSPENDED)
    post.pass_by(25 * HOUR)
    assert look(post, caplog) == []
