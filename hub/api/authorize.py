"""Real-time authorization, answered from the tokens that the hub holds (TOK-07 to TOK-11)."""

import uuid

from flask import Response, request

from hub.api import envelope, guard
from hub.api.receiver import around
from hub.ocpi.checking import check
from hub.ocpi.document import Json
from hub.ocpi.errors import InvalidParameter, UnknownLocation, UnknownToken
from hub.ocpi.parts import find_evse
from hub.ocpi.translation import lift, lower
from hub.ocpi.wire import Wire
from hub.store import documents
from hub.store.documents import Stored
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings


def post(wire: Wire, token_uid: str) -> Response:
    """Whether the token may charge, here if a location is given; unknown tokens are 404 and 2004 (TOK-08)."""
    references = guard.optional_body()
    if references is not None:
        check(wire.edition, "location_references", references)
    with guard.hub().store.reading() as unit:
        surroundings = around(unit)
        token = token_of(unit, wire, token_uid)
        info = authorization(token.document.newest)
        if references is not None and info["allowed"] == "ALLOWED":
            owner = guard.caller().partner.parties()[0]
            asked = lift(wire.edition, "location_references", references, owner, surroundings)
            info["location"] = allowed_place(unit, asked)
        data = lower(wire.edition, "authorization_info", info, token.document.owner, surroundings)
    return envelope.answer(data)


def token_of(unit: Unit, wire: Wire, uid: str) -> Stored:
    """The token with this uid and type; when two eMSPs have one alike, OCPI-to headers must say which."""
    wanted = guard.route().to
    found = [
        stored
        for key in wire.keys(uid, request.args.get("type"))
        for stored in documents.where(unit, wire.module.name, key=key)
        if wanted in (None, stored.document.owner)
    ]
    if not found:
        raise UnknownToken
    if len(found) > 1:
        raise InvalidParameter("Several eMSPs have a token with this uid: say which by OCPI-to headers")
    return found[0]


def authorization(token: Json) -> Json:
    """AuthorizationInfo; an invalid token is BLOCKED, with HTTP 200 (TOK-07, TOK-13)."""
    if not token["valid"]:
        return {"allowed": "BLOCKED", "token": token}
    return {"allowed": "ALLOWED", "token": token, "authorization_reference": str(uuid.uuid4())}


def allowed_place(unit: Unit, asked: Json) -> Json:
    """The part of the asked-for place that the hub knows (TOK-10)."""
    around = StoreSurroundings(unit)
    own = guard.caller().partner.parties()
    candidates = (around.location(party, asked["location_id"]) for party in own)
    location = next((candidate for candidate in candidates if candidate is not None), None)
    if location is None:
        raise UnknownLocation
    uids = asked.get("evse_uids") or []
    return {"location_id": location["id"], "evse_uids": [find_evse(location, uid)["uid"] for uid in uids]}
