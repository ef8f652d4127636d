"""The sessions: what was charged, what each was billed and why, or what holds it up."""

from typing import Any

from marshmallow import fields
from sqlalchemy import Row, select

from hub.billing import rating
from hub.billing.remedies import REMEDIES
from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Anything, Because, Exactly, Money, exact, listed, text, word
from hub.operator.paging import Listing
from hub.operator.problems import Conflict
from hub.operator.resources import objects
from hub.operator.resources.objects import Object, ObjectQuery
from hub.operator.section import Section
from hub.store import billed, charges, documents
from hub.store.billed import OF_SESSION, Billed
from hub.store.documents import TABLES, stored

section = Section("sessions", "What was charged, and what became of it.")

ONE = f"/sessions/{objects.OWNER}/<object_id>"
STATUSES = ("ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION")
BILLING = (charges.RATED, charges.OWN, charges.HELD, charges.CREDITED)


class SessionQuery(ObjectQuery):
    status = word(*STATUSES)
    billing = word(*BILLING, metadata={"description": "HELD: completed, and cannot be billed yet."})
    location_id = text(36)


class SessionSchema(Object):
    status = fields.String(required=True)
    start_date_time = fields.String(**MAYBE)
    end_date_time = fields.String(**MAYBE)
    kwh = fields.String(**MAYBE, metadata={"description": "Exact, as a string."})
    location_id = fields.String(**MAYBE)
    evse_uid = fields.String(**MAYBE)
    connector_id = fields.String(**MAYBE)
    contract_id = fields.String(**MAYBE)
    billing = word(*BILLING, **MAYBE)
    code = fields.String(**MAYBE, metadata={"description": "Why it is held."})
    reason = fields.String(**MAYBE)
    remedy = fields.String(**MAYBE)
    tariff_id = fields.String(**MAYBE)
    cdr_id = fields.String(**MAYBE)
    before_taxes = Money(**MAYBE)
    currency = fields.String(**MAYBE)


class SessionDetails(SessionSchema):
    document = Anything(required=True, metadata={"description": "The Session of OCPI 2.3.0."})
    explanation = Exactly(
        **MAYBE,
        metadata={"description": "The quote: every line with its quantity, price and tariff element."},
    )


NO_CHARGE = charges.Charge(owner="", session_key="", state="")


def told(call: Call, found: Billed) -> Json:
    session, charge = found.session.document.newest, found.charge or NO_CHARGE
    cdr = cdr_of(call, found)
    plain = {name: session.get(name) for name in PLAIN}
    return (
        objects.told(found.session)
        | plain
        | {
            "kwh": None if session.get("kwh") is None else exact(session["kwh"]),
            "contract_id": session.get("cdr_token", {}).get("contract_id"),
            "billing": charge.state or None,
            "code": charge.reason,
            "reason": charge.message,
            "remedy": REMEDIES.get(charge.reason or ""),
            "tariff_id": charge.tariff_id,
            "cdr_id": cdr and cdr["id"],
            "before_taxes": cdr and cdr["total_cost"]["before_taxes"],
            "currency": session.get("currency"),
        }
    )


PLAIN = (
    "status",
    "start_date_time",
    "end_date_time",
    "location_id",
    "evse_uid",
    "connector_id",
)


def cdr_of(call: Call, found: Billed) -> Json | None:
    key = found.charge and found.charge.cdr_key
    cdr = key and documents.find(call.unit, "cdrs", found.session.document.owner, key)
    return cdr.document.newest if cdr else None


@section.get("/sessions", "list", query=SessionQuery, answers=listed(SessionSchema))
def list_(call: Call) -> Listing:
    """List the sessions, and what each was billed or why it is held."""
    table, query = TABLES["sessions"], call.query
    wanted = objects.wanted(call, "sessions")
    wanted += [table.c[name] == query[name] for name in ("status",) if name in query]
    if "location_id" in query:
        wanted.append(table.c.location_id == documents.folded(query["location_id"]))
    if "billing" in query:
        wanted.append(charges.charges.c.state == query["billing"])
    joined = table.outerjoin(charges.charges, OF_SESSION)

    def of_row(row: Row[Any]) -> Json:
        charge = billed.charges_of(call.unit, [row]).get(row.charge_id)
        return told(call, Billed(stored("sessions", row), charge))

    columns = (*table.c, charges.charges.c.id.label("charge_id"))
    found = select(*columns).select_from(joined).where(*wanted)
    return Listing(found, of_row, table.c.seq, objects.sorts("sessions"))


@section.get(ONE, "show", answers=SessionDetails)
def show(call: Call, **path: str) -> Json:
    """Show a session with its explanation: its price line by line, or why it is held and what to do."""
    found = known(call, path)
    quote = found.charge and found.charge.quote
    return told(call, found) | {
        "document": found.session.document.newest,
        "explanation": strictjson.reread(quote) if quote else None,
    }


@section.post(f"{ONE}/rate", "rate", takes=Because, answers=SessionDetails, current=show)
def rate(call: Call, **path: str) -> Json:
    """Try to bill a held session now. It happens by itself when a location or tariff of the CPO changes."""
    found = known(call, path)
    before = show(call, **path)
    document, charge = found.session.document, found.charge
    if charge is not None and charge.state != charges.HELD:
        raise Conflict(f"The session is {charge.state}, not HELD.", remedy="There is nothing to do.")
    if document.newest["status"] != "COMPLETED" or not rating.hub_issues(call.unit, document.owner):
        raise Conflict(
            "The hub does not bill this session.",
            remedy="It must be COMPLETED, and its CPO must have the quirk cdrs=hub.",
        )
    rating.bill(call.unit, document)
    after = show(call, **path)
    summary = ("billing", "code", "cdr_id")
    name = f"session/{document.owner}/{document.newest['id']}"
    call.record(
        "rate", name, {each: before[each] for each in summary}, {each: after[each] for each in summary}
    )
    return after


def known(call: Call, path: Json) -> Billed:
    session = objects.known(call, "sessions", path)
    found = billed.one(call.unit, session.document.owner, session.key)
    assert found is not None, "it was there in this transaction"
    return found
