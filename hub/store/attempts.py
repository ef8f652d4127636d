"""Every try to deliver that has ended: when it began, how it ended, what was answered; for some weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
)

from hub.store.base import Instant, Serial, metadata
from hub.store.prepared import Prepared
from hub.store.unit import Unit

ANSWER_LENGTH = 300

attempts = Table(
    "attempts",
    metadata,
    Column("id", Serial, primary_key=True),  # in the order in which they ended
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # 1 for the first one of a state of the object
    Column("rev", Integer),  # the revision that was sent; null when nothing was
    Column("at", Instant, nullable=False),  # when it began
    Column("millis", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),  # hub.sync.outcomes.Outcome
    Column("http", Integer),
    Column("ocpi", Integer),
    Column("answer", String(ANSWER_LENGTH)),  # what was answered, or what came of it; null when it went well
    Column("correlation_id", String(36)),  # by which the partner finds it in its own log
)
"""The partner, the module and the object are those of the delivery, which goes with its partner."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the table."""

    delivery_id: int
    number: int
    rev: int | None
    at: int
    millis: int
    outcome: str
    http: int | None
    ocpi: int | None
    answer: str | None
    correlation_id: str | None


FIELDS = tuple(Attempt.__annotations__)
INSERT = insert(attempts)
RECORD = Prepared(
    every=INSERT.values({name: bindparam(name, type_=attempts.c[name].type) for name in FIELDS})
)


def record(unit: Unit, ended: Sequence[Attempt]) -> None:
    """In the transaction that writes what they say of the marks."""
    if ended:
        RECORD.many(unit, list(map(row_of, ended)))


def row_of(attempt: Attempt) -> dict[str, Any]:
    """As `dataclasses.asdict`, at a tenth of its price."""
    return {name: getattr(attempt, name) for name in FIELDS}


def of_delivery(unit: Unit, delivery_id: int, limit: int) -> list[Attempt]:
    """The last ones, the oldest first."""
    query = select(*(attempts.c[name] for name in FIELDS)).where(attempts.c.delivery_id == delivery_id)
    rows = unit.connection.execute(query.order_by(attempts.c.id.desc()).limit(limit)).all()
    return [Attempt(*row) for row in reversed(rows)]


def forget(unit: Unit, before: int, most: int) -> int:
    """Of the `most` oldest ones those that began before then; how many. They lie in the order of time but
    for the length of a try, so no index is needed to find them."""
    oldest = select(attempts.c.id, attempts.c.at).order_by(attempts.c.id).limit(most)
    gone = [row.id for row in unit.connection.execute(oldest) if row.at < before]
    if gone:
        old = (attempts.c.id <= gone[-1], attempts.c.at < before)
        unit.connection.execute(delete(attempts).where(*old))
    return len(gone)
