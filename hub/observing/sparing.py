"""How often the same may be logged: what a hostile or a broken peer causes must not fill the disk.

>>> more = spared(store, "refused", source)         # None: this one is counted, and told of with the next
>>> if more is not None: log.info("refused", extra={...} | more)
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from hub.store.engine import Store

SPAN = 60.0
EVERYBODY = ""


class Limit(NamedTuple):
    """Lines a minute, of one source and of all."""

    one: int
    all: int


LIMITS: Mapping[str, Limit] = {
    "refused": Limit(60, 600),
    "slow request": Limit(20, 200),
    "request failed": Limit(10, 60),  # with a traceback of up to 12,000 characters
    "delivery failed": Limit(60, 600),
}
"""By the event. With all of them at their limits, a process writes less than 2 MB a minute."""


class Sparing:
    """Lets so many lines a minute pass of each source, and so many of all together; what was left out is
    counted, and stands as `left_out` in the next line of its source.

    At most 1,000 sources are known at a time, so that who comes from many addresses fills no memory either.
    """

    SOURCES = 1000

    def __init__(self, of_one: int, of_all: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = {EVERYBODY: of_all}
        self.of_one = of_one
        self.clock = clock
        self.begun = clock()
        self.passed: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self.lock = threading.Lock()

    def spared(self, source: str) -> dict[str, int] | None:
        """What is to be added to the line, if it may be written."""
        with self.lock:
            if self.clock() - self.begun >= SPAN:
                self.begun, self.passed = self.clock(), {}
            known = source if source in self.passed or len(self.passed) < self.SOURCES else EVERYBODY
            if self.is_full(known) or self.is_full(EVERYBODY):
                self.left_out[self.counted_as(known)] = self.left_out.get(self.counted_as(known), 0) + 1
                return None
            for each in {known, EVERYBODY}:
                self.passed[each] = self.passed.get(each, 0) + 1
            count = self.left_out.pop(known, 0)
            return {"left_out": count} if count else {}

    def is_full(self, source: str) -> bool:
        return self.passed.get(source, 0) >= self.most.get(source, self.of_one)

    def counted_as(self, source: str) -> str:
        return source if source in self.left_out or len(self.left_out) < self.SOURCES else EVERYBODY


known: WeakKeyDictionary[Store, dict[str, Sparing]] = WeakKeyDictionary()
"""Of each hub in this process."""
lock = threading.Lock()


def spared(store: Store | None, event: str, source: str) -> dict[str, int] | None:
    """What is to be added to a line of this event, if it may be written; None when it may not."""
    if store is None:
        return {}
    with lock:
        sparings = known.setdefault(store, {})
        if event not in sparings:
            sparings[event] = Sparing(*LIMITS[event])
    return sparings[event].spared(source)
