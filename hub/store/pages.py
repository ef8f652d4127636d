"""How a list is read: what a viewer may see, in order of creation, page by page."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
)

from hub.ocpi.modules import MODULES
from hub.store.documents import TABLES
from hub.store.invoices import invoice_records
from hub.store.prepared import Prepared
from hub.store.readers import RESTRICTED, SOME, sightings, tariff_readers
from hub.store.unit import Glance, Unit


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a module (TR-58, SES-20, CDR-16).

    owned      Party.code of its parties in the role that owns the module; where several do, of its CPOs
    addressed  Party.code of its parties in the role that hears the module; where several own it, of its eMSPs
    hears      whether what is meant for all is meant for it
    readers    Party.code of its parties for which it sees prices of its own; nearly always empty
    """

    owned: tuple[str, ...]
    addressed: tuple[str, ...]
    hears: bool
    readers: tuple[str, ...] = ()


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
        readers = {f"reader_{place}": party for place, party in enumerate(self.viewer.readers)}
        bounds = {"since": self.window.since, "until": self.window.until, "owner": self.owner}
        given = {name: value for name, value in bounds.items() if value is not None}
        return own | addressed | readers | given


def total(unit: Unit | Glance, listing: Listing) -> int:
    """How many documents match, all pages together (TR-33)."""
    return int(counting(shape_of(listing)).first(unit, **listing.values())[0])


def page(unit: Unit | Glance, listing: Listing, place: Place, limit: int) -> list[Any]:
    """At most `limit` rows (seq, owner, edition, body), the oldest created first (TR-36).

    `body` is what the owner wrote where that is in the listing's edition, else the newest form. For a viewer
    with prices of its own there are also `key`, and `sighted`: since when it sees the object so (or null).
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
    readers: int = 0

    @property
    def table(self) -> Table:
        return TABLES[self.module]

    @property
    def parties(self) -> list[BindParameter[str]]:
        """Those for which the viewer sees prices of its own."""
        return [bindparam(f"reader_{place}", type_=String) for place in range(self.readers)]

    def visible(self) -> ColumnElement[bool]:
        """What a viewer may see: its own, what is meant for it, and what is meant for all."""
        table = self.table
        if len(MODULES[self.module].owners) > 1:
            return self.billed()
        own = [table.c.owner == bindparam(f"owned_{place}") for place in range(self.owned)]
        others = [table.c.audience == bindparam(f"addressed_{place}") for place in range(self.addressed)]
        if self.hears:
            others.append(table.c.audience.is_(None))
        if self.readers and self.module in RESTRICTED:
            others.append(and_(table.c.audience == SOME, self.readable().exists()))
        said = [table.c[self.unsaid].is_(None)] if self.unsaid else []
        return or_(false(), *own, and_(or_(false(), *others), *said))

    def billed(self) -> ColumnElement[bool]:
        """The records of which a party of the viewer is a side, in the role that it has there: one code may
        be a CPO here and an eMSP elsewhere."""
        head = invoice_records.c
        as_cpo = [head.cpo == bindparam(f"owned_{place}") for place in range(self.owned)]
        as_emsp = [head.emsp == bindparam(f"addressed_{place}") for place in range(self.addressed)]
        mine = select(head.document).where(head.document == self.table.c.seq)
        return mine.where(or_(false(), *as_cpo, *as_emsp)).exists()

    def readable(self) -> Select[Any]:
        """That one of the viewer's parties may read it, though it is not for all."""
        given, table = tariff_readers.c, self.table
        mine = select(given.id).where(given.owner == table.c.owner, given.key == table.c.key)
        return mine.where(given.until.is_(None), given.party.in_(self.parties))

    def sighted(self) -> Select[Any]:
        """When its parties came to see objects otherwise."""
        mine = select(sightings.c.document).where(sightings.c.module == self.module)
        return mine.where(sightings.c.party.in_(self.parties))

    def wanted(self) -> ColumnElement[bool]:
        table = self.table
        since, until = table.c.last_updated >= bindparam("since"), table.c.last_updated < bindparam("until")
        if self.readers:
            seen, at = self.sighted(), sightings.c.changed_at
            since = or_(since, table.c.seq.in_(seen.where(at >= bindparam("since"))))
            until = and_(until, table.c.seq.not_in(seen.where(at >= bindparam("until"))))
        bounds = {
            "since": since,
            "until": until,
            "owner": table.c.owner == bindparam("owner"),
        }
        within = (condition for name, condition in bounds.items() if name in self.bounds)
        return and_(table.c.deleted_at.is_(None), self.visible(), *within)


def shape_of(listing: Listing) -> Shape:
    viewer, values = listing.viewer, listing.values()
    bounds = frozenset(values) & {"since", "until", "owner"}
    unsaid = MODULES[listing.module].unsaid.get(listing.edition)
    counts = len(viewer.owned), len(viewer.addressed)
    return Shape(listing.module, *counts, viewer.hears, unsaid, bounds, len(viewer.readers))


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
    if shape.readers:
        at = shape.sighted().where(sightings.c.document == table.c.seq)
        query = query.add_columns(
            table.c.key,
            at.with_only_columns(func.max(sightings.c.changed_at)).scalar_subquery().label("sighted"),
        )
    if resumed:
        return Prepared(every=query.where(table.c.seq > bindparam("after")))
    return Prepared(every=query.offset(bindparam("offset")))
