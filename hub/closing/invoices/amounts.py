"""What an invoice comes to: as its CDRs claim, as they should, on the statement, and as somebody tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select

from hub.closing import statements as book
from hub.closing import tolerance
from hub.closing.invoices.matching import UNSEEN, Match, counted
from hub.closing.invoices.problems import SeveralInvoices
from hub.parties import agreements
from hub.parties.terms import Terms
from hub.store.agreements import agreements as agreed
from hub.store.base import Micro
from hub.store.statements import statement_lines, statements

USUAL = Terms()
CENT = Decimal("0.01")
NOUGHT = Decimal(0)
TAKES_BACK = ("CREDIT", "PARTIAL")
MONEY = Micro()


@dataclass(frozen=True, slots=True)
class Amount:
    """What an invoice comes to, as somebody tells it: with VAT, without, or both."""

    gross: Decimal | None = None
    net: Decimal | None = None
    currency: str | None = None


NOT_TOLD = Amount()


@dataclass(frozen=True, slots=True)
class Sum:
    """The known CDRs of one currency; credits count below nought.

    net, gross   as they claim; of one that tells no VAT (`untaxed` of them) the net stands for both
    expected     net, as they should be where they could be recomputed, else as they claim
    allowed      how far both may be apart
    """

    currency: str
    cdrs: int
    net: Decimal
    gross: Decimal
    expected: Decimal
    untaxed: int
    allowed: Decimal

    @property
    def within(self) -> bool:
        return abs(self.net - self.expected) <= self.allowed


@dataclass(frozen=True, slots=True)
class Beside:
    """An amount that was told, `net` or `gross`, beside what it should be."""

    what: str
    currency: str
    told: Decimal
    ours: Decimal
    allowed: Decimal

    @property
    def difference(self) -> Decimal:
        return self.told - self.ours

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.allowed


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them."""

    sums: Sequence[Sum]
    statements: Sequence[Any]
    beside: Sequence[Beside]


def figures(match: Match, amount: Amount = NOT_TOLD) -> Figures:
    """SeveralInvoices when an amount could be of several currencies."""
    sums = sums_of(match)
    return Figures(sums, statements_of(match), beside(match, sums, amount))


def sums_of(match: Match) -> list[Sum]:
    """By currency, each CDR counted once."""
    told = match.listed.c
    right = case((told.kind.in_(TAKES_BACK), told.net), else_=func.coalesce(told.expected_net, told.net))
    query = select(
        told.currency,
        func.count().label("cdrs"),
        func.sum(told.net, type_=MONEY).label("net"),
        func.sum(func.coalesce(told.gross, told.net), type_=MONEY).label("gross"),
        func.sum(right, type_=MONEY).label("expected"),
        counted(told.gross.is_(None)).label("untaxed"),
    )
    known = query.where(told.id.is_not(None)).group_by(told.currency).order_by(told.currency)
    return [
        Sum(**each, allowed=tolerance.allowed(each["cdrs"], terms_of(match, each["currency"])))
        for each in match.unit.connection.execute(known).mappings()
    ]


def terms_of(match: Match, currency: str) -> Terms:
    """What the two have agreed on last; the usual where they have not."""
    pair = agreed.c.cpo == match.invoice.cpo, agreed.c.emsp == match.invoice.emsp
    last = select(agreed.c.id).where(*pair, agreed.c.currency == currency)
    found = match.unit.connection.execute(last.order_by(agreed.c.valid_from.desc()).limit(1)).scalar()
    return USUAL if found is None else agreements.by_id(match.unit, found).terms


def statements_of(match: Match) -> list[Any]:
    """On which statements its CDRs stand: how many of them, and their shares of each."""
    table, line = statements.c, statement_lines.c
    mine = select(match.listed.c.id).where(match.listed.c.id.is_not(None))
    hidden = [] if match.sees_drafts else [table.state.not_in(UNSEEN)]
    names = (table.id, table.number, table.state, table.currency)
    query = (
        select(
            *names,
            func.count(line.clearing_id.distinct()).label("cdrs"),
            func.sum(line.net, type_=MONEY).label("net"),
            func.sum(line.net + line.tax, type_=MONEY).label("gross"),
        )
        .join(statement_lines, line.statement_id == table.id)
        .where(line.left_in.is_(None), line.clearing_id.in_(mine), *hidden)
        .group_by(*names)
        .order_by(table.id)
    )
    return list(match.unit.connection.execute(query))


def beside(match: Match, sums: Sequence[Sum], amount: Amount) -> list[Beside]:
    """What was told beside what the statement comes to; where it is of none, beside its CDRs."""
    told = {name: each for name, each in (("net", amount.net), ("gross", amount.gross)) if each is not None}
    if not told:
        return []
    currency, ours, allowed = by_cdrs(sums, amount) if match.statement is None else by_statement(match)
    return [Beside(name, currency, each, ours[name], allowed) for name, each in told.items()]


def by_statement(match: Match) -> tuple[str, Mapping[str, Decimal], Decimal]:
    found = book.sums_of(match.unit, [match.statement])[match.statement.id]
    return match.statement.currency, {"net": found.net, "gross": found.gross}, NOUGHT


def by_cdrs(sums: Sequence[Sum], amount: Amount) -> tuple[str, Mapping[str, Decimal], Decimal]:
    if amount.currency is None and len(sums) > 1:
        names = ", ".join(each.currency for each in sums)
        raise SeveralInvoices(f"It bills in {names}: say in which currency the amount is.")
    wanted = (amount.currency or (sums[0].currency if sums else "XXX")).upper()
    found = next((each for each in sums if each.currency == wanted), None)
    if found is None:
        return wanted, {"net": NOUGHT, "gross": NOUGHT}, CENT
    return wanted, {"net": found.net, "gross": found.gross}, found.allowed
