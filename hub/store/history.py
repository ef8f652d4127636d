"""The tables of the history of CDRs: packed in blobs, how far they have been packed, which could not be."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    and_,
    exists,
    func,
    insert,
    select,
    update,
)

from hub.store.base import INSERTS, Instant, Serial, metadata
from hub.store.charges import charges
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.unit import Unit

CREDIT, WHOLE = clearings.alias("credit"), clearings.alias("whole")
MOST = 5_000
"""CDRs in a blob: enough for arrays to pay, few enough to be written anew while it is being filled."""

history = Table(
    "history",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),  # the CPO
    Column("month", String(7), nullable=False),  # in which they began, by the clock of the place: 2026-10
    Column("time_zone", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("count", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),  # as tariffs.packed has it; its numbers are seq of cdrs
    Index("ix_history_owner_month", "owner", "month"),
)

history_unread = Table(
    "history_unread",
    metadata,
    Column("seq", Serial, nullable=False),
    Column("owner", String(5), nullable=False),
    Column("month", String(7), nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("seq"),
)
"""CDRs that no price can be told of."""

history_progress = Table(
    "history_progress",
    metadata,
    Column("module", String(30), nullable=False),
    Column("through", Instant, nullable=False),  # seq up to which all has been packed, but for the gaps
    Column("gaps", Text, nullable=False),  # JSON: numbers that were missing, and when that was seen
    PrimaryKeyConstraint("module"),
)
"""PostgreSQL gives numbers before it commits: one that is missing may be there a moment later."""

CDRS, SESSIONS = TABLES["cdrs"], TABLES["sessions"]
Group = tuple[str, str, str, str]
"""Owner, month, time zone and currency of a blob."""
GROUP = (history.c.owner, history.c.month, history.c.time_zone, history.c.currency)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the CDRs have been packed, as the table has it."""

    through: int = 0
    gaps: str = "[]"


def progress(unit: Unit, *, lock: bool = False) -> Progress:
    """With `lock` nobody else packs until the commit."""
    query = select(history_progress).where(history_progress.c.module == "cdrs")
    if lock:
        first = INSERTS[unit.dialect.name](history_progress).values(module="cdrs", through=0, gaps="[]")
        unit.connection.execute(first.on_conflict_do_nothing())
        query = query.with_for_update()
    row = unit.connection.execute(query).first()
    return Progress() if row is None else Progress(row.through, row.gaps)


def set_progress(unit: Unit, now: Progress) -> None:
    mine = history_progress.c.module == "cdrs"
    values = {"through": now.through, "gaps": now.gaps}
    unit.connection.execute(update(history_progress).where(mine).values(values))


OWN_SESSION = and_(
    charges.c.owner == CDRS.c.owner,
    charges.c.session_key == CDRS.c.session_id,
    charges.c.cdr_key == CDRS.c.key,
    charges.c.quote.is_not(None),
)
UNPACKED = (
    select(
        CDRS.c.seq,
        CDRS.c.owner,
        func.coalesce(CDRS.c.newest, CDRS.c.sent).label("cdr"),
        func.coalesce(SESSIONS.c.newest, SESSIONS.c.sent).label("session"),
        charges.c.quote,
    )
    .outerjoin(charges, OWN_SESSION)
    .outerjoin(SESSIONS, and_(SESSIONS.c.owner == charges.c.owner, SESSIONS.c.key == charges.c.session_key))
    .order_by(CDRS.c.seq)
)


def unpacked(unit: Unit, through: int, limit: int) -> list[Any]:
    """The next CDRs as rows (seq, owner, cdr, session, quote), documents in the newest edition; a session and
    its quote where the hub has priced it itself."""
    return list(unit.connection.execute(UNPACKED.where(CDRS.c.seq > through).limit(limit)))


def filled(unit: Unit, gaps: Collection[int]) -> list[Any]:
    """The same of CDRs that were missing."""
    return list(unit.connection.execute(UNPACKED.where(CDRS.c.seq.in_(gaps)))) if gaps else []


def waiting(unit: Unit, through: int) -> int:
    """How many CDRs have not been packed, but for those in gaps."""
    return unit.connection.execute(select(func.count()).where(CDRS.c.seq > through)).scalar_one()


def open_blob(unit: Unit, group: Group) -> Any:
    """The row of a group that has room, None when there is none."""
    mine = [column == value for column, value in zip(GROUP, group, strict=True)]
    query = select(history).where(*mine, history.c.count < MOST).order_by(history.c.id.desc()).limit(1)
    return unit.connection.execute(query).first()


def put_blob(unit: Unit, group: Group, count: int, packed: bytes, *, instead_of: int | None) -> None:
    values: dict[str, Any] = {"count": count, "packed": packed}
    if instead_of is not None:
        unit.connection.execute(update(history).where(history.c.id == instead_of).values(values))
        return
    names = (column.name for column in GROUP)
    unit.connection.execute(insert(history).values(dict(zip(names, group, strict=True)) | values))


def put_unread(unit: Unit, rows: Iterable[Mapping[str, Any]]) -> None:
    found = list(rows)
    if found:
        unit.connection.execute(insert(history_unread), found)


def counts(unit: Unit, owner: str, months: Collection[str]) -> list[tuple[int, int]]:
    """(id, number of CDRs) of the blobs of these months."""
    mine = [history.c.owner == owner, history.c.month.in_(months)]
    query = select(history.c.id, history.c.count).where(*mine).order_by(history.c.id)
    return [(blob, count) for blob, count in unit.connection.execute(query)]


def packed(unit: Unit, blob: int) -> bytes:
    return bytes(unit.connection.execute(select(history.c.packed).where(history.c.id == blob)).scalar_one())


def unread(unit: Unit, owner: str, months: Collection[str]) -> Iterator[tuple[int, str]]:
    """(seq, reason) of those that no price can be told of."""
    mine = [history_unread.c.owner == owner, history_unread.c.month.in_(months)]
    query = select(history_unread.c.seq, history_unread.c.reason).where(*mine)
    return ((row.seq, row.reason) for row in unit.connection.execute(query.order_by(history_unread.c.seq)))


def gone(unit: Unit, owner: str) -> list[int]:
    """The CDRs of a CPO that do not count any more: deleted, or credited by another; not in part.

    Those of all CPOs are asked for, since that is in an index; to look for the owner would read every CDR.
    """
    deleted = select(CDRS.c.seq, CDRS.c.owner).where(CDRS.c.deleted_at.is_not(None))
    found = {seq for seq, of in unit.connection.execute(deleted) if of == owner}
    living = [CDRS.c.credit_reference_id > "", CDRS.c.deleted_at.is_(None)]
    in_part = exists().where(CREDIT.c.cdr_seq == CDRS.c.seq, CREDIT.c.kind == "PARTIAL")
    all_parts = exists().where(
        WHOLE.c.owner == CDRS.c.owner,
        WHOLE.c.cdr_key == CDRS.c.credit_reference_id,
        WHOLE.c.credited_by.is_not(None),
    )
    taking_back = select(CDRS.c.owner, CDRS.c.credit_reference_id).where(*living, ~in_part | all_parts)
    credits_ = unit.connection.execute(taking_back)
    credited = sorted({key for of, key in credits_ if of == owner})
    for some in batched(credited):
        mine = select(CDRS.c.seq).where(CDRS.c.owner == owner, CDRS.c.key.in_(some))
        found.update(seq for (seq,) in unit.connection.execute(mine))
    return sorted(found)


def batched(names: Sequence[str], most: int = 500) -> Iterator[Sequence[str]]:
    return (names[first : first + most] for first in range(0, len(names), most))


def keys(unit: Unit, numbers: Collection[int]) -> dict[int, str]:
    """The ids of CDRs by their numbers."""
    query = select(CDRS.c.seq, CDRS.c.key).where(CDRS.c.seq.in_(numbers))
    return {row.seq: row.key for row in unit.connection.execute(query)}
