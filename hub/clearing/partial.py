"""What is left of a CDR of which parts were taken back, by credit CDRs or by lines of statements."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from hub.clearing.costs import negated
from hub.clearing.facts import NOUGHT, Cost, cost
from hub.clearing.states import State
from hub.store import adjustments, documents
from hub.store.clearings import clearings
from hub.store.unit import Unit

PAID = (State.RATED, State.STATED, State.SETTLED)


def credits_of(unit: Unit, owner: str, cdr_key: str) -> list[Any]:
    """The rows of the credit CDRs of a CDR that are paid, or will be; the first first."""
    mine = [clearings.c.owner == owner, clearings.c.credits == cdr_key, clearings.c.state.in_(PAID)]
    return list(unit.connection.execute(select(clearings).where(*mine).order_by(clearings.c.id)))


def left(unit: Unit, row: Any) -> Decimal:
    """Of a CDR's net amount; lock its row before."""
    by_cdrs = sum((each.net for each in credits_of(unit, row.owner, row.cdr_key)), NOUGHT)
    left_by_cdrs: Decimal = row.net + by_cdrs
    return left_by_cdrs - adjustments.taken_back(unit, row.owner, row.cdr_key)


def is_taken_back(unit: Unit, row: Any) -> bool:
    """By a line in whole, or by credit CDRs in whole or in part: what lines took back in part is owed again
    when the whole is credited."""
    lines = adjustments.of_cdr(unit, row.owner, row.cdr_key)
    by_line = any(each.kind == adjustments.CREDIT for each in lines)
    return by_line or bool(credits_of(unit, row.owner, row.cdr_key))


def by_cdrs(unit: Unit, found: Iterable[Any]) -> tuple[Cost, ...]:
    """What these credit CDRs take back; above nought."""
    return tuple(negated(told(unit, each)) for each in found)


def by_lines(unit: Unit, owner: str, cdr_key: str) -> tuple[Cost, ...]:
    """What lines have taken back, and what of that is owed again, which is below nought."""
    return tuple(
        negated(Cost(line.net, line.gross, adjustments.taxes_of(line)))
        for line in adjustments.of_cdr(unit, owner, cdr_key)
        if line.kind in {adjustments.PARTIAL, adjustments.REVERSAL}
    )


def of(unit: Unit, row: Any) -> tuple[Cost, ...]:
    """All parts of a CDR that were taken back, by either way."""
    found = credits_of(unit, row.owner, row.cdr_key)
    return by_cdrs(unit, found) + by_lines(unit, row.owner, row.cdr_key)


def told(unit: Unit, row: Any) -> Cost:
    """The total of a CDR, as it tells it."""
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    return cost(stored.document.newest["total_cost"])
