"""What is done again and again: when, and how it went last."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Because, Instant, ListQuery, identity, listed, sorting, text
from hub.operator.paging import Listing
from hub.operator.problems import NotFound
from hub.operator.resources import partners
from hub.operator.section import ID, Section
from hub.parties import registry
from hub.store import runs as store_runs
from hub.store.parties import partners as partner_table
from hub.store.schedules import schedules as table
from hub.sync import schedule as rows
from hub.sync.schedule import Scheduled

section = Section("schedules", "What is done again and again.")

ONE = f"/schedules/<int(max={ID}):schedule_id>"
LONGEST_SPLAY = 31 * 86400


class ScheduleSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    partner = fields.String(**MAYBE, metadata={"description": "null: of the hub itself."})
    job = fields.String(required=True)
    module = fields.String(**MAYBE)
    every = fields.String(required=True, metadata={"description": "As 15m, 6h, 7d; or cron in UTC."})
    splay = fields.Integer(required=True, metadata={"description": "Seconds over which partners are spread."})
    paused = fields.Boolean(required=True)
    under_way = fields.Boolean(required=True)
    next_at = Instant(required=True)
    started_at = Instant(**MAYBE)
    ended_at = Instant(**MAYBE)
    outcome = fields.String(**MAYBE)
    told = fields.String(**MAYBE)


class RunSchema(Schema):
    slot = Instant(**MAYBE)
    through = Instant(**MAYBE, metadata={"description": "The last slot that it covered."})
    started_at = Instant(**MAYBE)
    ended_at = Instant(required=True)
    outcome = fields.String(required=True)
    told = fields.String(required=True)


class Runs(Schema):
    items = fields.List(fields.Nested(RunSchema), required=True)


class ScheduleQuery(ListQuery):
    sort = sorting("id", "next_at")
    partner = identity(metadata={"description": "Only those of the partner with this id."})
    job = text(20)


class ScheduleChanges(Because):
    every = text(100)
    splay = fields.Integer(strict=True, validate=validate.Range(0, LONGEST_SPLAY))
    paused = fields.Boolean(truthy={True}, falsy={False})


def told(call: Call, each: Scheduled) -> Json:
    partner = each.partner_id and registry.by_id(call.unit, each.partner_id)
    names = ("id", "name", "job", "module", "every", "splay", "paused", "next_at", "started_at", "ended_at")
    plain = {name: getattr(each, name) for name in (*names, "outcome", "told")}
    return plain | {"partner": partner.name if partner else None, "under_way": each.lease is not None}


def visible(call: Call) -> list[ColumnElement[bool]]:
    if call.only is None:
        return []
    return [table.c.partner_id.in_(select(partner_table.c.id).where(partners.holders(call.only)))]


@section.get("/schedules", "list", query=ScheduleQuery, answers=listed(ScheduleSchema))
def list_(call: Call) -> Listing:
    """List the schedules: times, the next and the last run, and how that ended."""
    wanted = visible(call)
    if "partner" in call.query:
        wanted.append(table.c.partner_id == call.query["partner"])
    if "job" in call.query:
        wanted.append(table.c.job == call.query["job"])

    def of_row(row: Row[Any]) -> Json:
        return told(call, rows.scheduled(row))

    return Listing(select(table).where(*wanted), of_row, table.c.id, {"next_at": table.c.next_at})


@section.get(ONE, "show", answers=ScheduleSchema)
def show(call: Call, schedule_id: int) -> Json:
    """Show one schedule."""
    return told(call, known(call, schedule_id))


@section.get(f"{ONE}/runs", "runs", answers=Runs)
def runs(call: Call, schedule_id: int) -> Json:
    """Show the last runs of a schedule, the oldest first, and how each ended."""
    present = known(call, schedule_id)
    found = store_runs.of_schedule(call.unit, present.id, store_runs.KEPT)
    return {"items": [{name: getattr(each, name) for name in store_runs.FIELDS} for each in found]}


@section.patch(ONE, "change", takes=ScheduleChanges, answers=ScheduleSchema, current=show)
def change(call: Call, schedule_id: int) -> Json:
    """Change its times, which hold from now on; pause it, or let it go on."""
    present, wanted = known(call, schedule_id), call.body
    before = setting(present)
    if "every" in wanted or "splay" in wanted:
        every, splay = wanted.get("every", present.every), wanted.get("splay", present.splay)
        rows.set_times(call.unit, present, every, splay)
        present = known(call, schedule_id)
    if wanted.get("paused") is True:
        rows.pause(call.unit, present)
    if wanted.get("paused") is False and present.paused:
        rows.resume(call.unit, present)
    call.record("change", f"schedule/{present.name}", before, setting(known(call, schedule_id)))
    return show(call, schedule_id)


def setting(present: Scheduled) -> Json:
    return {name: getattr(present, name) for name in ("every", "splay", "paused")}


@section.post(f"{ONE}/run", "run", takes=Because, answers=ScheduleSchema)
def run(call: Call, schedule_id: int) -> Json:
    """Have it done at once, by whichever worker is free."""
    present = known(call, schedule_id)
    rows.run_now(call.unit, present)
    call.record("run now", f"schedule/{present.name}")
    return show(call, schedule_id)


def known(call: Call, schedule_id: int) -> Scheduled:
    found = next(iter(rows.listed(call.unit, table.c.id == schedule_id, *visible(call))), None)
    if found is None:
        raise NotFound(f"There is no schedule {schedule_id}.", remedy="GET /api/v1/schedules lists them.")
    return found
