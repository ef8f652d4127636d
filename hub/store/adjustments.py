"""Amounts that a statement takes up beside CDRs: credits where no credit CDR can be, in part, and goodwill.

    made by   `hub.clearing.crediting` and `hub.clearing.goodwill`, in the transaction of the decision
    read by   `hub.closing`, which writes every line whose `statement_id` is null onto the next statement
              of its agreement (where that is null: of its pair and currency) and sets `statement_id`

A line is never changed and never taken away; what was wrong is reversed by another line.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, String, Table, Text, UniqueConstraint, insert, select

from hub.store.base import Instant, Micro, Serial, metadata
from hub.store.unit import Unit

CREDIT, PARTIAL, GOODWILL, REVERSAL = "CREDIT", "PARTIAL", "GOODWILL", "REVERSAL"
KINDS = (CREDIT, PARTIAL, GOODWILL, REVERSAL)
"""CREDIT takes back a whole CDR, PARTIAL a part of one; REVERSAL takes back a line; GOODWILL is a gift of the
CPO, whatever the CDR costs."""

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", String(160), nullable=False),  # what may be there once: "credit/NLCPO/CDR-1"
    Column("kind", String(10), nullable=False),
    Column("agreement_id", Serial),
    Column("cpo", String(5), nullable=False),
    Column("emsp", String(5), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("cdr_key", String(80)),  # of the CDR it is about, if it is about one
    Column("dispute_id", Serial),
    Column("net", Micro, nullable=False),  # negative: the eMSP pays less
    Column("gross", Micro),
    Column("taxes", Text, nullable=False),  # JSON: [percentage or null, amount], as texts
    Column("service_at", Instant, nullable=False),  # when the session ended, or of now where there is none
    Column("at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text),
    Column("reverses", Serial),
    Column("statement_id", Serial),
    UniqueConstraint("key"),
    UniqueConstraint("reverses"),
    Index("ix_adjustments_cdr", "cpo", "cdr_key"),
    Index("ix_adjustments_statement", "statement_id"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; taxes as (percentage or None, amount), with the sign of `net`."""

    key: str
    kind: str
    cpo: str
    emsp: str
    currency: str
    net: Decimal
    gross: Decimal | None
    taxes: tuple[tuple[Decimal | None, Decimal], ...]
    service_at: int
    by: str
    why: str | None = None
    agreement_id: int | None = None
    cdr_key: str | None = None
    dispute_id: int | None = None
    reverses: int | None = None


FIELDS = tuple(name for name in Line.__annotations__ if name != "taxes")


def add(unit: Unit, line: Line) -> int:
    """The number of the new line; IntegrityError when one of this key is there already."""
    told = [[None if rate is None else str(rate), str(amount)] for rate, amount in line.taxes]
    values: dict[str, Any] = {name: getattr(line, name) for name in FIELDS}
    values |= {"taxes": json.dumps(told), "at": unit.now}
    made = unit.connection.execute(insert(adjustments).values(values).returning(adjustments.c.id))
    return int(made.scalar_one())


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Any]:
    """The rows that fulfil the conditions, the first first."""
    return list(unit.connection.execute(select(adjustments).where(*wanted).order_by(adjustments.c.id)))


def of_cdr(unit: Unit, cpo: str, cdr_key: str) -> list[Any]:
    """All lines about a CDR."""
    return listed(unit, adjustments.c.cpo == cpo, adjustments.c.cdr_key == cdr_key)


def taxes_of(row: Any) -> tuple[tuple[Decimal | None, Decimal], ...]:
    """As they were handed in."""
    told: Sequence[Sequence[str]] = json.loads(row.taxes)
    return tuple((None if rate is None else Decimal(rate), Decimal(amount)) for rate, amount in told)


def taken_back(unit: Unit, cpo: str, cdr_key: str) -> Decimal:
    """How much of a CDR's net amount lines have taken back, goodwill aside; a positive number."""
    found = (row.net for row in of_cdr(unit, cpo, cdr_key) if row.kind != GOODWILL)
    return -sum(found, Decimal(0))


def reverse_open(unit: Unit, cpo: str, cdr_key: str, by: str, why: str) -> None:
    """What lines took back of a CDR is owed again: all of it is credited now, and nothing may be twice."""
    lines = of_cdr(unit, cpo, cdr_key)
    undone = {row.reverses for row in lines}
    for row in lines:
        if row.kind == PARTIAL and row.id not in undone:
            add(unit, reversal(row, by, why))


def reversal(row: Any, by: str, why: str) -> Line:
    """The line that makes nought with this one."""
    return Line(
        key=f"reversal/{row.id}",
        kind=REVERSAL,
        cpo=row.cpo,
        emsp=row.emsp,
        currency=row.currency,
        net=-row.net,
        gross=None if row.gross is None else -row.gross,
        taxes=tuple((rate, -amount) for rate, amount in taxes_of(row)),
        service_at=row.service_at,
        by=by,
        why=why,
        agreement_id=row.agreement_id,
        cdr_key=row.cdr_key,
        dispute_id=row.dispute_id,
        reverses=row.id,
    )
