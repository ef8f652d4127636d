"""The agreements: what a CPO and an eMSP have settled with each other."""

from typing import Any

from marshmallow import Schema, ValidationError, fields
from sqlalchemy import ColumnElement, Row, exists, or_, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    PartyField,
    instant_of,
    listed,
    sorting,
    text,
)
from hub.operator.paging import Listing
from hub.operator.problems import NotFound, Unfit
from hub.operator.section import ID, Located, Section
from hub.parties import agreement_files
from hub.parties import agreements as book
from hub.parties.agreements import Agreement, Pair, Signed
from hub.parties.terms import TERMS, Terms, plain, read_terms
from hub.store.agreements import agreements as table

section = Section(
    "agreements",
    "What a CPO and an eMSP have settled in a currency: how they bill, what they let pass, what the hub gets."
    " None is edited: what is settled anew is a new agreement, which ends the one before.",
)

ONE = f"/agreements/<int(max={ID}):agreement_id>"
LONGEST = 900_000


def known_currency(code: str) -> None:
    try:
        agreement_files.currency(code)
    except ValueError as fault:
        raise ValidationError(str(fault)) from fault


TermsAnswered: Any = Schema.from_dict(
    {
        name: fields.String(**MAYBE, metadata={"description": f"{term.form}. {term.meaning}"})
        for name, term in TERMS.items()
    },
    name="AgreementTerms",
)
TermsSent: Any = Schema.from_dict(
    {
        name: text(60, allow_none=True, metadata={"description": f"{term.form}. {term.meaning}"})
        for name, term in TERMS.items()
    },
    name="NewAgreementTerms",
)


class AgreementSchema(Schema):
    id = fields.Integer(required=True)
    cpo = PartyField(required=True)
    emsp = PartyField(required=True)
    currency = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "1 to n of these two in the currency."})
    since = Instant(required=True)
    until = Instant(**MAYBE, metadata={"description": "Where it ends, or the next one begins; null: open."})
    terms = fields.Nested(TermsAnswered, required=True)
    recorded_at = Instant(required=True)
    author = fields.String(required=True)
    reason = fields.String(**MAYBE)


class AgreementQuery(ListQuery):
    sort = sorting("-id", "since")
    party = PartyField(metadata={"description": "Only those of this CPO or eMSP."})
    cpo = PartyField()
    emsp = PartyField()
    currency = text(3, 3)
    at = Instant(metadata={"description": "Only those that hold at this instant."})


class NewAgreement(Because):
    cpo = PartyField(required=True)
    emsp = PartyField(required=True)
    currency = fields.String(required=True, validate=known_currency)
    since = Instant(metadata={"description": "Now, if left out."})
    until = Instant(allow_none=True, metadata={"description": "Open, if left out."})
    terms = fields.Nested(TermsSent, load_default=dict, metadata={"description": "Others are as usual."})


class EndAgreement(Because):
    at = Instant(metadata={"description": "Now, if left out."})


class ImportAgreements(Because):
    content = text(
        LONGEST,
        required=True,
        metadata={"description": "CSV: cpo, emsp, currency, from; then `to` and any term as a column."},
    )


class AgreementIds(Schema):
    ids = fields.List(fields.Integer(), required=True)


class TermSchema(Schema):
    name = fields.String(required=True)
    written = fields.String(required=True, metadata={"description": "How a value is written."})
    usual = fields.String(**MAYBE)
    meaning = fields.String(required=True)


# Reading ---------------------------------------------------------------------------------------------------


@section.get("/agreements", "list", query=AgreementQuery, answers=listed(AgreementSchema))
def list_(call: Call) -> Listing:
    """List who has settled what, since when and until when; ended ones too."""

    def of_row(row: Row[Any]) -> Json:
        return told(book.by_id(call.unit, row.id))

    return Listing(select(table).where(*wanted(call)), of_row, table.c.id, {"since": table.c.valid_from})


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query = call.query
    found = [
        or_(table.c.cpo == each.code, table.c.emsp == each.code)
        for each in (call.only, query.get("party"))
        if each is not None
    ]
    found += [table.c[name] == query[name].code for name in ("cpo", "emsp") if name in query]
    found += [table.c.currency == query["currency"].upper()] if "currency" in query else []
    return found + (holding(query["at"]) if "at" in query else [])


def holding(at: int) -> list[ColumnElement[bool]]:
    """Begun by then, neither ended nor followed by another."""
    later = table.alias("later")
    same = [later.c[name] == table.c[name] for name in ("cpo", "emsp", "currency")]
    followed = exists().where(*same, later.c.valid_from > table.c.valid_from, later.c.valid_from <= at)
    return [table.c.valid_from <= at, or_(table.c.valid_to.is_(None), table.c.valid_to > at), ~followed]


@section.get(ONE, "show", answers=AgreementSchema)
def show(call: Call, agreement_id: int) -> Json:
    """Show an agreement with all its terms."""
    return told(known(call, agreement_id))


@section.get("/agreements/terms", "terms", answers=listed(TermSchema))
def terms_(call: Call) -> Json:
    """List every term that can be settled, how it is written, and its usual value."""
    usual = written(Terms())
    items = [
        {"name": name, "written": term.form, "usual": usual[name], "meaning": term.meaning}
        for name, term in TERMS.items()
    ]
    return {"items": items, "total": len(items), "next": None}


def known(call: Call, agreement_id: int) -> Agreement:
    found = book.listed(call.unit, table.c.id == agreement_id)
    if not found or not call.sees(found[0].pair.cpo, found[0].pair.emsp):
        raise NotFound(f"There is no agreement {agreement_id}.", remedy="GET /api/v1/agreements lists them.")
    return found[0]


def told(agreement: Agreement) -> Json:
    names = ("id", "number", "recorded_at", "author", "reason")
    return {name: getattr(agreement, name) for name in names} | {
        "cpo": agreement.pair.cpo,
        "emsp": agreement.pair.emsp,
        "currency": agreement.pair.currency,
        "since": agreement.valid_from,
        "until": agreement.valid_to,
        "terms": written(agreement.terms),
    }


def written(terms: Terms) -> dict[str, str | None]:
    """As they can be sent again."""
    return {name: None if value is None else as_text(value) for name, value in plain(terms).items()}


def as_text(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


# Changing --------------------------------------------------------------------------------------------------


@section.post("/agreements", "add", takes=NewAgreement, answers=AgreementSchema, status=201)
def add(call: Call) -> Located:
    """Settle the terms of a CPO and an eMSP from a moment on; the agreement that holds then ends there."""
    body = call.body
    pair = Pair(body["cpo"], body["emsp"], body["currency"].upper())
    terms = read_terms({name: value for name, value in body["terms"].items() if value is not None})
    span = (body.get("since", call.unit.now), body.get("until"))
    made = book.add(call.unit, pair, terms, span, Signed(call.actor, call.reason))
    return Located(told(made), f"/api/v1/agreements/{made.id}")


@section.post(f"{ONE}/end", "end", takes=EndAgreement, answers=AgreementSchema, current=show)
def end(call: Call, agreement_id: int) -> Json:
    """End an agreement: sessions that start later fall under none, and their CDRs are held."""
    known(call, agreement_id)
    at = call.body.get("at", call.unit.now)
    return told(book.end(call.unit, agreement_id, at, Signed(call.actor, call.reason)))


@section.post("/agreements/import", "import", takes=ImportAgreements, answers=AgreementIds)
def import_(call: Call) -> Json:
    """Add the agreements of a CSV file: all of its rows, or none."""
    lines = call.body["content"].removeprefix("\ufeff").splitlines(keepends=True)
    signed = Signed(call.actor, call.reason)
    made = agreement_files.add(call.unit, lines, moment, signed)
    if not made:
        raise Unfit("The file has no row.", fields={"content": "no row"})
    return {"ids": [each.id for each in made]}


def moment(written: str) -> int:
    """ValueError unless it is an instant with its offset."""
    try:
        return instant_of(written)
    except ValidationError as fault:
        raise ValueError(f"{written!r} is {fault.messages[0]}") from fault
