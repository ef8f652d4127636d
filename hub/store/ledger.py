"""The tables of the ledger: postings of several entries each, that are never changed and sum to nought."""

from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, Text, UniqueConstraint, event

from hub.store.base import Instant, Micro, Serial, metadata

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

STAYS = "what was posted stays as it was"
RAISE = f"BEGIN SELECT RAISE(ABORT, '{STAYS}'); END"
BODY = f"$$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$"
CHANGES = "BEFORE UPDATE OR DELETE OR TRUNCATE"
FUNCTION = "FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()"
FORBIDDING = (
    *(
        ("sqlite", f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {RAISE}")
        for table in ("postings", "entries")
        for verb in ("UPDATE", "DELETE")
    ),
    ("postgresql", f"CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS {BODY}"),
    *(
        (
            "postgresql",
            f"CREATE TRIGGER {table}_stay {CHANGES} ON {table} {FUNCTION}",
        )
        for table in ("postings", "entries")
    ),
)
"""By engine, in this order: the database itself refuses to change what was posted."""


def only_growing(table: Table, connection: Connection, **_: Any) -> None:
    """For tables that are made from the metadata; a migration does the same."""
    for engine, statement in FORBIDDING:
        if engine == connection.dialect.name:
            connection.exec_driver_sql(statement)


event.listen(entries, "after_create", only_growing)
