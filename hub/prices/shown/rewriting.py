"""A document with other tariffs at its connectors, or a later time. What is given stays as it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hub.ocpi import instants
from hub.ocpi.document import Document, Json
from hub.ocpi.editions import NEWEST
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.parts import find_connector, find_evse
from hub.ocpi.wire import Wire

Rewriting = Callable[[Json, str], Json]
"""(object, the edition that it is in) -> the object as it is shown."""


def spoken(wire: Wire, document: Document, rewrite: Rewriting) -> Document:
    """The document with the one of its two forms rewritten that the wire is going to speak from."""
    if document.edition == wire.edition.version:
        return replace(document, sent=rewrite(document.sent, document.edition))
    return replace(document, newest=rewrite(document.newest, NEWEST.version))


def each_connector(location: Json, change: Callable[[Json, Json], Json]) -> Json:
    """The location with each connector as `change(EVSE, connector)` has it; itself where none changes."""
    before = location.get("evses") or []
    evses = [in_evse(evse, change) for evse in before]
    return location | {"evses": evses} if differ(evses, before) else location


def in_evse(evse: Json, change: Callable[[Json, Json], Json]) -> Json:
    before = evse.get("connectors") or []
    connectors = [change(evse, connector) for connector in before]
    return evse | {"connectors": connectors} if differ(connectors, before) else evse


def differ(after: Sequence[Json], before: Sequence[Json]) -> bool:
    return any(one is not other for one, other in zip(after, before, strict=True))


def with_tariffs(connector: Json, ids: Sequence[str], *, several: bool) -> Json:
    name, value = ("tariff_ids", list(ids)) if several else ("tariff_id", next(iter(ids), None))
    if connector.get(name) == value:
        return connector
    bare = {each: told for each, told in connector.items() if each != name}
    return bare | ({name: value} if value else {})


def found_in(newest: Json, uid: str, connector_id: str) -> tuple[Json, Json] | None:
    """The EVSE and the connector in the newest form of the location."""
    try:
        evse = find_evse(newest, uid)
        return evse, find_connector(evse, connector_id)
    except UnknownLocation:  # a form of the id that the newest edition has no room for
        return None


def climbing(location: Json, sighted: int | None) -> Json:
    """The location with the time of the sighting, in its parts too: receivers compare those as well."""
    if sighted is None:
        return location
    evses = [
        freshened(evse, sighted)
        | {"connectors": [freshened(connector, sighted) for connector in evse.get("connectors") or ()]}
        for evse in location.get("evses") or ()
    ]
    return freshened(location, sighted) | ({"evses": evses} if evses else {})


def freshened(body: Json, sighted: int | None) -> Json:
    """With a `last_updated` no earlier than the sighting."""
    if sighted is None or instants.micros(body["last_updated"]) >= sighted:
        return body
    return body | {"last_updated": instants.text(sighted)}
