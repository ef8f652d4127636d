"""One attempt to reach a peer: what it may connect to, how long it may take, how far it came.

The sockets look up the attempt they serve in a context variable, so that a connection kept alive from an
earlier request obeys the deadline of the present one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from hub.net.addresses import Network, Resolve


@dataclass
class Attempt:
    """Marks: fresh, it opened a connection of its own; sent, bytes have left; answered, bytes have come."""

    until: float
    resolve: Resolve
    allow_networks: Sequence[Network]
    clock: Callable[[], float] = monotonic
    fresh: bool = False
    sent: bool = False
    answered: bool = False

    def remaining(self) -> float:
        """Seconds left; TimeoutError when there are none, since a socket takes 0 for "do not wait"."""
        seconds = self.until - self.clock()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds

    def is_over(self) -> bool:
        return self.clock() >= self.until


PRESENT: ContextVar[Attempt] = ContextVar("the attempt being made")


@contextmanager
def making(attempt: Attempt) -> Iterator[Attempt]:
    """Inside, every bounded socket obeys this attempt."""
    token = PRESENT.set(attempt)
    try:
        yield attempt
    finally:
        PRESENT.reset(token)
