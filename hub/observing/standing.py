"""How the hub stands with each partner, from the database: each table is asked once, whatever it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, select, text

from hub.store.charges import charges
from hub.store.cursors import cursors
from hub.store.deliveries import GIVEN_UP, STILL_OPEN, breakers, deliveries
from hub.store.parties import partners
from hub.store.schedules import heard
from hub.store.unit import Unit

HELD = text("state = 'HELD'")
"""As its index has it: to an index of a part of a table, a parameter is no proof."""

CLOSED = "closed"
GATES = (CLOSED, "probing", "open", "parked")
"""Of `hub.sync.breaker`: a partner without a row has never failed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One partner that is connected, or was; instants in microseconds.

    backlog   objects that it is owed; oldest: since when it waits for the one it has waited for longest
    gate      whether deliveries to it flow: closed, probing, open, parked
    pulls     module -> when its list was last read to its end
    """

    id: int
    name: str
    version: str | None
    status: str
    gate: str
    until: int | None
    error: str | None
    backlog: int
    oldest: int | None
    heard_at: int | None
    pulls: Mapping[str, int]


def standings(unit: Unit) -> list[Standing]:
    """Every partner that has ever registered, in the order of their invitation."""
    query = (
        select(partners, breakers.c.gate, breakers.c.until, breakers.c.error, heard.c.at)
        .select_from(partners.outerjoin(breakers).outerjoin(heard))
        .where(partners.c.version.is_not(None), partners.c.versions_url.is_not(None))
        .order_by(partners.c.id)
    )
    owed, pulled = backlogs(unit), pulls(unit)
    return [
        Standing(
            id=row.id,
            name=row.name,
            version=row.version,
            status=row.status,
            gate=row.gate or CLOSED,
            until=row.until,
            error=row.error,
            backlog=owed.get(row.id, (0, None))[0],
            oldest=owed.get(row.id, (0, None))[1],
            heard_at=row.at,
            pulls=pulled.get(row.id, {}),
        )
        for row in unit.connection.execute(query)
    ]


def backlogs(unit: Unit) -> dict[int, tuple[int, int | None]]:
    """partner -> how much it is owed, and since when: of what is open alone, which has an index."""
    query = by_partner(deliveries, func.count(), func.min(deliveries.c.owed_at)).where(STILL_OPEN)
    return {row[0]: (row[1], row[2]) for row in unit.connection.execute(query)}


def pulls(unit: Unit) -> dict[int, dict[str, int]]:
    """partner -> module -> when its list was last read to its end, news or whole."""
    query = by_partner(cursors, cursors.c.module, func.max(cursors.c.completed_at))
    query = query.where(cursors.c.completed_at.is_not(None)).group_by(cursors.c.module)
    found: dict[int, dict[str, int]] = {}
    for partner_id, module, at in unit.connection.execute(query.order_by(cursors.c.module)):
        found.setdefault(partner_id, {})[module] = at
    return found


def given_up(unit: Unit) -> dict[int, int]:
    """partner -> how many of its deliveries are dead."""
    query = by_partner(deliveries, func.count()).where(GIVEN_UP)
    return {row[0]: row[1] for row in unit.connection.execute(query)}


def last_delivered(unit: Unit) -> dict[int, int]:
    """partner -> when it last took something. It reads every mark there is: for people, not for scrapes."""
    query = by_partner(deliveries, func.max(deliveries.c.done_at)).where(deliveries.c.state == "done")
    return {row[0]: row[1] for row in unit.connection.execute(query)}


def held_sessions(unit: Unit) -> int:
    """Completed sessions that cannot be billed yet."""
    query = select(func.count()).select_from(charges).where(HELD)
    return int(unit.connection.execute(query).scalar_one())


def by_partner(table: Table, *what: ColumnElement[Any]) -> Select[Any]:
    return select(table.c.partner_id, *what).group_by(table.c.partner_id)
