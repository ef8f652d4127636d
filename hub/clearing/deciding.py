"""What people decide of CDRs that are held, one by one or many at once; and what becomes of those nobody
decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, select

from hub.clearing import bounds, clear, offsetting, rows, states
from hub.clearing.states import MovedMeanwhile, NoSuchTransition, State
from hub.ocpi.document import Party
from hub.parties import agreements
from hub.parties.terms import Terms
from hub.store import audit
from hub.store.audit import Actor
from hub.store.clearings import clearing_events, clearings
from hub.store.unit import Unit

DAY = 86_400_000_000
USUAL = Terms()


class Decision(StrEnum):
    """What can be decided of a CDR."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    CHECK = "check"


LEADS_TO: Mapping[Decision, State] = {
    Decision.ACCEPT: State.RATED,
    Decision.DROP: State.DROPPED,
    Decision.REJECT: State.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which CDRs are meant; None is any. Instants in microseconds, half-open, of the end of the session."""

    owner: Party | None = None
    emsp: Party | None = None
    state: State | None = None
    code: str | None = None
    cause: str | None = None
    currency: str | None = None
    since: int | None = None
    until: int | None = None
    cdr: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        table = clearings.c
        told = {
            "owner": None if self.owner is None else table.owner == self.owner.code,
            "emsp": None if self.emsp is None else table.emsp == self.emsp.code,
            "state": None if self.state is None else table.state == self.state,
            "code": None if self.code is None else table.codes.like(f'%["{self.code}",%'),
            "cause": None if self.cause is None else table.cause == self.cause,
            "currency": None if self.currency is None else table.currency == self.currency.upper(),
            "since": None if self.since is None else table.ended_at >= self.since,
            "until": None if self.until is None else table.ended_at < self.until,
            "cdr": None if self.cdr is None else table.cdr_key == self.cdr,
        }
        return [condition for condition in told.values() if condition is not None]


def listed(unit: Unit, wanted: Filter, limit: int | None = None, after: int = 0) -> list[Any]:
    """The rows that are meant, in the order in which they came."""
    query = select(clearings).where(*wanted.conditions(), clearings.c.id > after).order_by(clearings.c.id)
    return list(unit.connection.execute(query if limit is None else query.limit(limit)))


def events_of(unit: Unit, clearing_id: int) -> list[Any]:
    """All that became of a CDR, the first first."""
    mine = select(clearing_events).where(clearing_events.c.clearing_id == clearing_id)
    return list(unit.connection.execute(mine.order_by(clearing_events.c.id)))


def decide(unit: Unit, row: Any, decision: Decision, actor: Actor, why: str | None) -> State:
    """One decision, written with who and why; NoSuchTransition when the CDR is not in a state for it."""
    before = {"state": row.state, "codes": row.codes}
    if decision is Decision.CHECK:
        after = checked_anew(unit, row, actor, why)
    else:
        after = LEADS_TO[decision]
        refuse_own_way(row, decision)
        if after is State.RATED and row.kind in rows.CREDITS:
            after = offsetting.rate(unit, row, actor.name, why)
        else:
            states.move(unit, row, after, actor.name, why, next_check_at=None)
    what = f"cdr/{Party.of_code(row.owner)}/{row.cdr_key}"
    audit.record(unit, actor, decision, what, before, {"state": after, "codes": row.codes}, why)
    return after


def refuse_own_way(row: Any, decision: Decision) -> None:
    """Only what is held is decided upon: CHECKED lasts no longer than a transaction."""
    if row.state != State.HELD:
        raise NoSuchTransition(
            f"{row.cdr_key} is {row.state}; only one that is HELD can be told to {decision}"
        )
    told = (row.energy, row.net, row.net if row.gross is None else row.gross)
    if decision is Decision.ACCEPT and not all(map(bounds.fits, told)):
        raise NoSuchTransition(f"{row.cdr_key} has an amount that no ledger holds; drop or reject it")


def checked_anew(unit: Unit, row: Any, actor: Actor, why: str | None) -> State:
    if row.state == State.RECEIVED:
        return clear.clear(unit, row, actor.name)
    judged = clear.judge(unit, row)
    if row.state not in {State.HELD, State.REJECTED, State.DROPPED}:
        raise NoSuchTransition(f"{row.cdr_key} is {row.state}; what is not held needs no check")
    if row.credited_by is not None:
        raise NoSuchTransition(f"{row.cdr_key} is credited by {row.credited_by}; neither is paid")
    if row.state != State.HELD:
        states.move(unit, row, State.CHECKED, actor.name, why or "once more", **judged.columns)
        return clear.conclude(unit, row, judged, actor.name)
    return clear.settle(unit, row, judged, actor.name)


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision on many: how many went where, and which could not, with the reason."""

    counts: Mapping[State, int]
    refused: Sequence[tuple[str, str]]


def decide_all(unit: Unit, wanted: Filter, decision: Decision, actor: Actor, why: str | None) -> Decided:
    """The same for all that are meant, in one transaction."""
    counts: dict[State, int] = {}
    refused: list[tuple[str, str]] = []
    for row in listed(unit, wanted):
        try:
            with unit.connection.begin_nested():  # nothing is left of a decision that cannot be
                after = decide(unit, row, decision, actor, why)
        except (NoSuchTransition, MovedMeanwhile) as fault:
            refused.append((row.cdr_key, str(fault)))
        else:
            counts[after] = counts.get(after, 0) + 1
    return Decided(counts, refused)


# What nobody decides ---------------------------------------------------------------------------------------


def overdue(unit: Unit) -> list[tuple[Any, int]]:
    """What has been held for longer than agreed, with the days that were agreed."""
    found = []
    held = select(clearings).where(clearings.c.state == State.HELD, clearings.c.received_at <= unit.now - DAY)
    for row in unit.connection.execute(held.order_by(clearings.c.id)):
        terms = USUAL if row.agreement_id is None else agreements.by_id(unit, row.agreement_id).terms
        if row.received_at <= unit.now - terms.hold_days * DAY:
            found.append((row, terms.hold_days))
    return found


def drop_overdue(unit: Unit) -> int:
    """Nobody has decided for so long that it is dropped; how many."""
    found = overdue(unit)
    actor = Actor(clear.BY_ITSELF, "JOB")
    for row, days in found:
        decide(unit, row, Decision.DROP, actor, f"held for more than {days} days, and nobody has decided")
    return len(found)
