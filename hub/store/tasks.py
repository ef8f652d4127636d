"""Long work that somebody has asked for: what it is, how far it is, what came out of it.

A worker claims a task by a lease, which it prolongs while it works: when its process dies, another one takes
the task up again after the lease has lapsed. What a task writes must therefore bear to be done again.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    and_,
    bindparam,
    insert,
    or_,
    select,
    text,
    update,
)

from hub.ocpi import instants, strictjson
from hub.ocpi.document import Json, Party
from hub.store.base import Instant, Serial, metadata
from hub.store.prepared import Prepared
from hub.store.unit import Glance, Unit

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
OPEN = text("state IN ('queued', 'running')")
SECOND = 1_000_000
LEASE = 60 * SECOND
TRIES = 3
"""How often a task is begun: one that kills its process each time must not do so for ever."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(40), nullable=False),  # of hub.operator.kinds
    Column("input", LargeBinary, nullable=False),  # JSON
    Column("state", String(10), nullable=False),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    Column("total", Integer),  # what `progress` grows to, where it is known
    Column("result", LargeBinary),  # JSON
    Column("error", Text),
    Column("created_by", String(100), nullable=False),
    Column("party", String(5)),  # whose work it is, for users who see one party only
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("lease", String(32)),  # fencing token of the process that is at it
    Column("lease_until", Instant),
)

Index("ix_tasks_open", tasks.c.id, sqlite_where=OPEN, postgresql_where=OPEN)


@dataclass(frozen=True, slots=True)
class Task:
    """One row; instants in microseconds, `input` and `result` as JSON."""

    id: int
    kind: str
    input: bytes
    state: str
    progress: int
    total: int | None
    result: bytes | None
    error: str | None
    created_by: str
    party: str | None
    created_at: int
    started_at: int | None
    ended_at: int | None
    tries: int
    lease: str | None
    lease_until: int | None

    def told(self) -> Json:
        """For people and their tools."""
        times = {name: getattr(self, name) for name in ("created_at", "started_at", "ended_at")}
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "progress": self.progress,
            "total": self.total,
            "input": strictjson.reread(self.input),
            "result": None if self.result is None else strictjson.reread(self.result),
            "error": self.error,
            "created_by": self.created_by,
            **{name: None if at is None else instants.text(at) for name, at in times.items()},
        }


class Lost(Exception):
    """The task is not this process's any more: it was cancelled, or another process has taken it up."""


def submit(unit: Unit, kind: str, wanted: Mapping[str, Any], by: str, party: Party | None = None) -> Task:
    """Have it done by a worker, soon after the commit."""
    row = {"kind": kind, "input": strictjson.write(wanted), "state": QUEUED, "created_by": by}
    new = insert(tasks).values(**row, party=party and party.code, created_at=unit.now)
    return task(unit.connection.execute(new.returning(tasks)).one())


def one(unit: Unit, task_id: int) -> Task | None:
    row = unit.connection.execute(select(tasks).where(tasks.c.id == task_id)).first()
    return None if row is None else task(row)


def cancel(unit: Unit, task_id: int) -> bool:
    """It is not begun any more; one that is under way is left off at its next step. False: it has ended."""
    mine = [tasks.c.id == task_id, tasks.c.state.in_((QUEUED, RUNNING))]
    return ended(unit, mine, CANCELLED)


# For the worker --------------------------------------------------------------------------------------------

NOW = bindparam("now", type_=Instant)
FREE = or_(
    tasks.c.state == QUEUED,
    and_(tasks.c.state == RUNNING, or_(tasks.c.lease_until < NOW, tasks.c.lease_until > NOW + 2 * LEASE)),
)
"""Also what a process was at that has died; and a lease of a clock that was wrong and has been set."""
WAITING = select(tasks.c.id).where(OPEN, FREE).order_by(tasks.c.id).limit(1)
ANY_WAITING = Prepared(every=WAITING)
NEXT = Prepared(every=WAITING.with_for_update(skip_locked=True))


def any_waiting(glance: Glance) -> bool:
    return ANY_WAITING.first(glance, now=glance.now) is not None


def claim(unit: Unit) -> Task | None:
    """The oldest task that nobody is at; one that has been begun too often fails instead."""
    while (found := NEXT.first(unit, now=unit.now)) is not None:
        row = unit.connection.execute(select(tasks).where(tasks.c.id == found.id)).one()
        if row.tries < TRIES:
            return taken(unit, row.id, row.tries)
        ended(unit, [tasks.c.id == row.id], FAILED, error=f"given up: {TRIES} workers died while at it")
    return None


def taken(unit: Unit, task_id: int, tries: int) -> Task:
    held = {"lease": secrets.token_hex(16), "lease_until": unit.now + LEASE, "tries": tries + 1}
    begun = update(tasks).where(tasks.c.id == task_id)
    begun = begun.values(state=RUNNING, started_at=unit.now, progress=0, total=None, **held)
    return task(unit.connection.execute(begun.returning(tasks)).one())


def still_at_it(unit: Unit, claimed: Task, progress: int, total: int | None) -> None:
    """Prolong the lease and tell how far it is; Lost when the task is somebody else's."""
    values = {"progress": progress, "total": total, "lease_until": unit.now + LEASE}
    if unit.connection.execute(update(tasks).where(*held(claimed)).values(values)).rowcount != 1:
        raise Lost


def finish(unit: Unit, claimed: Task, result: Json) -> bool:
    """Done; False, and nothing written, when the task is somebody else's."""
    return ended(unit, held(claimed), DONE, result=strictjson.write(result))


def fail(unit: Unit, claimed: Task, error: str) -> bool:
    return ended(unit, held(claimed), FAILED, error=error[:2000])


def give_back(unit: Unit, claimed: Task) -> None:
    """The process ends: another one begins again, and this beginning does not count."""
    back = {"state": QUEUED, "lease": None, "lease_until": None, "tries": claimed.tries - 1}
    unit.connection.execute(update(tasks).where(*held(claimed)).values(back))


def held(claimed: Task) -> list[Any]:
    return [tasks.c.id == claimed.id, tasks.c.state == RUNNING, tasks.c.lease == claimed.lease]


def ended(unit: Unit, which: list[Any], state: str, **values: Any) -> bool:
    values |= {"state": state, "ended_at": unit.now, "lease": None, "lease_until": None}
    return unit.connection.execute(update(tasks).where(*which).values(values)).rowcount == 1


def task(row: Row[Any]) -> Task:
    return Task(**{name: getattr(row, name) for name in Task.__annotations__})
