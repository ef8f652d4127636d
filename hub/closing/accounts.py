"""The accounts of the ledger, and what a statement posts to them."""

from collections.abc import Iterable

from sqlalchemy import select

from hub.closing import ledger
from hub.closing.ledger import Entry, Posting
from hub.closing.lines import Sums
from hub.closing.shares import Total
from hub.closing.vat import Vat
from hub.store.ledger import postings
from hub.store.unit import Unit

HUB_FEE = "hub_fee"
RECEIVABLE = "receivable:"
DOCUMENT = "statement/"


def receivable(emsp: str) -> str:
    return f"{RECEIVABLE}{emsp[:2]}/{emsp[2:]}"


def payable(cpo: str) -> str:
    return f"payable:{cpo[:2]}/{cpo[2:]}"


def document(statement_id: int) -> str:
    """The name of a statement in the ledger."""
    return f"{DOCUMENT}{statement_id}"


def vat_of(which: Vat) -> str:
    """How entries name VAT itself; the amounts that bear it have the name of the category and rate."""
    return f"VAT {which.rate.normalize():f}"


def of_statement(statement: object, totals: Iterable[Total], sums: Sums) -> tuple[Entry, ...]:
    """What the eMSP owes and the CPO is owed; VAT passes through with it, as a mark of the entries."""
    cpo, emsp, currency, month = (getattr(statement, name) for name in ("cpo", "emsp", "currency", "month"))
    sides = [(receivable(emsp), 1), (payable(cpo), -1)]
    told = []
    for total in totals:
        marked = ((total.net, str(total.vat)), (total.tax, vat_of(total.vat)))
        for amount, mark in marked:
            told += [Entry(account, currency, sign * amount, month, mark) for account, sign in sides]
    bearer = receivable(emsp) if sums.fee_payer == "EMSP" else payable(cpo)
    told += [Entry(bearer, currency, sums.fee, month), Entry(HUB_FEE, currency, -sums.fee, month)]
    return tuple(each for each in told if each.amount)


def book(unit: Unit, statement: object, entries: tuple[Entry, ...], by: str, at: int) -> int | None:
    """Post a revision of a statement; None where all of it makes nought."""
    identity, revision = (getattr(statement, name) for name in ("id", "revision"))
    if not entries:
        return None
    name = document(identity)
    key = f"{name}/{revision}"
    kind = "STATEMENT" if revision == 1 else "CORRECTION"
    return ledger.post(unit, Posting(kind, name, key, at, by, entries))


def take_back(unit: Unit, statement: object, by: str, why: str) -> None:
    """Reverse the posting of its revision, entry by entry; the next revision is posted in full."""
    identity, revision = (getattr(statement, name) for name in ("id", "revision"))
    key = f"{document(identity)}/{revision}"
    found = unit.connection.execute(select(postings.c.id).where(postings.c.key == key)).scalar()
    if found is not None:
        ledger.reverse(unit, int(found), by, why)
