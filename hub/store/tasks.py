"""The table of long work that somebody has asked for: what it is, how far it is, what came out of it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, text

from hub.store.base import Instant, Serial, metadata

OPEN = text("state IN ('queued', 'running')")

tasks = Table(
    "tasks",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(40), nullable=False),  # of the literal table of kinds
    Column("input", LargeBinary, nullable=False),  # JSON
    Column("state", String(10), nullable=False),  # queued running done failed cancelled
    Column("progress", Integer, nullable=False, server_default=text("0")),
    Column("total", Integer),  # what `progress` grows to, where it is known
    Column("result", LargeBinary),  # JSON
    Column("error", Text),
    Column("created_by", String(100), nullable=False),
    Column("party", String(5)),  # whose work it is, for users who see one party only
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("lease", String(32)),  # fencing token of the process that is at it
    Column("lease_until", Instant),
)

Index("ix_tasks_open", tasks.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
