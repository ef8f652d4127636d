"""How far a statement is from what its CDRs should cost, and how far it may be: that grows with their number,
since the roundings of many lines add up like the steps of somebody who does not know the way."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from hub.clearing.rows import CREDITS
from hub.closing import statements
from hub.parties.terms import Terms
from hub.store.clearings import clearings
from hub.store.statements import statement_lines
from hub.store.unit import Unit

NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Compared:
    """Net amounts of the CDRs that could be recomputed: as claimed and as they should be."""

    count: int
    claimed: Decimal
    expected: Decimal
    allowed: Decimal

    @property
    def difference(self) -> Decimal:
        return self.claimed - self.expected

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.allowed


def allowed(count: int, terms: Terms) -> Decimal:
    return terms.statement_tolerance + terms.statement_growth * Decimal(count).sqrt()


def compare(unit: Unit, statement: Any) -> Compared:
    """Of the lines that stand now; a credit and what it credits cannot be told apart from a price."""
    stand = select(statement_lines.c.clearing_id).where(
        statement_lines.c.statement_id == statement.id,
        statement_lines.c.left_in.is_(None),
        statement_lines.c.clearing_id.is_not(None),
    )
    money = clearings.c.net.type
    query = select(
        func.count(),
        func.sum(clearings.c.net, type_=money),
        func.sum(clearings.c.expected_net, type_=money),
    ).where(
        clearings.c.id.in_(stand), clearings.c.expected_net.is_not(None), clearings.c.kind.not_in(CREDITS)
    )
    count, claimed, expected = unit.connection.execute(query).one()
    limit = allowed(count, statements.terms_of(statement))
    return Compared(count, claimed or NOUGHT, expected or NOUGHT, limit)
