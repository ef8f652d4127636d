"""The thread of a worker that clears CDRs, soon after they are stored."""

import logging
from contextlib import suppress
from time import monotonic
from typing import Any

from hub.clearing import clear, deciding, disputes, rows, waking
from hub.clearing.states import MovedMeanwhile
from hub.hub import Hub
from hub.store.engine import Store
from hub.store.pressure import is_passing
from hub.sync.ticking import Ticking

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks for new CDRs."""
LOOK = 60.0
"""Seconds between two looks at what is held: what it waits for may have come, or it has waited too long."""
SOME = 25
"""So many CDRs share a transaction."""


class Clerk(Ticking):
    """A CDR is moved by one of them alone."""

    def __init__(self, hub: Hub) -> None:
        super().__init__("clearing", TICK)
        self.hub = hub
        self._looked = monotonic()

    def one(self) -> bool:
        if monotonic() - self._looked >= LOOK:
            self._looked = monotonic()
            look(self.hub.store)
        return some(self.hub.store) > 0


def look(store: Store) -> None:
    """At what is held, at what is disputed, and, where transactions end in any order, at what came late."""
    if not store.sqlite:
        with store.unit() as unit:
            clear.enter_left_out(unit)
    with store.unit() as unit:
        waking.wake(unit)
        deciding.drop_overdue(unit)
        disputes.expire(unit)


def some(store: Store) -> int:
    """Enter and clear some CDRs; how many were dealt with, 0 when there is nothing to do."""
    enter(store)
    try:
        return cleared_apart(store) if store.sqlite else cleared_together(store)
    except Exception as fault:
        if is_passing(fault):
            raise
        log.exception("CDRs are cleared one by one: one of some cannot be")
        return cleared_alone(store)


def enter(store: Store) -> None:
    """Give rows to new CDRs, unless enough of those that have one wait already."""
    with store.reading() as unit:
        fresh = not clear.many_wait(unit, SOME) and clear.without_row(unit, 1)
    if fresh:
        with store.unit() as unit:
            clear.enter_new(unit)


def cleared_together(store: Store) -> int:
    """Where rows are locked: look and write in one transaction."""
    with store.unit() as unit:
        judged = clear.judge_all(unit, clear.due(unit, SOME))
        clear.settle_all(unit, judged)
    return len(judged)


def cleared_apart(store: Store) -> int:
    """Where writers lock everything: look first, so that the writing is short."""
    with store.reading() as unit:
        judged = clear.judge_all(unit, clear.due(unit, SOME))
    if judged:
        with store.unit() as unit:  # another process may have been faster
            clear.settle_all(unit, [(row, found) for row, found in judged if rows.stands(unit, row)])
    return len(judged)


def cleared_alone(store: Store) -> int:
    """Each in a transaction of its own: one that fails is held, and stops no other."""
    with store.reading() as unit:
        waiting = clear.due(unit, SOME)
    for row in waiting:
        with suppress(MovedMeanwhile):
            alone(store, row)
    return len(waiting)


def alone(store: Store, row: Any) -> None:
    try:
        with store.unit() as unit:
            clear.clear(unit, row)
    except MovedMeanwhile:
        raise
    except Exception as fault:
        if is_passing(fault):
            raise
        with store.unit() as unit:
            clear.settle(unit, row, clear.unchecked(unit, row, fault))


def everything(store: Store) -> int:
    """Clear all there is, now; for commands and tests."""
    count = 0
    while dealt := some(store):
        count += dealt
    return count
