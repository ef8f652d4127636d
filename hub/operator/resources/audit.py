"""The audit trail: who changed what, when and why."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, Row, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Because, Instant, ListQuery, listed, sorting, text, word
from hub.operator.paging import Listing
from hub.operator.problems import NotFound
from hub.operator.resources.jobs import Job
from hub.operator.section import ID, Section
from hub.store import audit
from hub.store.audit import Event
from hub.store.audit import audit_events as table

section = Section("audit", "Who changed what, when and why; nobody can change it unseen.")


class EventSchema(Schema):
    id = fields.Integer(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True)
    via = word("API", "CLI", "OCPI", "JOB", required=True)
    request_id = fields.String(**MAYBE)
    action = fields.String(required=True)
    what = fields.String(required=True)
    before = fields.String(**MAYBE, metadata={"description": "SHA-256 of what it was."})
    after = fields.String(**MAYBE, metadata={"description": "SHA-256 of what it is since."})
    changed = fields.List(
        fields.String(), required=True, metadata={"description": "The names of the fields that differ."}
    )
    reason = fields.String(**MAYBE)
    previous = fields.String(required=True)
    hash = fields.String(required=True)


class EventQuery(ListQuery):
    sort = sorting("-id")
    actor = text(100)
    action = text(40)
    what = text(200, metadata={"description": "The object, as partner/EV Mobile; or what it begins with."})
    since = Instant()
    until = Instant()


def told(event: Event) -> Json:
    names = [name for name in Event.__annotations__ if name != "fields"]
    return {name: getattr(event, name) for name in names} | {"changed": list(event.fields)}


@section.get("/audit", "list", query=EventQuery, answers=listed(EventSchema))
def list_(call: Call) -> Listing:
    """List what was changed, the last change first."""

    def of_row(row: Row[Any]) -> Json:
        return told(audit.of_row(row))

    return Listing(select(table).where(*conditions(call)), of_row, table.c.id)


def conditions(call: Call) -> list[ColumnElement[bool]]:
    query = call.query
    wanted = [table.c[name] == query[name] for name in ("actor", "action") if name in query]
    if "what" in query:
        wanted.append(table.c.what.startswith(query["what"], autoescape=True))
    if "since" in query:
        wanted.append(table.c.at >= query["since"])
    if "until" in query:
        wanted.append(table.c.at < query["until"])
    return wanted


@section.get(f"/audit/<int(max={ID}):event_id>", "show", answers=EventSchema)
def show(call: Call, event_id: int) -> Json:
    """Show one event."""
    found = next(iter(audit.listed(call.unit, table.c.id == event_id, limit=1)), None)
    if found is None:
        raise NotFound(f"There is no event {event_id}.", remedy="GET /api/v1/audit lists them.")
    return told(found)


@section.post("/audit/verify", "verify", takes=Because, answers=Job, status=202)
def verify(call: Call) -> Json:
    """Reckon every hash of the trail again: a job, whose result names every event that was tampered with."""
    return call.submit("verify-audit", {})
