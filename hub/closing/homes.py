"""What of a statement was charged at home: the eMSP, or an employer, pays that back to who lives there.

The hub tells the amount apart; how much of it is paid back, and by whom, is settled between them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import distinct, func, select

from hub.store.clearings import clearings
from hub.store.statements import statement_lines
from hub.store.unit import Unit

NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class AtHome:
    """CDRs with `home_charging_compensation`; what credits take back is taken off."""

    cdrs: int
    energy: Decimal
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def of_statement(unit: Unit, statement: Any) -> AtHome:
    """Of the lines that stand now, rounded as they are there."""
    home = select(clearings.c.id).where(clearings.c.statement_id == statement.id, clearings.c.home)
    line = statement_lines.c
    sums = (func.sum(line[name], type_=line[name].type) for name in ("energy", "net", "tax"))
    mine = (line.statement_id == statement.id, line.left_in.is_(None), line.clearing_id.in_(home))
    query = select(func.count(distinct(line.clearing_id)), *sums).where(*mine)
    count, *amounts = unit.connection.execute(query).one()
    return AtHome(count, *(amount or NOUGHT for amount in amounts))
