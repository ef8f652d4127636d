"""The tries of deliveries, the runs of schedules, whose waits were told, and what each partner was told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = ("introductions", "alerts", "runs", "attempts")


def upgrade() -> None:
    create_attempts()
    create_runs()
    create_alerts()
    create_introductions()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("delivery_id", SERIAL, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("rev", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("millis", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("http", sa.Integer),
        sa.Column("ocpi", sa.Integer),
        sa.Column("answer", sa.String(300)),
        sa.Column("correlation_id", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name="fk_attempts_delivery_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_attempts_delivery_id", "attempts", ["delivery_id"])


def create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("schedule_id", SERIAL, nullable=False),
        sa.Column("slot", sa.BigInteger),
        sa.Column("through", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("told", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_runs_schedule_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_runs_schedule_id", "runs", ["schedule_id"])


def create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("partner_id", SERIAL, nullable=False),
        sa.Column("hours", sa.Integer, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name="pk_alerts"),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name="fk_alerts_partner_id", ondelete="CASCADE"
        ),
    )


def create_introductions() -> None:
    op.create_table(
        "introductions",
        sa.Column("partner_id", SERIAL, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name="pk_introductions"),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name="fk_introductions_partner_id", ondelete="CASCADE"
        ),
    )
