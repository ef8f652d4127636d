"""Invoice reconciliation records, and which CDRs each of them bills."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DOCUMENTS = "invoicereconciliation"
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_documents()
    create_records()
    create_cdrs()


def downgrade() -> None:
    for name in ("invoice_cdrs", "invoice_records", DOCUMENTS):
        op.drop_table(name)


def create_documents() -> None:
    """Of the shape that all modules share."""
    op.create_table(
        DOCUMENTS,
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("audience", sa.String(5)),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("last_updated", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        sa.Column("sent", sa.LargeBinary, nullable=False),
        sa.Column("newest", sa.LargeBinary),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{DOCUMENTS}"),
        sa.UniqueConstraint("owner", "key", name=f"uq_{DOCUMENTS}_owner_key"),
        sqlite_autoincrement=True,
    )
    indexes = {
        "key": ["key"],
        "updated": ["last_updated", "seq", "owner", "audience", "deleted_at"],
        "audience": ["audience", "seq", "last_updated", "owner", "deleted_at"],
    }
    for name, columns in indexes.items():
        op.create_index(f"ix_{DOCUMENTS}_{name}", DOCUMENTS, columns)


def create_records() -> None:
    op.create_table(
        "invoice_records",
        sa.Column("document", SERIAL, nullable=False, autoincrement=False),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("record_key", sa.String(80), nullable=False),
        sa.Column("invoice_id", sa.String(255), nullable=False),
        sa.Column("invoice_key", sa.String(255), nullable=False),
        sa.Column("cpo", sa.String(5)),
        sa.Column("emsp", sa.String(5)),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("statement_id", SERIAL),
        sa.Column("part", sa.Integer),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("document", name="pk_invoice_records"),
    )
    op.create_index("ix_invoice_records_invoice", "invoice_records", ["owner", "invoice_key"])
    op.create_index("ix_invoice_records_statement", "invoice_records", ["statement_id"])


def create_cdrs() -> None:
    op.create_table(
        "invoice_cdrs",
        sa.Column("document", SERIAL, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("cpo", sa.String(5)),
        sa.Column("cdr_key", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("document", "place", name="pk_invoice_cdrs"),
    )
    op.create_index("ix_invoice_cdrs_cdr", "invoice_cdrs", ["cpo", "cdr_key"])
