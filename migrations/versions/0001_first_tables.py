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
PULLS = ("findings", "quarantine", "listed", "cursors", "heard", "schedules")
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
    create_breakers()
    create_charges()
    create_schedules()
    create_cursors()
    create_quarantine()
    create_findings()


def downgrade() -> None:
    for table in (*PULLS, "charges", "breakers", "deliveries", *REST, *reversed(PROMOTED)):
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
    still_open, under_way = sa.text("state IN ('due', 'leased')"), sa.text("state = 'leased'")
    given_up = sa.text("state = 'dead'")
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
        sa.Column("ambiguous", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("http", sa.Integer),
        sa.Column("ocpi", sa.Integer),
        sa.Column("reason", sa.String(20)),
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
    op.create_index(
        "ix_deliveries_under_way",
        "deliveries",
        ["partner_id", "next_at"],
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    op.create_index(
        "ix_deliveries_given_up",
        "deliveries",
        ["partner_id"],
        sqlite_where=given_up,
        postgresql_where=given_up,
    )


def create_breakers() -> None:
    op.create_table(
        "breakers",
        partner_id(primary_key=True),
        sa.Column("gate", sa.String(10), nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("window_at", sa.BigInteger, nullable=False),
        sa.Column("tried", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("pauses", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("error", sa.String(500)),
        sa.Column("discovered_at", sa.BigInteger),
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


def create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        partner_id(index=True),
        sa.Column("job", sa.String(20), nullable=False),
        sa.Column("module", sa.String(30)),
        sa.Column("every", sa.String(100), nullable=False),
        sa.Column("splay", sa.Integer, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("slot", sa.BigInteger),
        sa.Column("through", sa.BigInteger),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("outcome", sa.String(10)),
        sa.Column("told", sa.String(500)),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Index("ix_schedules_due", "next_at"),
    )
    op.create_table("heard", partner_id(primary_key=True), sa.Column("at", sa.BigInteger, nullable=False))


def create_cursors() -> None:
    op.create_table(
        "cursors",
        partner_id(primary_key=True),
        sa.Column("module", sa.String(30), primary_key=True),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("watermark", sa.BigInteger),
        sa.Column("since", sa.BigInteger),
        sa.Column("begun_at", sa.BigInteger),
        sa.Column("bound", sa.BigInteger),
        sa.Column("newest", sa.BigInteger),
        sa.Column("link", sa.Text),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Column("shrunk", sa.Boolean, nullable=False),
        sa.Column("bad", sa.Integer, nullable=False),
        sa.Column("completed_at", sa.BigInteger),
    )
    op.create_table(
        "listed",
        partner_id(primary_key=True),
        sa.Column("module", sa.String(30), primary_key=True),
        sa.Column("owner", sa.String(5), primary_key=True),
        sa.Column("key", sa.String(80), primary_key=True),
    )


def create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", SERIAL, primary_key=True),
        partner_id(nullable=False),
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("object_key", sa.String(100), nullable=False),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("reading", sa.String(64), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("partner_id", "module", "object_key"),
    )


def create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("kind", sa.String(30), nullable=False),
        partner_id(nullable=False, index=True),
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("object_key", sa.String(100), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("kind", "partner_id", "module", "owner", "object_key"),
    )
