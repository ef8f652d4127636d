"""Disputes over CDRs: who claims what and why, what both have said, and how it ended."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Index, String, Table, Text, insert, select, text, update

from hub.store.base import Instant, Micro, Serial, metadata
from hub.store.unit import Unit

disputes = Table(
    "disputes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("clearing_id", Serial, nullable=False, index=True),
    Column("cpo", String(5), nullable=False),
    Column("emsp", String(5), nullable=False),
    Column("cdr_key", String(80), nullable=False),
    Column("opened_by", String(5), nullable=False),  # the party whose claim it is
    Column("reason", String(20), nullable=False),
    Column("claimed", Micro),  # net; null: all of it
    Column("currency", String(3), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("outcome", String(10)),  # null while it is open
    Column("closed_at", Instant),
    Column("closed_by", String(100)),
    Column("why", Text),
    Column("credit_key", String(80)),  # what came of it: the credit, the CDR in its place, the line
    Column("replacement_key", String(80)),
    Column("adjustment_id", Serial),
)

Index(
    "uq_disputes_open",
    disputes.c.clearing_id,
    unique=True,
    sqlite_where=text("outcome IS NULL"),
    postgresql_where=text("outcome IS NULL"),
)
Index("ix_disputes_due", disputes.c.outcome, disputes.c.due_at)

dispute_messages = Table(
    "dispute_messages",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("dispute_id", Serial, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("party", String(5)),  # who says it; null: the hub
    Column("by", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("file", String(200)),  # name of the evidence, which stays with who has it
    Column("sha256", String(64)),  # of that file
)


def add(unit: Unit, **columns: Any) -> int:
    """The number of the new dispute; IntegrityError when one over this CDR is open."""
    made = unit.connection.execute(insert(disputes).values(columns).returning(disputes.c.id))
    return int(made.scalar_one())


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Any]:
    """The rows that fulfil the conditions, the first first."""
    return list(unit.connection.execute(select(disputes).where(*wanted).order_by(disputes.c.id)))


def locked(unit: Unit, identity: int) -> Any:
    """One dispute, locked until the commit; None when there is none."""
    return unit.connection.execute(
        select(disputes).where(disputes.c.id == identity).with_for_update()
    ).first()


def close(unit: Unit, *wanted: ColumnElement[bool], **columns: Any) -> int:
    """Close those of them that are open; how many."""
    still = disputes.c.outcome.is_(None)
    closed = update(disputes).where(still, *wanted).values(closed_at=unit.now, **columns)
    return int(unit.connection.execute(closed).rowcount)


def link(unit: Unit, identity: int, **columns: Any) -> None:
    """Write down what came of one."""
    unit.connection.execute(update(disputes).where(disputes.c.id == identity).values(columns))


def of_clearing(clearing_id: int) -> ColumnElement[bool]:
    return disputes.c.clearing_id == clearing_id


def is_open() -> ColumnElement[bool]:
    return disputes.c.outcome.is_(None)


def say(unit: Unit, dispute_id: int, **columns: Any) -> None:
    """Add to the thread of a dispute."""
    unit.connection.execute(insert(dispute_messages).values(dispute_id=dispute_id, at=unit.now, **columns))


def messages(unit: Unit, dispute_id: int) -> list[Any]:
    """The thread, the first first."""
    mine = select(dispute_messages).where(dispute_messages.c.dispute_id == dispute_id)
    return list(unit.connection.execute(mine.order_by(dispute_messages.c.id)))
