"""Lists and single objects for a partner that sees prices of its own, as `hub.prices.shown.view` has them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from hub.api import guard
from hub.ocpi import strictjson
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.errors import NotExpressible
from hub.ocpi.paging import Query
from hub.ocpi.wire import Wire
from hub.prices.shown import showing
from hub.prices.shown.coming import FIRST_SEQ, Future
from hub.prices.shown.view import ONE_TARIFF, VIEWED, View, ViewedSurroundings
from hub.store import documents, pages
from hub.store.documents import Stored
from hub.store.pages import Listing, Place
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Viewed:
    """A page as the partner sees it; `rows` are one more than asked for where another page follows."""

    rows: Sequence[Any]
    items: Sequence[bytes]
    count: int


def page(wire: Wire, query: Query, listing: Listing) -> Viewed | None:
    """A page of the list; None when the caller sees of this module what everybody sees."""
    if wire.module.name not in VIEWED:
        return None
    with guard.hub().store.reading() as unit:
        view = None
        while view is None or not showing.is_fresh(unit, view):
            view = showing.view(unit, guard.caller().partner, wire.edition.version)
            if view is None:
                return None
            listing = replace(listing, viewer=replace(listing.viewer, readers=view.codes))
            rows, count = rows_of(unit, listing, query, futures_of(view, listing))
        around = view.around(guard.caller().partner.settings.traits)
        items = list(render(wire, rows[: query.limit], view, around))
    return Viewed(rows, items, count)


def futures_of(view: View, listing: Listing) -> Sequence[Future]:
    """The versions of tariffs to come that belong into the list."""
    if listing.module != "tariffs":
        return ()
    return view.coming.listed(listing.owner, listing.window.since, listing.window.until)


def rows_of(
    unit: Unit, listing: Listing, query: Query, futures: Sequence[Future]
) -> tuple[Sequence[Any], int]:
    """The rows of the page and one more, and how many there are in all; what is to come stands last."""
    wanted, after = query.limit + 1, query.after or 0
    present = pages.total(unit, listing) if futures or query.total is None else query.total
    rows: list[Any] = []
    if after < FIRST_SEQ:
        rows = list(pages.page(unit, listing, Place(query.after, query.offset), wanted))
    later = [each for each in futures if each.seq > after]
    if query.after is None:
        later = later[max(0, query.offset - present) :]
    return (rows + later)[:wanted], present + len(futures) if query.total is None else query.total


def render(wire: Wire, rows: Sequence[Any], view: View, around: ViewedSurroundings) -> Iterator[bytes]:
    """Each object as JSON in the caller's edition; one that has no form in it is left out."""
    for row in rows:
        with suppress(NotExpressible):
            if isinstance(row, Future):
                yield strictjson.write(wire.lowered(row.body, Party.of_code(row.owner), around))
            elif view.changes(wire.module.name, row):
                yield strictjson.write(view.body(wire, whole(wire, row, view), around, row.sighted))
            elif wire.is_newest or row.edition == wire.edition.version:
                yield row.body
            else:
                newest = strictjson.reread(row.body)
                yield strictjson.write(wire.lowered(newest, Party.of_code(row.owner), around))


def whole(wire: Wire, row: Any, view: View) -> Document:
    """The document of a row. It holds one of its two forms, that which is going to be spoken from; what rules
    look at in a location, 2.1.1 has other words for."""
    if (
        wire.module.name == "locations"
        and row.edition == wire.edition.version
        and row.edition in ONE_TARIFF
        and row.owner in view.own.rules
    ):
        stored = documents.by_seq(view.unit, wire.module.name, row.seq)
        assert stored is not None
        return stored.document
    body = strictjson.reread(row.body)
    return Document(wire.module.name, Party.of_code(row.owner), row.key, row.edition, body, body)


def one(unit: Unit, wire: Wire, stored: Stored) -> Json | None:
    """A single object; None when the caller sees of it what everybody sees."""
    partner = guard.caller().partner
    view = showing.view(unit, partner, wire.edition.version)
    if view is None:
        return None
    around = view.around(partner.settings.traits)
    return view.body(wire, stored.document, around, view.sighted(wire.module.name, stored.seq))
