"""Clearing: agreements between CPOs and eMSPs, what becomes of each CDR, and how it is checked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    "export_folders",
    "number_series",
    "statement_events",
    "statement_revisions",
    "statement_totals",
    "statement_lines",
    "statements",
    "period_carried",
    "periods",
    "cdr_conflicts",
    "dispute_messages",
    "disputes",
    "adjustments",
    "entries",
    "postings",
    "meter_keys",
    "check_settings",
    "clearing_events",
    "clearing_progress",
    "clearings",
    "agreements",
)
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_agreements()
    create_clearings()
    create_settings()
    create_ledger()
    create_closing()
    create_disputes()
    create_evidence()
    create_exports()


def downgrade() -> None:
    op.drop_index("uq_cdrs_credited", "cdrs")
    for name in TABLES:
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_stays")
        op.execute("DROP FUNCTION closed_stays")


def create_agreements() -> None:
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


def create_clearings() -> None:
    op.create_table(
        "clearings",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"owner": 5, "cdr_key": 80}),
        sa.Column("cdr_seq", SERIAL, nullable=False),
        *texts({"emsp": 5, "kind": 11, "state": 10}),
        sa.Column("codes", sa.Text, nullable=False, server_default="[]"),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        *numbers("checked_at", "next_check_at"),
        sa.Column("session_key", sa.String(80)),
        *texts({"evse_key": 80, "connector_key": 80, "token_key": 80}),
        *(sa.Column(name, sa.String(80)) for name in ("reference", "credits")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("started_at", "ended_at", "energy")),
        sa.Column("fingerprint", sa.String(64)),
        *numbers("latitude", "longitude"),
        *texts({"currency": 3}),
        sa.Column("net", sa.BigInteger, nullable=False),
        *numbers("gross", "expected_net", "expected_gross", "carried_net", "carried_gross"),
        sa.Column("cause", sa.String(80)),
        *(sa.Column(name, SERIAL) for name in ("agreement_id", "tariff_version_id")),
        sa.Column("rules", sa.Text),
        sa.Column("engine", sa.String(20)),
        sa.Column("policy", sa.Text),
        sa.Column("input_hash", sa.String(64)),
        *(sa.Column(name, sa.String(80)) for name in ("credited_by", "replaced_by")),
        sa.Column("statement_id", SERIAL),
        sa.UniqueConstraint("owner", "cdr_key", name="uq_clearings_owner_cdr_key"),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"ix_clearings_{name}", "clearings", columns)
    op.create_table(
        "clearing_progress",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("through", SERIAL, nullable=False),
    )
    op.create_table(
        "clearing_events",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("clearing_id", SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *texts({"by": 100}),
        sa.Column("before", sa.String(10)),
        *texts({"after": 10}),
        sa.Column("why", sa.Text),
        sa.Column("codes", sa.Text, nullable=False, server_default="[]"),
    )
    op.create_index("ix_clearing_events_clearing_id", "clearing_events", ["clearing_id"])


INDEXES = {
    "state": ["state", "next_check_at"],
    "session": ["owner", "session_key"],
    "evse": ["owner", "evse_key", "started_at"],
    "token": ["token_key", "started_at"],
    "reference": ["owner", "reference"],
    "credits": ["owner", "credits"],
    "agreement": ["agreement_id", "state", "ended_at"],
    "statement": ["statement_id"],
    "cdr": ["cdr_seq"],
}


def create_ledger() -> None:
    op.create_table(
        "postings",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"kind": 20, "document": 60, "key": 120}),
        sa.Column("reverses", SERIAL, sa.ForeignKey("postings.id", name="fk_postings_reverses")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("effective_at", "posted_at")),
        *texts({"by": 100}),
        sa.Column("why", sa.Text),
        sa.UniqueConstraint("key", name="uq_postings_key"),
        sa.UniqueConstraint("reverses", name="uq_postings_reverses"),
    )
    op.create_index("ix_postings_document", "postings", ["document"])
    op.create_table(
        "entries",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column(
            "posting_id",
            SERIAL,
            sa.ForeignKey("postings.id", name="fk_entries_posting_id"),
            nullable=False,
        ),
        *texts({"account": 60, "currency": 3}),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("period", sa.String(7)),
        sa.Column("tax", sa.String(20)),
    )
    op.create_index("ix_entries_posting_id", "entries", ["posting_id"])
    op.create_index("ix_entries_account", "entries", ["account", "currency"])
    for engine, statement in FORBIDDING:
        if engine == op.get_bind().dialect.name:
            op.execute(statement)


STAYS = "what was posted stays as it was"
RAISE = f"BEGIN SELECT RAISE(ABORT, '{STAYS}'); END"
BODY = f"$$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$"
CHANGES = "BEFORE UPDATE OR DELETE OR TRUNCATE"
FUNCTION = "FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()"
FORBIDDING = (
    *(
        ("sqlite", f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {RAISE}")
        for table in ("postings", "entries")
        for verb in ("UPDATE", "DELETE")
    ),
    ("postgresql", f"CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS {BODY}"),
    *(
        (
            "postgresql",
            f"CREATE TRIGGER {table}_stay {CHANGES} ON {table} {FUNCTION}",
        )
        for table in ("postings", "entries")
    ),
)


def create_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("clearing_id", SERIAL, nullable=False),
        *texts({"cpo": 5, "emsp": 5, "cdr_key": 80, "opened_by": 5, "reason": 20}),
        *numbers("claimed"),
        *texts({"currency": 3}),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("opened_at", "due_at")),
        *texts({"by": 100}),
        sa.Column("outcome", sa.String(10)),
        *numbers("closed_at"),
        sa.Column("closed_by", sa.String(100)),
        sa.Column("why", sa.Text),
        *(sa.Column(name, sa.String(80)) for name in ("credit_key", "replacement_key")),
        sa.Column("adjustment_id", SERIAL),
    )
    op.create_index("ix_disputes_clearing_id", "disputes", ["clearing_id"])
    op.create_index("ix_disputes_due", "disputes", ["outcome", "due_at"])
    still = sa.text("outcome IS NULL")
    op.create_index(
        "uq_disputes_open",
        "disputes",
        ["clearing_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_table(
        "dispute_messages",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("dispute_id", SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("party", sa.String(5)),
        *texts({"by": 100}),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("file", sa.String(200)),
        sa.Column("sha256", sa.String(64)),
    )
    op.create_index("ix_dispute_messages_dispute_id", "dispute_messages", ["dispute_id"])
    op.create_table(
        "adjustments",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"key": 160, "kind": 10}),
        sa.Column("agreement_id", SERIAL),
        *texts({"cpo": 5, "emsp": 5, "currency": 3}),
        sa.Column("cdr_key", sa.String(80)),
        sa.Column("dispute_id", SERIAL),
        sa.Column("net", sa.BigInteger, nullable=False),
        *numbers("gross"),
        sa.Column("taxes", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("service_at", "at")),
        *texts({"by": 100}),
        sa.Column("why", sa.Text),
        sa.Column("reverses", SERIAL),
        sa.Column("statement_id", SERIAL),
        sa.UniqueConstraint("key", name="uq_adjustments_key"),
        sa.UniqueConstraint("reverses", name="uq_adjustments_reverses"),
    )
    op.create_index("ix_adjustments_cdr", "adjustments", ["cpo", "cdr_key"])
    op.create_index("ix_adjustments_statement", "adjustments", ["statement_id"])


def create_evidence() -> None:
    """A CDR is credited once; what was sent under its id with another content is kept."""
    op.create_index("uq_cdrs_credited", "cdrs", ["owner", "credit_reference_id"], unique=True)
    op.create_table(
        "cdr_conflicts",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"owner": 5, "cdr_key": 80, "sha256": 64, "edition": 10}),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("first_at", "seen_at")),
        sa.UniqueConstraint("owner", "cdr_key", "sha256", name="uq_cdr_conflicts_owner_cdr_key_sha256"),
    )


def create_closing() -> None:
    op.create_table(
        "periods",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("agreement_id", SERIAL, nullable=False),
        *texts({"month": 7}),
        *needed("starts_at", "ends_at", "closed_at"),
        *texts({"closed_by": 100}),
        sa.UniqueConstraint("agreement_id", "month", name="uq_periods_agreement_id_month"),
    )
    op.create_index("ix_periods_month", "periods", ["month"])
    op.create_table(
        "period_carried",
        sa.Column("id", SERIAL, primary_key=True),
        refers("period_carried", "period_id", "periods.id"),
        sa.Column("clearing_id", SERIAL, nullable=False),
        *texts({"owner": 5, "cdr_key": 80, "state": 10}),
        *needed("net"),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_period_carried_period_id", "period_carried", ["period_id"])
    create_statements()
    create_lines()
    op.create_table(
        "number_series",
        sa.Column("series", sa.String(30), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    for table, free in MAY_CHANGE.items():
        forbid(table, free)


def create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", SERIAL, primary_key=True),
        refers("statements", "period_id", "periods.id"),
        sa.Column("agreement_id", SERIAL, nullable=False),
        *texts({"cpo": 5, "emsp": 5, "currency": 3, "month": 7}),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("terms", "parties")),
        *needed("created_at"),
        *texts({"state": 9}),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("number", sa.String(40)),
        *numbers("approved_at", "sent_at", "due_at", "final_at"),
        sa.UniqueConstraint("period_id", name="uq_statements_period_id"),
        sa.UniqueConstraint("number", name="uq_statements_number"),
    )
    op.create_index("ix_statements_month", "statements", ["month"])
    op.create_table(
        "statement_totals",
        sa.Column("id", SERIAL, primary_key=True),
        refers("statement_totals", "statement_id", "statements.id"),
        sa.Column("revision", sa.Integer, nullable=False),
        *texts({"category": 2}),
        *needed("rate", "base", "net", "tax"),
        sa.UniqueConstraint(
            "statement_id",
            "revision",
            "category",
            "rate",
            name="uq_statement_totals_statement_id_revision_category_rate",
        ),
    )
    op.create_table(
        "statement_revisions",
        sa.Column("id", SERIAL, primary_key=True),
        refers("statement_revisions", "statement_id", "statements.id"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("revision", "lines")),
        *needed("net", "tax", "gross", "fee", "receivable", "payable"),
        *texts({"checksum": 64}),
        *needed("made_at"),
        *texts({"made_by": 100}),
        sa.Column("why", sa.Text),
        sa.UniqueConstraint("statement_id", "revision", name="uq_statement_revisions_statement_id_revision"),
    )
    op.create_table(
        "statement_events",
        sa.Column("id", SERIAL, primary_key=True),
        refers("statement_events", "statement_id", "statements.id"),
        *needed("at"),
        *texts({"by": 100}),
        sa.Column("before", sa.String(9)),
        *texts({"after": 9}),
        sa.Column("why", sa.Text),
    )
    op.create_index("ix_statement_events_statement_id", "statement_events", ["statement_id"])


def create_lines() -> None:
    op.create_table(
        "statement_lines",
        sa.Column("id", SERIAL, primary_key=True),
        refers("statement_lines", "statement_id", "statements.id"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("number", "revision")),
        *texts({"kind": 11}),
        *(sa.Column(name, SERIAL) for name in ("clearing_id", "adjustment_id")),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("cdr_key", sa.String(80)),
        *numbers("ended_at"),
        *texts({"service_month": 7}),
        *needed("energy"),
        *texts({"category": 2}),
        *needed("rate", "base", "net", "tax", "fee"),
        sa.Column("text", sa.Text),
        sa.Column("engine", sa.String(20)),
        sa.Column("policy", sa.Text),
        sa.Column("input_hash", sa.String(64)),
        sa.Column("left_in", sa.Integer),
        sa.UniqueConstraint("statement_id", "number", name="uq_statement_lines_statement_id_number"),
    )
    standing = sa.text("left_in IS NULL")
    op.create_index(
        "uq_statement_lines_clearing",
        "statement_lines",
        ["clearing_id", "part"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_statement_lines_adjustment", "statement_lines", ["adjustment_id"])


MAY_CHANGE = {
    "periods": (),
    "period_carried": (),
    "statements": ("state", "revision", "number", "approved_at", "sent_at", "due_at", "final_at"),
    "statement_lines": ("left_in",),
    "statement_totals": (),
    "statement_revisions": (),
    "statement_events": (),
}
"""The only columns of what was closed that change afterwards."""


def forbid(table: str, free: tuple[str, ...]) -> None:
    """The database itself refuses to change what was closed."""
    connection, stays = op.get_bind(), "what was closed stays as it was"
    names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    fixed = ", ".join(f'"{name}"' for name in names if name not in free)
    if connection.dialect.name == "sqlite":
        for verb, what in (("update", f"UPDATE OF {fixed}"), ("delete", "DELETE")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{stays}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION closed_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{stays}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE OF {fixed} OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION closed_stays()"
    )


def refers(table: str, column: str, to: str) -> sa.Column[int]:
    """A column that must name a row of another table."""
    key = sa.ForeignKey(to, name=f"fk_{table}_{column}")
    return sa.Column(column, SERIAL, key, nullable=False)


def needed(*names: str) -> list[sa.Column[int]]:
    """Columns of whole numbers that must be there."""
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def create_exports() -> None:
    op.create_table(
        "export_folders",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"kind": 30, "format": 10}),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("agreement_id", SERIAL),
        *(sa.Column(name, sa.String(5)) for name in ("cpo", "emsp")),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("mark", "running")),
        sa.Column("author", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("added_at", "next_at")),
        *numbers("written_at"),
        sa.Column("told", sa.Text),
    )
    op.create_index("ix_export_folders_next", "export_folders", ["next_at"])


def create_settings() -> None:
    op.create_table(
        "check_settings",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"party": 5, "code": 8}),
        sa.Column("severity", sa.String(6)),
        sa.Column("limits", sa.Text, nullable=False, server_default="{}"),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("party", "code", name="uq_check_settings_party_code"),
    )
    op.create_table(
        "meter_keys",
        sa.Column("id", SERIAL, primary_key=True),
        *texts({"owner": 5, "evse_key": 80}),
        sa.Column("public_key", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("valid_from", "recorded_at")),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint(
            "owner", "evse_key", "valid_from", name="uq_meter_keys_owner_evse_key_valid_from"
        ),
    )


def texts(lengths: dict[str, int]) -> list[sa.Column[str]]:
    """Columns of short texts that must be there."""
    return [sa.Column(name, sa.String(length), nullable=False) for name, length in lengths.items()]


def numbers(*names: str) -> list[sa.Column[int]]:
    """Columns of whole numbers that may be missing."""
    return [sa.Column(name, sa.BigInteger) for name in names]
