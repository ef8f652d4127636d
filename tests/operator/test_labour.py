"""Jobs: done by a worker, told as they go, and done all the same when their process dies."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.hub import Hub
from hub.ocpi.errors import InvalidObject
from hub.operator.labour import Labour
from hub.store import tasks
from hub.store.tasks import DONE, FAILED, LEASE, QUEUED, RUNNING, TRIES

PATIENCE = 20


@pytest.fixture
def hub(app) -> Hub:
    return app.extensions["hub"]


def submitted(hub: Hub, kind: str = "work", **wanted) -> int:
    with hub.store.unit() as unit:
        return tasks.submit(unit, kind, wanted, "ann").id


def task(hub: Hub, identity: int) -> tasks.Task:
    with hub.store.reading() as unit:
        found = tasks.one(unit, identity)
    assert found is not None
    return found


def later(hub: Hub, micros: int) -> None:
    present = hub.store.clock
    hub.store.clock = lambda: present() + micros


def test_a_job_is_done_and_its_result_told(hub):
    identity = submitted(hub, n=2)

    def double(given: Hub, wanted, progress):
        progress(1, 2)
        progress(2, 2)
        return {"n": wanted["n"] * 2}

    assert Labour(hub, {"work": double}).one()
    told = task(hub, identity).told()
    assert (told["state"], told["result"]) == (DONE, {"n": 4})
    assert (told["progress"], told["total"]) == (2, 2)
    assert not Labour(hub, {"work": double}).one()


def test_jobs_are_done_in_the_order_in_which_they_were_asked_for(hub):
    done = []
    first, second = submitted(hub, n=1), submitted(hub, n=2)
    labour = Labour(hub, {"work": lambda _, wanted, __: done.append(wanted["n"]) or {}})
    while labour.one():
        pass
    assert done == [1, 2]
    assert {task(hub, first).state, task(hub, second).state} == {DONE}


def test_what_a_person_can_do_something_about_is_told(hub):
    identity = submitted(hub)

    def refuse(*_):
        raise InvalidObject("no such tariff")

    Labour(hub, {"work": refuse}).one()
    assert (task(hub, identity).state, task(hub, identity).error) == (FAILED, "no such tariff")


def test_a_fault_of_ours_is_in_the_log_and_not_in_the_job(hub, caplog):
    identity = submitted(hub)
    Labour(hub, {"work": lambda *_: 1 / 0}).one()
    assert task(hub, identity).error == "ZeroDivisionError in the hub; see its log"
    assert "job failed" in caplog.text


def test_a_job_whose_process_died_is_done_by_another_one(hub):
    identity = submitted(hub)
    with hub.store.unit() as unit:
        assert tasks.claim(unit) is not None
    labour = Labour(hub, {"work": lambda *_: {"by": "another"}})
    assert not labour.one()  # its lease holds
    later(hub, LEASE + 1)
    assert labour.one()
    assert task(hub, identity).told()["result"] == {"by": "another"}


SLOW = """
import sys, time
from hub.app import create_hub
from hub.operator.labour import Labour
from hub.settings import Settings

def work(hub, wanted, progress):
    print("begun", flush=True)
    time.sleep(600)

settings = Settings(database_url=sys.argv[1], secret_key="a secret of the tests alone, 32+")
Labour(create_hub(settings), {"work": work}).one()
"""


def test_a_job_survives_the_kill_of_its_process(hub):
    identity = submitted(hub)
    url = hub.settings.database_url
    process = subprocess.Popen([sys.executable, "-c", SLOW, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    labour = Labour(hub, {"work": lambda *_: {"by": "another"}})
    assert not labour.one()
    later(hub, LEASE + 1)
    assert labour.one()
    done = task(hub, identity)
    assert (done.state, done.tries, done.told()["result"]) == (DONE, 2, {"by": "another"})


def test_who_lost_its_lease_writes_nothing(hub):
    identity = submitted(hub)
    with hub.store.unit() as unit:
        slow = tasks.claim(unit)
    later(hub, LEASE + 1)
    Labour(hub, {"work": lambda *_: {"by": "another"}}).one()
    assert slow is not None
    with hub.store.unit() as unit:
        assert not tasks.finish(unit, slow, {"by": "the slow one"})
        with pytest.raises(tasks.Lost):
            tasks.still_at_it(unit, slow, 1, None)
    assert task(hub, identity).told()["result"] == {"by": "another"}


def test_a_job_that_kills_its_process_each_time_is_given_up(hub):
    identity = submitted(hub)
    for _ in range(TRIES):
        with hub.store.unit() as unit:
            assert tasks.claim(unit) is not None
        later(hub, LEASE + 1)
    assert not Labour(hub, {"work": lambda *_: {}}).one()
    assert task(hub, identity).state == FAILED
    assert "given up" in (task(hub, identity).error or "")


@contextmanager
def at_work(hub: Hub, kinds) -> Iterator[Labour]:
    labour = Labour(hub, kinds, tick=0.01)
    labour.start()
    try:
        yield labour
    finally:
        labour.stop()


def test_a_worker_that_is_told_to_stop_gives_its_job_back(hub):
    identity = submitted(hub)
    begun = threading.Event()

    def endless(given: Hub, wanted, progress):
        while True:
            begun.set()
            progress(1)

    with at_work(hub, {"work": endless}):
        assert begun.wait(PATIENCE)
        assert task(hub, identity).state == RUNNING
    given_back = task(hub, identity)
    assert (given_back.state, given_back.tries, given_back.lease) == (QUEUED, 0, None)


def test_a_job_that_is_cancelled_is_left_off(hub, admin):
    identity = submitted(hub)
    begun, left = threading.Event(), threading.Event()

    def endless(given: Hub, wanted, progress):
        try:
            while True:
                begun.set()
                progress(1)
        finally:
            left.set()

    with at_work(hub, {"work": endless}):
        assert begun.wait(PATIENCE)
        assert admin.post(f"/jobs/{identity}/cancel").json["state"] == "cancelled"
        assert left.wait(PATIENCE)
    assert task(hub, identity).state == "cancelled"
    assert admin.post(f"/jobs/{identity}/cancel").status_code == 409


def test_two_workers_never_do_the_same_job(hub):
    count = 20
    for n in range(count):
        submitted(hub, n=n)
    done: list[int] = []

    def work(given: Hub, wanted, progress):
        done.append(wanted["n"])
        return {}

    with at_work(hub, {"work": work}), at_work(hub, {"work": work}):
        all_done = threading.Event()
        for _ in range(PATIENCE * 100):
            if len(done) >= count:
                break
            all_done.wait(0.01)
    assert sorted(done) == list(range(count))


def test_the_trail_is_verified_as_a_job(hub, admin):
    answer = admin.post("/audit/verify")
    assert answer.status_code == 202
    Labour(hub).one()
    told = admin.get(f"/jobs/{answer.json['id']}").json
    assert (told["state"], told["result"]["breaks"]) == (DONE, [])
    assert told["result"]["events"] > 0


def test_what_lies_in_quarantine_is_read_again_as_a_job(populated, admin):
    answer = admin.post("/quarantine/retry", {"module": "locations"})
    Labour(populated.extensions["hub"]).one()
    while Labour(populated.extensions["hub"]).one():
        pass
    assert admin.get(f"/jobs/{answer.json['id']}").json["result"] == {"tried": 2, "kept": 0}
