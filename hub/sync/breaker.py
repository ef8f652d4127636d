"""When a partner is left alone, and how it is tried again: the rules alone, without a database.

closed   deliveries flow, `width` of them at a time
open     none flow before `until`; then one goes, as a probe
probing  the probe is under way; should its process die, the next one goes at `until`
parked   the partner does not know the hub any more: one goes every quarter of an hour
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.sync.outcomes import Said
from hub.sync.waits import SECOND, Chance

CONSECUTIVE = 5
SHARE, AT_LEAST, WINDOW = 0.7, 10, 300 * SECOND
FIRST_PAUSE, LONGEST_PAUSE, SPREAD = 30.0, 900.0, 0.2
PARKED_FOR = 900.0
WIDTH = 4
"""Deliveries at a time to one partner, so that a slow one cannot take all threads."""
STUMBLES = 3
"""How often one object that makes the partner fail counts against the partner: it may be the object."""


class Gate(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What the tries have shown of a partner; instants in microseconds.

    until          nothing is sent before; None while closed
    since          the gate was shut, or opened again; for whoever tells others that the partner is away
    failures       to talk to it at all, in a row
    tried, failed  since window_at, the first failure of the last minutes
    pauses         in a row: each is twice as long as the one before
    width          deliveries at a time: one after a failure, twice as many after each success
    """

    gate: Gate = Gate.CLOSED
    until: int | None = None
    since: int = 0
    failures: int = 0
    window_at: int = 0
    tried: int = 0
    failed: int = 0
    pauses: int = 0
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class Event:
    """The end of one try: what it says of the partner, how often its object was tried, and when it ended."""

    said: Said
    attempts: int
    now: int


PRISTINE = Breaker()


def after(breaker: Breaker, event: Event, chance: Chance) -> Breaker:
    """The breaker as the end of a try leaves it."""
    if event.said is Said.NOTHING:
        return breaker if breaker.gate is not Gate.PROBING else replace(breaker, until=event.now)
    if event.said is Said.CLOSED:
        return shut(breaker, Gate.PARKED, event.now, PARKED_FOR)
    if event.said is Said.WELL:
        return well(breaker, event)
    if event.said is Said.STUMBLED and event.attempts > STUMBLES:
        return stumbled_again(breaker, event, chance)
    return ill(breaker, event, chance)


def well(breaker: Breaker, event: Event) -> Breaker:
    """The partner answers; after a pause it is given one delivery, then two, then four."""
    if breaker.gate is not Gate.CLOSED:
        return Breaker(since=event.now, width=1)
    counted = in_window(breaker, event.now, failed=0)
    return replace(counted, failures=0, width=min(WIDTH, breaker.width * 2))


def ill(breaker: Breaker, event: Event, chance: Chance) -> Breaker:
    failures = breaker.failures + 1 if event.said is Said.ILL else 0
    counted = replace(in_window(breaker, event.now, failed=1), failures=failures, width=1)
    if breaker.gate in (Gate.OPEN, Gate.PARKED):  # tries that were under way when it shut
        return counted
    if breaker.gate is Gate.PROBING or is_too_much(counted):
        return paused(counted, event.now, breaker.pauses, chance)
    return counted


def stumbled_again(breaker: Breaker, event: Event, chance: Chance) -> Breaker:
    """An object that always fails proves nothing; as a probe it costs a pause, but one of the shortest."""
    if breaker.gate is not Gate.PROBING:
        return breaker
    return paused(breaker, event.now, 0, chance)


def is_too_much(breaker: Breaker) -> bool:
    many = breaker.tried >= AT_LEAST and breaker.failed >= SHARE * breaker.tried
    return many or breaker.failures >= CONSECUTIVE


def in_window(breaker: Breaker, now: int, failed: int) -> Breaker:
    """Counted from the first failure on, so that a partner without any costs nothing."""
    if now - breaker.window_at > WINDOW or not breaker.failed:
        return replace(breaker, window_at=now, tried=failed, failed=failed)
    return replace(breaker, tried=breaker.tried + 1, failed=breaker.failed + failed)


def paused(breaker: Breaker, now: int, pauses: int, chance: Chance) -> Breaker:
    seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(pauses, 10))
    seconds *= chance(1 - SPREAD, 1 + SPREAD)
    return replace(shut(breaker, Gate.OPEN, now, seconds), pauses=pauses + 1)


def shut(breaker: Breaker, gate: Gate, now: int, seconds: float) -> Breaker:
    since = now if breaker.gate is Gate.CLOSED else breaker.since
    return replace(breaker, gate=gate, since=since, until=now + int(seconds * SECOND), width=1)


WORDS: Mapping[Gate, str] = {
    Gate.CLOSED: "deliveries flow",
    Gate.OPEN: "left alone after failures",
    Gate.PROBING: "one delivery is under way to see whether it is back",
    Gate.PARKED: "refuses the hub's token",
}
"""For people."""
