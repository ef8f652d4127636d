"""The documents of every module: one table a module, all of one shape, and the revisions they have had."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Insert,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    UniqueConstraint,
    Update,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.sql.base import Executable

from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document, Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold
from hub.store.base import Instant, Serial, metadata
from hub.store.prepared import Prepared
from hub.store.unit import Change, Unit

KEY_LENGTH = 80


def table_of(module: str, promoted: Iterable[str]) -> Table:
    """The shape all modules share.

    seq        order of creation, which is the order of pages (TR-36)
    owner      Party.code of whose object it is
    audience   Party.code of the one it is meant for, null when it is for all that hear of it
    key        id, folded
    sent       bytes as the owner wrote them; newest: lifted, null when `sent` says the same there

    The two indexes for lists hold all that counting and choosing needs, so that neither reads a document:
    SQLite counted 40,000 locations in 39 ms without and in 4 ms with them, and found the news of the last
    minute in 75 and in 6 ms.
    """
    return Table(
        module,
        metadata,
        Column("seq", Serial, primary_key=True),
        Column("owner", String(5), nullable=False),
        Column("key", String(KEY_LENGTH), nullable=False),
        Column("audience", String(5)),
        Column("edition", String(10), nullable=False),
        Column("rev", Integer, nullable=False),
        Column("last_updated", Instant, nullable=False),
        Column("received_at", Instant, nullable=False),
        Column("deleted_at", Instant),
        *(Column(name, String(KEY_LENGTH), index=True) for name in promoted),
        Column("sent", LargeBinary, nullable=False),  # last: SQLite reads a row from its beginning
        Column("newest", LargeBinary),
        UniqueConstraint("owner", "key"),
        Index(f"ix_{module}_key", "key"),
        Index(f"ix_{module}_updated", "last_updated", "seq", "owner", "audience", "deleted_at"),
        Index(f"ix_{module}_audience", "audience", "seq", "last_updated", "owner", "deleted_at"),
        sqlite_autoincrement=True,
    )


TABLES: Mapping[str, Table] = {name: table_of(name, module.promoted) for name, module in MODULES.items()}

revisions = Table(
    "revisions",
    metadata,
    Column("module", String(30), nullable=False),
    Column("document", Serial, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("edition", String(10), nullable=False),
    Column("sent", LargeBinary, nullable=False),
    Column("newest", LargeBinary),
    Column("last_updated", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("replaced_at", Instant, nullable=False),
    PrimaryKeyConstraint("module", "document", "rev"),
)
"""What a document was before its present revision; the present one stands in the module's own table."""


@dataclass(frozen=True)
class Stored:
    """A document as it lies in the store, read when it is asked for.

    body    as its owner wrote it; newest: lifted, None when `body` says the same there
    found   the values of the columns by which it is looked up
    """

    module: str
    seq: int
    rev: int
    owner: str
    key: str
    edition: str
    body: bytes
    newest: bytes | None
    last_updated: int
    received_at: int
    deleted: bool = False
    found: tuple[str | None, ...] = ()

    @property
    def audience(self) -> str | None:
        """Party.code of the one it is meant for."""
        return self.found[AUDIENCE]

    @cached_property
    def document(self) -> Document:
        sent = strictjson.reread(self.body)
        newest = sent if self.newest is None else strictjson.reread(self.newest)
        return Document(
            self.module, Party.of_code(self.owner), self.key, self.edition, sent, newest, written=self.body
        )

    def says(self, document: Document) -> bool:
        """Whether it is the same object in the same edition; most often its bytes are the same already."""
        if self.deleted or self.edition != document.edition:
            return False
        return self.body == written(document) or (
            self.last_updated == instants.micros(document.newest["last_updated"])
            and self.document.sent == document.sent
        )


def of_each(statement: Callable[[str, Table], Executable]) -> Mapping[str, Prepared]:
    """One statement a module."""
    return {name: Prepared(every=statement(name, table)) for name, table in TABLES.items()}


def by_key(table: Table) -> Select[Any]:
    return select(table).where(table.c.owner == bindparam("owner"), table.c.key == bindparam("key"))


FIND = of_each(lambda _, table: by_key(table))
FIND_LOCKED = of_each(lambda _, table: by_key(table).with_for_update())
FIND_SEQ = of_each(lambda _, table: select(table).where(table.c.seq == bindparam("seq")))


def find(unit: Unit, module: str, owner: Party, key: str, *, lock: bool = False) -> Stored | None:
    """The document, deleted ones included. With `lock` no other writer may touch it until the commit."""
    statement = FIND_LOCKED[module] if lock else FIND[module]
    row = statement.first(unit, owner=owner.code, key=key)
    return None if row is None else stored(module, row)


def by_seq(unit: Unit, module: str, seq: int) -> Stored | None:
    row = FIND_SEQ[module].first(unit, seq=seq)
    return None if row is None else stored(module, row)


def where(unit: Unit, module: str, **columns: str) -> list[Stored]:
    """The living documents with these column values, in order of creation."""
    table = TABLES[module]
    wanted = [table.c[name] == value for name, value in columns.items()]
    query = select(table).where(table.c.deleted_at.is_(None), *wanted).order_by(table.c.seq)
    return [stored(module, row) for row in unit.connection.execute(query)]


def stored(module: str, row: Any) -> Stored:
    return Stored(
        module,
        row.seq,
        row.rev,
        row.owner,
        row.key,
        row.edition,
        row.sent,
        row.newest,
        row.last_updated,
        row.received_at,
        row.deleted_at is not None,
        tuple(getattr(row, name) for name in looked_up(module)),
    )


LOCK_KEY = Prepared(
    postgresql=select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
)


def claim(unit: Unit, module: str, owner: Party, key: str) -> Stored | None:
    """The document, locked until the commit; where there is none yet, its key is locked instead."""
    existing = find(unit, module, owner, key, lock=True)
    if existing is not None or unit.dialect.name == "sqlite":  # there, the whole unit is the lock
        return existing
    LOCK_KEY.first(unit, name=f"{module}/{owner.code}/{key}")
    return find(unit, module, owner, key, lock=True)


def save(
    unit: Unit, document: Document, existing: Stored | None, *, audience: Party | None, source: int | None
) -> Change:
    """Store a new revision of a document that was claimed in this unit; note the change.

    source  id of the partner that sent it, None when the hub made it
    """
    values = columns_of(document, audience, unit.now)
    if existing is None:
        seq, rev = created(unit, document.module, values), 1
    else:
        seq, rev = existing.seq, existing.rev + 1
        keep_revision(unit, existing)
        found = tuple(values[name] for name in looked_up(document.module))
        same = found == existing.found and not existing.deleted
        (RENEW if same else REPLACE)[document.module].run(unit, this=seq, rev=rev, **values)
    before = None if existing is None or existing.deleted else existing
    change = Change(document, seq, rev, source=source, before=before, audience=values["audience"])
    unit.changes.append(change)
    return change


def remove(unit: Unit, existing: Stored, *, source: int | None) -> Change:
    """Mark a document as deleted (TAR-03); its revisions stay: sessions and CDRs may stand on them."""
    table = TABLES[existing.module]
    rev = existing.rev + 1
    keep_revision(unit, existing)
    gone = update(table).where(table.c.seq == existing.seq).values(rev=rev, deleted_at=unit.now)
    unit.connection.execute(gone)
    change = Change(
        existing.document, existing.seq, rev, gone=True, source=source, audience=existing.audience
    )
    unit.changes.append(change)
    return change


def columns_of(document: Document, audience: Party | None, now: int) -> dict[str, Any]:
    module = MODULES[document.module]
    lifted = document.newest is not document.sent
    return {
        "owner": document.owner.code,
        "key": document.key,
        "audience": audience.code if audience else None,
        "edition": document.edition,
        "sent": written(document),
        "newest": strictjson.write(document.newest) if lifted else None,
        "last_updated": instants.micros(document.newest["last_updated"]),
        "received_at": now,
        "deleted_at": None,
        **{name: folded(read(document.newest)) for name, read in module.promoted.items()},
    }


def written(document: Document) -> bytes:
    """As its owner wrote it."""
    return document.written or strictjson.write(document.sent)


def folded(value: str | None) -> str | None:
    """Promoted columns are searched as ids are: without case."""
    return None if value is None else fold(value)


AUDIENCE = 2
"""Where it stands among those columns."""


@lru_cache(maxsize=64)
def looked_up(module: str) -> tuple[str, ...]:
    """The columns by which documents are found, each with an index; most changes leave them as they are."""
    return ("owner", "key", "audience", *MODULES[module].promoted)


def assigned(table: Table, without: Collection[str] = ()) -> dict[str, Any]:
    """Every column but the serial number and those left out, as a parameter of its own name."""
    left_out = {"seq", *without}
    return {column.name: bindparam(column.name) for column in table.c if column.name not in left_out}


def replaced(table: Table, without: Collection[str] = ()) -> Update:
    return update(table).where(table.c.seq == bindparam("this")).values(assigned(table, without))


CREATE = of_each(lambda _, table: insert(table).values(assigned(table)).returning(table.c.seq))
REPLACE = of_each(lambda _, table: replaced(table))
RENEW = of_each(lambda name, table: replaced(table, (*looked_up(name), "deleted_at")))
"""SQLite writes every index of a column that is set, changed or not: that was half of what a PUT wrote."""


def created(unit: Unit, module: str, values: Mapping[str, Any]) -> int:
    return int(CREATE[module].first(unit, rev=1, **values).seq)


KEPT = ("rev", "edition", "sent", "newest", "last_updated", "received_at")


def copied(module: str, table: Table) -> Insert:
    """The present revision of a document, copied aside inside the database."""
    source = select(
        literal(module), table.c.seq, bindparam("now", type_=Instant), *(table.c[name] for name in KEPT)
    ).where(table.c.seq == bindparam("this"))
    return insert(revisions).from_select(["module", "document", "replaced_at", *KEPT], source)


KEEP = of_each(copied)


def keep_revision(unit: Unit, existing: Stored) -> None:
    KEEP[existing.module].run(unit, this=existing.seq, now=unit.now)


FORMER = select(revisions).where(
    revisions.c.module == bindparam("module"), revisions.c.document == bindparam("document")
)
LAST_UNTIL = Prepared(
    every=FORMER.where(revisions.c.last_updated <= bindparam("at", type_=Instant))
    .order_by(revisions.c.rev.desc())
    .limit(1)
)
OLDEST = Prepared(every=FORMER.order_by(revisions.c.rev).limit(1))


def as_of(unit: Unit, present: Stored, instant: int) -> Stored:
    """The last revision that was not updated after an instant; where there is none, the oldest there is."""
    if present.last_updated <= instant and not present.deleted:
        return present
    mine = {"module": present.module, "document": present.seq}
    row = LAST_UNTIL.first(unit, at=instant, **mine) or OLDEST.first(unit, **mine)
    return present if row is None else revised(present, row)


def revised(present: Stored, row: Any) -> Stored:
    """A former revision of a document."""
    return replace(
        present,
        rev=row.rev,
        edition=row.edition,
        body=row.sent,
        newest=row.newest,
        last_updated=row.last_updated,
        received_at=row.received_at,
        deleted=False,
    )


def history(unit: Unit, module: str, seq: int) -> Iterator[Stored]:
    """Every revision of a document, the oldest first and the present one last."""
    present = by_seq(unit, module, seq)
    if present is None:
        return
    former = (revisions.c.module == module) & (revisions.c.document == seq)
    for row in unit.connection.execute(select(revisions).where(former).order_by(revisions.c.rev)):
        yield revised(present, row)
    yield present
