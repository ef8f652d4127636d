"""The CDRs: what was billed to whom, and how each amount came about."""

from typing import Any

from marshmallow import fields
from sqlalchemy import Row, select

from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Anything, Exactly, Money, exact, listed, text
from hub.operator.paging import Listing
from hub.operator.resources import objects
from hub.operator.resources.objects import Object, ObjectQuery
from hub.operator.section import Section
from hub.store import charges, documents
from hub.store.documents import TABLES, Stored, stored

section = Section("cdrs", "What was billed.")


class CdrQuery(ObjectQuery):
    session_id = text(36)


class CdrSchema(Object):
    start_date_time = fields.String(required=True)
    end_date_time = fields.String(required=True)
    session_id = fields.String(**MAYBE)
    contract_id = fields.String(**MAYBE)
    energy = fields.String(**MAYBE, metadata={"description": "kWh, exact, as a string."})
    before_taxes = Money(**MAYBE)
    taxes = Money(**MAYBE, metadata={"description": "All of them; null when the CDR does not say."})
    currency = fields.String(required=True)
    credit = fields.Boolean(required=True)
    credit_reference_id = fields.String(**MAYBE)


class CdrDetails(CdrSchema):
    document = Anything(required=True, metadata={"description": "The CDR of OCPI 2.3.0."})
    explanation = Exactly(
        **MAYBE, metadata={"description": "The quote, when the hub has priced it: every line and its reason."}
    )


def told(found: Stored) -> Json:
    cdr = found.document.newest
    total, taxes = cdr.get("total_cost", {}), cdr.get("total_cost", {}).get("taxes")
    energy = cdr.get("total_energy")
    names = ("start_date_time", "end_date_time", "session_id", "currency", "credit_reference_id")
    return (
        objects.told(found)
        | {name: cdr.get(name) for name in names}
        | {
            "contract_id": cdr.get("cdr_token", {}).get("contract_id"),
            "energy": None if energy is None else exact(energy),
            "before_taxes": total.get("before_taxes"),
            "taxes": None if taxes is None else sum(tax["amount"] for tax in taxes),
            "credit": bool(cdr.get("credit")),
        }
    )


@section.get("/cdrs", "list", query=CdrQuery, answers=listed(CdrSchema))
def list_(call: Call) -> Listing:
    """List the CDRs."""
    table = TABLES["cdrs"]
    wanted = objects.wanted(call, "cdrs")
    if "session_id" in call.query:
        wanted.append(table.c.session_id == documents.folded(call.query["session_id"]))

    def of_row(row: Row[Any]) -> Json:
        return told(stored("cdrs", row))

    return Listing(select(table).where(*wanted), of_row, table.c.seq, objects.sorts("cdrs"))


@section.get(f"/cdrs/{objects.OWNER}/<object_id>", "show", answers=CdrDetails)
def show(call: Call, **path: str) -> Json:
    """Show a CDR with its explanation."""
    found = objects.known(call, "cdrs", path)
    mine = [charges.charges.c.owner == found.owner, charges.charges.c.cdr_key == found.key]
    quote = call.unit.connection.execute(select(charges.charges.c.quote).where(*mine)).scalar()
    return told(found) | {
        "document": found.document.newest,
        "explanation": strictjson.reread(quote) if quote else None,
    }
