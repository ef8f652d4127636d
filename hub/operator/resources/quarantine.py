"""Objects of partners' lists that could not be kept, and why; and how they are read again."""

import json
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, Row, select

from hub.ocpi.document import Json
from hub.ocpi.modules import MODULES
from hub.operator.call import Call
from hub.operator.fields import Because, Instant, ListQuery, identity, listed, sorting, word
from hub.operator.paging import Listing
from hub.operator.problems import Conflict, NotFound
from hub.operator.resources import partners
from hub.operator.resources.jobs import Job
from hub.operator.section import ID, Section
from hub.store import quarantine as store
from hub.store.parties import partners as partner_table
from hub.store.quarantine import Entry
from hub.store.quarantine import quarantine as table
from hub.sync import quarantine as rereading

section = Section("quarantine", "Objects that partners have listed and that could not be kept.")

ONE = f"/quarantine/<int(max={ID}):entry_id>"


class EntrySchema(Schema):
    id = fields.Integer(required=True)
    partner = fields.String(required=True)
    module = fields.String(required=True)
    object = fields.String(required=True)
    edition = fields.String(required=True)
    error = fields.String(required=True)
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, attribute="fields", data_key="fields"
    )
    cut = fields.Boolean(required=True, metadata={"description": "Too long to be kept whole."})
    times = fields.Integer(required=True)
    first_at = Instant(required=True)
    seen_at = Instant(required=True)


class EntryDetails(EntrySchema):
    raw = fields.String(required=True, metadata={"description": "As it came."})


class EntryQuery(ListQuery):
    sort = sorting("-id", "seen_at")
    partner = identity(metadata={"description": "Only those of the partner with this id."})
    module = word(*MODULES)


class Kept(Schema):
    kept = fields.String(required=True, metadata={"description": "What became of it."})


class Which(Because):
    partner = identity(metadata={"description": "Only those of the partner with this id."})
    module = word(*MODULES)


def visible(call: Call) -> list[ColumnElement[bool]]:
    if call.only is None:
        return []
    return [table.c.partner_id.in_(select(partner_table.c.id).where(partners.held_by_it_alone(call.only)))]


def told(call: Call, row: Any) -> Json:
    partner = partners.by_id(call.unit, row.partner_id)
    names = ("id", "module", "edition", "error", "cut", "times", "first_at", "seen_at")
    found = row.fields if isinstance(row, Entry) else json.loads(row.fields)
    plain = {name: getattr(row, name) for name in names}
    return plain | {"partner": partner.name, "object": row.object_key, "fields": dict(found)}


@section.get("/quarantine", "list", query=EntryQuery, answers=listed(EntrySchema))
def list_(call: Call) -> Listing:
    """List what is in quarantine, and what is wrong with each."""
    wanted = visible(call)
    if "partner" in call.query:
        wanted.append(table.c.partner_id == call.query["partner"])
    if "module" in call.query:
        wanted.append(table.c.module == call.query["module"])

    def of_row(row: Row[Any]) -> Json:
        return told(call, row)

    return Listing(select(table).where(*wanted), of_row, table.c.id, {"seen_at": table.c.seen_at})


@section.get(ONE, "show", answers=EntryDetails)
def show(call: Call, entry_id: int) -> Json:
    """Show an object as it came, with every fault."""
    entry = known(call, entry_id)
    return told(call, entry) | {"raw": entry.raw.decode("utf-8", "replace")}


@section.post(f"{ONE}/retry", "retry", takes=Because, answers=Kept)
def retry(call: Call, entry_id: int) -> Json:
    """Read an object once more, as its partner is read now. It stays when it is still bad: 422 says why."""
    entry = known(call, entry_id)
    if entry.cut:
        raise Conflict(
            "The object was too long to be kept whole.", remedy="Run the schedule that pulls the whole list."
        )
    kept = rereading.kept_again(call.unit, entry)
    call.record("retry", f"quarantine/{entry.module}/{entry.object_key}")
    return {"kept": kept}


@section.post("/quarantine/retry", "retry-many", takes=Which, answers=Job, status=202)
def retry_many(call: Call) -> Json:
    """Read all of it once more, or that of a partner or module: a job."""
    wanted: Json = {}
    if "partner" in call.body:
        partner = partners.known(call, call.body["partner"])
        if not partners.sees_whole(call, partner):
            raise Conflict(f"{partner.name} holds other parties too.", remedy="Ask an operator of the hub.")
        wanted["partner_id"] = partner.id
    elif call.only is not None:
        raise Conflict("A user who is bound to a party names the partner.", remedy="Send `partner`.")
    if "module" in call.body:
        wanted["module"] = call.body["module"]
    return call.submit("retry-quarantine", wanted)


def known(call: Call, entry_id: int) -> Entry:
    found = next(iter(store.matching(call.unit, table.c.id == entry_id, *visible(call))), None)
    if found is None:
        raise NotFound(f"There is no entry {entry_id}.", remedy="GET /api/v1/quarantine lists them.")
    return found
