"""CDRs are cleared: each gets its row, is checked once with all that is known, and is held or rated.

It is done by workers, soon after a CDR is stored, and never in the request that brings it: whatever is wrong
with a CDR, it has been acknowledged, and its eMSP may have it already.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.exc import DBAPIError

import tariffs
from hub.clearing import bounds, checks, offsetting, rows, rule_sets, states
from hub.clearing.case import Case
from hub.clearing.context import Around
from hub.clearing.facts import facts_of
from hub.clearing.rule import Found, Severity
from hub.clearing.states import State
from hub.store import documents
from hub.store.clearings import clearings
from hub.store.documents import TABLES, Stored
from hub.store.prepared import Prepared
from hub.store.unit import Unit

log = logging.getLogger(__name__)

BY_ITSELF = "the hub"
UNCHECKED = "X0"
SAYS = {UNCHECKED: "It could not be checked."}
BATCH = 100
SETTLED = 300 * 1_000_000
"""After so long no transaction is still under way that could bring a CDR with a lower number."""
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


def due(unit: Unit, most: int = BATCH) -> list[Any]:
    """Rows that wait to be checked, or to be looked at again; on PostgreSQL, those that nobody else is at."""
    waiting = or_(
        clearings.c.state == State.RECEIVED,
        and_(clearings.c.state == State.HELD, clearings.c.next_check_at <= unit.now),
    )
    query = select(clearings).where(waiting).order_by(clearings.c.id).limit(most)
    return list(unit.connection.execute(query.with_for_update(skip_locked=True)))


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
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    try:
        around = Around(unit, stored, row)
        bounds.refuse(around.cdr, around.facts)
        case = around.case()
        found = checks.check(case, rule_sets.settings_for(unit, row.owner))
        return Judged(found, kept(around, case, found, stored), around.in_place_of)
    except DBAPIError:
        raise
    except Exception as fault:  # noqa: BLE001 (it must not stop the others, nor be paid unseen)
        return unchecked(unit, row, fault)


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
    if judged.in_place_of is not None:
        rows.come_in_place(unit, row, judged.in_place_of)
    held = judged.state is State.HELD
    columns = {**judged.columns, "next_check_at": unit.now + AGAIN if held else None}
    if held and row.state == State.HELD and json.loads(row.codes) == states.told(judged.found):
        unit.connection.execute(update(clearings).where(clearings.c.id == row.id).values(columns))
        return State.HELD
    states.move(unit, row, State.CHECKED, by, None, judged.found, **columns)
    return conclude(unit, row, judged, by)


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
