"""How one mark of the outbox is delivered: the present state of the object, in the partner's edition."""

import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from urllib.parse import quote

from hub.hub import Hub
from hub.net.failures import Unreachable
from hub.observing import sparing
from hub.observing.metrics import deliveries, delivery_seconds
from hub.observing.secrets import clean
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import NotExpressible
from hub.ocpi.wire import WIRES, Wire
from hub.parties import quirks, tokens
from hub.parties.partner import Partner
from hub.prices.shown import showing
from hub.prices.shown.view import VIEWED
from hub.store import documents
from hub.store.attempts import ANSWER_LENGTH
from hub.store.documents import Stored
from hub.store.readers import RESTRICTED
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings
from hub.sync import discovery, outcomes, peer, presence, waits
from hub.sync.addressing import Address, address
from hub.sync.claiming import Mark
from hub.sync.outcomes import CONSEQUENCES, Outcome
from hub.sync.peer import Reply, Request
from hub.sync.settling import Ended
from hub.sync.waits import SECOND

log = logging.getLogger(__name__)

READ_OF_ANSWER = 4096
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd\u2028\u2029]+")
DEADLINE = 20.0
"""Seconds for one try, whatever the partner does."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent for a mark, and which revision it is."""

    partner: Partner
    authorization: str
    request: Request
    rev: int


class NotConnected(Exception):
    """The partner was suspended, or has left, since the mark was claimed."""


def deliver(hub: Hub, mark: Mark, deadline: float = DEADLINE) -> Ended:
    """Send what the mark asks for; how that ended is written by whoever claimed the mark."""
    try:
        with hub.store.reading() as unit:
            parcel = pack(hub, unit, mark)
    except NotExpressible as reason:
        return Ended(mark, Outcome.WITHHELD, message=str(reason))
    except NotConnected as reason:
        return Ended(mark, Outcome.UNSENT, message=str(reason))
    at, began = hub.store.clock(), perf_counter()
    ended = send(hub, mark, parcel, deadline)
    took = perf_counter() - began
    delivery_seconds.labels(parcel.partner.name).observe(took)
    if ended.ocpi is not None:
        presence.heard(hub.store, parcel.partner)
    deliveries.labels(parcel.partner.name, mark.module, ended.outcome.value).inc()
    if ended.outcome is not Outcome.ACCEPTED:
        more = sparing.spared(hub.store, "delivery failed", parcel.partner.name)
        if more is not None:
            log.warning("delivery failed", extra=told(parcel, ended) | more)
    return replace(ended, at=at, took=took, correlation_id=parcel.request.correlation_id)


def send(hub: Hub, mark: Mark, parcel: Parcel, deadline: float) -> Ended:
    """One request; none when the claim might lapse while it is under way, for another process would then send
    the object too, and perhaps a later state of it first."""
    if mark.until - hub.store.clock() < deadline * SECOND:
        return Ended(mark, Outcome.UNSENT, message="the claim was about to lapse")
    try:
        reply = peer.ask(hub, parcel.partner, parcel.authorization, parcel.request, deadline)
    except Unreachable as failure:
        return Ended(mark, outcomes.of_failure(failure), parcel.rev, message=str(failure))
    return answered(mark, parcel, reply, lambda: discovery.confirm(hub, parcel.partner), hub.store.clock())


def answered(mark: Mark, parcel: Parcel, reply: Reply, confirm: Callable[[], bool], now: int) -> Ended:
    """What the answer means; where nothing is at the partner's address, its version details are read anew."""
    outcome = outcomes.of_answer(parcel.request, reply, ambiguous=mark.ambiguous, before=mark.reason)
    if CONSEQUENCES[outcome].discover and not confirm():
        outcome = Outcome.FAILED
    asked = waits.asked_for(reply, now)
    message = without_token(reply.message, parcel.authorization)
    says = None if outcome is Outcome.ACCEPTED else excerpt(reply.body, parcel.authorization)
    return Ended(mark, outcome, parcel.rev, reply.http, reply.status_code, message, asked, says)


def excerpt(body: bytes, authorization: str) -> str:
    """The beginning of an answer on one line, with nothing in it that is a token, for people."""
    text = without_token(body[:READ_OF_ANSWER].decode("utf-8", "replace"), authorization)
    return " ".join(UNPRINTABLE.sub(" ", clean(text)).split())[:ANSWER_LENGTH]


def without_token(message: str, authorization: str) -> str:
    """What a partner says of a request, should it repeat our token in it: messages are kept and shown."""
    for token in tokens.read_authorization(authorization):
        message = message.replace(token.decode("ascii", "replace"), "...")
    return message


def told(parcel: Parcel, ended: Ended) -> dict[str, object]:
    """For the log: no ids of objects, which may be tokens of drivers."""
    return {
        "partner": parcel.partner.name,
        "objects": ended.mark.module,
        "delivery": ended.mark.id,
        "attempt": ended.mark.attempts,
        "outcome": ended.outcome.value,
        "http": ended.http,
        "ocpi": ended.ocpi,
        "correlation_id": parcel.request.correlation_id,
    }


def pack(hub: Hub, unit: Unit, mark: Mark) -> Parcel:
    """The present state of what is owed; NotExpressible when the partner's edition has no form for it.

    The object is read first: what the partner may see is then known as it is now, or later.
    """
    stored = documents.by_seq(unit, mark.module, mark.document)
    to = address(unit, mark.partner_id, mark.module, tokens.vault(hub.settings.sealing_key))
    if to is None or to.authorization is None:
        raise NotConnected("the partner is not connected")
    if to.url is None or stored is None:
        raise NotExpressible("the partner takes no such objects any more")
    request = request_to(hub, unit, to, to.url, stored, knows=has_it(mark, stored))
    return Parcel(to.partner, to.authorization, request, stored.rev)


def has_it(mark: Mark, stored: Stored) -> bool:
    """Whether the partner has some revision of the object already, as far as one can tell.

    It may have one when a try of an earlier revision was not answered; one that says it knows no such object
    has none, whatever it confirmed once.
    """
    confirmed = mark.acked_rev is not None or (mark.ambiguous and stored.rev > 1)
    return confirmed and mark.reason != Outcome.MISSING


def request_to(  # noqa: PLR0913, PLR0917 (all of it makes the request)
    hub: Hub, unit: Unit, to: Address, url: str, stored: Stored, knows: bool
) -> Request:
    """In the partner's edition, under the headers of its version, as its quirks have it.

    knows  it has been sent the object before
    """
    partner, settings = to.partner, to.partner.settings
    reason = quirks.unwanted(settings, stored.document.module, stored.document.newest)
    if reason is not None:
        raise NotExpressible(reason)
    wire = WIRES.get((stored.document.module, str(partner.version)))
    if wire is None:
        raise NotExpressible(f"OCPI {partner.version} has no {stored.document.module}")
    stored, body = shown(unit, partner, wire, stored)
    sender, receiver = between(hub, wire, partner, stored)
    request = request_for(wire, url, stored, quirks.tailored(settings, wire, body), knows)
    where = quirks.spelled(settings, request.url)
    return replace(request, url=where, sender=sender, to=receiver, correlation_id=str(uuid.uuid4()))


def shown(unit: Unit, partner: Partner, wire: Wire, stored: Stored) -> tuple[Stored, Json]:
    """As the partner sees it; a tariff that it may not read any more is gone for it."""
    name, traits = wire.module.name, partner.settings.traits
    varies = partner.prices_vary and name in VIEWED
    view = showing.view(unit, partner, wire.edition.version) if varies else None
    if view is None:
        return stored, wire.show(stored.document, StoreSurroundings(unit, traits))
    owner, key = stored.document.owner, stored.key
    gone = stored.deleted or (name in RESTRICTED and view.hides(owner, key))
    body = view.body(wire, stored.document, view.around(traits), view.sighted(name, stored.seq))
    return replace(stored, deleted=gone), body


def between(hub: Hub, wire: Wire, partner: Partner, stored: Stored) -> tuple[Party, Party]:
    """From whom and to whom: what is for all comes from the hub (HUB-10), what is for one from its owner."""
    if wire.module.for_one and stored.audience is not None:
        return stored.document.owner, Party.of_code(stored.audience)
    hearing = partner.parties(*wire.module.heard_by) or partner.parties()
    return hub.settings.party, hearing[0]


def request_for(wire: Wire, url: str, stored: Stored, body: Json, knows: bool) -> Request:
    """PUT for what its owner keeps, POST for CDRs, DELETE for what is gone; where an object is new by POST
    and changes by PUT (IRR-05), POST until the partner has it.

    Never PATCH, not even for the status of one EVSE, which would be 100 bytes where a PUT of a location with
    100 EVSEs is 120 kB. A PUT needs no predecessor: it heals whatever a partner lost, can be repeated when
    its answer did not come, and may stand for any number of changes; those 120 kB are parsed in less than a
    millisecond. A PATCH is right only where the partner has exactly the revision before, and takes the
    last_updated of the parent from its part. With the 4 to 14 kB of a location of one to ten EVSEs, to be
    refused now and then and PUT after all would cost more than it saves.
    """
    posted = "POST" in wire.module.receiver and not (wire.module.posted_once and (knows or stored.deleted))
    if posted:
        return Request("POST", url, strictjson.write(body))
    where = object_url(wire, url, stored.document.owner, body)
    if stored.deleted:
        return Request("DELETE", where)
    return Request("PUT", where, strictjson.write(body))


def object_url(wire: Wire, url: str, owner: Party, body: Json) -> str:
    """Where the partner keeps this object: below its endpoint, by owner and id, any query kept (VER-09)."""
    base, _, query = url.partition("?")
    path = "/".join(quote(str(part), safe="") for part in (*owner, body[wire.module.id_field]))
    if wire.module.typed and wire.edition.routing_headers and body["type"] != "RFID":
        query = f"{query}&type={quote(str(body['type']))}" if query else f"type={quote(str(body['type']))}"
    return f"{base.rstrip('/')}/{path}" + (f"?{query}" if query else "")
