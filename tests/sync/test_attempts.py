"""Every try is remembered with what it says of its mark, or not at all; and forgotten after some weeks."""

import json

import pytest
from delivering import Post
from test_faults import answering, code, owed

from hub.store import attempts
from hub.store.attempts import ANSWER_LENGTH, Attempt
from hub.sync import sender
from hub.sync.outcomes import Outcome
from hub.sync.waits import SECOND

DAY = 86400 * SECOND


@pytest.fixture
def post(emsp) -> Post:
    return Post(emsp.hub)


def history(post: Post, mark) -> list[Attempt]:
    with post.hub.store.reading() as unit:
        return attempts.of_delivery(unit, mark.id, 100)


def test_every_end_of_a_try_is_remembered_in_order(post):
    post.publish("A")
    (first,) = post.claim()
    post.end(Outcome.FAILED, first, http=500, message="no OCPI envelope", says="<h1>Oops</h1>", took=1.5)
    post.pass_by(100)
    (second,) = post.claim()
    post.end(Outcome.ACCEPTED, second, http=200, ocpi=1000, message="Success", correlation_id="c-2")
    told = [
        (each.number, each.outcome, each.http, each.ocpi, each.millis, each.answer)
        for each in history(post, first)
    ]
    assert told == [
        (1, "failed", 500, None, 1500, "<h1>Oops</h1>"),
        (2, "accepted", 200, 1000, 0, None),
    ]
    assert [each.correlation_id for each in history(post, first)] == [None, "c-2"]


def test_many_ends_are_written_at_once_each_to_its_own(post):
    for number in range(3):
        post.publish(f"L{number}")
    marks = post.claim()
    post.end(Outcome.ACCEPTED, *marks, http=200, ocpi=1000)
    assert [len(history(post, mark)) for mark in marks] == [1, 1, 1]


def test_a_process_that_was_stopped_too_long_remembers_nothing(post):
    post.publish("A")
    (slow,) = post.claim()
    post.pass_by(46)
    (fast,) = post.claim()
    post.end(Outcome.ACCEPTED, slow)
    assert history(post, slow) == []
    post.end(Outcome.ACCEPTED, fast)
    assert [each.number for each in history(post, fast)] == [2]


def test_what_an_answer_says_is_kept_short_on_one_line_and_without_our_token(emsp):
    with owed(emsp, answering(500, b"<html>\x00\n  <b>Oops</b>" + b" x" * 5000)) as (post, mark, _):
        ended = sender.deliver(post.hub, mark, 5.0)
        post.end(ended.outcome, mark, says=ended.says, at=ended.at)
        (told,) = history(post, mark)
    assert told.answer.startswith("<html> <b>Oops</b> x x")
    assert len(told.answer) == ANSWER_LENGTH


def test_our_token_in_an_answer_is_masked(emsp):
    body = json.dumps({"status_code": 3000, "status_message": "who is PLACE"}).encode()
    said = sender.excerpt(body.replace(b"PLACE", b"a1b2c3d4e5f6"), "Token a1b2c3d4e5f6")
    assert "a1b2c3d4e5f6" not in said
    assert "who is ..." in said


def test_a_try_tells_how_long_it_took_and_how_the_partner_finds_it(emsp):
    with owed(emsp, answering(200, code(1000))) as (post, mark, server):
        ended = sender.deliver(post.hub, mark, 5.0)
    assert ended.took > 0
    assert ended.at == post.now
    assert ended.correlation_id.encode() in server.requests[0]


def test_old_tries_are_forgotten_a_batch_at_a_time(post):
    post.publish("A")
    (mark,) = post.claim()
    old = Attempt(mark.id, 1, 1, post.now - 31 * DAY, 5, "accepted", 200, 1000, None, None)
    with post.hub.store.unit() as unit:
        attempts.record(unit, [old] * 5)
    post.end(Outcome.ACCEPTED, mark)
    with post.hub.store.unit() as unit:
        gone = [attempts.forget(unit, unit.now - 30 * DAY, 3) for _ in range(3)]
    assert gone == [3, 2, 0]
    assert len(history(post, mark)) == 1
