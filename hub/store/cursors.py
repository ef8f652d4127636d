"""The tables of pulls: how far each list has been read, and what stood in a list that is read whole."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    delete,
    exists,
    select,
)

from hub.store.base import INSERTS, Instant, metadata
from hub.store.documents import TABLES
from hub.store.unit import Unit

cursors = Table(
    "cursors",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("module", String(30), primary_key=True),
    Column("kind", String(10), primary_key=True),  # news: since the watermark; whole: all there is
    Column("watermark", Instant),  # last_updated up to which everything was read
    Column("since", Instant),  # date_from of the crawl under way
    Column("begun_at", Instant),  # when it began, by our clock; null when none is under way
    Column("bound", Instant),  # the partner's own clock then: the watermark goes no further
    Column("newest", Instant),  # the latest last_updated seen in it
    Column("link", Text),  # of the page to be read next
    Column("pages", Integer, nullable=False),
    Column("most", Integer),  # pages that it may have
    Column("total", Integer),  # X-Total-Count of its last page
    Column(
        "shrunk", Boolean, nullable=False
    ),  # the total became smaller: an object may have been passed over
    Column("bad", Integer, nullable=False),  # objects that went into quarantine
    Column("completed_at", Instant),  # when a crawl was last read to its end
)

listed = Table(
    "listed",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("module", String(30), primary_key=True),
    Column("owner", String(5), primary_key=True),
    Column("key", String(80), primary_key=True),
)
"""What the whole list read at present, or last, has shown."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one list of a partner has been read; see the table."""

    partner_id: int
    module: str
    kind: str
    watermark: int | None = None
    since: int | None = None
    begun_at: int | None = None
    bound: int | None = None
    newest: int | None = None
    link: str | None = None
    pages: int = 0
    most: int | None = None
    total: int | None = None
    shrunk: bool = False
    bad: int = 0
    completed_at: int | None = None


IDENTITY = ("partner_id", "module", "kind")


def load(unit: Unit, partner_id: int, module: str, kind: str) -> Cursor:
    mine = [cursors.c.partner_id == partner_id, cursors.c.module == module, cursors.c.kind == kind]
    row = unit.connection.execute(select(cursors).where(*mine)).first()
    if row is None:
        return Cursor(partner_id, module, kind)
    return Cursor(**{name: getattr(row, name) for name in Cursor.__annotations__})


def save(unit: Unit, cursor: Cursor) -> None:
    values = {name: getattr(cursor, name) for name in Cursor.__annotations__}
    rest = {name: value for name, value in values.items() if name not in IDENTITY}
    new = INSERTS[unit.dialect.name](cursors).values(**values)
    unit.connection.execute(new.on_conflict_do_update(index_elements=list(IDENTITY), set_=rest))


def forget_listed(unit: Unit, partner_id: int, module: str) -> None:
    """A list is about to be read whole."""
    mine = [listed.c.partner_id == partner_id, listed.c.module == module]
    unit.connection.execute(delete(listed).where(*mine))


def note_listed(unit: Unit, partner_id: int, module: str, keys: Collection[tuple[str, str]]) -> None:
    """(Party.code, key) of what stood on a page."""
    rows = [
        {"partner_id": partner_id, "module": module, "owner": owner, "key": key}
        for owner, key in sorted(set(keys))
    ]
    if rows:
        new = INSERTS[unit.dialect.name](listed).on_conflict_do_nothing()
        unit.connection.execute(new, rows)


def unlisted(unit: Unit, cursor: Cursor, owners: Collection[str]) -> list[tuple[str, str, int]]:
    """(Party.code, key, last_updated) of what the hub held of these parties before the whole list was read,
    and was not in it."""
    table = TABLES[cursor.module]
    shown = exists().where(
        listed.c.partner_id == cursor.partner_id,
        listed.c.module == cursor.module,
        listed.c.owner == table.c.owner,
        listed.c.key == table.c.key,
    )
    wanted = [table.c.owner.in_(owners), table.c.deleted_at.is_(None), ~shown]
    wanted.append(table.c.received_at < cursor.begun_at)
    if cursor.since is not None:
        wanted.append(table.c.last_updated >= cursor.since)
    query = select(table.c.owner, table.c.key, table.c.last_updated).where(*wanted).order_by(table.c.seq)
    return [(row.owner, row.key, row.last_updated) for row in unit.connection.execute(query)]
