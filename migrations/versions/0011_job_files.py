"""Files that jobs have made, in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "job_files",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column(
            "task_id", SERIAL, sa.ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("size", sa.BigInteger),
        sa.Column("sha256", sa.String(64)),
    )
    op.create_table(
        "job_file_parts",
        sa.Column("file_id", SERIAL, sa.ForeignKey("job_files.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in ("job_file_parts", "job_files"):
        op.drop_table(table)
