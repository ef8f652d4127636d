"""The tables of partners: who they are, how they prove it, where they are reached."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from hub.store.base import Instant, Serial, metadata

partners = Table(
    "partners",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("status", String(10), nullable=False),  # PLANNED CONNECTED OFFLINE SUSPENDED, as HCI-01
    Column("version", String(10)),  # of the connection; before it: the one the operator asked for
    Column("versions_url", String(255)),
    Column("settings", Text, nullable=False, server_default="{}"),  # hub.parties.registry.Settings as JSON
    Column("invited_at", Instant, nullable=False),
    Column("registered_at", Instant),  # null until the handshake is done
)

partner_roles = Table(
    "partner_roles",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("party", String(5), primary_key=True),  # Party.code
    Column("business_details", Text, nullable=False, server_default="{}"),
    UniqueConstraint("role", "party"),  # CRED-24: or routing would be a guess
)

tokens_in = Table(
    "tokens_in",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the token (TR-08)
    Column("kind", String(1), nullable=False),  # A before, C after registration
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),  # first use
    Column("expires_at", Instant),  # set when a newer token takes over (CRED-13)
)

tokens_out = Table(
    "tokens_out",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # encrypted with the secret key
    Column("created_at", Instant, nullable=False),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("module", String(30), primary_key=True),
    Column("role", String(8), primary_key=True),  # SENDER or RECEIVER: the partner's own interface
    Column("url", String(255), nullable=False),
)

introductions = Table(
    "introductions",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),
    Column("told_at", Instant, nullable=False),
)
"""What each partner was told last of who is behind the hub: a hash of it (CRED-22)."""

mendings = Table(
    "mendings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), nullable=False),
    Column("module", String(30), nullable=False),
    Column("object_key", String(100), nullable=False),
    Column("notes", Text, nullable=False),  # JSON: field path -> what was mended
    Column("times", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("partner_id", "module", "object_key"),
)
