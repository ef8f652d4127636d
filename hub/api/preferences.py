"""Charging preferences: only the CPO of the session can answer them, so they are passed on to it (SES-16)."""

from urllib.parse import quote

from flask import Response

from hub.api import envelope, guard
from hub.net.failures import Unreachable
from hub.ocpi import strictjson
from hub.ocpi.checking import check
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import edition
from hub.ocpi.errors import HubError, InvalidParameter, ReceiverNotConnected, ReceiverTimeout, UnknownObject
from hub.ocpi.module import Role
from hub.ocpi.parts import find_evse
from hub.ocpi.wire import Wire
from hub.parties import registry, tokens
from hub.parties.partner import Partner
from hub.store import documents
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings
from hub.sync import peer
from hub.sync.peer import Reply, Request

CAPABILITY = "CHARGING_PREFERENCES_CAPABLE"
DEADLINE = 15.0


class NotCapable(InvalidParameter):
    """The EVSE of this session takes no charging preferences."""

    http_status = 404


def put(wire: Wire, session_id: str) -> Response:
    """Ask the CPO of the session; its answer is passed back unchanged."""
    wanted = guard.body()
    check(wire.edition, "charging_preferences", wanted)
    with guard.hub().store.reading() as unit:
        session = session_of(unit, wire, session_id)
        owner = Party.of(session["country_code"], session["party_id"])
        must_be_capable(unit, owner, session)
        partner, header, url = way_to(unit, owner)
    path = f"{url.rstrip('/')}/{quote(session['id'], safe='')}/charging_preferences"
    heard_by = wire.module.heard_by_one
    sender = heard_by(session) if heard_by else None
    request = Request("PUT", path, strictjson.write(wanted), sender, owner, guard.exchange().correlation_id)
    return relayed(ask(partner, header, request))


def session_of(unit: Unit, wire: Wire, session_id: str) -> Json:
    """The session with this id that is the caller's, as the one whose token it uses (SES-20)."""
    own, heard_by = guard.caller().partner.parties(Role.EMSP), wire.module.heard_by_one
    for stored in documents.where(unit, wire.module.name, key=wire.keys(session_id, None)[0]):
        if heard_by is not None and heard_by(stored.document.newest) in own:
            return stored.document.newest
    raise UnknownObject("There is no such session")


def must_be_capable(unit: Unit, owner: Party, session: Json) -> None:
    location = StoreSurroundings(unit).location(owner, session["location_id"])
    if location is not None and CAPABILITY not in (
        find_evse(location, session["evse_uid"]).get("capabilities") or ()
    ):
        raise NotCapable


def way_to(unit: Unit, owner: Party) -> tuple[Partner, str, str]:
    """The connected CPO, how to authorise there, and its Sender interface of sessions."""
    for partner in registry.of_party(unit, owner, Role.CPO):
        url = registry.endpoint_of(unit, partner.id, "sessions", "SENDER")
        header = registry.authorization(unit, partner, tokens.vault(guard.hub().settings.sealing_key))
        if url and header and partner.version and edition(partner.version).routing_headers:
            return partner, header, url
    raise ReceiverNotConnected(f"{owner} takes no charging preferences through this hub at present")


def ask(partner: Partner, header: str, request: Request) -> Reply:
    try:
        return peer.ask(guard.hub(), partner, header, request, DEADLINE)
    except Unreachable as failure:
        raise (ReceiverTimeout if failure.kind == "timeout" else HubError) from failure


def relayed(reply: Reply) -> Response:
    """The CPO's answer (HUB-07); what was no OCPI answer is the hub's to explain (HUB-08)."""
    if reply.status_code is None or reply.http >= 500 or reply.http == 401:
        raise HubError("The CPO of this session did not give an OCPI answer")
    if reply.ok:
        return envelope.answer(reply.data)
    return envelope.refuse(reply.status_code, reply.message, reply.http)
