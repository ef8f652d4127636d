"""Which CDRs an invoice bills, by the records that parties exchange, and what is wrong with that."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, Select, select

from hub.closing import statements
from hub.closing.invoices import finding, issuing, telling
from hub.closing.invoices.amounts import Amount
from hub.closing.invoices.finding import Which, head
from hub.closing.invoices.matching import QUERIES, UNSEEN, Finding, Match
from hub.closing.invoices.telling import SAYS
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    ListQuery,
    Money,
    PartyField,
    WholeNumber,
    identity,
    line,
    listed,
    sorting,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import Figure
from hub.operator.problems import Forbidden, NotFound
from hub.operator.section import ID, Section
from hub.store.invoices import invoice_records as table

section = Section(
    "invoices",
    "Which CDRs an invoice bills, as invoice reconciliation records of OCPI 2.3.0 tell it, and what is wrong"
    " with that. A user of one party sees what it bills and what it is billed.",
)

ONE = f"/invoices/<int(max={ID}):record_id>"
FINDINGS = tuple(each.value for each in Finding)
PLAIN = validate.Regexp(r"[ -~]*\Z", error="not in plain characters")


class RecordQuery(ListQuery):
    sort = sorting("-id")
    party = PartyField(metadata={"description": "Only those by this party or for it."})
    by = PartyField(metadata={"description": "Only those that this party wrote."})
    invoice = line(255, metadata={"description": "Only those of the invoice of this number."})
    statement = identity(metadata={"description": "Only those that the hub wrote for this statement."})
    withdrawn = fields.Boolean(load_default=False, metadata={"description": "Those that were withdrawn too."})


class InvoiceRecord(Schema):
    id = fields.Integer(required=True, attribute="number")
    by = fields.String(required=True, metadata={"description": "Who wrote it: who bills."})
    for_ = fields.String(
        **MAYBE, data_key="for", attribute="for", metadata={"description": "null: nobody can tell."}
    )
    record = fields.String(required=True, metadata={"description": "Its id in OCPI."})
    invoice = fields.String(required=True)
    billing = word("DIRECT", "REVERSE", required=True)
    listed = fields.Integer(required=True, metadata={"description": "How many CDRs it lists."})
    statement = fields.Integer(**MAYBE, metadata={"description": "Of one that the hub wrote."})
    part = fields.Integer(**MAYBE)
    recorded_at = fields.String(required=True, metadata={"format": "date-time"})
    withdrawn_at = fields.String(**MAYBE, metadata={"format": "date-time"})


class MatchQuery(Schema):
    invoice = line(
        255, required=True, metadata={"description": "Its number, or the id of one of its records."}
    )
    by = PartyField(metadata={"description": "Who wrote it, where the number alone does not tell."})
    for_ = PartyField(data_key="for", attribute="other", metadata={"description": "For whom it is."})
    amount = Figure(metadata={"description": "What the invoice comes to, VAT included."})
    net = Figure(metadata={"description": "The same without VAT."})
    currency = fields.String(
        validate=validate.Regexp(r"[A-Za-z]{3}\Z"),
        metadata={"description": "Of the amount, where the CDRs are in several."},
    )
    most = WholeNumber(
        load_default=100,
        validate=validate.Range(0, 1000),
        metadata={"description": "CDRs of each kind; `counts` tells how many there are."},
    )


class InvoicedCdr(Schema):
    cdr = fields.String(required=True)
    state = fields.String(**MAYBE, metadata={"description": "null, as all else: it is not known."})
    ended_at = fields.String(**MAYBE, metadata={"format": "date-time"})
    currency = fields.String(**MAYBE)
    net = Money(**MAYBE)
    gross = Money(**MAYBE)


class InvoicedElsewhere(InvoicedCdr):
    also_on = fields.String(required=True, metadata={"description": "The other invoice."})
    also_by = fields.String(required=True)
    record = fields.String(required=True)


class MissingOnInvoice(InvoicedCdr):
    why = fields.String(required=True)


class InvoiceSum(Schema):
    currency = fields.String(required=True)
    cdrs = fields.Integer(required=True)
    net = Money(required=True, metadata={"description": "As the CDRs claim; credits below nought."})
    gross = Money(required=True)
    expected = Money(required=True, metadata={"description": "Net, as they should cost."})
    difference = Money(required=True)
    allowed = Money(required=True)
    within = fields.Boolean(required=True)
    untaxed = fields.Integer(
        required=True, metadata={"description": "CDRs that tell no VAT: their net is in `gross`."}
    )


class InvoiceAmount(Schema):
    what = word("net", "gross", required=True)
    currency = fields.String(required=True)
    told = Money(required=True)
    ours = Money(required=True, metadata={"description": "What the statement comes to, or the CDRs."})
    difference = Money(required=True)
    allowed = Money(required=True)
    within = fields.Boolean(required=True)


class InvoicedOnStatement(Schema):
    id = fields.Integer(required=True)
    number = fields.String(**MAYBE)
    state = fields.String(required=True)
    currency = fields.String(required=True)
    cdrs = fields.Integer(required=True)
    net = Money(required=True, metadata={"description": "The share of these CDRs."})
    gross = Money(required=True)


Counts: Any = Schema.from_dict(
    {name: fields.Integer(required=True) for name in ("listed", "cdrs", "known", *SAYS)}, name="InvoiceCounts"
)


class InvoiceMatch(Schema):
    invoice = fields.String(required=True)
    by = fields.String(required=True)
    for_ = fields.String(**MAYBE, data_key="for", attribute="for")
    billing = word("DIRECT", "REVERSE", required=True)
    records = fields.List(fields.String(), required=True)
    agrees = fields.Boolean(required=True)
    objections = fields.List(fields.String(), required=True)
    counts = fields.Nested(Counts, required=True)
    amounts = fields.List(fields.Nested(InvoiceSum), required=True)
    told = fields.List(fields.Nested(InvoiceAmount), required=True)
    statement = fields.String(**MAYBE, metadata={"description": "The statement that it is of."})
    statements = fields.List(
        fields.Nested(InvoicedOnStatement),
        required=True,
        metadata={"description": "Of its CDRs."},
    )
    unknown_ = fields.List(fields.Nested(InvoicedCdr), required=True, data_key="unknown", attribute="unknown")
    repeated = fields.List(fields.Nested(InvoicedCdr), required=True)
    elsewhere = fields.List(fields.Nested(InvoicedElsewhere), required=True)
    unpayable = fields.List(fields.Nested(InvoicedCdr), required=True)
    unstated = fields.List(fields.Nested(InvoicedCdr), required=True)
    missing = fields.List(fields.Nested(MissingOnInvoice), required=True)


class CdrQuery(ListQuery):
    sort = sorting("cdr")
    finding = word(
        *FINDINGS, metadata={"description": "Only those of which this is said; MISSING: not listed."}
    )


class OfStatement(Because):
    statement = identity(required=True)


class Issue(OfStatement):
    invoice_id = fields.String(
        validate=[validate.Length(1, issuing.NUMBER_LENGTH), PLAIN],
        metadata={"description": "As who bills has it; else as it was, or the number of the statement."},
    )


class InvoiceRecords(Schema):
    records = fields.List(fields.Nested(InvoiceRecord), required=True)


# Reading ---------------------------------------------------------------------------------------------------


@section.get("/invoices", "list", query=RecordQuery, answers=listed(InvoiceRecord))
def list_(call: Call) -> Listing:
    """List the records that tell what invoices bill."""

    def told(row: Row[Any]) -> Json:
        return telling.record(row)

    return Listing(select(table).where(*wanted(call)), told, table.c.document)


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query = call.query
    parties = [each for each in (call.only, query.get("party")) if each is not None]
    found = [finding.of_party(each) for each in parties]
    found += [head.owner == query["by"].code] if "by" in query else []
    found += [head.invoice_key == fold(query["invoice"])] if "invoice" in query else []
    found += [head.statement_id == query["statement"]] if "statement" in query else []
    return found + ([] if query["withdrawn"] else [head.withdrawn_at.is_(None)])


@section.get("/invoices/match", "match", query=MatchQuery, answers=InvoiceMatch)
def match(call: Call) -> Json:
    """Which CDRs does an invoice bill, which of them are unknown, billed twice or not to be paid, which are
    missing, and does the amount agree?"""
    query = call.query
    which = Which(query.get("by"), query.get("other"), call.only)
    found = Match(call.unit, finding.named(call.unit, query["invoice"], which), call.only is None)
    amount = Amount(query.get("amount"), query.get("net"), query.get("currency"))
    return telling.matched(found, amount, query["most"])


@section.get(ONE, "show", answers=InvoiceRecord)
def show(call: Call, record_id: int) -> Json:
    """Show a record."""
    return telling.record(known(call, record_id))


def known(call: Call, record_id: int) -> Any:
    """Its row; NotFound also when it is not this user's to see."""
    mine = [] if call.only is None else [finding.of_party(call.only)]
    row = call.unit.connection.execute(select(table).where(head.document == record_id, *mine)).first()
    if row is None:
        raise NotFound(f"There is no record {record_id}.", remedy="GET /api/v1/invoices lists them.")
    return row


@section.get(f"{ONE}/cdrs", "cdrs", query=CdrQuery, answers=listed(InvoicedCdr))
def cdrs(call: Call, record_id: int) -> Listing:
    """List the CDRs that the invoice of a record bills, or those of which something is said."""
    row = known(call, record_id)
    if row.withdrawn_at is not None:
        raise NotFound(f"Record {record_id} was withdrawn: it bills nothing any more.")
    found = Match(call.unit, finding.of_record(call.unit, record_id), call.only is None)
    query = of_finding(found, call.query.get("finding"))
    return Listing(query, telling.cdr, query.selected_columns["cdr_key"])


def of_finding(found: Match, name: str | None) -> Select[Any]:
    if name == Finding.MISSING:
        return found.missing()
    query = select(found.listed)
    if name is None:
        return query
    meant = QUERIES[Finding(name)](found).subquery()
    return query.where(found.listed.c.cdr_key.in_(select(meant.c.cdr_key)))


# Issuing ---------------------------------------------------------------------------------------------------


@section.post("/invoices", "issue", takes=Issue, answers=InvoiceRecords)
def issue(call: Call) -> Json:
    """Tell the other party which CDRs the invoice of a statement bills; done again, under another number."""
    name = billed(call)
    made = issuing.issue(call.unit, name, call.actor, call.body.get("invoice_id"), call.reason)
    return {"records": [telling.record(each) for each in made]}


@section.post("/invoices/withdraw", "withdraw", takes=OfStatement, answers=InvoiceRecords)
def withdraw(call: Call) -> Json:
    """Take back what was told of the invoice of a statement: it was a mistake."""
    gone = issuing.withdraw(call.unit, billed(call), call.actor, call.reason)
    return {"records": [telling.record(each) for each in gone]}


def billed(call: Call) -> str:
    """The name of a statement; Forbidden for a bound user whose party does not write its invoice."""
    row = statements.by_id(call.unit, call.body["statement"])
    parties = (Party.of_code(row.cpo), Party.of_code(row.emsp))
    if not call.sees(*parties) or (call.only is not None and row.state in UNSEEN):
        raise NotFound(f"There is no statement {row.id}.", remedy="GET /api/v1/statements lists them.")
    writes = parties[statements.terms_of(row).billing == "REVERSE"]
    if not call.sees(writes):
        raise Forbidden(f"{call.user.name} is bound to {call.only}, which does not write this invoice.")
    return str(row.id)
