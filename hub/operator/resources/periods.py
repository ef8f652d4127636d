"""The months that are closed, agreement by agreement, and what each had to carry forward."""

from typing import Any

from marshmallow import Schema, ValidationError, fields
from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from hub.closing import months
from hub.closing import periods as closing
from hub.closing.problems import NoSuchMonth
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    Money,
    PartyField,
    identity,
    listed,
    sorting,
)
from hub.operator.paging import Listing
from hub.operator.problems import NotFound
from hub.operator.resources.jobs import Job
from hub.operator.section import ID, Located, Section
from hub.store.agreements import agreements
from hub.store.statements import period_carried, periods, statements

section = Section("periods", "The months that are closed: each once for an agreement, and for good.")

ONE = f"/periods/<int(max={ID}):period_id>"


def known_month(text: str) -> None:
    try:
        months.read(text)
    except NoSuchMonth as fault:
        raise ValidationError(str(fault)) from fault


def month(**options: Any) -> fields.String:
    """As 2026-10."""
    return fields.String(validate=known_month, **options)


class PeriodQuery(ListQuery):
    sort = sorting("-id")
    period = month()
    agreement = identity()
    party = PartyField(metadata={"description": "Only those of this CPO or eMSP."})


class PeriodSchema(Schema):
    id = fields.Integer(required=True)
    period = fields.String(required=True, metadata={"description": "The month, as 2026-10."})
    agreement = fields.Integer(required=True)
    cpo = PartyField(required=True)
    emsp = PartyField(required=True)
    currency = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    closed_at = Instant(required=True)
    closed_by = fields.String(required=True)
    statement = fields.Integer(**MAYBE, metadata={"description": "null: there was nothing to state."})
    carried = fields.Integer(required=True, metadata={"description": "How many CDRs must wait."})


class Carried(Schema):
    cpo = PartyField(required=True)
    id = fields.String(required=True, metadata={"description": "Of the CDR."})
    state = fields.String(required=True, metadata={"description": "When the month was closed."})
    net = Money(required=True)
    why = fields.String(required=True)


class CarriedQuery(ListQuery):
    sort = sorting("id")


class ReplayMonth(Because):
    period = month(required=True, metadata={"description": "As 2026-10."})


class Close(Because):
    period = month(required=True, metadata={"description": "As 2026-10, by the clocks of each agreement."})
    agreement = identity(metadata={"description": "Only for this one; for all, if left out."})


@section.get("/periods", "list", query=PeriodQuery, answers=listed(PeriodSchema))
def list_(call: Call) -> Listing:
    """List the months that are closed, and the statement that each has made."""
    query = closed(call)
    if "period" in call.query:
        query = query.where(periods.c.month == call.query["period"])
    if "agreement" in call.query:
        query = query.where(periods.c.agreement_id == call.query["agreement"])
    if "party" in call.query:
        query = query.where(of_party(call.query["party"]))
    return Listing(query, told, periods.c.id)


def closed(call: Call) -> Select[Any]:
    """Those that this user sees."""
    carried = select(func.count()).where(period_carried.c.period_id == periods.c.id).scalar_subquery()
    statement = select(statements.c.id).where(statements.c.period_id == periods.c.id).scalar_subquery()
    pair = (agreements.c.cpo, agreements.c.emsp, agreements.c.currency)
    query = select(periods, *pair, statement.label("statement"), carried.label("carried"))
    query = query.join(agreements, agreements.c.id == periods.c.agreement_id)
    return query if call.only is None else query.where(of_party(call.only))


def of_party(party: Party) -> ColumnElement[bool]:
    return or_(agreements.c.cpo == party.code, agreements.c.emsp == party.code)


def told(row: Row[Any]) -> Json:
    names = ("id", "currency", "starts_at", "ends_at", "closed_at", "closed_by", "statement")
    return {name: getattr(row, name) for name in names} | {
        "period": row.month,
        "agreement": row.agreement_id,
        "cpo": Party.of_code(row.cpo),
        "emsp": Party.of_code(row.emsp),
        "carried": row.carried,
    }


@section.get(ONE, "show", answers=PeriodSchema)
def show(call: Call, period_id: int) -> Json:
    """Show a month that is closed."""
    row = call.unit.connection.execute(closed(call).where(periods.c.id == period_id)).first()
    if row is None:
        raise NotFound(f"There is no closed month {period_id}.", remedy="GET /api/v1/periods lists them.")
    return told(row)


@section.get(f"{ONE}/carried", "carried", query=CarriedQuery, answers=listed(Carried))
def carried_(call: Call, period_id: int) -> Listing:
    """List the CDRs that were on no statement yet when the month was closed, and why."""
    show(call, period_id)

    def of_row(row: Row[Any]) -> Json:
        plain = {name: getattr(row, name) for name in ("state", "net", "why")}
        return plain | {"cpo": Party.of_code(row.owner), "id": row.cdr_key}

    mine = select(period_carried).where(period_carried.c.period_id == period_id)
    return Listing(mine, of_row, period_carried.c.id)


@section.post("/periods/close", "close", takes=Close, answers=Job, status=202)
def close(call: Call) -> Located:
    """Close a month: one statement of each agreement, of all that ended by then.

    What is closed already stays as it is, so that it can be asked for again at any time.
    """
    wanted, only = call.body["period"], call.body.get("agreement")
    for agreement in closing.meant_by(call.unit, only):
        if agreement.valid_from < closing.ends(agreement, wanted):
            closing.refuse_unfinished(call.unit, agreement, wanted)
    job = call.submit("close-month", {"period": wanted, "agreement": only, "by": call.user.name})
    return Located(job, f"/api/v1/jobs/{job['id']}")


@section.post("/periods/replay", "replay", takes=ReplayMonth, answers=Job, status=202)
def replay(call: Call) -> Located:
    """Compute every figure of a month's statements once more, from CDRs, terms and ledger: a job, whose
    result counts the figures that are not what stands, and names the first of them. Nothing is changed."""
    job = call.submit("replay-month", {"period": call.body["period"]})
    return Located(job, f"/api/v1/jobs/{job['id']}")
