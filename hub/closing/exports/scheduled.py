"""Exports that are written into folders by themselves, each night, of the month before.

A file takes the place of the one of the night before, and is the same where the books are.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from hub.closing.exports.kinds import FORMATS, FormatUnfit
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.store import audit
from hub.store.audit import Actor
from hub.store.exports import export_folders
from hub.store.unit import Unit

log = logging.getLogger(__name__)
NOT_WRITTEN = "not written"

HOUR = 3_600_000_000
DAY = 24 * HOUR
AT = 4 * HOUR
"""When in the night, UTC."""
AGAIN = HOUR
"""After this it is tried once more, where it failed."""


class NoSuchSchedule(Exception):
    """There is no export of this number; see `hub export schedule list`."""


def add(  # noqa: PLR0913 (what the table has)
    unit: Unit, order: Order, folder: Path, *, running: bool, actor: Actor, reason: str | None = None
) -> int:
    """A new one, due at once; FormatUnfit."""
    fit(order)
    wanted = order.wanted
    row = {
        "kind": order.kind,
        "format": order.form,
        "folder": str(folder.absolute()),
        "agreement_id": wanted.agreement,
        "cpo": None if wanted.cpo is None else wanted.cpo.code,
        "emsp": None if wanted.emsp is None else wanted.emsp.code,
        "mark": order.mark,
        "running": running,
        "author": actor.name,
        "added_at": unit.now,
        "next_at": unit.now,
    }
    made = int(
        unit.connection.execute(
            insert(export_folders).values(row).returning(export_folders.c.id)
        ).scalar_one()
    )
    audit.record(unit, actor, "add", f"export/{made}", None, row, reason)
    return made


def fit(order: Order) -> None:
    kinds = FORMATS[order.form].kinds
    if kinds and order.kind not in kinds:
        raise FormatUnfit(f"{order.form} is for {', '.join(sorted(kinds))} alone")


def remove(unit: Unit, identity: int, actor: Actor, reason: str | None = None) -> None:
    """Its files stay; NoSuchSchedule."""
    mine = export_folders.c.id == identity
    found = unit.connection.execute(select(export_folders).where(mine)).first()
    if found is None:
        raise NoSuchSchedule(f"{NoSuchSchedule.__doc__} ({identity})")
    unit.connection.execute(delete(export_folders).where(mine))
    before = dict(found._mapping)  # noqa: SLF001
    audit.record(unit, actor, "remove", f"export/{identity}", before, None, reason)


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Any]:
    """The first first."""
    return list(unit.connection.execute(select(export_folders).where(*wanted).order_by(export_folders.c.id)))


def write_due(hub: Hub) -> int:
    """Write those whose time has come, in any number of processes each once; how many."""
    with hub.store.reading() as unit:
        due = listed(unit, export_folders.c.next_at <= unit.now)
    return sum(claimed(hub, row) and apart(hub, row) for row in due)


def apart(hub: Hub, row: Any) -> bool:
    """Whether one was written; one that cannot be does not stop the others, and is tried again."""
    try:
        written(hub, row)
    except Exception:
        log.exception("a scheduled export was not written", extra={"export": row.id, "folder": row.folder})
        return False
    return True


def claimed(hub: Hub, row: Any) -> bool:
    """Whether it is for this process: it is due again later, also if this process dies."""
    mine = (export_folders.c.id == row.id) & (export_folders.c.next_at == row.next_at)
    with hub.store.unit() as unit:
        moved = update(export_folders).where(mine).values(next_at=unit.now + AGAIN)
        return bool(unit.connection.execute(moved).rowcount)


def written(hub: Hub, row: Any) -> list[Path]:
    """Write the files of one; what came of it stands in its row."""
    files: list[Path] = []
    try:
        for month in months(hub.store.clock(), running=row.running):
            order = Order(row.kind, row.format, wanted(row, month), row.mark)
            files.append(write(hub.store, hub.settings.party, order, Path(row.folder)).file)
    except Exception as fault:
        note(hub, row, told=f"{NOT_WRITTEN}: {type(fault).__name__}: {fault}"[:500])
        raise
    now = hub.store.clock()
    told = ", ".join(file.name for file in files)
    note(hub, row, told=told, written_at=now, next_at=next_night(now))
    return files


def failing(unit: Unit) -> list[Any]:
    """Those of which the last try came to nothing."""
    return listed(unit, export_folders.c.told.startswith(NOT_WRITTEN))


def note(hub: Hub, row: Any, **columns: Any) -> None:
    with hub.store.unit() as unit:
        unit.connection.execute(update(export_folders).where(export_folders.c.id == row.id).values(columns))


def wanted(row: Any, month: str) -> Wanted:
    cpo, emsp = (None if code is None else Party.of_code(code) for code in (row.cpo, row.emsp))
    return Wanted(month, row.agreement_id, cpo, emsp)


def next_night(now: int) -> int:
    return (now - AT) // DAY * DAY + DAY + AT


def months(now: int, *, running: bool) -> Iterator[str]:
    """The month before, in UTC, and the one under way."""
    present = instants.moment(now).replace(day=1)
    yield f"{present - timedelta(days=1):%Y-%m}"
    if running:
        yield f"{present:%Y-%m}"
