"""The outbox: one row says that one partner is owed the present state of one object."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from hub.store.base import Instant, Serial, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), nullable=False),
    Column("module", String(30), nullable=False),
    Column("document", Serial, nullable=False),  # seq in the module's table
    Column("wanted_rev", Integer, nullable=False),
    Column("acked_rev", Integer),  # what the partner has confirmed
    Column("state", String(10), nullable=False),  # due leased done withheld dead
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("lease", String(32)),  # fencing token of the claim that holds the row
    Column("lease_until", Instant),
    Column(
        "ambiguous", Boolean, nullable=False, server_default=text("false")
    ),  # an earlier try may have arrived
    Column("http", Integer),
    Column("ocpi", Integer),
    Column("error", String(500)),
    Column("owed_at", Instant, nullable=False),  # since when the partner is behind
    Column("done_at", Instant),
    UniqueConstraint("partner_id", "module", "document"),
)

Index(
    "ix_deliveries_open",
    deliveries.c.partner_id,
    deliveries.c.next_at,
    deliveries.c.id,
    sqlite_where=text("state IN ('due', 'leased')"),
    postgresql_where=text("state IN ('due', 'leased')"),
)
