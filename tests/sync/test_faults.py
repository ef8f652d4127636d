"""Whatever a partner answers, a try ends in time, and in the state that the table says."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hostile
import pytest
from delivering import Post
from platforms import Platform
from sqlalchemy import select, update

from hub.store.parties import endpoints, partners
from hub.sync import outcomes, sender
from hub.sync.claiming import Mark
from hub.sync.outcomes import DEAD, DONE, DUE, Outcome

DEADLINE = 0.8
UNSURE, FAILED = Outcome.UNSURE, Outcome.FAILED

HOSTILE = [
    hostile.drip_status,
    hostile.drip_headers,
    hostile.drip_body,
    hostile.drip_continue,
    hostile.drip_chunk_size,
    hostile.drip_trailers,
    hostile.silence,
    hostile.half_answer_then_silence,
    hostile.endless_chunks,
    hostile.endless_body,
    hostile.endless_headers,
    hostile.endless_header_line,
    hostile.huge_length,
    hostile.absurd_length,
    hostile.gzip,
    hostile.short_body,
    hostile.short_chunks,
    hostile.bad_chunks,
    hostile.garbage,
    hostile.close_before_answer,
    hostile.reset,
    hostile.reset_inside_body,
]


def answering(status: int, body: bytes, *headers: str) -> hostile.Mode:
    lines = [f"HTTP/1.1 {status} Answer", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    whole = "\r\n".join([*lines, *headers, "", ""]).encode() + body
    return lambda stream: stream.sendall(whole)


def code(number: int, text: str = "") -> bytes:
    return json.dumps({"status_code": number, "status_message": text}).encode()


@contextmanager
def owed(emsp: Platform, mode: hostile.Mode) -> Iterator[tuple[Post, Mark, hostile.Server]]:
    """A location that is owed to a partner which answers so."""
    with hostile.serving(mode) as server:
        with emsp.hub.store.unit() as unit:
            unit.connection.execute(update(endpoints).values(url=f"{server.url}/locations"))
            unit.connection.execute(update(partners).values(versions_url=f"{server.url}/versions"))
        post = Post(emsp.hub)
        post.publish("A")
        (mark,) = post.claim()
        yield post, mark, server


def tried(post: Post, mark: Mark) -> Any:
    """The row, after one try to its end."""
    ended = sender.deliver(post.hub, mark, DEADLINE)
    post.end(ended.outcome, mark, rev=ended.rev, http=ended.http, ocpi=ended.ocpi, message=ended.message,
             asked=ended.asked)  # fmt: skip
    return post.row(mark)


@pytest.mark.parametrize("database_engine", ["sqlite"])
@pytest.mark.parametrize("mode", HOSTILE, ids=lambda mode: mode.__name__)
def test_no_peer_holds_a_try_beyond_its_deadline_or_is_believed(emsp, mode):  # threats 16 to 18
    with owed(emsp, mode) as (post, mark, _):
        began = time.monotonic()
        row = tried(post, mark)
        assert time.monotonic() - began < DEADLINE + hostile.SLACK
    assert (row.state, row.reason, row.ambiguous) == (DUE, UNSURE, True)
    assert row.next_at > post.now


@pytest.mark.parametrize("database_engine", ["sqlite"])
@pytest.mark.parametrize(
    ("status", "body", "state", "reason"),
    [
        (200, code(1000), DONE, "accepted"),
        (200, b"<html>It works!</html>", DUE, "failed"),  # threat 18
        (200, b"[]", DUE, "failed"),
        (200, b"", DUE, "failed"),
        (200, b'{"status_code":"1000"}', DUE, "failed"),
        (200, b'{"status_code":NaN}', DUE, "failed"),
        (200, b'{"data":{}}', DUE, "failed"),
        (200, b"[" * 300 + b"]" * 300, DUE, "failed"),
        (200, b'{"status_code":true}', DUE, "failed"),
        (200, code(3000), DUE, "failed"),
        (500, code(1000), DUE, "failed"),
        (401, code(2000), DUE, "unauthorised"),
        (200, code(2001, "name: too long"), DEAD, "refused"),
        (400, b"", DEAD, "refused"),
        (
            404,
            b"",
            DUE,
            "failed",
        ),  # with version details that cannot be read either, it is all of it that is away
    ],
)
def test_an_answer_counts_only_if_it_says_so(emsp, status, body, state, reason):  # TR-20
    with owed(emsp, answering(status, body)) as (post, mark, _):
        row = tried(post, mark)
    assert (row.state, row.reason, row.http) == (state, reason, status)


@pytest.mark.parametrize("database_engine", ["sqlite"])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(emsp):  # threat 15
    with (
        hostile.serving(hostile.good) as canary,
        owed(emsp, hostile.redirect_to(canary.url)) as (post, mark, _),
    ):
        row = tried(post, mark)
        assert canary.connections == 0
    assert (row.state, row.http) == (DUE, 302)


def test_a_partner_that_is_not_there_was_sent_nothing(emsp):
    with owed(emsp, hostile.good) as (post, mark, server):
        gone = f"http://127.0.0.1:1/{server.port}"
        with post.hub.store.unit() as unit:
            unit.connection.execute(update(endpoints).values(url=gone))
        row = tried(post, mark)
    assert (row.state, row.reason, row.ambiguous) == (DUE, "unreached", False)


def test_nothing_is_sent_when_the_claim_might_lapse_meanwhile(emsp):
    """Another process would send the object too, and perhaps a later state of it first."""
    with owed(emsp, hostile.good) as (post, mark, server):
        post.pass_by(44.8)
        ended = sender.deliver(post.hub, mark, DEADLINE)
        assert (ended.outcome, server.connections) == (Outcome.UNSENT, 0)


def test_what_is_sent_is_the_state_at_the_moment_of_sending(emsp):
    with owed(emsp, answering(200, code(1000))) as (post, mark, server):
        post.publish("A", address="New Street 1")
        row = tried(post, mark)
        assert b'"address":"New Street 1"' in server.requests[-1]
    assert (row.state, row.acked_rev) == (DONE, 2)


# Partners that have moved ----------------------------------------------------------------------------------


class Moved:
    """A platform whose locations are elsewhere than they were; its version details say where."""

    def __init__(self, now_at: str) -> None:
        self.now_at = now_at
        self.server: hostile.Server | None = None

    def __call__(self, stream: Any) -> None:
        assert self.server is not None
        path = self.server.requests[-1].split()[1].decode()
        base = self.server.url
        found = {"identifier": "locations", "role": "RECEIVER", "url": f"{base}/{self.now_at}"}
        home = {"identifier": "credentials", "role": "SENDER", "url": f"{base}/credentials"}
        answers: dict[str, Any] = {
            "/ocpi/versions": [{"version": "2.2.1", "url": f"{base}/2.2.1"}],
            "/ocpi/2.2.1": {"version": "2.2.1", "endpoints": [home, found]},
        }
        status = 200 if path in answers or path.startswith("/ocpi/new/") else 404
        body = {"status_code": 1000 if status == 200 else 2003, "timestamp": "2026-01-01T00:00:00Z"}
        content = body | ({"data": answers[path]} if path in answers else {})
        answering(status, json.dumps(content).encode())(stream)


@pytest.mark.parametrize(
    ("now_at", "states"), [("new", [DUE, DONE]), ("gone", [DUE, DEAD])], ids=["moved", "gone"]
)
def test_where_nothing_is_the_version_details_are_read_once_more(emsp, now_at, states):  # VER-11
    platform = Moved(now_at)
    with owed(emsp, platform) as (post, mark, server):
        platform.server = server
        found = [tried(post, mark).state]
        found += [tried(post, each).state for each in post.claim()]  # at once
        with post.hub.store.reading() as unit:
            urls = unit.connection.execute(select(endpoints.c.url)).scalars().all()
        assert f"{server.url}/{now_at}" in urls
        assert sum(b" /ocpi/versions " in each for each in server.requests) == 1
    assert found == states


def test_what_failed_is_logged_without_the_object_and_the_token(emsp, caplog):
    with owed(emsp, answering(500, code(3000))) as (post, mark, server), caplog.at_level(logging.DEBUG):
        tried(post, mark)
        token = server.requests[-1].split(b"Authorization: Token ")[1].split(b"\r\n")[0].decode()
    (record,) = [each for each in caplog.records if each.name == "hub.sync.sender"]
    assert (record.outcome, record.http, record.delivery) == (outcomes.Outcome.FAILED, 500, mark.id)
    assert token not in caplog.text
