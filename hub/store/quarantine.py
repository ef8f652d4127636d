"""Objects that were listed by a partner and could not be kept, with what is wrong with each."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    select,
)

from hub.store.base import INSERTS, Instant, Serial, metadata
from hub.store.unit import Unit

RAW_LIMIT = 64 * 1024

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), nullable=False),
    Column("module", String(30), nullable=False),
    Column("object_key", String(100), nullable=False),  # its id, or a hash of it when it has none
    Column("edition", String(10), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("cut", Boolean, nullable=False),  # it was longer than what is kept, so it cannot be tried again
    Column("error", Text, nullable=False),
    Column("fields", Text, nullable=False),  # JSON: field path -> what is wrong
    Column("reading", String(64), nullable=False),  # how it was read; another reading may do better
    Column("times", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("partner_id", "module", "object_key"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an object could not be kept."""

    error: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object; instants in microseconds."""

    id: int
    partner_id: int
    module: str
    object_key: str
    edition: str
    raw: bytes
    cut: bool
    error: str
    fields: Mapping[str, str]
    reading: str
    times: int
    first_at: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Place:
    """Whose object, of which module, read in which edition and how."""

    partner_id: int
    module: str
    edition: str
    reading: str


def name_of(identity: object, raw: bytes) -> str:
    """The key under which an object lies here."""
    if isinstance(identity, str) and identity and "\0" not in identity:
        return identity[:100]
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def put(unit: Unit, place: Place, name: str, raw: bytes, fault: Fault) -> None:
    """Keep an object aside; the latest form of it stands, and it is counted how often it came."""
    row = {"partner_id": place.partner_id, "module": place.module, "object_key": name}
    latest = {
        "edition": place.edition,
        "reading": place.reading,
        "raw": raw[:RAW_LIMIT],
        "cut": len(raw) > RAW_LIMIT,
        "error": fault.error.replace("\0", ""),
        "fields": json.dumps(dict(fault.fields)),
        "seen_at": unit.now,
    }
    new = INSERTS[unit.dialect.name](quarantine).values(**row, **latest, first_at=unit.now, times=1)
    counted = latest | {"times": quarantine.c.times + 1}
    unit.connection.execute(new.on_conflict_do_update(index_elements=list(row), set_=counted))


def release(unit: Unit, partner_id: int, module: str, before: int, names: list[str]) -> None:
    """A good form of these objects has come, and none of them came here since `before`."""
    mine = (quarantine.c.partner_id == partner_id) & (quarantine.c.module == module)
    older = quarantine.c.seen_at < before
    unit.connection.execute(delete(quarantine).where(mine, older, quarantine.c.object_key.in_(names)))


def one(unit: Unit, identity: int) -> Entry | None:
    return next(iter(matching(unit, quarantine.c.id == identity)), None)


def latest(unit: Unit, limit: int, **columns: Any) -> list[Entry]:
    """The entries with these column values, the last seen first."""
    return matching(unit, *(quarantine.c[name] == value for name, value in columns.items()), limit=limit)


def read_otherwise(unit: Unit, partner_id: int, reading: str, limit: int = 100) -> list[Entry]:
    """What lies here of a partner since it was read in another way than this."""
    otherwise = (quarantine.c.reading != reading) & quarantine.c.cut.is_(False)
    return matching(unit, quarantine.c.partner_id == partner_id, otherwise, limit=limit)


def partners(unit: Unit) -> list[int]:
    """Of whom there is anything here."""
    return list(unit.connection.execute(select(quarantine.c.partner_id).distinct()).scalars())


def drop(unit: Unit, identity: int) -> None:
    unit.connection.execute(delete(quarantine).where(quarantine.c.id == identity))


def matching(unit: Unit, *wanted: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
    query = select(quarantine).where(*wanted).order_by(quarantine.c.seen_at.desc(), quarantine.c.id.desc())
    return [entry(row) for row in unit.connection.execute(query.limit(limit))]


def entry(row: Row[Any]) -> Entry:
    plain = {name: getattr(row, name) for name in Entry.__annotations__}
    return Entry(**plain | {"fields": json.loads(row.fields)})
