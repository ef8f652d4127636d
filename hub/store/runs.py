"""The last runs of each schedule: which slots each covered, how it ended, what it told."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from hub.store.schedules import runs
from hub.store.unit import Unit

KEPT = 50
"""So many of each schedule; those before them are forgotten as another one ends."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One row; instants in microseconds. See the table."""

    slot: int | None
    through: int | None
    started_at: int | None
    ended_at: int
    outcome: str
    told: str


FIELDS = tuple(Ran.__annotations__)
COLUMNS = tuple(runs.c[name] for name in FIELDS)


def record(unit: Unit, schedule_id: int, ran: Ran) -> None:
    values = {name: getattr(ran, name) for name in FIELDS}
    unit.connection.execute(insert(runs).values(schedule_id=schedule_id, **values))
    mine = runs.c.schedule_id == schedule_id
    newest = select(runs.c.id).where(mine).order_by(runs.c.id.desc()).offset(KEPT).limit(1)
    unit.connection.execute(delete(runs).where(mine, runs.c.id <= newest.scalar_subquery()))


def of_schedule(unit: Unit, schedule_id: int, limit: int) -> list[Ran]:
    """The last ones, the oldest first."""
    query = select(*COLUMNS).where(runs.c.schedule_id == schedule_id).order_by(runs.c.id.desc()).limit(limit)
    return [Ran(*row) for row in reversed(unit.connection.execute(query).all())]
