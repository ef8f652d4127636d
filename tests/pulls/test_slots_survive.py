"""Every slot of a schedule is run exactly once, by any number of processes, whoever is killed in between."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.store.engine import Store
from hub.sync import schedule
from hub.sync.schedule import Due
from hub.sync.slots import SECOND, Slots

ROOT = Path(__file__).parents[2]
TICKING = Path(__file__).with_name("ticking.py")
LEASE = SECOND
KILLS = 15
PATIENCE = 60
AT_A_TIME = 4
SCHEDULES = [Due(f"probe{number}", None, "1s", 1) for number in range(3)]


class Crowd:
    """Processes that are killed and replaced."""

    def __init__(self, url: str) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [sys.executable, str(TICKING), url, str(LEASE)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.parent = subprocess.Popen(command, env=environment, text=True, **pipes)
        self.alive: list[int] = []

    def add(self) -> None:
        self.parent.stdin.write("one more\n")
        self.parent.stdin.flush()
        self.alive.append(int(self.parent.stdout.readline()))

    def kill_one(self) -> None:
        os.kill(self.alive.pop(0), signal.SIGKILL)

    def end(self) -> None:
        for process in self.alive:
            os.kill(process, signal.SIGTERM)
        self.parent.stdin.close()
        assert self.parent.stdout.read() == ""  # when the last of them has ended
        self.parent.wait(60)
        self.parent.stdout.close()


@contextmanager
def crowd(url: str) -> Iterator[Crowd]:
    processes = Crowd(url)
    for _ in range(AT_A_TIME):
        processes.add()
    try:
        yield processes
    finally:
        processes.end()


@pytest.fixture
def prepared(store: Store) -> Store:
    with store.unit() as unit:
        unit.connection.execute(
            text(
                "CREATE TABLE covered (name VARCHAR(80), slot BIGINT, through BIGINT, process INTEGER,"
                " UNIQUE (name, slot))"
            )
        )
        schedule.put_down(unit, None, SCHEDULES, at_once=())
    return store


def test_every_slot_is_run_once_by_four_processes_that_are_killed(prepared, database_url):
    chance = random.Random(17)
    with crowd(database_url) as processes:
        for _ in range(KILLS):
            processes.add()
            processes.kill_one()
            time.sleep(chance.uniform(0.2, 0.6))
        wait_until_all_is_taken_over(prepared)
    for due in SCHEDULES:
        follow_each_other(prepared, due)


def wait_until_all_is_taken_over(store: Store) -> None:
    """Every schedule has been run to a slot that came after the last kill."""
    killed, until = store.clock(), time.monotonic() + PATIENCE
    names = {due.name(None) for due in SCHEDULES}
    while time.monotonic() < until:
        with store.reading() as unit:
            query = text("SELECT name FROM covered WHERE through > :killed")
            done = set(unit.connection.execute(query, {"killed": killed}).scalars())
        if names <= done:
            return
        time.sleep(0.05)
    raise AssertionError(names - done)


def follow_each_other(store: Store, due: Due) -> None:
    """The spans of the runs cover every second, without a gap and without an overlap."""
    name = due.name(None)
    slots = Slots.read(due.every, due.splay, name)
    with store.reading() as unit:
        query = text("SELECT slot, through FROM covered WHERE name = :name ORDER BY slot")
        spans = [tuple(row) for row in unit.connection.execute(query, {"name": name})]
    assert len(spans) > 1
    assert [slot for slot, _ in spans[1:]] == [slots.after(through) for _, through in spans[:-1]]
