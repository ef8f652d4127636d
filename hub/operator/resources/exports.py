"""Exports for finance: files of a month, asked for here and fetched when they are written."""

import importlib.util
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Row, select

from hub.closing.exports import scheduled
from hub.closing.exports.columns import Kind as Cell
from hub.closing.exports.kinds import FORMATS, KINDS, Format, FormatMissing
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.export_kinds import KIND, MEDIA_TYPES, SIDECAR, wanted_of
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    PartyField,
    identity,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.problems import Conflict, NotFound, Unfit
from hub.operator.resources.jobs import Job
from hub.operator.resources.jobs import known as known_job
from hub.operator.resources.periods import month
from hub.operator.section import ID, Located, Section
from hub.operator.sending import Download
from hub.parties import agreements
from hub.store import job_files
from hub.store.exports import export_folders as table
from hub.store.tasks import DONE

section = Section(
    "exports",
    "Files of a month whose sums are those of the database and of the ledger. They are written by a job, kept"
    " for a week, and fetched by its number; the same books give the same bytes.",
)

ONE = f"/exports/<int(max={ID}):job_id>"
SCHEDULE = f"/exports/schedules/<int(max={ID}):schedule_id>"
ANY_MONTH = "2000-01"


class ColumnSchema(Schema):
    name = fields.String(required=True)
    kind = word(*Cell, required=True)
    meaning = fields.String(required=True)


class KindSchema(Schema):
    kind = word(*KINDS, required=True)
    says = fields.String(required=True)
    formats = fields.List(word(*FORMATS), required=True, metadata={"description": "Those it can have here."})
    columns = fields.List(fields.Nested(ColumnSchema), required=True, metadata={"description": "In order."})


class WhatToExport(Because):
    """What is to be written."""

    kind = word(*KINDS, required=True)
    format = word(*FORMATS, load_default="csv")
    agreement = identity(metadata={"description": "Only what falls under this agreement."})
    cpo = PartyField(metadata={"description": "Only what this CPO gets."})
    emsp = PartyField(metadata={"description": "Only what this eMSP pays."})
    mark = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Begin a CSV with the mark that older Excels need."},
    )


class NewExport(WhatToExport):
    period = month(required=True, metadata={"description": "The month, as 2026-10."})


class NewSchedule(WhatToExport):
    folder = text(
        1000,
        required=True,
        metadata={
            "description": "A folder that `hub export schedule add` has named on the machine of the hub: over"
            " the network none is chosen."
        },
    )
    running = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Write the month under way too."},
    )


class ScheduledExport(Schema):
    id = fields.Integer(required=True)
    kind = word(*KINDS, required=True)
    format = word(*FORMATS, required=True)
    folder = fields.String(required=True)
    agreement = fields.Integer(**MAYBE)
    cpo = PartyField(**MAYBE)
    emsp = PartyField(**MAYBE)
    mark = fields.Boolean(required=True)
    running = fields.Boolean(required=True)
    author = fields.String(required=True)
    added_at = Instant(required=True)
    next_at = Instant(required=True)
    written_at = Instant(**MAYBE)
    told = fields.String(**MAYBE, metadata={"description": "What was written last, or why it was not."})


class ScheduledQuery(ListQuery):
    sort = sorting("id", "next_at")
    kind = word(*KINDS)


# What there is ---------------------------------------------------------------------------------------------


@section.get("/exports/kinds", "kinds", answers=listed(KindSchema))
def kinds(call: Call) -> Json:
    """List the kinds of exports: the formats that each can have, and what every column means."""
    items = [
        {
            "kind": name,
            "says": kind.says,
            "formats": [form for form, told in FORMATS.items() if fits(name, told) and is_there(told)],
            "columns": [
                {name: getattr(each, name) for name in ColumnSchema().fields} for each in kind.columns
            ],
        }
        for name, kind in KINDS.items()
    ]
    return {"items": items, "total": len(items), "next": None}


def fits(kind: str, form: Format) -> bool:
    return not form.kinds or kind in form.kinds


def is_there(form: Format) -> bool:
    return form.needs is None or importlib.util.find_spec(form.needs) is not None


# Asking for one, and fetching it ---------------------------------------------------------------------------


@section.post("/exports", "create", takes=NewExport, answers=Job, status=202)
def create(call: Call) -> Located:
    """Have an export written: a job, whose result tells rows, sums, and where its two files are fetched."""
    job = call.submit(KIND, wanted_of(order_of(call, call.body["period"])))
    return Located(job, f"/api/v1/jobs/{job['id']}")


def order_of(call: Call, period: str) -> Order:
    """What the body asks for; Unfit when the kind has no such format here."""
    body = call.body
    name, form = body["kind"], FORMATS[body["format"]]
    if not fits(name, form):
        raise Unfit(
            f"{name} has no format {body['format']}.",
            fields={"format": f"is for {', '.join(sorted(form.kinds))} alone"},
        )
    if not is_there(form):
        raise Unfit(f"{FormatMissing.__doc__}", fields={"format": f"needs {form.needs}"})
    if "agreement" in body:
        agreements.by_id(call.unit, body["agreement"])
    wanted = Wanted(period, body.get("agreement"), body.get("cpo"), body.get("emsp"))
    return Order(name, body["format"], wanted, body["mark"])


@section.get(f"{ONE}/file", "file", sends=tuple(MEDIA_TYPES.values()), records=True)
def file(call: Call, job_id: int) -> Download:
    """Fetch the file of an export that is written."""
    return download(call, job_id, 0)


@section.get(f"{ONE}/sidecar", "sidecar", sends=(SIDECAR,), records=True)
def sidecar(call: Call, job_id: int) -> Download:
    """Fetch what lies beside it, as JSON: rows, sums by currency, the SHA-256 of the file."""
    return download(call, job_id, 1)


def download(call: Call, job_id: int, place: int) -> Download:
    """One of the files that the result of a job names: nothing of the request says which but the number. Who
    fetches it stands in the audit trail."""
    job = known_job(call, job_id)
    if job.kind != KIND:
        raise NotFound(f"The job {job_id} is no export.", remedy="GET /api/v1/jobs?kind=export lists them.")
    if job.state != DONE or job.result is None:
        raise Conflict(f"The export {job_id} is {job.state}.", remedy="Wait until its job is done.")
    named = strictjson.reread(job.result)["files"][place]
    found = job_files.of_task(call.unit, job_id, named["id"])
    if found is None:
        raise NotFound(
            f"The files of export {job_id} were taken away: they are kept for a week.",
            remedy="Ask for it again: the same books give the same bytes.",
        )
    call.record("fetch", f"export/{job_id}/{found.name}")
    parts = job_files.parts(call.hub.store, found.id)
    return Download(found.name, found.media_type, parts, found.size, f'"{found.sha256}"')


# Written by themselves -------------------------------------------------------------------------------------


@section.get("/exports/schedules", "schedules", query=ScheduledQuery, answers=listed(ScheduledExport))
def schedules(call: Call) -> Listing:
    """List the exports that are written into folders each night, and what came of each last."""
    wanted = [table.c.kind == call.query["kind"]] if "kind" in call.query else []
    return Listing(select(table).where(*wanted), told, table.c.id, {"next_at": table.c.next_at})


@section.get(SCHEDULE, "schedule", answers=ScheduledExport)
def schedule(call: Call, schedule_id: int) -> Json:
    """Show one of them."""
    return told(known(call, schedule_id))


@section.post("/exports/schedules", "add-schedule", takes=NewSchedule, answers=ScheduledExport, status=201)
def add_schedule(call: Call) -> Located:
    """Have an export written into a folder each night at four, UTC; the first one at once."""
    order, folder = order_of(call, ANY_MONTH), call.body["folder"]
    named = scheduled.listed(call.unit, table.c.folder == folder)
    if not named:
        raise Unfit(
            "No export is written into this folder.",
            fields={"folder": "not named on the machine of the hub"},
            remedy="`hub export schedule add` there names a folder; then others can be added here.",
        )
    running, reason = call.body["running"], call.reason
    made = scheduled.add(call.unit, order, Path(folder), running=running, actor=call.actor, reason=reason)
    return Located(schedule(call, made), f"/api/v1/exports/schedules/{made}")


@section.delete(SCHEDULE, "remove-schedule", query=Because, answers=ScheduledExport, current=schedule)
def remove_schedule(call: Call, schedule_id: int) -> Json:
    """Write no more of it; what was written stays."""
    before = schedule(call, schedule_id)
    scheduled.remove(call.unit, schedule_id, call.actor, call.reason)
    return before


def known(call: Call, schedule_id: int) -> Any:
    found = scheduled.listed(call.unit, table.c.id == schedule_id)
    if not found:
        raise NotFound(
            f"There is no scheduled export {schedule_id}.",
            remedy="GET /api/v1/exports/schedules lists them.",
        )
    return found[0]


def told(row: Row[Any]) -> Json:
    names = ("id", "kind", "format", "folder", "mark", "running", "author", "added_at", "next_at")
    plain = {name: getattr(row, name) for name in (*names, "written_at", "told")}
    parties = {name: getattr(row, name) and Party.of_code(getattr(row, name)) for name in ("cpo", "emsp")}
    return plain | parties | {"agreement": row.agreement_id}
