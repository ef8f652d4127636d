"""The background work of a process: a clock that claims what is due, and threads that deliver it."""

import logging
import secrets
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from hub.hub import Hub
from hub.sync import outbox, sender
from hub.sync.outbox import Mark

log = logging.getLogger(__name__)

THREADS = 16
PER_PARTNER = 4
"""Deliveries under way to one partner, so that a slow one cannot take all threads."""
TICK = 0.2
LEASE = int((2 * sender.DEADLINE + 5) * sender.SECOND)
"""How long a claim holds: a process that dies gives its work back after this."""


class Worker:
    """Any number may run, in any number of processes: the claims in the database keep them apart."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.under_way: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        self._clock = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        self._clock.add_job(self.tick, "interval", seconds=TICK)
        self._clock.start()

    def stop(self) -> None:
        """Let deliveries under way end; nothing else is begun."""
        self._clock.shutdown(wait=True)
        self._threads.shutdown(wait=True)

    def tick(self) -> None:
        """Claim as much as there are free threads for, and hand it to them."""
        for mark in self.claim():
            delivery = self._threads.submit(sender.deliver, self.hub, mark)
            delivery.add_done_callback(partial(self.ended, mark))

    def claim(self) -> list[Mark]:
        with self._lock:
            free = THREADS - self.under_way.total()
            busy = [partner for partner, count in self.under_way.items() if count >= PER_PARTNER]
        if not free or not self.anything_due():
            return []
        with self.hub.store.unit() as unit:
            marks = outbox.claim(unit, secrets.token_hex(16), unit.now + LEASE, free, busy)
        with self._lock:
            self.under_way.update(mark.partner_id for mark in marks)
        return marks

    def anything_due(self) -> bool:
        """A look that takes no lock, so that an idle hub writes nothing."""
        with self.hub.store.reading() as unit:
            return outbox.anything_due(unit)

    def ended(self, mark: Mark, future: Future[None]) -> None:
        """Free the thread; after a fault of ours the mark is tried again when its lease lapses."""
        with self._lock:
            self.under_way[mark.partner_id] -= 1
        fault = future.exception()
        if fault is not None:
            log.error("delivery failed", extra={"delivery": mark.id}, exc_info=fault)
