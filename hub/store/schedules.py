"""The tables of what is done again and again: when each job is due, and when each partner was last heard."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from hub.store.base import Instant, Serial, metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),  # which job, of what, for whom: there is but one
    Column(
        "partner_id", ForeignKey("partners.id", ondelete="CASCADE"), index=True
    ),  # null: of the hub itself
    Column("job", String(20), nullable=False),
    Column("module", String(30)),
    Column("every", String(100), nullable=False),  # "6h", or cron in UTC: "0 3 * * *"
    Column("splay", Integer, nullable=False),  # seconds over which partners are spread
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("next_at", Instant, nullable=False),  # the slot to be claimed next: who moves it on has claimed it
    Column("slot", Instant),  # claimed last; with what it covers up to `through`, if slots had been missed
    Column("through", Instant),
    Column("lease", String(32)),  # fencing token of the process that is at it
    Column("lease_until", Instant),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", String(10)),  # done partial skipped failed
    Column("told", String(500)),
    Column("failures", Integer, nullable=False, server_default=text("0")),  # in a row
)

Index("ix_schedules_due", schedules.c.next_at)

runs = Table(
    "runs",
    metadata,
    Column("id", Serial, primary_key=True),  # in the order in which they ended
    Column("schedule_id", ForeignKey("schedules.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("slot", Instant),  # with what it covered up to `through`
    Column("through", Instant),
    Column("started_at", Instant),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", String(10), nullable=False),  # done partial skipped failed lost
    Column("told", String(500), nullable=False),
)
"""The last runs of each schedule."""

heard = Table(
    "heard",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),  # within a minute
)
