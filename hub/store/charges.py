"""What became of each completed session: rated, or held with a reason."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from hub.store.base import Instant, Serial, metadata

charges = Table(
    "charges",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),  # the CPO
    Column("session_key", String(80), nullable=False),
    Column("state", String(10), nullable=False),  # RATED HELD
    Column("reason", String(40)),  # code of why it is held
    Column("message", Text),
    Column("cdr", Serial),  # seq in cdrs
    Column("tariff_id", String(80)),
    Column("tariff_rev", Integer),
    Column("quote", LargeBinary),  # the quote as JSON: lines, policy, warnings
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("owner", "session_key"),  # a session is billed once
)
