"""What is kept for a while only, for how long, and how it is forgotten: a little at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from hub.settings import Settings
from hub.store import attempts
from hub.store.job_files import job_files
from hub.store.parties import mendings, tokens_in
from hub.store.quarantine import quarantine
from hub.store.tasks import tasks
from hub.store.unit import Unit
from hub.sync.run import Outcome, Run
from hub.sync.schedule import PARTIAL
from hub.sync.slots import SECOND

DAY = 86400 * SECOND
BATCH = 2000
"""Rows of one transaction, so that no change waits for long."""

Forget = Callable[[Unit, int, int], int]
"""Take away what is from before an instant, so many rows at most; how many it were."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing, and for how many days it is kept."""

    what: str
    days: Callable[[Settings], int]
    forget: Forget


def by(instant: ColumnElement[Any]) -> Forget:
    """Rows whose instant is past; those without one stay."""
    table: Any = instant.table

    def forget(unit: Unit, before: int, most: int) -> int:
        old = select(table.c.id).where(instant < before).limit(most)
        return unit.connection.execute(delete(table).where(table.c.id.in_(old))).rowcount

    return forget


def always(days: int) -> Callable[[Settings], int]:
    return lambda settings: days


def as_set(settings: Settings) -> int:
    return settings.history_days


KEPT: tuple[Kept, ...] = (
    Kept("tries to deliver", as_set, attempts.forget),
    Kept("files that tasks have made", always(7), by(job_files.c.made_at)),
    Kept("tasks that have ended", as_set, by(tasks.c.ended_at)),
    Kept("objects in quarantine", always(90), by(quarantine.c.seen_at)),  # since they came last
    Kept("notes of what was mended", always(90), by(mendings.c.seen_at)),
    Kept("tokens that have expired", always(1), by(tokens_in.c.expires_at)),
)


def forget(run: Run) -> Outcome:
    """Take away all that has had its time."""
    counts = {kept.what: all_of(run, kept) for kept in KEPT}
    listed = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    told = f"forgotten: {listed or 'nothing'}"
    return Outcome(PARTIAL, told, again=True) if run.over else Outcome(told=told)


def all_of(run: Run, kept: Kept) -> int:
    count = 0
    while not run.over:
        with run.hub.store.unit() as unit:
            gone = kept.forget(unit, unit.now - kept.days(run.hub.settings) * DAY, BATCH)
        count += gone
        if gone < BATCH:
            break
    return count
