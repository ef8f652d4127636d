"""The last CDR of an EVSE that told its meter's key is found however many did not."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TOLD = sa.text("fingerprint IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_clearings_fingerprint",
        "clearings",
        ["owner", "evse_key", "started_at"],
        sqlite_where=TOLD,
        postgresql_where=TOLD,
    )


def downgrade() -> None:
    op.drop_index("ix_clearings_fingerprint", "clearings")
