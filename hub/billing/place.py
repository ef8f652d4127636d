"""Where a session took place, as that was when it started (CDR-09)."""

from dataclasses import dataclass

from hub.billing.holding import LocationUnknown
from hub.ocpi import instants, parts
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.wire import fold
from hub.store import documents
from hub.store.documents import Stored
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a session and the parts of it that were used, in the newest edition."""

    location: Json
    evse: Json
    connector: Json

    def cdr_location(self) -> Json:
        return parts.cdr_location(self.location, self.evse, self.connector)


def place_of(unit: Unit, owner: Party, session: Json, start: int) -> Place:
    """LocationUnknown when the hub cannot tell where it was."""
    found = documents.find(unit, "locations", owner, fold(str(session["location_id"])))
    return place_in(None if found is None else located(unit, found, start), session)


@dataclass(frozen=True, slots=True)
class Located:
    """A location as it is, and as it was at the start of a session."""

    now: Stored
    then: Stored


def located(unit: Unit, found: Stored, start: int) -> Located:
    return Located(found, version_at(unit, found, start))


def place_in(location: Located | None, session: Json) -> Place:
    """The parts of a location that a session used; LocationUnknown when it has none of them."""
    if location is None:
        raise LocationUnknown(f"location {session['location_id']}")
    try:
        return within(location.then.document.newest, session)
    except UnknownLocation:  # the part was published after the session had started
        pass
    try:
        return within(location.now.document.newest, session)
    except UnknownLocation:
        raise LocationUnknown(f"EVSE {session['evse_uid']}, connector {session['connector_id']}") from None


def within(location: Json, session: Json) -> Place:
    evse = parts.find_evse(location, session["evse_uid"])
    return Place(location, evse, parts.find_connector(evse, session["connector_id"]))


def version_at(unit: Unit, stored: Stored, start: int) -> Stored:
    """The revision that held at an instant: the last one whose `last_updated` is not later.

    When the hub came to know the object only after that instant, its first revision is the best there is.
    """
    return stored if stored.rev == 1 else documents.as_of(unit, stored, start)


def started(session: Json) -> int:
    """The start of a session as an instant."""
    return instants.micros(session["start_date_time"])
