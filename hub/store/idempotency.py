"""The table of answers to requests that may be repeated: the same key has the same answer."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from hub.store.base import Instant, metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", LargeBinary(32), nullable=False),  # SHA-256 of method, path and body
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),  # JSON
    Column("body", LargeBinary, nullable=False),  # without what is shown only once
    Column("at", Instant, nullable=False),
)

Index("ix_idempotency_keys_at", idempotency_keys.c.at)
