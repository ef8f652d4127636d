"""CDRs, received once and never changed (CDR-01 to CDR-06)."""

from urllib.parse import quote

from flask import Response

from hub.api import envelope, guard
from hub.api.receiver import around, lenient
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.wire import Wire, fold
from hub.parties import mendings
from hub.store import charges, documents
from hub.store.charges import Charge
from hub.store.documents import Stored
from hub.store.unit import Unit


def post(wire: Wire) -> Response:
    """Keep a CDR and answer where it can be read (CDR-01); the same again gets the same answer (CDR-04)."""
    checked = wire.check(guard.body(), lenient())
    owner = owner_of(wire, checked.body)
    with guard.hub().store.unit() as unit:
        document = wire.lift(checked, owner, around(unit))
        existing = documents.claim(unit, wire.module.name, owner, document.key)
        if existing is None:
            accept(unit, wire, document)
        elif existing.document.sent != checked.body:
            raise InvalidParameter(
                "A CDR with this id is stored already, with other content: CDRs never change"
            )
    where = {"Location": location_of(wire, owner, str(checked.body[wire.module.id_field]))}
    return envelope.answer(http_status=201 if existing is None else 200, headers=where)


def accept(unit: Unit, wire: Wire, document: Document) -> None:
    """Store a CDR that is new, if it may be billed."""
    refuse_second_bill(unit, document)
    refuse_unfounded_credit(unit, document)
    heard_by = wire.module.heard_by_one
    audience = heard_by(document.newest) if heard_by else None
    source = guard.caller().partner.id
    documents.save(unit, document, None, audience=audience, source=source)
    if document.mended:
        mendings.record(unit, source, wire.module.name, document.key, document.mended)


def owner_of(wire: Wire, body: Json) -> Party:
    """The CPO whose CDR it is: named in the object from 2.2 on, before that the one CPO of the connection."""
    own = guard.caller().partner.parties(wire.module.owner)
    if "country_code" in body and "party_id" in body:
        owner = Party.of(str(body["country_code"]), str(body["party_id"]))
        if owner in own:
            return owner
    elif len(own) == 1:
        return own[0]
    raise InvalidParameter(
        "A CDR is sent by its CPO: country_code and party_id are no CPO party of this connection",
        fields={"party_id": "not a CPO of this connection"},
    )


def refuse_second_bill(unit: Unit, document: Document) -> None:
    """A session is billed once: either by the hub's CDR or by the CPO's own."""
    session = document.newest.get("session_id")
    if session is None or document.newest.get("credit"):
        return
    own = Charge(document.owner.code, fold(str(session)), charges.OWN, cdr_key=document.key)
    if not charges.keep(unit, own):
        raise InvalidParameter(
            "This session is billed already: by the hub, or by an earlier CDR that was not credited. "
            "The operator of the hub sets for each connection who issues the CDRs",
            fields={"session_id": "billed already"},
        )


def refuse_unfounded_credit(unit: Unit, document: Document) -> None:
    """A credit is for a CDR that is known and not credited yet (CDR-06)."""
    if not document.newest.get("credit"):
        return
    reference = fold(str(document.newest["credit_reference_id"]))
    if documents.find(unit, "cdrs", document.owner, reference) is None:
        raise InvalidParameter("The credited CDR is not known", fields={"credit_reference_id": "no such CDR"})
    if credited(unit, document.owner, reference):
        raise InvalidParameter(
            "The CDR is credited already", fields={"credit_reference_id": "credited already"}
        )


def credited(unit: Unit, owner: Party, reference: str) -> bool:
    found: list[Stored] = documents.where(unit, "cdrs", owner=owner.code, credit_reference_id=reference)
    return bool(found)


def location_of(wire: Wire, owner: Party, identity: str) -> str:
    """Where the CDR can be read, by its sender only (CDR-02)."""
    path = "/".join(quote(part, safe="") for part in (*owner, identity))
    return f"{guard.hub().settings.public_url}/ocpi/{wire.edition.version}/receiver/{wire.module.name}/{path}"
