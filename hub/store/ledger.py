"""The tables of the ledger: postings of several entries each, that are never changed and sum to nought."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from hub.store.base import Instant, Micro, Serial, metadata
from hub.store.growing import only_growing

postings = Table(
    "postings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(20), nullable=False),  # STATEMENT, FEE, CORRECTION, NETTING, PAYMENT ...
    Column("document", String(60), nullable=False),  # what it is of: "statement/17"
    Column("key", String(120), nullable=False),  # so that nothing is posted twice
    Column("reverses", ForeignKey("postings.id")),
    Column("effective_at", Instant, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text),
    UniqueConstraint("key"),
    UniqueConstraint("reverses"),  # what was reversed is not reversed again
    Index("ix_postings_document", "document"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("posting_id", ForeignKey("postings.id"), nullable=False, index=True),
    Column("account", String(60), nullable=False),  # "receivable:DE/EMS"
    Column("currency", String(3), nullable=False),
    Column("amount", Micro, nullable=False),  # debit above nought, credit below
    Column("period", String(7)),  # the month it belongs to
    Column("tax", String(20)),  # category and rate, of amounts that bear one: "S 19", "VAT 19"
    Index("ix_entries_account", "account", "currency"),
)

only_growing(postings, entries, function="ledger_stays", says="what was posted stays as it was")
