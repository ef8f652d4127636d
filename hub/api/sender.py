"""The Sender interface: lists that a partner pulls, and single locations."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from flask import Response, request

from hub.api import envelope, guard, viewing
from hub.ocpi import parts, strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import InvalidParameter, NotExpressible
from hub.ocpi.leniency import UNDATED_LISTS
from hub.ocpi.module import Module, Role
from hub.ocpi.paging import Query
from hub.ocpi.wire import Wire
from hub.parties.partner import Partner
from hub.store import documents, pages
from hub.store.documents import Stored
from hub.store.pages import Listing, Place, Viewer, Window
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings


def get_list(wire: Wire) -> Response:
    """A page of what the caller may see, the oldest created first (TR-30 to TR-38)."""
    query = Query.of(request.args)
    must_be_dated(wire.module, query)
    listing = listing_of(wire, query)
    if guard.caller().partner.prices_vary and (viewed := viewing.page(wire, query, listing)):
        return answered(query, viewed.rows, viewed.items, viewed.count)
    with guard.hub().store.glance() as glance:
        rows = pages.page(glance, listing, Place(query.after, query.offset), query.limit + 1)
        count = pages.total(glance, listing) if query.total is None else query.total
    return answered(query, rows, rendered(wire, rows[: query.limit]), count)


def answered(query: Query, rows: Sequence[Any], items: Sequence[bytes], count: int) -> Response:
    """The page; where there is one row more than asked for, with a Link to the next (TR-35)."""
    headers = {"X-Total-Count": str(count), "X-Limit": str(query.limit)}
    if len(rows) > query.limit:
        headers["Link"] = query.next_link(public_url(), request.args, rows[query.limit - 1].seq, count)
    return envelope.answer_list(items, headers)


def must_be_dated(module: Module, query: Query) -> None:
    """Sessions are listed since a moment (TR-32), unless the operator lets this partner forget it."""
    if module.dated and query.since is None and UNDATED_LISTS not in guard.caller().partner.settings.lenient:
        raise InvalidParameter("date_from is required here", fields={"date_from": "required"})


def listing_of(wire: Wire, query: Query) -> Listing:
    """What the caller may see in the window it asks for; of one party only when it addresses one."""
    owner = guard.route().to
    viewer, window = viewer_of(wire.module, guard.caller().partner), Window(query.since, query.until)
    return Listing(wire.module.name, wire.edition.version, viewer, window, owner.code if owner else None)


def public_url() -> str:
    """The URL of this request as the hub publishes it, whatever Host was claimed (TR-35)."""
    return guard.hub().settings.public_url + request.path.rstrip("/")


def viewer_of(module: Module, partner: Partner) -> Viewer:
    """What this partner may see of a module: its own, what is meant for it, what is meant for all."""
    owned = tuple(party.code for party in partner.parties(*module.owners))
    if not module.for_one:
        return Viewer(owned, (), partner.has(*module.heard_by))
    heard = tuple(party.code for party in partner.parties(*module.heard_by))
    if len(module.owners) > 1:
        owned, heard = (tuple(each.code for each in partner.parties(role)) for role in (Role.CPO, Role.EMSP))
    return Viewer(owned, heard, hears=False)


def rendered(wire: Wire, rows: Sequence[Any]) -> Sequence[bytes]:
    """Each object as JSON in the caller's edition; bytes that are so already are not even parsed."""
    if wire.is_newest or all(row.edition == wire.edition.version for row in rows):
        return [row.body for row in rows]
    with guard.hub().store.reading() as unit:
        return list(render(wire, rows, guard.around(unit)))


def render(wire: Wire, rows: Sequence[Any], around: StoreSurroundings) -> Iterator[bytes]:
    """The same for lists of which some must be lowered; one that has no form in the edition is left out."""
    for row in rows:
        if row.edition == wire.edition.version:
            yield row.body
            continue
        with suppress(NotExpressible):
            newest = strictjson.reread(row.body)
            yield strictjson.write(wire.lowered(newest, Party.of_code(row.owner), around))


def get_one(
    wire: Wire, object_id: str, evse_uid: str | None = None, connector_id: str | None = None
) -> Response:
    """A location, or one of its EVSEs or connectors (LOC-02)."""
    with guard.hub().store.reading() as unit:
        try:
            stored = visible_one(unit, wire, object_id)
            location = viewing.one(unit, wire, stored) if guard.caller().partner.prices_vary else None
            if location is None:
                own = stored.document.owner in guard.caller().partner.parties(*wire.module.owners)
                location = (wire.dump if own else wire.show)(stored.document, guard.around(unit))
        except NotExpressible as reason:
            raise wire.module.missing(f"Not available in OCPI {wire.edition.version}: {reason}") from reason
    return envelope.answer(part_of(location, evse_uid, connector_id))


def part_of(location: Json, evse_uid: str | None, connector_id: str | None) -> Json:
    """The part that the path names, UnknownLocation when the location has none such."""
    if evse_uid is None:
        return location
    evse = parts.find_evse(location, evse_uid)
    return evse if connector_id is None else parts.find_connector(evse, connector_id)


def visible_one(unit: Unit, wire: Wire, identity: str) -> Stored:
    """The one visible document with this id; when two owners have it, OCPI-to headers must say which."""
    module = wire.module
    viewer, wanted = viewer_of(module, guard.caller().partner), guard.route().to
    found = [
        stored
        for stored in documents.where(unit, module.name, key=wire.keys(identity, None)[0])
        if may_see(viewer, stored) and wanted in (None, stored.document.owner)
    ]
    if not found:
        raise module.missing
    if len(found) > 1:
        raise InvalidParameter("Several parties have an object with this id: say which by OCPI-to headers")
    return found[0]


def may_see(viewer: Viewer, stored: Stored) -> bool:
    return viewer.hears or stored.document.owner.code in viewer.owned
