"""Double entry: every posting sums to nought in every currency, is written once, and is never changed.

What was wrong is reversed by a posting that follows its entries one by one; then the right one is written.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select

from hub.store.base import INSERTS
from hub.store.ledger import entries, postings
from hub.store.unit import Unit

NOUGHT = Decimal(0)


class OutOfBalance(Exception):
    """The entries of a posting do not sum to nought."""


class ReversedAlready(Exception):
    """The posting was reversed before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting: debit above nought, credit below, exact to six places."""

    account: str
    currency: str
    amount: Decimal
    period: str | None = None
    tax: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be posted.

    kind          STATEMENT, FEE, CORRECTION, NETTING ...
    document      what it is of: "statement/17"
    key           its own name: the same key is posted once, however often it is tried
    effective_at  to when it belongs, in microseconds
    """

    kind: str
    document: str
    key: str
    effective_at: int
    by: str
    entries: tuple[Entry, ...]
    why: str | None = None
    reverses: int | None = None


def post(unit: Unit, posting: Posting) -> int:
    """Write it down, unless its key was posted already; its number. OutOfBalance when it does not sum up."""
    refuse_imbalance(posting.entries)
    row: dict[str, Any] = {
        "kind": posting.kind,
        "document": posting.document,
        "key": posting.key,
        "reverses": posting.reverses,
        "effective_at": posting.effective_at,
        "posted_at": unit.now,
        "by": posting.by,
        "why": posting.why,
    }
    new = INSERTS[unit.dialect.name](postings).values(row).on_conflict_do_nothing(index_elements=["key"])
    made = unit.connection.execute(new.returning(postings.c.id)).scalar()
    if made is None:
        mine = select(postings.c.id).where(postings.c.key == posting.key)
        return int(unit.connection.execute(mine).scalar_one())
    told = [
        {
            "posting_id": made,
            "account": each.account,
            "currency": each.currency,
            "amount": each.amount,
            "period": each.period,
            "tax": each.tax,
        }
        for each in posting.entries
    ]
    unit.connection.execute(insert(entries), told)
    return int(made)


def refuse_imbalance(given: Sequence[Entry]) -> None:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in given:
        sums[each.currency] += each.amount
    for currency, total in sums.items():
        if total:
            raise OutOfBalance(f"the entries sum to {total} {currency}")
    if len(given) < 2:
        raise OutOfBalance("a posting has two entries or more")


def reverse(unit: Unit, posting_id: int, by: str, why: str) -> int:
    """Take a posting back, entry by entry; the number of the reversal. ReversedAlready."""
    original = unit.connection.execute(select(postings).where(postings.c.id == posting_id)).one()
    again = select(postings.c.id).where(postings.c.reverses == posting_id)
    if unit.connection.execute(again).first() is not None:
        raise ReversedAlready(f"posting {posting_id} of {original.document} was reversed already")
    opposite = tuple(
        Entry(each.account, each.currency, -each.amount, each.period, each.tax)
        for each in entries_of(unit, posting_id)
    )
    key = f"reversal/{posting_id}"
    return post(
        unit,
        Posting(original.kind, original.document, key, unit.now, by, opposite, why, reverses=posting_id),
    )


def entries_of(unit: Unit, posting_id: int) -> list[Any]:
    mine = select(entries).where(entries.c.posting_id == posting_id).order_by(entries.c.id)
    return list(unit.connection.execute(mine))


def of_document(unit: Unit, document: str) -> list[Any]:
    """The postings of a document, the first first."""
    mine = select(postings).where(postings.c.document == document).order_by(postings.c.id)
    return list(unit.connection.execute(mine))


def balances(unit: Unit, period: str | None = None) -> dict[tuple[str, str], Decimal]:
    """(account, currency) -> what all its entries sum to, of one month or of all time."""
    query = select(
        entries.c.account, entries.c.currency, func.sum(entries.c.amount, type_=entries.c.amount.type)
    )
    if period is not None:
        query = query.where(entries.c.period == period)
    found = unit.connection.execute(query.group_by(entries.c.account, entries.c.currency))
    return {(account, currency): total for account, currency, total in found}
