"""Which folders files with prices come from, and what became of each file that was read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.prices.book.problems import PriceProblem
from hub.prices.curves.terms import Terms
from hub.store.base import INSERTS
from hub.store.curves import curve_files, curve_sources
from hub.store.unit import Unit


class SourceThere(PriceProblem):
    """Files of this folder become this tariff already."""


class NoSuchSource(PriceProblem):
    """There is no such source of prices."""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, and what is to be made of its files; `template` None is the tariff in force.

    looked_at  None when it never was; trouble: why that was in vain the last time
    """

    id: int
    owner: Party
    tariff: str
    folder: str
    terms: Terms
    template: Json | None
    author: str
    added_at: int
    looked_at: int | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that is to be added."""

    owner: Party
    tariff: str
    folder: str
    terms: Terms
    template: Json | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it lies there: enough to know it again without reading it."""

    name: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read: IMPORTED or REFUSED, and what was told of that.

    source_id  None when it was imported by hand
    since      and until: the time that it told prices of, if it could be read
    numbers    the versions that were made of it
    """

    source_id: int | None
    owner: Party
    key: str
    seen: Seen
    content_hash: str
    outcome: str
    told: Sequence[Any]
    since: int | None = None
    until: int | None = None
    numbers: tuple[int, ...] = ()
    read_at: int = 0


# Sources ---------------------------------------------------------------------------------------------------


def add(unit: Unit, wanted: Wanted, author: str) -> Source:
    row = {
        "owner": wanted.owner.code,
        "key": wanted.tariff,
        "folder": wanted.folder,
        "terms": written(wanted.terms),
        "template": None if wanted.template is None else strictjson.write(wanted.template),
        "author": author,
        "added_at": unit.now,
    }
    new = INSERTS[unit.dialect.name](curve_sources).values(row).on_conflict_do_nothing()
    identity = unit.connection.execute(new.returning(curve_sources.c.id)).scalar()
    if identity is None:
        raise SourceThere(
            f"Files of {wanted.folder} become {wanted.owner} {wanted.tariff} already. Remove that first"
        )
    return one(unit, identity)


def remove(unit: Unit, identity: int) -> Source:
    """And what is known of its files; the versions that were made of them stay, and so do its prices."""
    found = one(unit, identity)
    mine = curve_files.c.source_id == identity
    unit.connection.execute(
        update(curve_files).where(mine, curve_files.c.numbers != "[]").values(source_id=None)
    )
    unit.connection.execute(delete(curve_sources).where(curve_sources.c.id == identity))
    return found


def sources(unit: Unit, owner: Party | None = None) -> list[Source]:
    mine = [] if owner is None else [curve_sources.c.owner == owner.code]
    rows = unit.connection.execute(select(curve_sources).where(*mine).order_by(curve_sources.c.id))
    return [source(row) for row in rows]


def one(unit: Unit, identity: int) -> Source:
    row = unit.connection.execute(select(curve_sources).where(curve_sources.c.id == identity)).first()
    if row is None:
        raise NoSuchSource(f"There is no source {identity}; `hub curve list` shows those there are")
    return source(row)


def looked(unit: Unit, identity: int, trouble: str | None) -> None:
    mine = curve_sources.c.id == identity
    values = {"looked_at": unit.now, "trouble": trouble}
    unit.connection.execute(update(curve_sources).where(mine).values(values))


def source(row: Row[Any]) -> Source:
    return Source(
        row.id,
        Party.of_code(row.owner),
        row.key,
        row.folder,
        told_terms(row.terms),
        None if row.template is None else strictjson.reread(row.template),
        row.author,
        row.added_at,
        row.looked_at,
        row.trouble,
    )


def written(terms: Terms) -> str:
    """Figures as text, so that none loses a digit."""
    return json.dumps({name: shown(value) for name, value in terms.as_dict().items()})


def shown(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


FIGURES = {"factor", "margin", "floor", "cap", "fallback", "vat"}


def told_terms(text: str) -> Terms:
    told = json.loads(text)
    return Terms.of(
        {
            name: Decimal(value) if name in FIGURES and value is not None else value
            for name, value in told.items()
        }
    )


# Files -----------------------------------------------------------------------------------------------------


def note(unit: Unit, read: Read) -> None:
    row = {
        "source_id": read.source_id,
        "owner": read.owner.code,
        "key": read.key,
        "name": read.seen.name,
        "size": read.seen.size,
        "modified": read.seen.modified,
        "content_hash": read.content_hash,
        "read_at": unit.now,
        "outcome": read.outcome,
        "told": json.dumps(read.told),
        "since": read.since,
        "until": read.until,
        "numbers": json.dumps(read.numbers),
    }
    unit.connection.execute(insert(curve_files).values(row))


def known(unit: Unit, source_id: int) -> tuple[set[Seen], set[str]]:
    """The files of a source that were read, and the hashes of their content."""
    columns = (curve_files.c.name, curve_files.c.size, curve_files.c.modified, curve_files.c.content_hash)
    rows = unit.connection.execute(select(*columns).where(curve_files.c.source_id == source_id)).all()
    return {Seen(row.name, row.size, row.modified) for row in rows}, {row.content_hash for row in rows}


def reads(unit: Unit, *wanted: ColumnElement[bool], limit: int = 50) -> list[Read]:
    """The latest first."""
    query = select(curve_files).where(*wanted).order_by(curve_files.c.id.desc()).limit(limit)
    return [read(row) for row in unit.connection.execute(query)]


def read(row: Row[Any]) -> Read:
    return Read(
        row.source_id,
        Party.of_code(row.owner),
        row.key,
        Seen(row.name, row.size, row.modified),
        row.content_hash,
        row.outcome,
        json.loads(row.told),
        row.since,
        row.until,
        tuple(json.loads(row.numbers)),
        row.read_at,
    )
