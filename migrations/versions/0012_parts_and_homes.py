"""A CDR may be credited in parts, each by a CDR of its own; CDRs of home chargers are known by their rows."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = b"home_charging_compensation"


def upgrade() -> None:
    op.drop_index("uq_cdrs_credited", "cdrs")
    op.add_column("clearings", sa.Column("home", sa.Boolean, nullable=False, server_default=sa.false()))
    homes = [{"seq": seq} for seq in compensated(op.get_bind())]
    if homes:
        mark = sa.text("UPDATE clearings SET home = :home WHERE cdr_seq = :seq")
        op.get_bind().execute(mark, [each | {"home": True} for each in homes])
    mine = sa.text("home")
    op.create_index(
        "ix_clearings_home", "clearings", ["statement_id"], sqlite_where=mine, postgresql_where=mine
    )


def downgrade() -> None:
    op.drop_index("ix_clearings_home", "clearings")
    op.drop_column("clearings", "home")
    op.create_index("uq_cdrs_credited", "cdrs", ["owner", "credit_reference_id"], unique=True)


def compensated(connection: sa.Connection) -> list[int]:
    """The numbers of CDRs that say so; few name it at all."""
    cdrs = sa.table("cdrs", *map(sa.column, ("seq", "newest", "sent")))
    body = sa.func.coalesce(cdrs.c.newest, cdrs.c.sent)
    place = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.pg_catalog.position
    query = sa.select(cdrs.c.seq, body.label("body")).where(place(body, sa.literal(NAME)) > 0)
    found = connection.execute(query)
    return [row.seq for row in found if json.loads(bytes(row.body)).get(NAME.decode()) is True]
