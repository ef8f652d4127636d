"""An invoice beside what the hub knows (IRR-10): which of its CDRs are known, unknown, billed twice or not to
be paid, and which ones it leaves out.

What is told is of the two parties of the invoice alone: a CDR of the same CPO that somebody else pays is as
unknown as one that does not exist, and invoices of others bill nothing here. Both may read the whole of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, literal, or_, select

from hub.closing import statements as book
from hub.closing.invoices.finding import Invoice, head
from hub.store.agreements import agreements
from hub.store.clearings import clearings
from hub.store.invoices import invoice_cdrs, invoice_records
from hub.store.statements import statements
from hub.store.unit import Unit
from hub.sync.counterparts import cdrs

NOT_TO_BE_PAID = ("HELD", "DISPUTED", "REJECTED", "DROPPED")
PAID = ("RATED", "CREDITED", "STATED", "SETTLED")
UNSEEN = ("DRAFT", "APPROVED")
"""Statements in these states nobody has but the hub."""
FROM_ROW = ("id", "kind", "state", "ended_at", "currency", "net", "gross", "expected_net", "statement_id")
line, row = invoice_cdrs.c, clearings.c


class Finding(StrEnum):
    """What can be said against a CDR that an invoice lists, or leaves out."""

    UNKNOWN = "UNKNOWN"  # no CDR between these two
    REPEATED = "REPEATED"  # listed twice by this invoice
    ELSEWHERE = "ELSEWHERE"  # on another invoice too
    UNPAYABLE = "UNPAYABLE"  # held, disputed, rejected or dropped
    UNSTATED = "UNSTATED"  # to be paid, but not on the statement that the invoice is of
    MISSING = "MISSING"  # not listed, though on that statement, or on no invoice at all


@dataclass(frozen=True)
class Match:
    """All that can be asked of an invoice; each answer is read when it is asked for.

    sees_drafts  whether it is told to the hub itself, and not to a party
    """

    unit: Unit
    invoice: Invoice
    sees_drafts: bool = True

    @cached_property
    def statement(self) -> Any:
        """The statement that the invoice is of: the hub issued its record, or it has the same number."""
        first, table = self.invoice.records[0], statements.c
        same = table.number == first.invoice_key
        if first.statement_id is not None:
            same = table.id == first.statement_id
        found = book.listed(self.unit, same, table.cpo == self.invoice.cpo, table.emsp == self.invoice.emsp)
        return found[0] if found and (self.sees_drafts or found[0].state not in UNSEEN) else None

    @cached_property
    def listed(self) -> Subquery:
        """Each CDR once: how often it is listed, and its row of clearing where it is known."""
        mine = select(line.cdr_key, func.count().label("times")).where(self.mine)
        once = mine.group_by(line.cdr_key).subquery("once")
        ours = and_(
            cdrs.c.owner == self.invoice.cpo,
            cdrs.c.key == once.c.cdr_key,
            cdrs.c.audience == self.invoice.emsp,
        )
        cleared = and_(row.owner == cdrs.c.owner, row.cdr_key == cdrs.c.key)
        joined = once.outerjoin(cdrs, ours).outerjoin(clearings, cleared)
        known = cdrs.c.seq.is_not(None).label("known")
        return select(once, known, *(row[name] for name in FROM_ROW)).select_from(joined).subquery("listed")

    @property
    def mine(self) -> ColumnElement[bool]:
        """The lists of its records."""
        return line.document.in_([each.document for each in self.invoice.records])

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many there are of each kind; `cdrs` are those listed, each counted once."""
        told = self.listed.c
        figures = {
            "listed": func.sum(told.times),
            "cdrs": func.count(),
            "known": counted(told.known),
            "unchecked": counted(and_(told.known, unchecked(told))),
        }
        found = self.unit.connection.execute(select(*figures.values()).select_from(self.listed)).one()
        plain = {name: int(value or 0) for name, value in zip(figures, found, strict=True)}
        return plain | {each.value.lower(): self.number(each) for each in Finding}

    def number(self, finding: Finding) -> int:
        query = QUERIES[finding](self).subquery()
        return int(self.unit.connection.execute(select(func.count()).select_from(query)).scalar_one())

    def found(self, finding: Finding, most: int | None) -> list[Any]:
        """The CDRs of which this is said, in the order of their ids; at most so many."""
        if not self.counts[finding.value.lower()]:
            return []
        query = QUERIES[finding](self)
        first, *_, last = query.selected_columns
        return list(self.unit.connection.execute(query.order_by(first, last).limit(most)))

    def of_list(self, condition: ColumnElement[bool]) -> Select[Any]:
        return select(self.listed).where(condition)

    def unstated(self) -> Select[Any]:
        if self.statement is None:
            return self.of_list(false())
        told = self.listed.c
        elsewhere = told.statement_id.is_distinct_from(self.statement.id)
        return self.of_list(and_(told.state.in_(PAID), elsewhere))

    def elsewhere(self) -> Select[Any]:
        """What another invoice between these two lists as well, once for each such invoice."""
        told, first = self.listed.c, self.invoice.records[0]
        same = and_(line.cpo == self.invoice.cpo, line.cdr_key == told.cdr_key)
        other = or_(head.owner != first.owner, head.invoice_key != first.invoice_key)
        joined = self.listed.join(invoice_cdrs, same).join(invoice_records, head.document == line.document)
        names = (told.cdr_key, told.state, told.net, told.gross, told.currency, head.owner, head.invoice_id)
        query = select(*names, head.record_key).select_from(joined)
        return query.where(told.known, self.between, other).distinct()

    @property
    def between(self) -> ColumnElement[bool]:
        """Records of the same two parties."""
        return and_(head.cpo == self.invoice.cpo, head.emsp == self.invoice.emsp)

    def missing(self) -> Select[Any]:
        """What is to be paid between these two and is not listed: of its statement, or, of an invoice without
        one, what is on no invoice and ended before the last that it lists."""
        if self.statement is None:
            why, left_out = "on no invoice", and_(row.ended_at <= self.last_end, ~self.billed())
        else:
            why, left_out = "on its statement", row.statement_id == self.statement.id
        names = ("cdr_key", "kind", "state", "ended_at", "currency", "net", "gross")
        return select(*(row[name] for name in names), literal(why).label("why")).where(
            row.agreement_id.in_(self.agreement_ids),
            row.state.in_(PAID),
            left_out,
            row.cdr_key.not_in(select(line.cdr_key).where(self.mine)),
        )

    def billed(self) -> ColumnElement[bool]:
        """That a CDR is on an invoice between these two."""
        of_cdr = line.cpo == row.owner, line.cdr_key == row.cdr_key
        listing = select(line.cdr_key).join(invoice_records, head.document == line.document)
        return listing.where(*of_cdr, self.between).exists()

    @cached_property
    def last_end(self) -> int:
        found = self.unit.connection.execute(select(func.max(self.listed.c.ended_at))).scalar()
        return int(found or 0)

    @cached_property
    def agreement_ids(self) -> list[int]:
        pair = agreements.c.cpo == self.invoice.cpo, agreements.c.emsp == self.invoice.emsp
        return list(self.unit.connection.execute(select(agreements.c.id).where(*pair)).scalars())


QUERIES: Mapping[Finding, Callable[[Match], Select[Any]]] = {
    Finding.UNKNOWN: lambda match: match.of_list(~match.listed.c.known),
    Finding.REPEATED: lambda match: match.of_list(match.listed.c.times > 1),
    Finding.ELSEWHERE: Match.elsewhere,
    Finding.UNPAYABLE: lambda match: match.of_list(match.listed.c.state.in_(NOT_TO_BE_PAID)),
    Finding.UNSTATED: Match.unstated,
    Finding.MISSING: Match.missing,
}


def counted(condition: Any) -> Any:
    return func.sum(case((condition, literal(1)), else_=literal(0)))


def unchecked(told: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.coalesce(told.state, "RECEIVED").in_(("RECEIVED", "CHECKED"))
    return found
