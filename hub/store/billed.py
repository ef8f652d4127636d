"""Sessions, each with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select

from hub.ocpi.document import Party
from hub.store.charges import HELD, Charge, charge, charges
from hub.store.documents import TABLES, Stored, stored
from hub.store.unit import Unit

sessions = TABLES["sessions"]
OF_SESSION = and_(charges.c.owner == sessions.c.owner, charges.c.session_key == sessions.c.key)


@dataclass(frozen=True, slots=True)
class Billed:
    """A session; `charge` is None when nothing has been billed or held yet."""

    session: Stored
    charge: Charge | None


def latest(unit: Unit, owner: Party | None, *, held: bool, limit: int) -> list[Billed]:
    """The newest sessions, the last one first: of one CPO or of all; only those that are held, or all."""
    wanted: list[ColumnElement[bool]] = [sessions.c.deleted_at.is_(None)]
    if owner is not None:
        wanted.append(sessions.c.owner == owner.code)
    if held:
        wanted.append(charges.c.state == HELD)
    return matching(unit, wanted, limit)


def one(unit: Unit, owner: Party, key: str) -> Billed | None:
    """A session by its folded id; nothing is locked."""
    return next(iter(matching(unit, [sessions.c.owner == owner.code, sessions.c.key == key], 1)), None)


def matching(unit: Unit, wanted: Sequence[ColumnElement[bool]], limit: int) -> list[Billed]:
    query = select(sessions, charges.c.id.label("charge_id")).outerjoin(charges, OF_SESSION).where(*wanted)
    rows = unit.connection.execute(query.order_by(sessions.c.seq.desc()).limit(limit)).all()
    known = charges_of(unit, rows)
    return [Billed(stored("sessions", row), known.get(row.charge_id)) for row in rows]


def charges_of(unit: Unit, rows: Sequence[Row[Any]]) -> dict[int, Charge]:
    query = select(charges).where(charges.c.id.in_([row.charge_id for row in rows if row.charge_id]))
    return {row.id: charge(row) for row in unit.connection.execute(query)}
