"""When the hub learned of a session: prices that were recorded later do not touch it."""

from sqlalchemy import bindparam, func, select

from hub.ocpi.document import Document
from hub.store import documents
from hub.store.documents import revisions
from hub.store.prepared import Prepared
from hub.store.unit import Unit

FIRST = Prepared(
    every=select(func.min(revisions.c.received_at).label("at")).where(
        revisions.c.module == bindparam("module"), revisions.c.document == bindparam("document")
    )
)


def learned(unit: Unit, session: Document) -> int | None:
    """When its first revision came; None for a session that is not stored."""
    stored = documents.find(unit, session.module, session.owner, session.key)
    if stored is None:
        return None
    if stored.rev == 1:
        return stored.received_at
    first: int | None = FIRST.first(unit, module=session.module, document=stored.seq).at
    return stored.received_at if first is None else first
