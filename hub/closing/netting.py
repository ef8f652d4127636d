"""Two parties that owe each other in one currency: what both owe is set off, where both have agreed to."""

from typing import Any

from hub.closing import accounts, ledger, statements
from hub.closing.ledger import Entry, Posting
from hub.store.statements import statements as table
from hub.store.unit import Unit

FINAL = "FINAL"


def set_off(unit: Unit, statement: Any, by: str) -> int | None:
    """Once both directions of a month are final; the number of the posting, None where nothing is set off."""
    other = opposite(unit, statement)
    if other is None or not both_agree(statement, other):
        return None
    sums = statements.sums_of(unit, [statement, other])
    entries = [
        *sides(statement.emsp, sums[statement.id].receivable, sums[other.id].payable, statement),
        *sides(statement.cpo, sums[other.id].receivable, sums[statement.id].payable, statement),
    ]
    if not entries:
        return None
    first, second = sorted((statement.id, other.id))
    name = f"netting/{first}/{second}"
    posting = Posting("NETTING", name, name, unit.now, by, tuple(entries), f"of {statement.month}")
    return ledger.post(unit, posting)


def opposite(unit: Unit, statement: Any) -> Any:
    """The final statement of the same month and currency in which they change places."""
    found = statements.listed(
        unit,
        table.c.cpo == statement.emsp,
        table.c.emsp == statement.cpo,
        table.c.currency == statement.currency,
        table.c.month == statement.month,
        table.c.state == FINAL,
    )
    return found[0] if found else None


def both_agree(*both: Any) -> bool:
    return all(statements.terms_of(each).netting for each in both)


def sides(party: str, owes: Any, gets: Any, statement: Any) -> list[Entry]:
    """What a party owes as an eMSP becomes less by what it gets as a CPO."""
    amount = min(owes, gets)
    if amount <= 0:
        return []
    currency, month = statement.currency, statement.month
    return [
        Entry(accounts.payable(party), currency, amount, month),
        Entry(accounts.receivable(party), currency, -amount, month),
    ]
