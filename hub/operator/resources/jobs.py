"""Long work that users have asked for: how far it is, and what came out of it."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Row, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Because, ListQuery, listed, sorting, text, word
from hub.operator.paging import Listing
from hub.operator.problems import Conflict, NotFound
from hub.operator.section import ID, Section
from hub.store import tasks as store
from hub.store.tasks import STATES, Task, tasks

section = Section("jobs", "Long work: asked for by other operations, done by a worker, looked after here.")

ONE = f"/jobs/<int(max={ID}):job_id>"


class Job(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = word(*STATES, required=True)
    progress = fields.Integer(required=True)
    total = fields.Integer(**MAYBE, metadata={"description": "What `progress` grows to, when it is known."})
    input = fields.Dict(required=True)
    result = fields.Dict(**MAYBE)
    error = fields.String(**MAYBE)
    created_by = fields.String(required=True)
    created_at = fields.String(required=True, metadata={"format": "date-time"})
    started_at = fields.String(**MAYBE, metadata={"format": "date-time"})
    ended_at = fields.String(**MAYBE, metadata={"format": "date-time"})


class JobQuery(ListQuery):
    sort = sorting("-id")
    state = word(*STATES)
    kind = text(40)


@section.get("/jobs", "list", query=JobQuery, answers=listed(Job))
def list_(call: Call) -> Listing:
    """List the jobs, the newest first."""
    wanted = [] if call.only is None else [tasks.c.party == call.only.code]
    wanted += [tasks.c[name] == call.query[name] for name in ("state", "kind") if name in call.query]

    def of_row(row: Row[Any]) -> Json:
        return store.task(row).told()

    return Listing(select(tasks).where(*wanted), of_row, tasks.c.id)


@section.get(ONE, "show", answers=Job)
def show(call: Call, job_id: int) -> Json:
    """Show how far a job is, and what came out of it."""
    return known(call, job_id).told()


@section.post(f"{ONE}/cancel", "cancel", takes=Because, answers=Job)
def cancel(call: Call, job_id: int) -> Json:
    """Do not begin it; or leave it off at its next step."""
    before = known(call, job_id)
    if not store.cancel(call.unit, job_id):
        raise Conflict(f"The job is {before.state} already.", remedy="There is nothing to cancel.")
    after = show(call, job_id)
    call.record("cancel", f"job/{job_id}", {"state": before.state}, {"state": after["state"]})
    return after


def known(call: Call, job_id: int) -> Task:
    found = store.one(call.unit, job_id)
    if found is None or (call.only is not None and found.party != call.only.code):
        raise NotFound(f"There is no job {job_id}.", remedy="GET /api/v1/jobs lists them.")
    return found
