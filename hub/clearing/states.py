"""What becomes of a CDR: its states, the only ways from one to another, and the only writer of them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, literal, select, update

from hub.clearing.rule import Found
from hub.store import bulk
from hub.store.clearings import clearing_events, clearings, in_millionths
from hub.store.prepared import Prepared
from hub.store.unit import Unit


class State(StrEnum):
    """Where a CDR stands on its way to being paid.

    RECEIVED  it is kept; CHECKED: its checks are done
    HELD      somebody must decide, or something must come that is missing
    RATED     it is right, or was accepted: it goes into the next statement
    DISPUTED  the eMSP says that it is wrong; CREDITED: it was taken back
    STATED    it is on a statement; SETTLED: that is final
    REJECTED  it will not be paid, which the CPO is told; DROPPED: nobody decided, or it was not worth it
    """

    RECEIVED = "RECEIVED"
    CHECKED = "CHECKED"
    HELD = "HELD"
    RATED = "RATED"
    DISPUTED = "DISPUTED"
    CREDITED = "CREDITED"
    STATED = "STATED"
    SETTLED = "SETTLED"
    REJECTED = "REJECTED"
    DROPPED = "DROPPED"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.CHECKED}),
    State.CHECKED: frozenset({State.HELD, State.RATED, State.REJECTED}),
    State.HELD: frozenset({State.CHECKED, State.RATED, State.REJECTED, State.DROPPED}),
    State.RATED: frozenset({State.DISPUTED, State.CREDITED, State.STATED}),
    State.DISPUTED: frozenset({State.RATED, State.CREDITED}),
    State.CREDITED: frozenset({State.STATED}),
    State.STATED: frozenset({State.SETTLED, State.RATED, State.DISPUTED}),
    State.SETTLED: frozenset(),
    State.REJECTED: frozenset({State.CHECKED}),
    State.DROPPED: frozenset({State.CHECKED}),
}
"""CREDITED goes onto a statement with its credit, where both make nought. A contested line leaves its
statement. What was rejected or dropped by mistake is checked once more."""


TOGETHER = 500


class NoSuchTransition(Exception):
    """A CDR cannot go from its state to that one."""


class MovedMeanwhile(Exception):
    """Somebody else has moved the CDR meanwhile; look again."""


def move(  # noqa: PLR0913, PLR0917 (what an event tells)
    unit: Unit,
    clearing: Any,
    to: State,
    by: str,
    why: str | None = None,
    found: Sequence[Found] = (),
    **columns: Any,
) -> None:
    """The one way to another state, with an event that tells who, when and why.

    clearing  a row of `clearings`; MovedMeanwhile when it is not in that state any more
    columns   what is written with it
    """
    move_along(unit, [Way(clearing, (Step(to, why, found),), columns)], by)


@dataclass(frozen=True, slots=True)
class Step:
    """To one state, with what an event tells of it."""

    to: State
    why: str | None = None
    found: Sequence[Found] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a CDR in one transaction: from the state of its row through the steps to the last.

    columns  what is written with it
    """

    clearing: Any
    steps: Sequence[Step]
    columns: Mapping[str, Any]


NOTE = Prepared(
    every=insert(clearing_events).values(
        {name: bindparam(name) for name in ("clearing_id", "at", "by", "before", "after", "why", "codes")}
    )
)


def move_along(unit: Unit, ways: Sequence[Way], by: str) -> None:
    """Many CDRs, each its own way, with an event for every step; MovedMeanwhile when one is not where its
    row says any more."""
    events = [event for way in ways for event in events_of(unit, way, by)]
    for names in dict.fromkeys(tuple(way.columns) for way in ways):
        some = [way for way in ways if tuple(way.columns) == names]
        if moving(names).many(unit, [moved_by(way) for way in some]) != len(some):
            some_of = " or ".join(f"{way.clearing.cdr_key} is not {way.clearing.state}" for way in some)
            raise MovedMeanwhile(f"{some_of} any more")
    NOTE.many(unit, events)


def events_of(unit: Unit, way: Way, by: str) -> Iterator[Mapping[str, Any]]:
    """One for each step; NoSuchTransition when one cannot be gone."""
    before = State(way.clearing.state)
    for step in way.steps:
        if step.to not in TRANSITIONS[before]:
            raise NoSuchTransition(
                f"{way.clearing.cdr_key} is {before}; from there it can be {named(TRANSITIONS[before])}"
            )
        yield {
            "clearing_id": way.clearing.id,
            "at": unit.now,
            "by": by,
            "before": before,
            "after": step.to,
            "why": step.why,
            "codes": json.dumps(told(step.found)),
        }
        before = step.to


@lru_cache(maxsize=64)
def moving(names: tuple[str, ...]) -> Prepared:
    """From one state to another, with these columns."""
    mine = (clearings.c.id == bindparam("this")) & (clearings.c.state == bindparam("before"))
    return Prepared(
        every=update(clearings).where(mine).values({name: bindparam(name) for name in ("state", *names)})
    )


def moved_by(way: Way) -> dict[str, Any]:
    last = way.steps[-1].to
    same = {"this": way.clearing.id, "before": way.clearing.state, "state": last}
    return same | in_millionths(way.columns)


def move_all(
    unit: Unit, moved: Sequence[Any], to: State, by: str, why: str | None = None, **columns: Any
) -> None:
    """The same for many rows, whatever states they are in: one statement for some hundred of them."""
    for state in sorted({row.state for row in moved}):
        same = [row for row in moved if row.state == state]
        for begin in range(0, len(same), TOGETHER):
            move_some(unit, same[begin : begin + TOGETHER], to, by, why, columns)


def move_some(  # noqa: PLR0913, PLR0917 (what an event tells)
    unit: Unit, some: Sequence[Any], to: State, by: str, why: str | None, columns: Mapping[str, Any]
) -> None:
    """All of one state; MovedMeanwhile when one of them is not in it any more."""
    before = State(some[0].state)
    if to not in TRANSITIONS[before]:
        raise NoSuchTransition(
            f"{some[0].cdr_key} is {before}; from there it can be {named(TRANSITIONS[before])}"
        )
    mine = clearings.c.id.in_([row.id for row in some]) & (clearings.c.state == before)
    moved = unit.connection.execute(update(clearings).where(mine).values(state=to, **columns))
    if moved.rowcount != len(some):
        raise MovedMeanwhile(f"one of {len(some)} CDRs is not {before} any more")
    event = {"at": unit.now, "by": by, "before": before, "after": to, "why": why, "codes": "[]"}
    unit.connection.execute(insert(clearing_events), [event | {"clearing_id": row.id} for row in some])


def move_many(  # noqa: PLR0913, PLR0917 (what an event tells)
    unit: Unit, ids: Sequence[int], before: State, to: State, by: str, why: str | None, **columns: Any
) -> int:
    """The same for those of these rows that are in one state still, without reading any: how many they were.

    The database copies them into events itself: on PostgreSQL those that it has moved, and SQLite has no
    other writer that could move one meanwhile.
    """
    if to not in TRANSITIONS[before]:
        raise NoSuchTransition(f"they are {before}; from there they can be {named(TRANSITIONS[before])}")
    engine, given = unit.dialect.name, {"ids": bulk.listed(unit, ids)}
    mine = bulk.among(clearings.c.id, engine) & (clearings.c.state == before)
    moving = update(clearings).where(mine).values(state=to, **columns)
    event = {"at": unit.now, "by": by, "before": before, "after": to, "why": why, "codes": "[]"}
    told = [literal(value, clearing_events.c[name].type) for name, value in event.items()]
    noting = insert(clearing_events)
    if engine == "sqlite":
        source = select(clearings.c.id, *told).where(mine)
        noted = bulk.insert_from(unit, noting.from_select(["clearing_id", *event], source), given)
        unit.connection.execute(moving, given)
        return noted
    moved = moving.returning(clearings.c.id).cte("moved")
    source = select(moved.c.id, *told)
    return bulk.insert_from(unit, noting.from_select(["clearing_id", *event], source), given)


def told(found: Sequence[Found]) -> list[list[str]]:
    """As JSON keeps what was found."""
    return [[each.code, each.severity, each.detail] for each in found]


def named(states: Collection[State]) -> str:
    return " or ".join(sorted(states)) or "nothing else"
