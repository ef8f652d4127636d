"""The tables of invoices: what each invoice reconciliation record bills, so that a CDR finds its invoices."""

from typing import Any

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table, select

from hub.store.base import Instant, Serial, metadata
from hub.store.unit import Unit

invoice_records = Table(
    "invoice_records",
    metadata,
    Column("document", Serial, primary_key=True, autoincrement=False),  # seq in `invoicereconciliation`
    Column("owner", String(5), nullable=False),  # who bills: the CPO, or with reverse billing the eMSP
    Column("record_key", String(80), nullable=False),
    Column("invoice_id", String(255), nullable=False),  # as it was told
    Column("invoice_key", String(255), nullable=False),  # without case
    Column("cpo", String(5)),  # whose CDRs it lists; null while nobody knows
    Column("emsp", String(5)),  # who pays them; one of both is the owner
    Column("listed", Integer, nullable=False),
    Column("statement_id", Serial),  # of one that the hub issued
    Column("part", Integer),  # 1 to n of that statement
    Column("recorded_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Index("ix_invoice_records_invoice", "owner", "invoice_key"),
    Index("ix_invoice_records_statement", "statement_id"),
)

invoice_cdrs = Table(
    "invoice_cdrs",
    metadata,
    Column("document", Serial, nullable=False),
    Column("place", Integer, nullable=False),  # 1 to n in the list of the record
    Column("cpo", String(5)),
    Column("cdr_key", String(80), nullable=False),
    PrimaryKeyConstraint("document", "place"),
    Index("ix_invoice_cdrs_cdr", "cpo", "cdr_key"),
)
"""What the records list that stand; one that was withdrawn lists nothing any more."""


def of_cdr(unit: Unit, owner: str, emsp: str, cdr_key: str) -> list[Any]:
    """The records by which a CDR between these two is billed, the first first."""
    line, head = invoice_cdrs.c, invoice_records.c
    mine = line.cpo == owner, line.cdr_key == cdr_key, head.cpo == owner, head.emsp == emsp
    query = select(invoice_records).join(invoice_cdrs, line.document == head.document).where(*mine)
    return list(unit.connection.execute(query.distinct().order_by(head.document)))
