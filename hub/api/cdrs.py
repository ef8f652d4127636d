"""CDRs, received once and never changed (CDR-01 to CDR-06)."""

from urllib.parse import quote

from flask import Response

from hub.api import envelope, guard
from hub.api.receiver import refuse_future
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
    checked = wire.check(guard.body(), guard.leniency(only_cpo(wire)))
    owner = owner_of(wire, checked.body)
    refuse_future(checked.body)
    with guard.hub().store.unit() as unit:
        document = wire.lift(checked, owner, guard.around(unit))
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
    if document.newest.get("credit"):
        undo_bill(unit, document)
    else:
        refuse_second_bill(unit, document)
    heard_by = wire.module.heard_by_one
    audience = heard_by(document.newest) if heard_by else None
    source = guard.caller().partner.id
    documents.save(unit, document, None, audience=audience, source=source)
    if document.mended:
        mendings.record(unit, source, wire.module.name, document.key, document.mended)


def owner_of(wire: Wire, body: Json) -> Party:
    """The CPO whose CDR it is: named in the object from 2.2 on, before that the one CPO of the connection."""
    if "country_code" in body and "party_id" in body:
        owner = Party.of(str(body["country_code"]), str(body["party_id"]))
        if owner in guard.caller().partner.parties(wire.module.owner):
            return owner
    elif (only := only_cpo(wire)) is not None:
        return only
    raise InvalidParameter(
        "A CDR is sent by its CPO: country_code and party_id are no CPO party of this connection",
        fields={"party_id": "not a CPO of this connection"},
    )


def only_cpo(wire: Wire) -> Party | None:
    """The one CPO of the connection, if it is one."""
    own = guard.caller().partner.parties(wire.module.owner)
    return own[0] if len(own) == 1 else None


def refuse_second_bill(unit: Unit, document: Document) -> None:
    """A session is billed once: either by the hub's CDR or by the CPO's own."""
    session = document.newest.get("session_id")
    if session is None:
        return
    own = Charge(document.owner.code, fold(str(session)), charges.OWN, cdr_key=document.key)
    if not charges.keep(unit, own):
        raise InvalidParameter(
            "This session is billed already: by the hub, or by an earlier CDR that was not credited. "
            "The operator of the hub sets for each connection who issues the CDRs",
            fields={"session_id": "billed already"},
        )


def undo_bill(unit: Unit, credit: Document) -> None:
    """Take back the CDR that is credited: its session may then be billed anew (CDR-06)."""
    reference = fold(str(credit.newest["credit_reference_id"]))
    original = documents.find(unit, credit.module, credit.owner, reference, lock=True)
    fault = fault_of(unit, credit, original)
    if fault:
        raise InvalidParameter(f"This credit cannot be: {fault}", fields={"credit_reference_id": fault})
    charges.credit(unit, credit.owner.code, reference)


def fault_of(unit: Unit, credit: Document, original: Stored | None) -> str | None:
    """Why the original cannot be credited so. A credit is of the whole, its total negated (CDR-06)."""
    if original is None:
        return "there is no such CDR"
    body, whole = credit.newest, original.document.newest
    if whole.get("credit"):
        return "that CDR is a credit itself"
    owner, reference = credit.owner.code, original.document.key
    if documents.where(unit, credit.module, owner=owner, credit_reference_id=reference):
        return "that CDR is credited already"
    if any(body[name] != whole[name] for name in ("cdr_token", "currency")):
        return "that CDR has another cdr_token or currency"
    if body["total_cost"]["before_taxes"] != -whole["total_cost"]["before_taxes"]:
        return "that CDR has another total_cost, of which a credit is the negative"
    return None


def location_of(wire: Wire, owner: Party, identity: str) -> str:
    """Where the CDR can be read, by its sender only (CDR-02)."""
    path = "/".join(quote(part, safe="") for part in (*owner, identity))
    return f"{guard.hub().settings.public_url}/ocpi/{wire.edition.version}/receiver/{wire.module.name}/{path}"
