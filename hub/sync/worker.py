"""The background work of a process: one thread that claims and writes down, and threads that deliver."""

import logging
import secrets
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hub.hub import Hub
from hub.sync import away, claiming, sender, settling
from hub.sync.claiming import Mark, Turn
from hub.sync.jobs import Jobs
from hub.sync.outcomes import Outcome
from hub.sync.settling import Ended
from hub.sync.waits import SECOND, Chance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker works; durations in seconds.

    threads   deliveries at a time
    tick      between two looks for what other processes have committed; what this one did is seen at once
    deadline  of one try
    slack     for all that a delivery needs besides, in its claim
    status    between two looks at how partners fare
    """

    threads: int = 16
    tick: float = 0.2
    deadline: float = sender.DEADLINE
    slack: float = 5.0
    status: float = 5.0

    @property
    def lease(self) -> int:
        """How long a claim holds, in microseconds: a process that dies gives its work back after this."""
        return int((2 * self.deadline + self.slack) * SECOND)


PACE = Pace()
CHANCE: Chance = secrets.SystemRandom().uniform


class Worker:
    """Any number may run, in any number of processes: the claims in the database keep them apart.

    Tries end in threads; the one that claims also writes how they ended, as many as there are in one
    transaction, so that a commit is shared. While the database is away nothing is lost: ends are kept, and
    claims hold.
    """

    def __init__(self, hub: Hub, pace: Pace = PACE, chance: Chance = CHANCE) -> None:
        self.hub = hub
        self.pace = pace
        self.chance = chance
        self._news = threading.Event()  # something is owed, or a try has ended
        self._told_to_stop = threading.Event()
        self._ended: deque[Ended] = deque()
        self._unwritten: list[Ended] = []
        self._running = 0
        self._well = True
        self._batch = pace.threads
        self._served = 0
        self._looked_at = 0.0
        self._thread = threading.Thread(target=self._run, name="deliveries")
        self._jobs = Jobs(hub)
        self._deliverers = ThreadPoolExecutor(pace.threads, thread_name_prefix="delivery")

    def start(self) -> None:
        self.hub.store.wake.append(self._news.set)
        self._thread.start()
        self._jobs.start()

    def stop(self) -> None:
        """Let deliveries under way end and write how; nothing else is begun."""
        self._told_to_stop.set()
        self._news.set()
        self._jobs.stop()
        self._thread.join()
        self._deliverers.shutdown(wait=True)
        self.hub.store.wake.remove(self._news.set)

    def _run(self) -> None:
        while not self._told_to_stop.is_set() or self._running or (self._unwritten and self._well):
            self._news.wait(self.pace.tick)
            self._news.clear()
            try:
                self._round()
                self._went_well()
            except Exception as fault:  # noqa: BLE001 (whatever it is, the next round is to come)
                self._failed(fault)

    def _went_well(self) -> None:
        if not self._well:
            log.info("deliveries go on")
        self._well, self._batch = True, min(self._batch * 2, self.pace.threads)

    def _failed(self, fault: Exception) -> None:
        """The database is away: ends are kept, and written when it is back. Said once, not at every try."""
        if self._well:
            log.error("deliveries wait", exc_info=fault)
        self._well, self._batch = False, 1
        self._told_to_stop.wait(self.pace.tick)

    def _round(self) -> None:
        self._collect()
        room = 0 if self._told_to_stop.is_set() else self.pace.threads - self._running
        if self._unwritten or (room and self._anything_due()):
            for mark in self._written_and_claimed(room):
                self._running += 1
                self._deliverers.submit(self._deliver, mark)
        if time.monotonic() - self._looked_at > self.pace.status:
            self._looked_at = time.monotonic()
            with self.hub.store.unit() as unit:
                away.follow(unit)

    def _collect(self) -> None:
        """Take in what the threads have ended."""
        while self._ended:
            self._unwritten.append(self._ended.popleft())
            self._running -= 1

    def _anything_due(self) -> bool:
        with self.hub.store.glance() as glance:
            return claiming.anything_due(glance)

    def _written_and_claimed(self, room: int) -> list[Mark]:
        """One transaction for all that has ended and all that is begun.

        After a failure the ends are written one at a time and in turn, so that one that cannot be written, as
        it must not be, holds up no other; it is forgotten when its claim lapses.
        """
        now = self.hub.store.clock()
        self._unwritten = [each for each in self._unwritten if now < each.mark.until]
        some, self._unwritten = self._unwritten[: self._batch], self._unwritten[self._batch :]
        self._unwritten += some  # in case of failure
        with self.hub.store.unit() as unit:
            later = settling.settle(unit, some, self.chance)
            turn = Turn(secrets.token_hex(16), unit.now + self.pace.lease, room, self._served)
            marks = claiming.claim(unit, turn) if room else []
        self._unwritten = later + self._unwritten[: len(self._unwritten) - len(some)]
        self._served = marks[-1].partner_id if marks else self._served
        return marks

    def _deliver(self, mark: Mark) -> None:
        try:
            ended = sender.deliver(self.hub, mark, self.pace.deadline)
        except Exception as fault:
            log.exception("the hub failed to deliver", extra={"delivery": mark.id})
            ended = Ended(mark, Outcome.FAULT, message=f"{type(fault).__name__} in the hub; see its log")
        self._ended.append(ended)
        self._news.set()
