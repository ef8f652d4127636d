"""The first tables: documents of five modules and their revisions, partners, the outbox, charges."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PROMOTED = {
    "locations": ("hidden",),
    "tariffs": (),
    "sessions": ("status", "location_id", "tariff_id"),
    "cdrs": ("session_id", "credit_reference_id"),
    "tokens": ("contract_id", "uid"),
}
REST = ("mendings", "endpoints", "tokens_out", "tokens_in", "partner_roles", "partners", "revisions")


def upgrade() -> None:
    for module, promoted in PROMOTED.items():
        create_documents(module, promoted)
    create_revisions()
    create_partners()
    create_tokens()
    create_endpoints()
    create_mendings()
    create_deliveries()
    create_charges()


def downgrade() -> None:
    for table in ("charges", "deliveries", *REST, *reversed(PROMOTED)):
        op.drop_table(table)


def create_documents(module: str, promoted: Sequence[str]) -> None:
    op.create_table(
        module,
        sa.Column("seq", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("audience", sa.String(5)),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("last_updated", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        *(sa.Column(name, sa.String(80), index=True) for name in promoted),
        sa.Column("sent", sa.LargeBinary, nullable=False),
        sa.Column("newest", sa.LargeBinary),
        sa.UniqueConstraint("owner", "key"),
        sa.Index(f"ix_{module}_key", "key"),
        sa.Index(f"ix_{module}_updated", "last_updated", "seq", "owner", "audience", "deleted_at"),
        sa.Index(f"ix_{module}_audience", "audience", "seq", "last_updated", "owner", "deleted_at"),
        sqlite_autoincrement=True,
    )


def create_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("document", SERIAL, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("sent", sa.LargeBinary, nullable=False),
        sa.Column("newest", sa.LargeBinary),
        sa.Column("last_updated", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("module", "document", "rev"),
    )


def partner_id(**options: Any) -> sa.Column[int]:
    """The column of a table whose rows go when their partner goes."""
    return sa.Column("partner_id", SERIAL, sa.ForeignKey("partners.id", ondelete="CASCADE"), **options)


def create_partners() -> None:
    op.create_table(
        "partners",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("version", sa.String(10)),
        sa.Column("versions_url", sa.String(255)),
        sa.Column("settings", sa.Text, nullable=False, server_default="{}"),
        sa.Column("invited_at", sa.BigInteger, nullable=False),
        sa.Column("registered_at", sa.BigInteger),
    )
    op.create_table(
        "partner_roles",
        partner_id(primary_key=True),
        sa.Column("role", sa.String(10), primary_key=True),
        sa.Column("party", sa.String(5), primary_key=True),
        sa.Column("business_details", sa.Text, nullable=False, server_default="{}"),
        sa.UniqueConstraint("role", "party"),
    )


def create_tokens() -> None:
    op.create_table(
        "tokens_in",
        sa.Column("id", SERIAL, primary_key=True),
        partner_id(nullable=False, index=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(1), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
    )
    op.create_table(
        "tokens_out",
        partner_id(primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def create_endpoints() -> None:
    op.create_table(
        "endpoints",
        partner_id(primary_key=True),
        sa.Column("module", sa.String(30), primary_key=True),
        sa.Column("role", sa.String(8), primary_key=True),
        sa.Column("url", sa.String(255), nullable=False),
    )


def create_mendings() -> None:
    op.create_table(
        "mendings",
        sa.Column("id", SERIAL, primary_key=True),
        partner_id(nullable=False),
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("object_key", sa.String(100), nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("partner_id", "module", "object_key"),
    )


def create_deliveries() -> None:
    still_open = sa.text("state IN ('due', 'leased')")
    op.create_table(
        "deliveries",
        sa.Column("id", SERIAL, primary_key=True),
        partner_id(nullable=False),
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("document", SERIAL, nullable=False),
        sa.Column("wanted_rev", sa.Integer, nullable=False),
        sa.Column("acked_rev", sa.Integer),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("ambiguous", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("http", sa.Integer),
        sa.Column("ocpi", sa.Integer),
        sa.Column("error", sa.String(500)),
        sa.Column("owed_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.UniqueConstraint("partner_id", "module", "document"),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["partner_id", "next_at", "id"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def create_charges() -> None:
    op.create_table(
        "charges",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("session_key", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("message", sa.Text),
        sa.Column("cdr_key", sa.String(80)),
        sa.Column("tariff_id", sa.String(80)),
        sa.Column("tariff_rev", sa.Integer),
        sa.Column("quote", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("owner", "session_key"),
    )
    held = sa.text("state = 'HELD'")
    op.create_index("ix_charges_held", "charges", ["owner"], sqlite_where=held, postgresql_where=held)
