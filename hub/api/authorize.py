"""Real-time authorization, answered from the tokens that the hub holds (TOK-07 to TOK-11)."""

import uuid

from flask import Response

from hub.api import envelope, guard
from hub.api.sender import may_see, viewer_of
from hub.ocpi.checking import check
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import InvalidParameter, UnknownLocation, UnknownToken
from hub.ocpi.module import Role
from hub.ocpi.parts import find_evse
from hub.ocpi.translation import lift, lower
from hub.ocpi.wire import Wire, fold
from hub.parties import registry
from hub.store import documents
from hub.store.documents import Stored
from hub.store.unit import Unit


class UnknownPlace(UnknownLocation):
    """The location has none of these EVSEs."""

    http_status = 200  # TR-15: 404 would say that the token is unknown


def post(wire: Wire, token_uid: str) -> Response:
    """Whether the token may charge, here if a location is given; unknown tokens are 404 and 2004 (TOK-08)."""
    references = guard.optional_body()
    if references is not None:
        check(wire.edition, "location_references", references)
    with guard.hub().store.reading() as unit:
        surroundings = guard.around(unit)
        token = token_of(unit, wire, token_uid)
        info = authorization(token.document.newest, is_there(unit, token.document.owner))
        if references is not None and info["allowed"] == "ALLOWED":
            owner = guard.caller().partner.parties()[0]
            asked = lift(wire.edition, "location_references", references, owner, surroundings)
            info["location"] = allowed_place(unit, asked)
        data = lower(wire.edition, "authorization_info", info, token.document.owner, surroundings)
    return envelope.answer(data)


def token_of(unit: Unit, wire: Wire, uid: str) -> Stored:
    """The token with this uid and type; when two eMSPs have one alike, OCPI-to headers must say which."""
    viewer, wanted = viewer_of(wire.module, guard.caller().partner), guard.route().to
    found = [
        stored
        for stored in documents.where(unit, wire.module.name, uid=fold(uid))
        if may_see(viewer, stored) and wanted in (None, stored.document.owner)
    ]
    meant = of_type(wire, found)
    if not meant:
        raise UnknownToken
    if len({stored.document.owner for stored in meant}) > 1:
        raise InvalidParameter("Several eMSPs have a token with this uid: say which by OCPI-to headers")
    return meant[0]


def of_type(wire: Wire, found: list[Stored]) -> list[Stored]:
    """Those of the type that is asked for; 2.1.1 cannot name one, and most likely means a card (TOK-01)."""
    if not wire.edition.routing_headers:
        return sorted(found, key=lambda stored: stored.document.newest["type"] != "RFID")
    wanted = guard.argument("type") or "RFID"
    return [stored for stored in found if stored.document.newest["type"] == wanted]


def is_there(unit: Unit, owner: Party) -> bool:
    """Whether the eMSP of a token is connected: nobody else would pay what its drivers charge."""
    return any(registry.is_connected(partner) for partner in registry.of_party(unit, owner, Role.EMSP))


def authorization(token: Json, connected: bool) -> Json:
    """AuthorizationInfo; an invalid token is BLOCKED, with HTTP 200 (TOK-07, TOK-13)."""
    if not token["valid"]:
        return {"allowed": "BLOCKED", "token": token}
    if not connected:
        return {"allowed": "NOT_ALLOWED", "token": token}
    return {"allowed": "ALLOWED", "token": token, "authorization_reference": str(uuid.uuid4())}


def allowed_place(unit: Unit, asked: Json) -> Json:
    """The place asked about, less the EVSEs that a published location does not have (TOK-10).

    One that is not published is taken at its CPO's word (TOK-11): private chargers never are.
    """
    own, uids = guard.caller().partner.parties(), asked.get("evse_uids") or ()
    candidates = (guard.around(unit).location(party, asked["location_id"]) for party in own)
    location = next((candidate for candidate in candidates if candidate is not None), None)
    if location is None or not uids:
        return asked
    there = [uid for uid in uids if has_evse(location, uid)]
    if not there:
        raise UnknownPlace
    return asked | {"evse_uids": there}


def has_evse(location: Json, uid: str) -> bool:
    try:
        find_evse(location, uid)
    except UnknownLocation:
        return False
    return True
