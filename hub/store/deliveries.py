"""The outbox: a row says that one partner is owed the present state of one object; and how partners fare."""

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
    Column("next_at", Instant, nullable=False),  # from when it may be claimed; leased: when the lease lapses
    Column("lease", String(32)),  # fencing token of the claim that holds the row
    Column("ambiguous", Boolean, nullable=False, server_default=text("false")),  # a try may have arrived
    Column("http", Integer),  # what was answered last
    Column("ocpi", Integer),
    Column("reason", String(20)),  # how the last try ended: hub.sync.outcomes.Outcome
    Column("error", String(500)),
    Column("owed_at", Instant, nullable=False),  # since when the partner is behind
    Column("done_at", Instant),  # when it was done, withheld or given up
    UniqueConstraint("partner_id", "module", "document"),
)

STILL_OPEN, UNDER_WAY = text("state IN ('due', 'leased')"), text("state = 'leased'")
GIVEN_UP = text("state = 'dead'")

Index(
    "ix_deliveries_open",
    deliveries.c.partner_id,
    deliveries.c.next_at,
    deliveries.c.id,
    sqlite_where=STILL_OPEN,
    postgresql_where=STILL_OPEN,
)
Index(
    "ix_deliveries_under_way",
    deliveries.c.partner_id,
    deliveries.c.next_at,
    sqlite_where=UNDER_WAY,
    postgresql_where=UNDER_WAY,
)

Index(
    "ix_deliveries_given_up",
    deliveries.c.partner_id,
    sqlite_where=GIVEN_UP,
    postgresql_where=GIVEN_UP,
)
"""So that counting them at every scrape costs nothing however much has been delivered."""

breakers = Table(
    "breakers",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("gate", String(10), nullable=False),  # closed open probing parked: hub.sync.breaker.Gate
    Column("until", Instant),  # nothing is sent before; null while closed
    Column("since", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("window_at", Instant, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("pauses", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("error", String(500)),  # the last failure
    Column("discovered_at", Instant),  # when its endpoints were last looked up because a delivery failed
)
"""How deliveries to a partner fare; one without a row has never failed."""

alerts = Table(
    "alerts",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("hours", Integer, nullable=False),  # the longest of the waits of hub.sync.overdue that was told
    Column("told_at", Instant, nullable=False),
)
"""The partners of which it was told that they have waited for too long, and still do."""
