"""How a list is read: what a viewer may see, in order of creation, page by page."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, false, func, or_, select

from hub.ocpi.modules import MODULES
from hub.store.documents import TABLES
from hub.store.prepared import Prepared
from hub.store.unit import Glance, Unit


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


@dataclass(frozen=True, slots=True)
class Listing:
    """Which documents of a module a list is of, and in which edition it is read.

    owner  Party.code of the one party it is narrowed to
    """

    module: str
    edition: str
    viewer: Viewer
    window: Window = NO_BOUNDS
    owner: str | None = None

    def values(self) -> dict[str, Any]:
        """What its statements are given."""
        own = {f"owned_{place}": party for place, party in enumerate(self.viewer.owned)}
        addressed = {f"addressed_{place}": party for place, party in enumerate(self.viewer.addressed)}
        bounds = {"since": self.window.since, "until": self.window.until, "owner": self.owner}
        return own | addressed | {name: value for name, value in bounds.items() if value is not None}


def total(unit: Unit | Glance, listing: Listing) -> int:
    """How many documents match, all pages together (TR-33)."""
    return int(counting(shape_of(listing)).first(unit, **listing.values())[0])


def page(unit: Unit | Glance, listing: Listing, place: Place, limit: int) -> list[Any]:
    """At most `limit` rows (seq, owner, edition, body), the oldest created first (TR-36).

    `body` is what the owner wrote where that is in the listing's edition, else the newest form.
    """
    statement = reading(shape_of(listing), resumed=place.after is not None)
    where = {"offset": place.offset} if place.after is None else {"after": place.after}
    return statement.all(unit, reader=listing.edition, limit=limit, **where, **listing.values())


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a listing is in the text of its statement: each shape is compiled once."""

    module: str
    owned: int
    addressed: int
    hears: bool
    unsaid: str | None
    bounds: frozenset[str]

    @property
    def table(self) -> Table:
        return TABLES[self.module]

    def visible(self) -> ColumnElement[bool]:
        """What a viewer may see: its own, what is meant for it, and what is meant for all."""
        table = self.table
        own = [table.c.owner == bindparam(f"owned_{place}") for place in range(self.owned)]
        others = [table.c.audience == bindparam(f"addressed_{place}") for place in range(self.addressed)]
        if self.hears:
            others.append(table.c.audience.is_(None))
        said = [table.c[self.unsaid].is_(None)] if self.unsaid else []
        return or_(false(), *own, and_(or_(false(), *others), *said))

    def wanted(self) -> ColumnElement[bool]:
        table = self.table
        bounds = {
            "since": table.c.last_updated >= bindparam("since"),
            "until": table.c.last_updated < bindparam("until"),
            "owner": table.c.owner == bindparam("owner"),
        }
        within = (condition for name, condition in bounds.items() if name in self.bounds)
        return and_(table.c.deleted_at.is_(None), self.visible(), *within)


def shape_of(listing: Listing) -> Shape:
    viewer, values = listing.viewer, listing.values()
    bounds = frozenset(values) & {"since", "until", "owner"}
    unsaid = MODULES[listing.module].unsaid.get(listing.edition)
    return Shape(listing.module, len(viewer.owned), len(viewer.addressed), viewer.hears, unsaid, bounds)


@lru_cache(maxsize=1024)
def counting(shape: Shape) -> Prepared:
    return Prepared(every=select(func.count().label("total")).select_from(shape.table).where(shape.wanted()))


@lru_cache(maxsize=1024)
def reading(shape: Shape, *, resumed: bool) -> Prepared:
    table = shape.table
    newest = func.coalesce(table.c.newest, table.c.sent)
    body = case((table.c.edition == bindparam("reader"), table.c.sent), else_=newest).label("body")
    query = (
        select(table.c.seq, table.c.owner, table.c.edition, body)
        .where(shape.wanted())
        .order_by(table.c.seq)
        .limit(bindparam("limit"))
    )
    if resumed:
        return Prepared(every=query.where(table.c.seq > bindparam("after")))
    return Prepared(every=query.offset(bindparam("offset")))
