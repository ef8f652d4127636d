"""A worker delivers what is committed at once, lets what it has begun end, and outlives its database."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection
from os import kill
from typing import Any

import hostile
import pytest
from factories import example
from flask import Flask
from platforms import Platform, code, connected
from postgres import Postgres
from sqlalchemy import func, select, text, update
from test_faults import answering
from test_faults import code as envelope

from hub.app import create_app, create_hub
from hub.cli.server import Server, listening
from hub.hub import Hub
from hub.ocpi import instants, strictjson
from hub.ocpi.module import Role
from hub.store.attempts import attempts
from hub.store.deliveries import deliveries
from hub.store.parties import endpoints
from hub.sync.outcomes import DONE
from hub.sync.worker import Pace, Worker
from migrations import upgrade

PATIENCE = 60.0
ACCEPTING = answering(200, envelope(1000))


@contextmanager
def working(hub: Hub, **pace: Any) -> Iterator[Worker]:
    worker = Worker(hub, Pace(**pace))
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def reached_at(platform: Platform, url: str) -> None:
    with platform.hub.store.unit() as unit:
        its_own = endpoints.c.partner_id == platform.id
        unit.connection.execute(update(endpoints).where(its_own).values(url=f"{url}/locations"))


def put(cpo: Platform, name: str) -> None:
    body = example("2.2.1", "locations", id=name)
    assert code(cpo.put(f"locations/NL/CPO/{name}", body))[1] == 1000


def done(hub: Hub, partner: int) -> int:
    with suppress(Exception), hub.store.reading() as unit:
        query = select(func.count()).where(deliveries.c.state == DONE, deliveries.c.partner_id == partner)
        return int(unit.connection.execute(query).scalar_one())
    return -1


def ended(hub: Hub, partner: int) -> int:
    """How many tries to deliver to it have ended."""
    with hub.store.reading() as unit:
        query = select(func.count()).select_from(attempts.join(deliveries))
        return int(unit.connection.execute(query.where(deliveries.c.partner_id == partner)).scalar_one())


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.01)


def test_what_this_process_has_committed_is_sent_without_waiting_for_the_tick(cpo, emsp):
    with hostile.serving(ACCEPTING) as server, working(emsp.hub, tick=60.0):
        reached_at(emsp, server.url)
        put(cpo, "A")
        wait_until(lambda: done(emsp.hub, emsp.id) == 1)


def test_what_another_process_has_committed_is_sent_at_the_tick(cpo, emsp, settings):
    other = create_hub(settings)
    with hostile.serving(ACCEPTING) as server, working(other, tick=0.05):
        reached_at(emsp, server.url)
        put(cpo, "A")
        wait_until(lambda: done(emsp.hub, emsp.id) == 1)
    other.store.close()
    other.client.close()


def test_a_worker_that_is_told_to_stop_writes_how_its_last_try_ended(cpo, emsp):
    begun, go_on = threading.Event(), threading.Event()

    def slow(stream: Any) -> None:
        begun.set()
        go_on.wait(PATIENCE)
        ACCEPTING(stream)

    put(cpo, "A")
    with hostile.serving(slow) as server:
        reached_at(emsp, server.url)
        with working(emsp.hub):
            assert begun.wait(PATIENCE)
            threading.Timer(0.1, go_on.set).start()
        assert done(emsp.hub, emsp.id) == 1


def test_a_partner_that_hangs_holds_up_nobody_else(cpo, emsp, connect):
    other = connect("DE/LAT", Role.EMSP, "2.2.1")
    with ExitStack() as stack:
        hanging = stack.enter_context(hostile.serving(hostile.silence))
        fast = stack.enter_context(hostile.serving(ACCEPTING))
        reached_at(emsp, hanging.url)
        reached_at(other, fast.url)
        for number in range(20):
            put(cpo, f"L{number}")
        stack.enter_context(working(emsp.hub, deadline=6.0))
        wait_until(lambda: done(emsp.hub, other.id) == 20)
        assert ended(emsp.hub, emsp.id) == 0  # not one of those that hang has ended so soon


@pytest.fixture
def server_of_its_own() -> Iterator[Postgres]:
    """For a test that kills it."""
    with suppress(Exception):
        server = Postgres(synchronous_commit="on")
        yield server
        server.admin.close()
        server.stop()


@pytest.mark.parametrize("database_engine", ["postgresql"])
def test_the_database_is_restarted_under_load_and_the_same_processes_go_on(
    postgres, server_of_its_own, settings
):
    url = server_of_its_own.create("restarted")
    upgrade(url)
    app = create_app(replace(settings, database_url=url))
    hub: Hub = app.extensions["hub"]
    cpo, emsp = connected(app, "NL/CPO", Role.CPO, "2.2.1"), connected(app, "DE/MSP", Role.EMSP, "2.2.1")
    with hostile.serving(ACCEPTING) as server, working(hub):
        reached_at(emsp, server.url)
        accepted = 0
        for number in range(60):
            if number == 20:
                crash(hub)
            body = example("2.2.1", "locations", id=f"L{number}")
            accepted += code(cpo.put(f"locations/NL/CPO/L{number}", body))[1] == 1000
            time.sleep(0.01)
        wait_until(
            lambda: code(cpo.put("locations/NL/CPO/L99", example("2.2.1", "locations", id="L99")))[1] == 1000
        )
        wait_until(lambda: done(hub, emsp.id) > accepted)
    hub.store.close()
    hub.client.close()
    assert accepted >= 20


def crash(hub: Hub) -> None:
    """SIGKILL of one backend: the server ends all others and recovers from its log."""
    with suppress(Exception), hub.store.reading() as unit:
        kill(unit.connection.execute(text("SELECT pg_backend_pid()")).scalar_one(), signal.SIGKILL)
        unit.connection.execute(text("SELECT 1"))


# Changes at the same moment --------------------------------------------------------------------------------

FIELDS = {f"field_{number}": number for number in range(16)}
"""Of the same moment: a patch that is older than the object would be ignored."""


def test_sixteen_patches_of_different_fields_at_the_same_moment_are_all_there(app: Flask, cpo: Platform):
    put(cpo, "A")
    at = listening("127.0.0.1", 0)
    server = Server(app, at)
    thread = threading.Thread(target=server.run)
    thread.start()
    barrier = threading.Barrier(len(FIELDS))
    moment = {"last_updated": instants.text(cpo.hub.store.clock())}
    threads = [
        threading.Thread(target=patch, args=(cpo, at.getsockname()[1], barrier, moment | {name: value}))
        for name, value in FIELDS.items()
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    server.stop()
    thread.join()
    found = cpo.get("locations/NL/CPO/A")
    assert {name: found.get(name) for name in FIELDS} == FIELDS


def patch(cpo: Platform, port: int, barrier: threading.Barrier, change: dict[str, int]) -> None:
    body = strictjson.write(change)
    barrier.wait()
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as asked:
        asked.request("PATCH", "/ocpi/2.2.1/receiver/locations/NL/CPO/A", body, cpo.headers())
        asked.getresponse().read()
