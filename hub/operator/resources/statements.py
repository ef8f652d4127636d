"""The statements: what an eMSP owes a CPO for a month in one currency, line by line, and how far each is."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, Select, or_, select

from hub.clearing.disputes import REASONS
from hub.closing import homes, lifecycle, tolerance
from hub.closing import statements as book
from hub.closing.lifecycle import COMMANDS, TRANSITIONS, Step
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    Money,
    PartyField,
    WholeNumber,
    identity,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import Figure
from hub.operator.problems import Forbidden, NotFound
from hub.operator.resources.agreements import TermsAnswered, written
from hub.operator.resources.periods import month
from hub.operator.section import ID, Section
from hub.store.statements import statement_lines as lines
from hub.store.statements import statement_revisions as revisions
from hub.store.statements import statements as table

section = Section(
    "statements",
    "What an eMSP owes a CPO for a month in one currency. A user of one party sees those that were sent; the"
    " one who pays accepts or contests them.",
)

ONE = f"/statements/<int(max={ID}):statement_id>"
STATES = tuple(step.value for step in Step)
OURS = (Step.DRAFT.value, Step.APPROVED.value)
"""Nobody but the hub has seen them."""
SUMS = ("lines", "net", "tax", "gross", "fee", "receivable", "payable", "checksum")
DATED = ("created_at", "approved_at", "sent_at", "due_at", "final_at")


class StatementQuery(ListQuery):
    sort = sorting("-id")
    period = month()
    state = word(*STATES)
    party = PartyField(metadata={"description": "Only those of this CPO or eMSP."})
    cpo = PartyField()
    emsp = PartyField()
    currency = text(3, 3)
    agreement = identity()


class StatementSchema(Schema):
    id = fields.Integer(required=True)
    number = fields.String(**MAYBE, metadata={"description": "Given when it is approved."})
    state = word(*STATES, required=True)
    period = fields.String(required=True, metadata={"description": "The month, as 2026-10."})
    agreement = fields.Integer(required=True)
    cpo = PartyField(required=True)
    emsp = PartyField(required=True)
    currency = fields.String(required=True)
    revision = fields.Integer(required=True, metadata={"description": "One more each time lines leave."})
    lines = fields.Integer(required=True)
    net = Money(required=True)
    tax = Money(required=True)
    gross = Money(required=True)
    fee = Money(required=True, metadata={"description": "Of the hub."})
    receivable = Money(required=True, metadata={"description": "What the eMSP owes."})
    payable = Money(required=True, metadata={"description": "What the CPO gets."})
    checksum = fields.String(required=True)
    created_at = Instant(required=True)
    approved_at = Instant(**MAYBE)
    sent_at = Instant(**MAYBE)
    due_at = Instant(**MAYBE, metadata={"description": "Until when it is to be paid."})
    final_at = Instant(**MAYBE)


class VatTotal(Schema):
    category = fields.String(required=True)
    rate = Figure(required=True)
    base = Money(required=True, metadata={"description": "The exact sum."})
    net = Money(required=True)
    tax = Money(required=True)


class Compared(Schema):
    count = fields.Integer(required=True)
    claimed = Money(required=True)
    expected = Money(required=True)
    allowed = Money(required=True)
    within = fields.Boolean(required=True)


class HomeCharging(Schema):
    cdrs = fields.Integer(required=True)
    energy = Money(required=True, metadata={"description": "kWh, exact, as a string."})
    net = Money(required=True)
    tax = Money(required=True)
    gross = Money(required=True)


class StatementEvent(Schema):
    at = Instant(required=True)
    by = fields.String(required=True)
    before = fields.String(**MAYBE, data_key="from")
    after = fields.String(required=True, data_key="to")
    why = fields.String(**MAYBE)


class StatementRevision(Schema):
    revision = fields.Integer(required=True)
    lines = fields.Integer(required=True)
    net = Money(required=True)
    tax = Money(required=True)
    gross = Money(required=True)
    made_at = Instant(required=True)
    made_by = fields.String(required=True)
    why = fields.String(**MAYBE)


class StatementDetails(StatementSchema):
    next = fields.List(fields.String(), required=True, metadata={"description": "The steps that may follow."})
    parties = fields.Dict(required=True, metadata={"description": "Names and VAT numbers, as they were."})
    terms = fields.Nested(TermsAnswered, required=True, metadata={"description": "As they were."})
    totals = fields.List(fields.Nested(VatTotal), required=True)
    compared = fields.Nested(
        Compared, required=True, metadata={"description": "Beside what its CDRs should cost."}
    )
    home_charging = fields.Nested(
        HomeCharging,
        required=True,
        metadata={"description": "Of its CDRs with `home_charging_compensation`, credits taken off."},
    )
    states = fields.List(fields.Nested(StatementEvent), required=True)
    revisions = fields.List(fields.Nested(StatementRevision), required=True)


class LineQuery(ListQuery):
    sort = sorting("number")
    revision = WholeNumber(
        validate=validate.Range(1, 10**6), metadata={"description": "The present one, if left out."}
    )


class StatementLine(Schema):
    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    cdr = fields.String(**MAYBE, attribute="cdr_key")
    adjustment = fields.Integer(**MAYBE, attribute="adjustment_id")
    part = fields.Integer(required=True)
    ended_at = Instant(**MAYBE)
    service_month = fields.String(required=True)
    energy = Money(required=True, metadata={"description": "kWh, exact, as a string."})
    category = fields.String(required=True)
    rate = Figure(required=True)
    base = Money(required=True, metadata={"description": "Exact, as the CDR tells it."})
    net = Money(required=True)
    tax = Money(required=True)
    fee = Money(required=True)
    text = fields.String(**MAYBE)
    engine = fields.String(**MAYBE)
    input_hash = fields.String(**MAYBE)


class Approve(Because):
    anyway = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Also when it differs by more than was agreed."},
    )


class Contest(Because):
    cdrs = fields.List(
        text(39), required=True, validate=validate.Length(1, 1000), metadata={"description": "Their ids."}
    )
    claim = word(*REASONS, required=True)
    text = text(4000, required=True)


# Reading ---------------------------------------------------------------------------------------------------


@section.get("/statements", "list", query=StatementQuery, answers=listed(StatementSchema))
def list_(call: Call) -> Listing:
    """List statements with their sums and how far each is."""
    return Listing(seen(call).where(*wanted(call)), told, table.c.id)


def seen(call: Call) -> Select[Any]:
    """Those that this user sees, with the sums of the present revision."""
    present = (revisions.c.statement_id == table.c.id) & (revisions.c.revision == table.c.revision)
    query = select(table, *(revisions.c[name] for name in SUMS)).join(revisions, present)
    return query if call.only is None else query.where(of_party(call.only), table.c.state.not_in(OURS))


def of_party(party: Party) -> ColumnElement[bool]:
    return or_(table.c.cpo == party.code, table.c.emsp == party.code)


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query = call.query
    found = [table.c.month == query["period"]] if "period" in query else []
    found += [table.c.state == query["state"]] if "state" in query else []
    found += [table.c[name] == query[name].code for name in ("cpo", "emsp") if name in query]
    found += [table.c.currency == query["currency"].upper()] if "currency" in query else []
    found += [table.c.agreement_id == query["agreement"]] if "agreement" in query else []
    return found + ([of_party(query["party"])] if "party" in query else [])


def told(row: Row[Any]) -> Json:
    names = ("id", "number", "state", "currency", "revision", *SUMS, *DATED)
    return {name: getattr(row, name) for name in names} | {
        "period": row.month,
        "agreement": row.agreement_id,
        "cpo": Party.of_code(row.cpo),
        "emsp": Party.of_code(row.emsp),
    }


@section.get(ONE, "show", answers=StatementDetails)
def show(call: Call, statement_id: int) -> Json:
    """Show a statement: its VAT, what it came to each time, and who took each step."""
    row = known(call, statement_id)
    return told(row) | {
        "next": [COMMANDS[step] for step in Step if step in TRANSITIONS[Step(row.state)]],
        "parties": strictjson.reread(row.parties.encode()),
        "terms": written(book.terms_of(row)),
        "totals": [total(each) for each in book.totals_of(call.unit, row)],
        "compared": tolerance.compare(call.unit, row),
        "home_charging": homes.of_statement(call.unit, row),
        "states": book.events_of(call.unit, row.id),
        "revisions": book.revisions_of(call.unit, row.id),
    }


def total(each: Any) -> Json:
    plain = {name: getattr(each, name) for name in ("base", "net", "tax")}
    return plain | {"category": each.vat.category, "rate": each.vat.rate}


def known(call: Call, statement_id: int) -> Any:
    """Its row with its sums; NotFound also when it is not this user's to see."""
    row = call.unit.connection.execute(seen(call).where(table.c.id == statement_id)).first()
    if row is None:
        raise NotFound(f"There is no statement {statement_id}.", remedy="GET /api/v1/statements lists them.")
    return row


@section.get(f"{ONE}/lines", "lines", query=LineQuery, answers=listed(StatementLine))
def lines_(call: Call, statement_id: int) -> Listing:
    """List the lines that stand, in a revision or now."""
    row = known(call, statement_id)
    stand = book.in_revision(call.query.get("revision", row.revision))
    query = select(lines).where(lines.c.statement_id == row.id, stand)
    return Listing(query, of_line, lines.c.id, {"number": lines.c.number})


def of_line(row: Row[Any]) -> Json:
    return dict(row._mapping)  # noqa: SLF001 (as SQLAlchemy documents it)


# Its steps -------------------------------------------------------------------------------------------------


@section.post(f"{ONE}/approve", "approve", takes=Approve, answers=StatementDetails, current=show)
def approve(call: Call, statement_id: int) -> Json:
    """It is right and gets its number."""
    name = str(known(call, statement_id).id)
    lifecycle.approve(call.unit, name, call.actor, call.reason, anyway=call.body["anyway"])
    return show(call, statement_id)


def step(name: str, take: Callable[..., Any], does: str) -> Callable[..., Json]:
    """The operation that takes one step, and needs nothing for it but a reason."""

    def taken(call: Call, statement_id: int) -> Json:
        row = payers(call, statement_id)
        take(call.unit, str(row.id), call.actor, call.reason)
        return show(call, statement_id)

    taken.__doc__ = does
    declared = section.post(f"{ONE}/{name}", name, takes=Because, answers=StatementDetails, current=show)
    return declared(taken)


def payers(call: Call, statement_id: int) -> Any:
    """Its row; Forbidden for a bound user who does not pay it."""
    row = known(call, statement_id)
    if call.only is not None and call.only.code != row.emsp:
        raise Forbidden(f"{call.user.name} is bound to {call.only}, which does not pay this statement.")
    return row


step("send", lifecycle.send, "Both parties have it: from now on the days run in which it is to be paid.")
step("accept", lifecycle.accept, "The eMSP pays it.")
step("finalise", lifecycle.finalise, "Its CDRs are settled, and nothing about it changes any more.")


@section.post(f"{ONE}/contest", "contest", takes=Contest, answers=StatementDetails, current=show)
def contest(call: Call, statement_id: int) -> Json:
    """The lines of these CDRs leave it and are disputed; the rest has new totals."""
    row = payers(call, statement_id)
    keys = [fold(each) for each in call.body["cdrs"]]
    claim = (call.body["claim"], call.body["text"])
    lifecycle.contest(call.unit, str(row.id), keys, call.actor, claim)
    return show(call, statement_id)
