"""Packed history of CDRs; what there is of them is packed by the job `history`, later."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_history_owner_month", "history", ["owner", "month"])
    op.create_table(
        "history_unread",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_history_unread"),
    )
    op.create_table(
        "history_progress",
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("through", sa.BigInteger, nullable=False),
        sa.Column("gaps", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("module", name="pk_history_progress"),
    )


def downgrade() -> None:
    for table in ("history_progress", "history_unread", "history"):
        op.drop_table(table)
