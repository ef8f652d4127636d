"""What one run of a job is given, and what it tells of itself."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from hub.hub import Hub
from hub.parties.partner import Partner
from hub.store.unit import Unit
from hub.sync.schedule import DONE

LONGEST = 600.0
"""Seconds after which a run pauses at the next page, so that others have the thread; it goes on later."""


@dataclass(frozen=True, slots=True)
class Run:
    """One slot of one schedule.

    partner   None for what concerns no single one
    module    None for what concerns all
    stopping  set when the process is about to end: leave off where it is safe
    until     when it has had its time, by the monotonic clock
    """

    hub: Hub
    partner: Partner | None = None
    module: str | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    until: float = field(default_factory=lambda: monotonic() + LONGEST)

    @property
    def over(self) -> bool:
        return self.stopping.is_set() or monotonic() > self.until


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    state   done, partial, skipped or failed
    told    the same for a person
    again   there is more to do: due at once
    finish  what is to be written in the transaction that ends the slot: with it, or not at all
    """

    state: str = DONE
    told: str = ""
    again: bool = False
    finish: Callable[[Unit], None] | None = None


class Interrupted(Exception):
    """The process is about to end; the slot is to be given back."""
