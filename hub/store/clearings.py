"""The tables of clearing: what became of each CDR, how CPOs want theirs checked, the keys of meters."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Index, String, Table, Text, UniqueConstraint, false, text

from hub.store.base import Instant, Micro, Serial, metadata, micro

clearings = Table(
    "clearings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),  # the CPO
    Column("cdr_key", String(80), nullable=False),
    Column("cdr_seq", Serial, nullable=False),  # in `cdrs`
    Column("emsp", String(5), nullable=False),
    Column("kind", String(11), nullable=False),  # NORMAL, CREDIT, PARTIAL: a credit in part, REPLACEMENT
    Column("home", Boolean, nullable=False, server_default=false()),  # home_charging_compensation
    Column("state", String(10), nullable=False),
    Column("codes", Text, nullable=False, server_default="[]"),  # JSON: [code, severity, detail]
    Column("received_at", Instant, nullable=False),
    Column("checked_at", Instant),
    Column("next_check_at", Instant),  # of what is HELD: when it is looked at again
    # What other CDRs are compared with
    Column("session_key", String(80)),
    Column("evse_key", String(80), nullable=False),
    Column("connector_key", String(80), nullable=False),
    Column("token_key", String(80), nullable=False),
    Column("reference", String(80)),  # authorization_reference
    Column("credits", String(80)),  # of a credit: cdr_key of what it takes back
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("energy", Micro, nullable=False),  # kWh
    Column("fingerprint", String(64)),  # SHA-256 of the meter's public key, as the CDR tells it
    Column("latitude", Micro),
    Column("longitude", Micro),
    # What it costs, as told and as recomputed
    Column("currency", String(3), nullable=False),
    Column("net", Micro, nullable=False),
    Column("gross", Micro),
    Column("expected_net", Micro),
    Column("expected_gross", Micro),
    Column("carried_net", Micro),
    Column("carried_gross", Micro),
    Column("cause", String(80)),
    # What it stands on
    Column("agreement_id", Serial),
    Column("tariff_version_id", Serial),
    Column("rules", Text),  # JSON: ids of assignment and adjustment rules
    Column("engine", String(20)),
    Column("policy", Text),
    Column("input_hash", String(64)),
    Column("credited_by", String(80)),  # cdr_key of its credit
    Column("replaced_by", String(80)),
    Column("statement_id", Serial),
    UniqueConstraint("owner", "cdr_key"),
    Index("ix_clearings_state", "state", "next_check_at"),
    Index("ix_clearings_session", "owner", "session_key"),
    Index("ix_clearings_evse", "owner", "evse_key", "started_at"),
    Index("ix_clearings_token", "token_key", "started_at"),
    Index("ix_clearings_reference", "owner", "reference"),
    Index("ix_clearings_credits", "owner", "credits"),
    Index("ix_clearings_agreement", "agreement_id", "state", "ended_at"),
    Index("ix_clearings_statement", "statement_id"),
    Index("ix_clearings_cdr", "cdr_seq"),
)

Index(
    "ix_clearings_home",
    clearings.c.statement_id,
    sqlite_where=clearings.c.home,
    postgresql_where=clearings.c.home,
)

TOLD = text("fingerprint IS NOT NULL")
Index(
    "ix_clearings_fingerprint",
    *(clearings.c[name] for name in ("owner", "evse_key", "started_at")),
    sqlite_where=TOLD,
    postgresql_where=TOLD,
)

AMOUNTS = frozenset(column.name for column in clearings.c if isinstance(column.type, Micro))


def in_millionths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of `clearings` as the database has them: ready statements make no whole number of an amount."""
    return {
        name: micro(value) if name in AMOUNTS and value is not None else value
        for name, value in values.items()
    }


clearing_progress = Table(
    "clearing_progress",
    metadata,
    Column("id", Serial, primary_key=True),  # 1: there is one row
    Column("through", Serial, nullable=False),  # up to this cdr_seq every CDR has its row
)

clearing_events = Table(
    "clearing_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("clearing_id", Serial, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("before", String(10)),
    Column("after", String(10), nullable=False),
    Column("why", Text),
    Column("codes", Text, nullable=False, server_default="[]"),
)

check_settings = Table(
    "check_settings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("party", String(5), nullable=False),  # the CPO whose CDRs it is for; empty: of all
    Column("code", String(8), nullable=False),
    Column("severity", String(6)),  # null: as usual
    Column("limits", Text, nullable=False, server_default="{}"),  # JSON: name -> number as text
    Column("author", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("party", "code"),
)

meter_keys = Table(
    "meter_keys",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),
    Column("evse_key", String(80), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text),
    UniqueConstraint("owner", "evse_key", "valid_from"),
)
