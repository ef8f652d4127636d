"""Operators: users, their tokens, the audit trail, idempotency keys, jobs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
REFUSED = "audit events stay as they were written"
RAISE = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
BODY = f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
CHANGES = "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT"
FORBIDDING = (
    ("sqlite", f"CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events {RAISE}"),
    ("sqlite", f"CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events {RAISE}"),
    ("postgresql", f"CREATE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS {BODY}"),
    ("postgresql", f"CREATE TRIGGER audit_events_stay {CHANGES} EXECUTE FUNCTION audit_events_stay()"),
)


def upgrade() -> None:
    create_audit()
    create_users()
    create_tokens()
    create_idempotency()
    create_tasks()


def downgrade() -> None:
    for table in ("tasks", "idempotency_keys", "api_tokens", "users", "audit_events"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_stay")


def create_audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False, index=True),
        sa.Column("via", sa.String(4), nullable=False),
        sa.Column("request_id", sa.String(200)),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("what", sa.String(200), nullable=False, index=True),
        sa.Column("before", sa.String(64)),
        sa.Column("after", sa.String(64)),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    for engine, statement in FORBIDDING:
        if engine == op.get_bind().dialect.name:
            op.execute(statement)


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("party", sa.String(5)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
    )


def user_id(**options: Any) -> sa.Column[int]:
    return sa.Column("user_id", SERIAL, sa.ForeignKey("users.id", ondelete="CASCADE"), **options)


def create_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", SERIAL, primary_key=True),
        user_id(nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
    )


def create_idempotency() -> None:
    op.create_table(
        "idempotency_keys",
        user_id(primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("request", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index("ix_idempotency_keys_at", "at"),
    )


def create_tasks() -> None:
    still_open = sa.text("state IN ('queued', 'running')")
    op.create_table(
        "tasks",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("input", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("progress", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("total", sa.Integer),
        sa.Column("result", sa.LargeBinary),
        sa.Column("error", sa.Text),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("party", sa.String(5)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger),
    )
    op.create_index("ix_tasks_open", "tasks", ["id"], sqlite_where=still_open, postgresql_where=still_open)
