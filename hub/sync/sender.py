"""How one mark of the outbox is delivered: the present state of the object, in the partner's edition."""

import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote

from hub.hub import Hub
from hub.net.failures import Unreachable
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import NotExpressible
from hub.ocpi.wire import WIRES, Wire
from hub.parties import registry, tokens
from hub.parties.partner import Partner
from hub.store import documents
from hub.store.documents import Stored
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings
from hub.sync import outbox, peer
from hub.sync.outbox import Mark
from hub.sync.peer import Reply, Request

SECOND = 1_000_000
LONGEST_WAIT = 900
DEADLINE = 20.0
REFUSED = frozenset({400, 405, 409, 413, 415, 422})
LOST = frozenset({404, 410})
UNKNOWN_TO_CLIENT = range(2000, 3000)

chance = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent for a mark, and which revision it is."""

    partner: Partner
    authorization: str
    request: Request
    rev: int


def deliver(hub: Hub, mark: Mark) -> None:
    """Send what the mark asks for, and write down how that ended."""
    try:
        with hub.store.reading() as unit:
            parcel = pack(hub, unit, mark)
    except NotExpressible as reason:
        with hub.store.unit() as unit:
            outbox.settle(
                unit, mark, state=outbox.WITHHELD, acked_rev=mark.wanted_rev, error=str(reason)[:500]
            )
        return
    try:
        reply = peer.ask(hub, parcel.partner, parcel.authorization, parcel.request, DEADLINE)
    except Unreachable as failure:
        with hub.store.unit() as unit:
            again(unit, mark, str(failure), ambiguous=mark.ambiguous or failure.sent)
        return
    with hub.store.unit() as unit:
        conclude(unit, mark, parcel, reply)


def conclude(unit: Unit, mark: Mark, parcel: Parcel, reply: Reply) -> None:
    """What an answer means: done, to be tried again, or given up for an operator to look at."""
    if reply.ok and reply.status_code is not None:
        outbox.complete(unit, mark, parcel.rev, reply.http, reply.status_code)
    elif refused(reply):
        error = f"refused: {reply.http}/{reply.status_code} {reply.message}"[:500]
        outbox.settle(unit, mark, state=outbox.DEAD, http=reply.http, ocpi=reply.status_code, error=error)
    else:
        again(
            unit,
            mark,
            f"{reply.http}/{reply.status_code} {reply.message}",
            http=reply.http,
            ocpi=reply.status_code,
        )


def refused(reply: Reply) -> bool:
    """Whether asking again would get the same answer: the partner says that the request is wrong."""
    if 200 <= reply.http < 300:
        return reply.status_code in UNKNOWN_TO_CLIENT
    return reply.http in REFUSED or (reply.http in LOST and reply.status_code is not None)


def again(unit: Unit, mark: Mark, error: str, **seen: object) -> None:
    """Due again after a random wait that grows with every try: full jitter keeps partners from stampedes."""
    most = min(LONGEST_WAIT, 2 ** min(mark.attempts, 10))
    wait = max(1.0, chance.uniform(0, most))
    next_at = unit.now + int(wait * SECOND)
    outbox.settle(unit, mark, state=outbox.DUE, next_at=next_at, error=error[:500], **seen)


def pack(hub: Hub, unit: Unit, mark: Mark) -> Parcel:
    """The present state of what is owed; NotExpressible when the partner's edition has no form for it."""
    partner = registry.by_id(unit, mark.partner_id)
    url = registry.endpoint_of(unit, mark.partner_id, mark.module, "RECEIVER")
    stored = documents.by_seq(unit, mark.module, mark.document)
    if partner is None or partner.version is None or url is None or stored is None:
        raise NotExpressible("the partner takes no such objects any more")
    wire = WIRES[mark.module, partner.version]
    body = wire.show(stored.document, StoreSurroundings(unit, partner.settings.traits))
    sender, to = between(hub, wire, partner, stored)
    request = replace(request_for(wire, url, stored, body), sender=sender, to=to)
    header = registry.authorization(unit, partner, tokens.vault(hub.settings.sealing_key))
    return Parcel(partner, str(header), request, stored.rev)


def between(hub: Hub, wire: Wire, partner: Partner, stored: Stored) -> tuple[Party, Party]:
    """From whom and to whom: what is for all comes from the hub (HUB-10), what is for one from its owner."""
    document, heard_by = stored.document, wire.module.heard_by_one
    if heard_by is not None:
        return document.owner, heard_by(document.newest)
    hearing = partner.parties(*wire.module.heard_by) or partner.parties()
    return hub.settings.party, hearing[0]


def request_for(wire: Wire, url: str, stored: Stored, body: Json) -> Request:
    """PUT for what its owner keeps, POST for CDRs, DELETE for what is gone."""
    if "POST" in wire.module.receiver:
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
