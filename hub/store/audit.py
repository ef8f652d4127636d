"""The audit trail: who changed what, when and why, in a table that only grows and whose rows hold each other.

    >>> audit.record(unit, Actor("ann", "API", request_id), "suspend", "partner/EV Mobile",
    ...              before={"status": "CONNECTED"}, after={"status": "SUSPENDED"}, reason="unpaid")

An event keeps hashes of what was before and after, and the names of the fields in which they differ, never
their values: it may not be taken back, so nothing may stand in it that a person could want forgotten. Each
event holds the hash of the one before it; whoever changes or takes away a row breaks the chain. Its end alone
can be cut off unseen, so `hub audit verify` tells number and hash of the last one, to be kept elsewhere.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Row,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
)

from hub.ocpi.document import Json
from hub.store.base import Instant, metadata
from hub.store.growing import only_growing
from hub.store.prepared import Prepared
from hub.store.unit import Unit

Via = Literal["API", "CLI", "OCPI", "JOB"]

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without a gap
    Column("at", Instant, nullable=False),
    Column("actor", String(100), nullable=False, index=True),
    Column("via", String(4), nullable=False),
    Column("request_id", String(200)),
    Column("action", String(40), nullable=False),
    Column("what", String(200), nullable=False, index=True),
    Column("before", String(64)),  # SHA-256 of its JSON with sorted names; null when there was nothing
    Column("after", String(64)),
    Column("fields", Text, nullable=False),  # JSON: names of the fields that differ
    Column("reason", Text),
    Column("previous", String(64), nullable=False),  # hash of the event before
    Column("hash", String(64), nullable=False),
)

only_growing(audit_events, function="audit_events_stay", says="audit events stay as they were written")

BEGINNING = "0" * 64
"""What stands before the first event."""
TURN = 0x0A0D_17E0  # any number that nothing else locks
LENGTHS = {"actor": 100, "request_id": 200, "action": 40, "what": 200, "reason": 2000}
HASHED = (
    "id",
    "at",
    "actor",
    "via",
    "request_id",
    "action",
    "what",
    "before",
    "after",
    "fields",
    "reason",
    "previous",
)

IN_TURN = Prepared(postgresql=select(func.pg_advisory_xact_lock(bindparam("turn", type_=BigInteger))))
LAST = Prepared(
    every=select(audit_events.c.id, audit_events.c.hash).order_by(audit_events.c.id.desc()).limit(1)
)
SORTED = msgspec.json.Encoder(decimal_format="string", order="sorted")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and by which way.

    name        the user of the API, that of the operating system at the command line, the partner, or the job
    request_id  of the request, where there is one
    """

    name: str
    via: Via
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the table; `at` in microseconds, the hashes in hexadecimal."""

    id: int
    at: int
    actor: str
    via: str
    request_id: str | None
    action: str
    what: str
    before: str | None
    after: str | None
    fields: tuple[str, ...]
    reason: str | None
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    id: int
    fault: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole trail has found: how many events, number and hash of the last one, and where
    the chain is broken."""

    count: int
    last: int
    head: str
    breaks: tuple[Break, ...]


def record(  # noqa: PLR0913, PLR0917 (the columns of the trail)
    unit: Unit,
    actor: Actor,
    action: str,
    what: str,
    before: Json | None = None,
    after: Json | None = None,
    reason: str | None = None,
) -> int:
    """Write down a change in its own transaction; the number of the event.

    action  a verb: "publish", "suspend", "create"
    what    kind and identity of the object: "tariff/NL/EXA/T1"
    before  the object as JSON, None when there was none; after: as it is now, None when it is gone

    Events are written one after the other: until the commit nobody else writes one. So make it the last thing
    of a transaction, after its rows are locked, or two could wait for each other.
    """
    if unit.dialect.name == "postgresql":  # on SQLite the whole unit is the lock
        IN_TURN.first(unit, turn=TURN)
    last = LAST.first(unit)
    row = {
        "id": 1 if last is None else last.id + 1,
        "at": unit.now,
        "via": actor.via,
        "before": digest(before),
        "after": digest(after),
        "fields": json.dumps(differing(before or {}, after or {})),
        "previous": BEGINNING if last is None else last.hash,
        **fitting(actor=actor.name, request_id=actor.request_id, action=action, what=what, reason=reason),
    }
    unit.connection.execute(insert(audit_events).values(**row, hash=sealed(row)))
    return int(row["id"] or 0)


def digest(document: Json | None) -> str | None:
    """The name of a content: equal for equal JSON, whatever the order of its names."""
    return None if document is None else hashlib.sha256(SORTED.encode(document)).hexdigest()


def differing(before: Json, after: Json) -> list[str]:
    names = sorted({*before, *after})
    return [
        name for name in names if before.get(name) != after.get(name) or (name in before) != (name in after)
    ]


def fitting(**texts: str | None) -> dict[str, str | None]:
    """As they fit into their columns; no text has a NUL."""
    return {
        name: None if value is None else value.replace("\0", "")[: LENGTHS[name]]
        for name, value in texts.items()
    }


def sealed(row: dict[str, Any]) -> str:
    """The hash of an event, which is over all its columns and so over every event before it."""
    return hashlib.sha256(SORTED.encode([row[name] for name in HASHED])).hexdigest()


# Reading ---------------------------------------------------------------------------------------------------


def listed(unit: Unit, *wanted: ColumnElement[bool], limit: int, number: int | None = None) -> list[Event]:
    """The last events that fulfil these conditions, the newest first; `number`: that one alone."""
    query = select(audit_events).where(*wanted).order_by(audit_events.c.id.desc()).limit(limit)
    if number is not None:
        query = query.where(audit_events.c.id == number)
    return [of_row(row) for row in unit.connection.execute(query)]


def of_row(row: Row[Any]) -> Event:
    plain = {name: getattr(row, name) for name in Event.__annotations__}
    return Event(**plain | {"fields": tuple(json.loads(row.fields))})


def unwatched(done: int, total: int | None = None) -> None:
    """Nobody asks how far it is."""


def verify(unit: Unit, progress: Callable[[int, int | None], None] = unwatched) -> Verdict:
    """Read the whole trail and reckon every hash again."""
    breaks: list[Break] = []
    count, number, head = 0, 0, BEGINNING
    total = unit.connection.execute(select(func.count()).select_from(audit_events)).scalar_one()
    for row in rows(unit):
        breaks += [Break(row["id"], fault) for fault in faults(row, number, head)]
        count, number, head = count + 1, row["id"], row["hash"]
        if count % BATCH == 0:
            progress(count, total)
    return Verdict(count, number, head, tuple(breaks))


BATCH = 1000


def rows(unit: Unit) -> Iterator[dict[str, Any]]:
    after = -(2**63)
    while True:
        query = select(audit_events).where(audit_events.c.id > after).order_by(audit_events.c.id)
        found = unit.connection.execute(query.limit(BATCH)).mappings().all()
        yield from map(dict, found)
        if len(found) < BATCH:
            return
        after = found[-1]["id"]


def faults(row: dict[str, Any], number: int, head: str) -> Iterator[str]:
    """What is wrong with an event that follows the one of this number and hash."""
    if row["id"] != number + 1:
        yield f"{row['id'] - number - 1} events before it are missing"
    elif row["previous"] != head:
        yield "the event before it is not the one it was written after"
    if sealed(row) != row["hash"]:
        yield "it was changed after it was written"
