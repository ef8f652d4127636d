"""CDRs are cleared: each gets its row, is checked once with all that is known, and is held or rated.

It is done by workers, soon after a CDR is stored, and never in the request that brings it: whatever is wrong
with a CDR, it has been acknowledged, and its eMSP may have it already.
"""

import hashlib
import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import DBAPIError

import tariffs
from hub.clearing import bounds, checks, offsetting, rows, states
from hub.clearing.case import Case
from hub.clearing.context import Around, Desk
from hub.clearing.facts import facts_of
from hub.clearing.rule import Found, Severity
from hub.clearing.states import State, Step, Way
from hub.store import documents
from hub.store.base import Instant
from hub.store.clearings import clearings, in_millionths
from hub.store.documents import TABLES, Stored
from hub.store.prepared import Prepared
from hub.store.unit import Unit

log = logging.getLogger(__name__)

BY_ITSELF = "the hub"
OF_THE_DATABASE = (DBAPIError, sqlite3.Error, psycopg.Error)
UNCHECKED = "X0"
SAYS = {UNCHECKED: "It could not be checked."}
BATCH = 100
SETTLED = 300 * 1_000_000
"""After so long no transaction is still under way that could bring a CDR with a lower number."""
FAR_BACK = 20_000
"""Among so many of the last CDRs those are looked for that came later nevertheless."""
AGAIN = 86_400 * 1_000_000
"""What is held is looked at again after so long, and at once when something that it may wait for comes."""


def enter_new(unit: Unit, most: int = BATCH) -> int:
    """Give rows to CDRs that have none, the oldest first; how many.

    It begins where all had theirs, so that its cost does not grow with what is stored.
    """
    table, begin = TABLES["cdrs"], rows.through(unit)
    new = without_row(unit, most)
    rows.put_all(unit, [columns_of(stored) for stored in new])
    settled = select(func.max(table.c.seq)).where(
        table.c.seq > begin, table.c.received_at <= unit.now - SETTLED
    )
    if len(new) == most:
        settled = settled.where(table.c.seq <= new[-1].seq)
    rows.put_through(unit, unit.connection.execute(settled).scalar())
    return len(new)


LEFT_OUT = Prepared(
    every=select(TABLES["cdrs"])
    .outerjoin(clearings, clearings.c.cdr_seq == TABLES["cdrs"].c.seq)
    .where(TABLES["cdrs"].c.seq > bindparam("since"), TABLES["cdrs"].c.seq <= bindparam("through"))
    .where(clearings.c.id.is_(None))
    .order_by(TABLES["cdrs"].c.seq)
    .limit(bindparam("most"))
)


def enter_left_out(unit: Unit, most: int = BATCH) -> int:
    """Give rows to CDRs whose transaction took longer than SETTLED, or whose process had another clock: they
    came below where all had theirs. How many."""
    through = rows.through(unit)
    late = LEFT_OUT.all(unit, since=through - FAR_BACK, through=through, most=most)
    rows.put_all(unit, [columns_of(documents.stored("cdrs", row)) for row in late])
    return len(late)


def columns_of(stored: Stored) -> Mapping[str, Any]:
    """Of its row; one that cannot be read must not stop those that came after it."""
    try:
        return rows.columns(stored, facts_of(stored.document.newest))
    except Exception:
        log.exception("a CDR could not be read", extra={"owner": stored.owner, "cdr": stored.key})
        return rows.unread(stored)


WITHOUT = Prepared(
    every=select(TABLES["cdrs"])
    .outerjoin(clearings, clearings.c.cdr_seq == TABLES["cdrs"].c.seq)
    .where(TABLES["cdrs"].c.seq > bindparam("through"), clearings.c.id.is_(None))
    .order_by(TABLES["cdrs"].c.seq)
    .limit(bindparam("most"))
)


def without_row(unit: Unit, most: int = BATCH) -> list[Stored]:
    """CDRs that have no row yet, the oldest first."""
    return [documents.stored("cdrs", row) for row in WITHOUT.all(unit, through=rows.through(unit), most=most)]


SEEN = tuple(
    clearings.c[name]
    for name in (
        "id",
        "owner",
        "cdr_key",
        "cdr_seq",
        "emsp",
        "kind",
        "state",
        "codes",
        "received_at",
        "session_key",
        "evse_key",
        "connector_key",
        "token_key",
        "reference",
        "credits",
        "started_at",
        "ended_at",
        "currency",
    )
)
"""What is looked at of a row that waits; no amounts."""
WAITING = select(*SEEN).limit(bindparam("most")).with_for_update(skip_locked=True)
IN_TURN = WAITING.order_by(clearings.c.next_check_at, clearings.c.id)
"""By the index, which SQLite leaves aside where rows are wanted by their ids: then it reads all there are."""
RECEIVED = Prepared(every=IN_TURN.where(clearings.c.state == State.RECEIVED))
HELD = Prepared(
    every=IN_TURN.where(
        clearings.c.state == State.HELD, clearings.c.next_check_at <= bindparam("now", type_=Instant)
    )
)


def due(unit: Unit, most: int = BATCH) -> list[Any]:
    """Rows that wait to be checked, and then those to be looked at again, which is less urgent; on
    PostgreSQL, those that nobody else is at."""
    found = RECEIVED.all(unit, most=most)
    return found if len(found) == most else found + HELD.all(unit, now=unit.now, most=most - len(found))


UNCHECKED_YET = Prepared(
    every=select(clearings.c.id).where(clearings.c.state == State.RECEIVED).limit(bindparam("most"))
)


def many_wait(unit: Unit, many: int) -> bool:
    """Whether so many have a row and wait for their first check."""
    return len(UNCHECKED_YET.all(unit, most=many)) == many


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to become of a CDR: what was found, and what its row is to tell.

    in_place_of  the key of a credited CDR of the same session, where this one is its replacement
    """

    found: tuple[Found, ...]
    columns: Mapping[str, Any]
    in_place_of: str | None = None

    @property
    def state(self) -> State:
        """Nothing is rejected by itself: what is so wrong is held, and a person says so to the CPO."""
        severity = checks.worst(self.found)
        return State.HELD if severity in {Severity.REJECT, Severity.HOLD} else State.RATED


def judge(unit: Unit, row: Any) -> Judged:
    """Look at a CDR with all that is known; writes nothing."""
    return judged_at(Desk(unit), row)


def judge_all(unit: Unit, waiting: Sequence[Any]) -> list[tuple[Any, Judged]]:
    """The same for many, each as if those before it had been settled already; so it ends with the first of
    which something becomes of another CDR."""
    desk, found = Desk(unit), []
    for row in waiting:
        judged = judged_at(desk, row)
        found.append((row, judged))
        if row.kind in rows.CREDITS or judged.in_place_of is not None:
            break
    return found


def judged_at(desk: Desk, row: Any) -> Judged:
    stored = documents.by_seq(desk.unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    try:
        around = Around(desk, stored, row)
        bounds.refuse(around.cdr, around.facts)
        case = around.case()
        found = checks.check(case, desk.settings(row.owner))
        judged = Judged(found, kept(around, case, found, stored), around.in_place_of)
    except OF_THE_DATABASE:
        raise
    except Exception as fault:  # noqa: BLE001 (it must not stop the others, nor be paid unseen)
        return unchecked(desk.unit, row, fault)
    if judged.state is State.RATED and row.kind not in rows.CREDITS:
        desk.rated.append(rows.rated(row, around.facts))
    return judged


def unchecked(unit: Unit, row: Any, fault: Exception) -> Judged:
    """It is held: somebody must look at it."""
    if not isinstance(fault, bounds.TooLarge):
        log.error(
            "a CDR could not be checked", extra={"owner": row.owner, "cdr": row.cdr_key}, exc_info=fault
        )
    failed = Found(UNCHECKED, Severity.HOLD, f"{type(fault).__name__}: {fault}"[:200])
    return Judged((failed,), {"codes": json.dumps(states.told([failed])), "checked_at": unit.now})


def settle(unit: Unit, row: Any, judged: Judged, by: str = BY_ITSELF) -> State:
    """Write what was judged; where the CDR stands then. MovedMeanwhile when somebody has moved it."""
    if row.kind in rows.CREDITS and not is_same(row, judged):
        states.move(unit, row, State.CHECKED, by, None, judged.found, **columns_after(unit, judged))
        return conclude(unit, row, judged, by)
    settle_all(unit, [(row, judged)], by)
    return judged.state


def settle_all(unit: Unit, all_judged: Sequence[tuple[Any, Judged]], by: str = BY_ITSELF) -> None:
    """The same for many, as `judge_all` has judged them."""
    for row, judged in all_judged:
        if judged.in_place_of is not None:
            rows.come_in_place(unit, row, judged.in_place_of)
        if is_same(row, judged):
            columns = in_millionths(columns_after(unit, judged))
            renewing(tuple(columns)).run(unit, this=row.id, **columns)
    moved = [(row, judged) for row, judged in all_judged if not is_same(row, judged)]
    plain = [(row, judged) for row, judged in moved if row.kind not in rows.CREDITS]
    states.move_along(unit, [way(unit, row, judged) for row, judged in plain], by)
    for row, judged in moved:
        if row.kind in rows.CREDITS:
            settle(unit, row, judged, by)


def is_same(row: Any, judged: Judged) -> bool:
    """Whether it is held as it was, for the same reasons: that is no news."""
    held = judged.state is State.HELD and row.state == State.HELD
    return held and json.loads(row.codes) == states.told(judged.found)


@lru_cache(maxsize=8)
def renewing(names: tuple[str, ...]) -> Prepared:
    mine = clearings.c.id == bindparam("this")
    return Prepared(every=update(clearings).where(mine).values({name: bindparam(name) for name in names}))


def columns_after(unit: Unit, judged: Judged) -> dict[str, Any]:
    held = judged.state is State.HELD
    return {**judged.columns, "next_check_at": unit.now + AGAIN if held else None}


def way(unit: Unit, row: Any, judged: Judged) -> Way:
    """By way of CHECKED, which no other transaction sees."""
    steps = (
        Step(State.CHECKED, None, judged.found),
        Step(judged.state, why(judged.found), judged.found),
    )
    return Way(row, steps, columns_after(unit, judged))


def conclude(unit: Unit, row: Any, judged: Judged, by: str, **columns: Any) -> State:
    """What is CHECKED is held or rated; a credit stands or falls with what it credits."""
    checked = rows.again(unit, row)
    if judged.state is State.RATED and checked.kind in rows.CREDITS:
        return offsetting.rate(unit, checked, by, why(judged.found), judged.found)
    states.move(unit, checked, judged.state, by, why(judged.found), judged.found, **columns)
    return judged.state


def clear(unit: Unit, row: Any, by: str = BY_ITSELF) -> State:
    """Check a CDR and decide what becomes of it."""
    return settle(unit, row, judge(unit, row), by)


def why(found: tuple[Found, ...]) -> str | None:
    """The sentences of the checks that decided."""
    deciding = [each for each in found if each.severity is not Severity.WARN]
    says = dict.fromkeys(SAYS.get(each.code) or checks.BY_CODE[each.code].says for each in deciding)
    return " ".join(says) or None


def kept(around: Around, case: Case, found: tuple[Found, ...], stored: Stored) -> dict[str, Any]:
    """What its row tells of the check."""
    repriced, expected, carried = around.repriced, case.expected, case.carried
    return {
        "codes": json.dumps(states.told(found)),
        "checked_at": around.unit.now,
        "expected_net": None if expected is None else bounds.kept(expected.net),
        "expected_gross": None if expected is None or expected.gross is None else bounds.kept(expected.gross),
        "carried_net": None if carried is None else bounds.kept(carried.net),
        "carried_gross": None if carried is None or carried.gross is None else bounds.kept(carried.gross),
        "cause": None if expected is None else expected.cause,
        "agreement_id": None if around.agreement is None else around.agreement.id,
        "tariff_version_id": repriced.version_id,
        "rules": json.dumps(list(repriced.rule_ids)) if repriced.rule_ids else None,
        "policy": None if repriced.policy is None else json.dumps(repriced.policy, default=str),
        "engine": tariffs.ENGINE,
        "input_hash": hashlib.sha256(stored.body).hexdigest(),
    }
