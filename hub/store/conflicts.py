"""CDRs that were refused because another one of the same id is kept: evidence, in the words of the sender."""

import hashlib
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, String, Table, UniqueConstraint, select

from hub.ocpi.document import Document
from hub.store.base import INSERTS, Instant, Serial, metadata
from hub.store.documents import written
from hub.store.unit import Unit

MOST = 20
"""So many contents are kept of one id; what else comes is refused and only counted by the log."""

cdr_conflicts = Table(
    "cdr_conflicts",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),
    Column("cdr_key", String(80), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("edition", String(10), nullable=False),
    Column("body", LargeBinary, nullable=False),  # as it was written
    Column("times", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("owner", "cdr_key", "sha256"),
)


def keep(unit: Unit, refused: Document) -> None:
    """Write down what was refused, once for each content."""
    body = written(refused)
    digest = hashlib.sha256(body).hexdigest()
    known = {row.sha256 for row in of_cdr(unit, refused.owner.code, refused.key)}
    if digest not in known and len(known) >= MOST:
        return
    row = {
        "owner": refused.owner.code,
        "cdr_key": refused.key,
        "sha256": digest,
        "edition": refused.edition,
        "body": body,
        "times": 1,
        "first_at": unit.now,
        "seen_at": unit.now,
    }
    again = {"times": cdr_conflicts.c.times + 1, "seen_at": unit.now}
    kept = INSERTS[unit.dialect.name](cdr_conflicts).values(row)
    unit.connection.execute(
        kept.on_conflict_do_update(index_elements=["owner", "cdr_key", "sha256"], set_=again)
    )


def of_cdr(unit: Unit, owner: str, cdr_key: str) -> list[Any]:
    """What was refused under this id, the first first."""
    mine = (cdr_conflicts.c.owner == owner) & (cdr_conflicts.c.cdr_key == cdr_key)
    return list(unit.connection.execute(select(cdr_conflicts).where(mine).order_by(cdr_conflicts.c.id)))
