"""Clearing: agreements between CPOs and eMSPs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("cpo", sa.String(5), nullable=False),
        sa.Column("emsp", sa.String(5), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("valid_to", sa.BigInteger),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_agreements"),
        sa.UniqueConstraint(
            "cpo", "emsp", "currency", "number", name="uq_agreements_cpo_emsp_currency_number"
        ),
        sa.UniqueConstraint(
            "cpo", "emsp", "currency", "valid_from", name="uq_agreements_cpo_emsp_currency_valid_from"
        ),
    )


def downgrade() -> None:
    op.drop_table("agreements")
