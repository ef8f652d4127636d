"""CDRs that are taken back, wholly or in part, and what the CPO is told of those that were rejected."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, Row, func, select

from hub.clearing import crediting, goodwill, returns
from hub.clearing.crediting import Replacement
from hub.clearing.states import State
from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Anything,
    Because,
    Instant,
    ListQuery,
    Money,
    PartyField,
    listed,
    sorting,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import Figure
from hub.operator.problems import Unfit
from hub.operator.resources import clearing
from hub.operator.section import Section
from hub.operator.sending import Download, of_bytes
from hub.store.clearings import clearings

section = Section("credits", "CDRs that are taken back, and what their CPO is told of rejected ones.")


MOST = 20_000
"""So many rejected CDRs are written while somebody waits."""
FILES: Mapping[str, tuple[str, Callable[[Iterable[Json]], Iterable[str]]]] = {
    "csv": ("text/csv", returns.as_csv),
    "jsonl": ("application/x-ndjson", returns.as_json_lines),
}
RETURNS = tuple(media_type for media_type, _ in FILES.values())
WAYS = ("amount", "by_line", "anew", "replacement")


class Credit(Because):
    amount = Figure(0, metadata={"description": "Take back only so much, net, by a line of the statement."})
    by_line = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "By a line: for CDRs that their CPO issued."},
    )
    anew = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Rate its session anew, and issue another CDR."},
    )
    replacement = Anything(metadata={"description": "The CDR in its place, as OCPI 2.3.0 has it."})


class Goodwill(Because):
    amount = Figure(0, required=True, metadata={"description": "In the currency of the CDR, without taxes."})


class CreditedSchema(Schema):
    credit = fields.String(**MAYBE, metadata={"description": "The CDR that takes it back."})
    adjustment = fields.Integer(**MAYBE, metadata={"description": "The line of the next statement."})
    replacement = fields.String(**MAYBE, metadata={"description": "The CDR in its place."})
    state = fields.String(required=True, metadata={"description": "Of the CDR."})


class ReturnsQuery(ListQuery):
    sort = sorting("ended_at", "-id")
    owner = PartyField(metadata={"description": "Only those of this CPO."})
    since = Instant(metadata={"description": "Only those whose session ended then or later."})
    until = Instant(metadata={"description": "Only those whose session ended before."})


class ReturnsFileQuery(Schema):
    owner = PartyField(required=True, metadata={"description": "The CPO whom it is for."})
    since = Instant(metadata={"description": "Only those whose session ended then or later."})
    until = Instant(metadata={"description": "Only those whose session ended before."})
    format = word("csv", "jsonl", load_default="csv")


class Returned(Schema):
    schema_version = fields.Integer(required=True)
    cpo = fields.String(required=True)
    emsp = fields.String(required=True)
    cdr_id = fields.String(required=True)
    session_id = fields.String(**MAYBE)
    start = fields.String(required=True, metadata={"format": "date-time"})
    end = fields.String(required=True, metadata={"format": "date-time"})
    energy_kwh = Money(required=True)
    currency = fields.String(required=True)
    declared_net = Money(required=True)
    declared_gross = Money(**MAYBE)
    expected_net = Money(**MAYBE)
    expected_gross = Money(**MAYBE)
    delta_net = Money(**MAYBE)
    cause = fields.String(**MAYBE)
    codes = fields.List(fields.String(), required=True)
    says = fields.List(fields.String(), required=True)
    details = fields.List(fields.String(), required=True)
    remedies = fields.List(fields.String(), required=True)
    rejected_at = fields.String(**MAYBE, metadata={"format": "date-time"})
    reason = fields.String(**MAYBE)


@section.get("/clearing/returns", "returns", query=ReturnsQuery, answers=listed(Returned))
def returns_(call: Call) -> Listing:
    """List the CDRs that were rejected, each with all that its CPO needs to put it right."""
    wanted = clearing.chosen(call, {**call.query, "state": State.REJECTED})

    def of_row(row: Row[Any]) -> Json:
        return returns.entry(call.unit, row)

    sorts = {"ended_at": clearings.c.ended_at}
    return Listing(select(clearings).where(*wanted.conditions()), of_row, clearings.c.id, sorts)


@section.get("/clearing/returns/file", "returns-file", query=ReturnsFileQuery, sends=RETURNS)
def returns_file(call: Call) -> Download:
    """The same of one CPO as a file that it can act on: CSV for a spreadsheet, JSON lines for a program."""
    owner, form = call.query["owner"], call.query["format"]
    wanted = clearing.chosen(call, {**call.query, "state": State.REJECTED}).conditions()
    refuse_many(call, wanted)
    order = (clearings.c.ended_at, clearings.c.cdr_key)
    rows = call.unit.connection.execute(select(clearings).where(*wanted).order_by(*order)).all()
    media_type, written = FILES[form]
    content = "".join(written(returns.entry(call.unit, row) for row in rows)).encode()
    return of_bytes(f"returns-{owner.code}.{form}", media_type, content)


def refuse_many(call: Call, wanted: list[ColumnElement[bool]]) -> None:
    query = select(func.count()).select_from(clearings).where(*wanted)
    count = call.unit.connection.execute(query).scalar_one()
    if count > MOST:
        raise Unfit(
            f"{count} CDRs are meant; at most {MOST} are in one file.",
            fields={"since": "leave out less"},
            remedy="Name a shorter time; `hub cdr returns` writes any number.",
        )


@section.post(f"{clearing.ONE}/credit", "credit", takes=Credit, answers=CreditedSchema, current=clearing.show)
def credit(call: Call, **path: str) -> Json:
    """Take a CDR back: by a credit CDR and, where wanted, another in its place; or by a line; or in part."""
    row, body = clearing.known(call, path), call.body
    refuse_several(body)
    if "amount" in body:
        done = {"adjustment": goodwill.give_part(call.unit, row, body["amount"], call.actor, call.reason)}
    elif body["by_line"]:
        done = crediting.credit_by_line(call.unit, row, call.actor, call.reason).as_dict()
    else:
        done = crediting.credit(call.unit, row, call.actor, call.reason, in_its_place(body)).as_dict()
    return told(call, path, done)


def refuse_several(body: Json, names: tuple[str, ...] = WAYS) -> None:
    """Unfit when more than one of these is chosen."""
    chosen = [name for name in names if name in body and body[name] is not False]
    if len(chosen) > 1:
        raise Unfit("Only one of these can be.", fields=dict.fromkeys(chosen, "one of several"))


def in_its_place(body: Json) -> Replacement | None:
    return Replacement(body.get("replacement")) if body["anew"] or "replacement" in body else None


@section.post(
    f"{clearing.ONE}/goodwill", "goodwill", takes=Goodwill, answers=CreditedSchema, current=clearing.show
)
def goodwill_(call: Call, **path: str) -> Json:
    """Give the driver's eMSP something for the trouble, by a line; the CDR stays owed as it is."""
    row = clearing.known(call, path)
    given = goodwill.give(call.unit, row, call.body["amount"], call.actor, call.reason)
    return told(call, path, {"adjustment": given})


def told(call: Call, path: Json, done: Json) -> Json:
    plain = dict.fromkeys(("credit", "adjustment", "replacement")) | done
    return plain | {"state": clearing.known(call, path).state}
