"""Prices from a market: those known, the folders they come from, and the files that were read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_prices()
    create_sources()
    create_files()


def downgrade() -> None:
    for table in ("curve_files", "curve_sources", "curve_prices"):
        op.drop_table(table)


def create_prices() -> None:
    op.create_table(
        "curve_prices",
        sa.Column("owner", sa.String(5), primary_key=True),
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("price", sa.String(60), nullable=False),
    )


def create_sources() -> None:
    op.create_table(
        "curve_sources",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("template", sa.LargeBinary),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("looked_at", sa.BigInteger),
        sa.Column("trouble", sa.Text),
        sa.UniqueConstraint("owner", "key", "folder"),
    )


def create_files() -> None:
    op.create_table(
        "curve_files",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("source_id", SERIAL, sa.ForeignKey("curve_sources.id", ondelete="CASCADE")),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("modified", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("until", sa.BigInteger),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.UniqueConstraint("source_id", "content_hash"),
    )
