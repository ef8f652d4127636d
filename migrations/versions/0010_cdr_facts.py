"""What exports tell of a CDR by itself, written out once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "cdr_facts",
        sa.Column("cdr_seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("layout", sa.String(24), nullable=False),
        sa.Column("contract", sa.String(80)),
        sa.Column("apart", sa.Text, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("exact", sa.Text),
        sa.PrimaryKeyConstraint("cdr_seq", name="pk_cdr_facts"),
    )


def downgrade() -> None:
    op.drop_table("cdr_facts")
