"""The journal: every entry of the ledger that belongs to a month, as other books take it up."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from hub.closing.exports.columns import Kind, named, number
from hub.closing.exports.question import Question, Rows
from hub.closing.exports.statement_rows import portions
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.store.ledger import entries, postings
from hub.store.statements import statements

ENTRY, POSTING = entries.c, postings.c

ENTRIES = named(
    ("date", Kind.TEXT, "Day to which it belongs, in UTC."),
    ("posting_id", Kind.COUNT, "Posting: its entries sum to nought in every currency."),
    ("kind", Kind.TEXT, "STATEMENT, CORRECTION, NETTING, PAYMENT ..."),
    ("document", Kind.TEXT, "Document that it is of."),
    ("account", Kind.TEXT, "Account."),
    ("debit", Kind.NUMBER, "What is debited."),
    ("credit", Kind.NUMBER, "What is credited."),
    ("currency", Kind.TEXT, "Of the amount."),
    ("partner", Kind.TEXT, "CPO or eMSP whose account it is."),
    ("cost_center", Kind.TEXT, "Cost centre; empty: the hub knows none."),
    ("tax_code", Kind.TEXT, "Category and rate of VAT, of amounts that bear one."),
    ("period", Kind.TEXT, "Month to which it belongs."),
    ("reverses", Kind.COUNT, "Posting that it takes back."),
    ("posted_utc", Kind.MOMENT, "When it was written."),
    ("posted_by", Kind.TEXT, "Who did that."),
    ("text", Kind.TEXT, "Why."),
)


def journal(question: Question) -> Rows:
    """In the order of the ledger."""
    snapshot, conditions = question.snapshot, list(narrowed(question))
    count = snapshot.rows(select(func.count()).select_from(entries, postings).where(*conditions))
    query = (
        select(
            POSTING.effective_at, POSTING.id, POSTING.kind, POSTING.document, ENTRY.account,
            type_coerce(ENTRY.amount, BigInteger), ENTRY.currency, ENTRY.tax, ENTRY.period, POSTING.reverses,
            POSTING.posted_at, POSTING.by, POSTING.why,
        )
        .where(*conditions)
        .order_by(POSTING.id, ENTRY.id)
    )  # fmt: skip
    return Rows(count[0][0], portions(map(entry, snapshot.streamed(query)), len(ENTRIES)))


def narrowed(question: Question) -> Iterator[Any]:
    """Whole postings: those of an agreement, or those that touch an account of a party."""
    wanted = question.wanted
    yield ENTRY.posting_id == POSTING.id
    yield ENTRY.period == wanted.period
    if wanted.agreement is not None:
        of = select(statements.c.id).where(statements.c.agreement_id == wanted.agreement)
        found = [f"statement/{row.id}" for row in question.snapshot.rows(of)]
        yield POSTING.document.in_(found)
    for party in (wanted.cpo, wanted.emsp):
        if party is not None:
            yield POSTING.id.in_(touching(party))


def touching(party: Party) -> Any:
    other = entries.alias()
    names = [f"{kind}:{party}" for kind in ("receivable", "payable", "hub_fee")]
    return select(other.c.posting_id).where(other.c.account.in_(names))


def entry(row: Any) -> tuple[Any, ...]:
    at, posting, kind, document, account, micro, currency, tax, period, reverses, posted, by, why = row
    amount = number(micro)
    partner = account.partition(":")[2] or None
    sides = (amount, None) if amount >= 0 else (None, -amount)
    day = instants.moment(at).date().isoformat()
    told = (day, posting, kind, document, account, *sides, currency, partner, None, tax, period)
    return (*told, reverses, posted, by, why)
