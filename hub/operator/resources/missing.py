"""What should be there and is not: sessions without a CDR, CDRs without a session, lists that lack some."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, Row, and_, or_, select

from hub.ocpi.document import Json, Party
from hub.ocpi.modules import MODULES
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    PartyField,
    identity,
    listed,
    sorting,
    word,
)
from hub.operator.paging import Listing
from hub.operator.resources import partners
from hub.operator.resources.jobs import Job
from hub.operator.section import Located, Section
from hub.store.findings import findings
from hub.store.parties import partners as partner_table
from hub.sync.completeness import FINDERS, UNLISTED

section = Section(
    "missing",
    "What should be there and is not, found each night at 03:00 UTC and whenever it is asked for.",
)

MISSING = (*FINDERS, UNLISTED)
MEANS = (
    "session-without-cdr: a session has ended a day ago, and nobody has billed it. cdr-without-session: a CDR"
    " names a session that was never heard of. cdr-without-receiver: its eMSP is not connected. unlisted: the"
    " hub was sent an object that its owner's whole list has not. unreadable: the list has one that the hub"
    " could not keep; any other that it has and that was never sent is kept as soon as the list is read."
)


class MissingQuery(ListQuery):
    sort = sorting("-id", "first_at")
    kind = word(*MISSING, metadata={"description": MEANS})
    partner = identity(metadata={"description": "Only those of the partner with this id."})
    module = word(*MODULES)
    party = PartyField(metadata={"description": "Only objects of this owner."})


class MissingSchema(Schema):
    id = fields.Integer(required=True)
    kind = word(*MISSING, required=True)
    partner = fields.String(required=True)
    module = fields.String(required=True)
    owner = PartyField(**MAYBE, metadata={"description": "null: it could not be read whose it is."})
    object_id = fields.String(required=True)
    detail = fields.String(required=True)
    first_at = Instant(required=True)
    last_at = Instant(required=True)


class Look(Because):
    partner = identity(metadata={"description": "Only that of the partner with this id."})
    lists = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Read the whole lists of partners first: only that tells what is unlisted."},
    )


@section.get("/missing", "list", query=MissingQuery, answers=listed(MissingSchema))
def list_(call: Call) -> Listing:
    """List what should be there and is not, as it was looked for last."""

    def of_row(row: Row[Any]) -> Json:
        names = ("id", "kind", "module", "detail", "first_at", "last_at")
        return {name: getattr(row, name) for name in names} | {
            "partner": partners.by_id(call.unit, row.partner_id).name,
            "owner": Party.of_code(row.owner) if row.owner else None,
            "object_id": row.object_key,
        }

    sorts = {"first_at": findings.c.first_at}
    return Listing(select(findings).where(*wanted(call)), of_row, findings.c.id, sorts)


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query, table = call.query, findings.c
    found = [table[name] == query[name] for name in ("kind", "module") if name in query]
    found += [table.partner_id == query["partner"]] if "partner" in query else []
    found += [table.owner == query["party"].code] if "party" in query else []
    return found + visible(call)


def visible(call: Call) -> list[ColumnElement[bool]]:
    """A bound user sees what is missing of its own party's, and what nobody knows the owner of where its
    party is the only one of the partner."""
    if call.only is None:
        return []
    alone = select(partner_table.c.id).where(partners.held_by_it_alone(call.only))
    of_nobody = and_(findings.c.owner == "", findings.c.partner_id.in_(alone))
    return [or_(findings.c.owner == call.only.code, of_nobody)]


@section.post("/missing/look", "look", takes=Look, answers=Job, status=202)
def look(call: Call) -> Located:
    """Look for what is missing now: a job, whose result counts it; `GET /missing` lists it."""
    partner = call.body.get("partner")
    if partner is not None:
        partners.known(call, partner)
    job = call.submit("look-for-missing", {"partner": partner, "lists": call.body["lists"]})
    return Located(job, f"/api/v1/jobs/{job['id']}")
