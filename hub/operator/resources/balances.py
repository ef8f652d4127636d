"""The ledger: what every account comes to, and the postings that it consists of."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Row, exists, select

from hub.closing import ledger
from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Instant, ListQuery, Money, listed, sorting, text
from hub.operator.paging import Listing
from hub.operator.resources.periods import month
from hub.operator.section import Section
from hub.store.ledger import entries, postings

section = Section(
    "ledger",
    "The ledger in double entry: every posting sums to nought in its currency, is written once and never"
    " changed; what was wrong is reversed by another.",
)


class BalanceQuery(Schema):
    period = month(metadata={"description": "Only entries of this month, as 2026-10."})


class AccountBalance(Schema):
    account = fields.String(required=True, metadata={"description": "As receivable:DE/EMS."})
    currency = fields.String(required=True)
    balance = Money(required=True, metadata={"description": "Debit above nought, credit below."})


class PostingQuery(ListQuery):
    sort = sorting("-id", "effective_at")
    period = month(metadata={"description": "Only those with an entry of this month, as 2026-10."})
    account = text(60, metadata={"description": "Only those with an entry of this account."})
    document = text(60, metadata={"description": "Only those of this document, as statement/17."})


class LedgerEntry(Schema):
    account = fields.String(required=True)
    currency = fields.String(required=True)
    amount = Money(required=True, metadata={"description": "Debit above nought, credit below."})
    period = fields.String(**MAYBE)
    tax = fields.String(**MAYBE)


class LedgerPosting(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    document = fields.String(required=True)
    key = fields.String(required=True)
    reverses = fields.Integer(**MAYBE, metadata={"description": "The posting that it takes back."})
    effective_at = Instant(required=True)
    posted_at = Instant(required=True)
    by = fields.String(required=True)
    why = fields.String(**MAYBE)
    entries = fields.List(fields.Nested(LedgerEntry), required=True)


@section.get("/ledger/balances", "balances", query=BalanceQuery, answers=listed(AccountBalance))
def balances_(call: Call) -> Json:
    """Tell what every account comes to, of a month or of all time; in each currency that sums to nought."""
    found = ledger.balances(call.unit, call.query.get("period"))
    order = sorted(found, key=lambda each: (each[1], each[0]))
    items = [
        {"account": account, "currency": currency, "balance": found[account, currency]}
        for account, currency in order
    ]
    return {"items": items, "total": len(items), "next": None}


@section.get("/ledger/postings", "postings", query=PostingQuery, answers=listed(LedgerPosting))
def postings_(call: Call) -> Listing:
    """List postings with their entries, the newest first."""
    query = select(postings)
    if "document" in call.query:
        query = query.where(postings.c.document == call.query["document"])
    named = [entries.c[name] == call.query[name] for name in ("period", "account") if name in call.query]
    if named:
        query = query.where(exists().where(entries.c.posting_id == postings.c.id, *named))

    def of_row(row: Row[Any]) -> Json:
        told = [each._mapping for each in ledger.entries_of(call.unit, row.id)]  # noqa: SLF001
        return dict(row._mapping) | {"entries": told}  # noqa: SLF001 (as SQLAlchemy documents it)

    return Listing(query, of_row, postings.c.id, {"effective_at": postings.c.effective_at})
