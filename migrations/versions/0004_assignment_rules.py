"""Assignment rules, memberships, balances of allowances, and what each charge stands on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = (
    "charge_grounds",
    "allowance_uses",
    "allowance_balances",
    "rule_states",
    "memberships",
    "assignment_rules",
)


def upgrade() -> None:
    create_rules()
    create_memberships()
    create_allowances()
    create_grounds()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def create_rules() -> None:
    op.create_table(
        "assignment_rules",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("matches", sa.Text, nullable=False),
        sa.Column("tariff_id", sa.String(80)),
        sa.Column("value", sa.BigInteger),
        sa.Column("per", sa.String(10)),
        sa.Column("currency", sa.String(3)),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("valid_to", sa.BigInteger),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("replaces", SERIAL),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.String(100)),
        sa.Column("end_reason", sa.String(255)),
    )
    op.create_index("ix_assignment_rules_owner", "assignment_rules", ["owner"])
    op.create_table(
        "rule_states",
        sa.Column("owner", sa.String(5), primary_key=True),
        sa.Column("state", sa.String(32), nullable=False),
    )


def create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("member", sa.String(80), nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("valid_to", sa.BigInteger),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_memberships_member", "memberships", ["owner", "member"])
    op.create_index("ix_memberships_name", "memberships", ["owner", "kind", "name"])


def create_allowances() -> None:
    op.create_table(
        "allowance_balances",
        sa.Column("rule_id", SERIAL, sa.ForeignKey("assignment_rules.id"), primary_key=True),
        sa.Column("holder", sa.String(80), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("used", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "allowance_uses",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("rule_id", SERIAL, sa.ForeignKey("assignment_rules.id"), nullable=False),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("session_key", sa.String(80), nullable=False),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("owner", "session_key", "rule_id"),
    )


def create_grounds() -> None:
    op.create_table(
        "charge_grounds",
        sa.Column("owner", sa.String(5), primary_key=True),
        sa.Column("session_key", sa.String(80), primary_key=True),
        sa.Column("tariff_key", sa.String(80)),
        sa.Column("tariff_version", sa.Integer),
        sa.Column("rule_id", SERIAL, sa.ForeignKey("assignment_rules.id")),
        sa.Column("adjusted_by", sa.Text, nullable=False),
        sa.Column("policy", sa.String(20), nullable=False),
    )
