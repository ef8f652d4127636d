"""How a list is read: what a viewer may see, in order of creation, page by page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, func, or_, select

from hub.store.documents import TABLES
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a module (TR-58, SES-20, CDR-16).

    owned      Party.code of its parties in the role that owns the module
    addressed  Party.code of its parties in the role that hears the module
    hears      whether what is meant for all is meant for it
    """

    owned: tuple[str, ...]
    addressed: tuple[str, ...]
    hears: bool


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span of `last_updated` that is asked for, in microseconds (TR-31)."""

    since: int | None = None
    until: int | None = None


NO_BOUNDS = Window()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind the document `after` of an earlier page, or so many documents in."""

    after: int | None = None
    offset: int = 0


def visible(table: Table, viewer: Viewer) -> ColumnElement[bool]:
    """What a viewer may see: its own, what is meant for it, and what is meant for all."""
    reasons: list[ColumnElement[bool]] = []
    if viewer.owned:
        reasons.append(table.c.owner.in_(viewer.owned))
    if viewer.addressed:
        reasons.append(table.c.audience.in_(viewer.addressed))
    if viewer.hears:
        reasons.append(table.c.audience.is_(None))
    return and_(table.c.deleted_at.is_(None), or_(False, *reasons))


@dataclass(frozen=True, slots=True)
class Listing:
    """Which documents of a module a list is of; `owner` (Party.code) narrows it to those of one party."""

    module: str
    viewer: Viewer
    window: Window = NO_BOUNDS
    owner: str | None = None

    @property
    def table(self) -> Table:
        return TABLES[self.module]

    def wanted(self) -> ColumnElement[bool]:
        table, conditions = self.table, [visible(self.table, self.viewer)]
        if self.window.since is not None:
            conditions.append(table.c.last_updated >= self.window.since)
        if self.window.until is not None:
            conditions.append(table.c.last_updated < self.window.until)
        if self.owner is not None:
            conditions.append(table.c.owner == self.owner)
        return and_(*conditions)


def total(unit: Unit, listing: Listing) -> int:
    """How many documents match, all pages together (TR-33)."""
    query = select(func.count()).select_from(listing.table).where(listing.wanted())
    return int(unit.connection.execute(query).scalar_one())


def page(unit: Unit, listing: Listing, place: Place, limit: int) -> list[Row[Any]]:
    """At most `limit` rows (seq, owner, key, edition, sent, newest), the oldest created first (TR-36)."""
    table = listing.table
    columns = (table.c.seq, table.c.owner, table.c.key, table.c.edition, table.c.sent, table.c.newest)
    query = select(*columns).where(listing.wanted()).order_by(table.c.seq).limit(limit)
    if place.after is not None:
        query = query.where(table.c.seq > place.after)
    elif place.offset:
        query = query.offset(place.offset)
    return list(unit.connection.execute(query))
