"""The tables of operators: the users of the operators' API, and the tokens that open it for them."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from hub.store.base import Instant, Serial, metadata

users = Table(
    "users",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("role", String(10), nullable=False),  # of hub.operator.roles
    Column("party", String(5)),  # Party.code of the one operator whose objects the user sees; null: of all
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("disabled_at", Instant),  # users are never deleted: the audit trail names them
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(100), nullable=False),  # what it is for
    Column("hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the token, which nobody keeps
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),  # within a minute
)
