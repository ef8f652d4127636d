"""What is written into the price book of one tariff, by whoever holds its lock.

The lock is that of the document in `tariffs`, or of its key where there is none yet: a PUT of its CPO takes
it too, so that all who change one tariff do so one after the other.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, select, update

from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document, Party
from hub.prices.book import versions
from hub.prices.book.content import content_hash
from hub.prices.book.problems import Overlapping, StaleEdit
from hub.prices.book.versions import KEY, OWNER, Version
from hub.prices.shown import announcing, readers
from hub.store import documents
from hub.store.base import INSERTS, Instant
from hub.store.documents import Stored
from hub.store.prepared import Prepared
from hub.store.pricebook import tariff_ends, tariff_versions
from hub.store.unit import Unit

MILLISECOND = 1000
FIRST_INSTANT = -(2**62)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who writes an entry, why, and by which way: OCPI or OPERATOR."""

    author: str
    reason: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Book:
    """The book of one tariff, locked until the commit.

    now     the present of this tariff: later than the beginning of every version that has begun, also of one
            that another transaction made begin since this one looked at the clock
    floor   the earliest instant at which a version may still begin: after all that has begun or ended
    latest  the highest number there is; 0 when there is no version
    stored  what lies in `tariffs`, deleted or not
    """

    unit: Unit
    owner: Party
    key: str
    now: int
    floor: int
    latest: int
    stored: Stored | None

    def at(self, instant: int) -> Version | None:
        """What holds then, by all that is known."""
        found = self.begun_by(instant)
        return found if found is not None and found.holds_at(instant) else None

    def begun_by(self, instant: int) -> Version | None:
        """What begins last until then, whether or not it ends before."""
        row = versions.LAST_BEGUN.first(
            self.unit, owner=self.owner.code, key=self.key, start=instant, seen=versions.ALWAYS
        )
        return None if row is None else versions.version(row)

    def next_after(self, instant: int) -> int | None:
        """When the next version begins that stands in the book."""
        row = NEXT.first(self.unit, owner=self.owner.code, key=self.key, after=instant)
        return None if row.begins is None else int(row.begins)

    @property
    def living(self) -> Stored | None:
        return None if self.stored is None or self.stored.deleted else self.stored


BEGUN = Prepared(
    every=select(
        func.max(tariff_versions.c.number).label("latest"),
        func.max(tariff_versions.c.valid_from)
        .filter(
            tariff_versions.c.withdrawn_at.is_(None),
            (tariff_versions.c.valid_from <= bindparam("now", type_=Instant))
            | tariff_versions.c.taken_at.is_not(None),
        )
        .label("begun"),
    ).where(tariff_versions.c.owner == OWNER, tariff_versions.c.key == KEY)
)
NEXT = Prepared(
    every=select(func.min(tariff_versions.c.valid_from).label("begins")).where(
        tariff_versions.c.owner == OWNER,
        tariff_versions.c.key == KEY,
        tariff_versions.c.withdrawn_at.is_(None),
        tariff_versions.c.valid_from > bindparam("after", type_=Instant),
    )
)
LAST_END = Prepared(
    every=select(func.max(tariff_ends.c.at).label("ended")).where(
        tariff_ends.c.owner == OWNER, tariff_ends.c.key == KEY, tariff_ends.c.taken_at.is_not(None)
    )
)


def opened(unit: Unit, owner: Party, key: str, expect: int | None = None) -> Book:
    """The book of a tariff, locked; StaleEdit when its latest version is another than the one expected."""
    book = looked_into(unit, owner, key, documents.claim(unit, "tariffs", owner, key))
    if expect is not None and expect != book.latest:
        raise StaleEdit(
            f"{owner} {key} is at version {book.latest} by now, not {expect}: somebody else has changed it. "
            "Look at it again, then repeat the change"
        )
    return book


def looked_into(unit: Unit, owner: Party, key: str, stored: Stored | None) -> Book:
    """The same for who only reads, and so needs no lock."""
    row = BEGUN.first(unit, owner=owner.code, key=key, now=unit.now)
    latest = int(row.latest or 0)
    ended = LAST_END.first(unit, owner=owner.code, key=key).ended
    floor = max(FIRST_INSTANT if row.begun is None else row.begun + 1, ended or FIRST_INSTANT)
    return Book(unit, owner, key, max(unit.now, floor), floor, latest, stored)


def what(book: Book) -> str:
    """How the audit trail names the tariff."""
    return f"tariff/{book.owner}/{book.key}"


# Entries ---------------------------------------------------------------------------------------------------


def add_version(book: Book, document: Document, begin: int, signed: Signed) -> Version:
    """A new version from `begin` on; Overlapping when another one begins at that very instant."""
    lifted = document.newest is not document.sent
    before = book.at(begin)
    row = {
        "owner": book.owner.code,
        "key": book.key,
        "number": book.latest + 1,
        "edition": document.edition,
        "content_hash": content_hash(document.newest),
        "valid_from": begin,
        "recorded_at": book.now,
        "author": signed.author,
        "reason": signed.reason,
        "supersedes": None if before is None else before.number,
        "origin": signed.origin,
        "taken_at": book.now if begin <= book.now else None,
        "sent": strictjson.write(document.sent),
        "newest": strictjson.write(document.newest) if lifted else None,
    }
    identity = added(book.unit, tariff_versions, row)
    if begin > book.now:
        announcing.announce(book.unit, book.owner, book.key)
    if identity is None:
        raise Overlapping(f"Another version of {book.owner} {book.key} begins at {instants.text(begin)}")
    found = versions.by_id(book.unit, identity)
    assert found is not None
    return found


def add_end(book: Book, number: int, at: int, signed: Signed) -> None:
    """The version ends so; an end that it had before is taken back."""
    withdraw(book, tariff_ends, tariff_ends.c.number == number)
    row = {
        "owner": book.owner.code,
        "key": book.key,
        "number": number,
        "at": at,
        "recorded_at": book.now,
        "author": signed.author,
        "reason": signed.reason,
        "origin": signed.origin,
        "taken_at": book.now if at <= book.now else None,
    }
    added(book.unit, tariff_ends, row)
    if at > book.now:
        announcing.announce(book.unit, book.owner, book.key)


def adding(insert: Any, table: Table) -> Any:
    """One row of all columns; the database has the last word on whether there is one in its place."""
    columns: dict[str, Any] = {
        column.name: bindparam(column.name) for column in table.c if column.name not in LATER
    }
    return insert(table).values(columns).on_conflict_do_nothing().returning(table.c.id)


LATER = ("id", "withdrawn_at")
ADD = {
    table.name: Prepared(**{engine: adding(insert, table) for engine, insert in INSERTS.items()})
    for table in (tariff_versions, tariff_ends)
}


def added(unit: Unit, table: Table, row: dict[str, Any]) -> int | None:
    """The id of the new row; None when the database has one in its place."""
    found = ADD[table.name].first(unit, **row)
    return None if found is None else int(found.id)


def withdraw(book: Book, table: Table, which: ColumnElement[bool]) -> int:
    """Take these of the tariff back; how many there were."""
    standing = and_(of(table, book), which, table.c.withdrawn_at.is_(None))
    changed = update(table).where(standing).values(withdrawn_at=book.now)
    count = book.unit.connection.execute(changed).rowcount
    if count:
        announcing.announce(book.unit, book.owner, book.key)
    return count


def of(table: Table, book: Book) -> ColumnElement[bool]:
    return and_(table.c.owner == book.owner.code, table.c.key == book.key)


# What lies in `tariffs` ------------------------------------------------------------------------------------


def settle(book: Book) -> None:
    """Bring `tariffs` to what holds now; done already, nothing happens."""
    present = book.at(book.now)
    living = book.living
    if present is None:
        if living is not None:
            documents.remove(book.unit, living, source=None)
    elif living is None or content_hash(living.document.newest) != present.content_hash:
        put(book, present)
    taken(book)


def put(book: Book, version: Version) -> None:
    """The words of a version lie in `tariffs`, and are owed to partners; `last_updated` is the instant at
    which it took force, or later where that would not be news."""
    stored = book.stored
    at = version.valid_from if stored is None else max(version.valid_from, stored.last_updated + MILLISECOND)
    stamp = {"last_updated": instants.text(at)}
    was = version.document
    sent = was.sent | stamp
    newest = sent if was.newest is was.sent else was.newest | stamp
    document = Document("tariffs", was.owner, was.key, was.edition, sent, newest)
    audience = readers.audience(book.unit, document)
    documents.save(book.unit, document, stored, audience=audience, source=None)


def taking(table: Table, at: ColumnElement[int]) -> Prepared:
    now = bindparam("now", type_=Instant)
    waits = and_(at <= now, table.c.taken_at.is_(None), table.c.withdrawn_at.is_(None))
    mine = and_(table.c.owner == OWNER, table.c.key == KEY, waits)
    return Prepared(every=update(table).where(mine).values(taken_at=now))


TAKE = (taking(tariff_versions, tariff_versions.c.valid_from), taking(tariff_ends, tariff_ends.c.at))


def taken(book: Book) -> None:
    """What began or ended until now is in `tariffs`, or was superseded."""
    for statement in TAKE:
        statement.run(book.unit, owner=book.owner.code, key=book.key, now=book.now)
