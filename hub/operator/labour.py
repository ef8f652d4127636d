"""The thread of a worker that does the jobs: one after the other, each under a lease that it prolongs."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from hub.hub import Hub
from hub.ocpi import strictjson
from hub.ocpi.errors import OcpiError
from hub.operator.kinds import KINDS, Kind
from hub.operator.problems import Problem
from hub.parties.problems import PartnerProblem
from hub.prices.book.problems import PriceProblem
from hub.store import tasks
from hub.store.tasks import Lost, Task
from hub.store.unit import Unit
from hub.sync.ticking import Ticking
from tariffs import PricingError

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks for what was asked for."""
BEAT = 15.0
"""Seconds after which the lease is prolonged, whether or not the job tells of progress."""
KNOWN = (OcpiError, PartnerProblem, PriceProblem, PricingError, Problem)
"""What a person can do something about."""


class Stopped(Exception):
    """The process is about to end."""


class Under:
    """One job under way: how far it is, and the lease that is prolonged meanwhile."""

    def __init__(self, hub: Hub, task: Task, stopping: threading.Event) -> None:
        self.hub = hub
        self.task = task
        self.stopping = stopping
        self.done, self.total = 0, task.total
        self.lost = False
        self.written_at = time.monotonic()
        self.over = threading.Event()
        self.heart = threading.Thread(target=self._beat, name=f"job {task.id}")

    @property
    def job(self) -> int:
        return self.task.id

    def __call__(self, done: int, total: int | None = None) -> None:
        """Of `hub.operator.kinds.Progress`."""
        self.done, self.total = done, total
        if self.stopping.is_set():
            raise Stopped
        if self.lost:
            raise Lost
        if time.monotonic() - self.written_at >= TICK:
            self._write()

    def _write(self) -> None:
        self.written_at = time.monotonic()
        try:
            with self.hub.store.unit() as unit:
                tasks.still_at_it(unit, self.task, self.done, self.total)
        except Lost:
            self.lost = True
            raise

    def _beat(self) -> None:
        while not self.over.wait(BEAT):
            try:
                self._write()
            except Lost:
                return
            except Exception as fault:  # the database is away; the lease may hold until it is back
                log.warning("job goes on without its lease", extra={"job": self.task.id}, exc_info=fault)


class Labour(Ticking):
    """A job that is under way when it stops is left off at its next step, and given back."""

    def __init__(self, hub: Hub, kinds: Mapping[str, Kind] = KINDS, tick: float = TICK) -> None:
        super().__init__("jobs of operators", tick)
        self.hub = hub
        self.kinds = kinds

    def one(self) -> bool:
        """Do the job that waits longest; False when there is none."""
        with self.hub.store.glance() as glance:
            if not tasks.any_waiting(glance):
                return False
        with self.hub.store.unit() as unit:
            task = tasks.claim(unit)
        if task is None:
            return False
        self.do(task)
        return True

    def do(self, task: Task) -> None:
        under = Under(self.hub, task, self.stopping)
        under.heart.start()
        try:
            result = self.kinds[task.kind](self.hub, strictjson.reread(task.input), under)
        except Lost:
            log.info("job left off", extra={"job": task.id, "kind": task.kind})
        except Stopped:
            self._end(under, lambda unit: tasks.give_back(unit, task))
        except KNOWN as fault:
            said = str(fault)
            self._end(under, lambda unit: tasks.fail(unit, task, said))
        except Exception as fault:
            log.exception("job failed", extra={"job": task.id, "kind": task.kind})
            name = type(fault).__name__
            self._end(under, lambda unit: tasks.fail(unit, task, f"{name} in the hub; see its log"))
        else:
            self._end(under, lambda unit: tasks.finish(unit, task, result))
        finally:
            under.over.set()
            under.heart.join()

    def _end(self, under: Under, write: Callable[[Unit], object]) -> None:
        """The last of it is written after the last beat of its heart."""
        under.over.set()
        under.heart.join()
        with self.hub.store.unit() as unit:
            if under.done != under.task.progress or under.total != under.task.total:
                with suppress(Lost):
                    tasks.still_at_it(unit, under.task, under.done, under.total)
            write(unit)
