"""What an operator sees of the outbox, and the one thing to be done about it: have a mark tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.store import documents
from hub.store.deliveries import deliveries
from hub.store.parties import partners
from hub.store.unit import Unit
from hub.sync.outbox import DEAD, DONE, DUE, LEASED, WITHHELD

STATES = (DUE, LEASED, DEAD, WITHHELD, DONE)
WAITING = (DUE, DEAD, WITHHELD)


@dataclass(frozen=True, slots=True)
class Owed:
    """One mark: an object that a partner is owed, or has got; instants in microseconds.

    wanted_rev, acked_rev  the revision that is owed, and the one the partner has
    http, ocpi             what the partner answered last
    """

    id: int
    partner: str
    module: str
    owner: Party
    object_id: str
    state: str
    attempts: int
    wanted_rev: int
    acked_rev: int | None
    owed_at: int
    next_at: int
    done_at: int | None
    http: int | None
    ocpi: int | None
    error: str | None


def latest(unit: Unit, partner: int | None, state: str | None, limit: int) -> list[Owed]:
    """The newest marks, the last one first: of one partner or of all, in one state or in any."""
    wanted: list[ColumnElement[bool]] = []
    if partner is not None:
        wanted.append(deliveries.c.partner_id == partner)
    if state is not None:
        wanted.append(deliveries.c.state == state)
    return matching(unit, wanted, limit)


def one(unit: Unit, mark: int) -> Owed | None:
    return next(iter(matching(unit, [deliveries.c.id == mark], 1)), None)


def matching(unit: Unit, wanted: Sequence[ColumnElement[bool]], limit: int) -> list[Owed]:
    joined = deliveries.join(partners, partners.c.id == deliveries.c.partner_id)
    query = select(deliveries, partners.c.name.label("partner")).select_from(joined).where(*wanted)
    rows = unit.connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).all()
    return [owed(unit, row) for row in rows]


PLAIN = frozenset(Owed.__annotations__) - {"owner", "object_id"}


def owed(unit: Unit, row: Row[Any]) -> Owed:
    stored = documents.by_seq(unit, row.module, row.document)
    assert stored is not None, "documents are marked as deleted, never taken away"
    identity = stored.document.newest[MODULES[row.module].id_field]
    plain = {name: getattr(row, name) for name in PLAIN}
    return Owed(owner=stored.document.owner, object_id=identity, **plain)


def retry(unit: Unit, mark: int) -> bool:
    """Have a mark that waits, was withheld or was given up tried at once; False when it is none of these."""
    wanted = (deliveries.c.id == mark) & deliveries.c.state.in_(WAITING)
    afresh = update(deliveries).where(wanted).values(state=DUE, attempts=0, next_at=unit.now)
    return unit.connection.execute(afresh.returning(deliveries.c.id)).first() is not None
