"""The tables of closing: periods, statements with their lines and totals, and the numbers of documents.

What a close has written stays: the database itself refuses to change it, but for the columns in `MAY_CHANGE`.
"""

from collections.abc import Mapping

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hub.store.base import Instant, Micro, Serial, metadata
from hub.store.growing import only_growing

periods = Table(
    "periods",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("agreement_id", Serial, nullable=False),
    Column("month", String(7), nullable=False),  # "2026-10", by the clocks of the agreement
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("closed_by", String(100), nullable=False),
    UniqueConstraint("agreement_id", "month"),  # a month is closed once, whoever tries at once
    Index("ix_periods_month", "month"),
)
"""A row is a month that is closed; one without a row is open."""

period_carried = Table(
    "period_carried",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("period_id", ForeignKey("periods.id"), nullable=False, index=True),
    Column("clearing_id", Serial, nullable=False),
    Column("owner", String(5), nullable=False),
    Column("cdr_key", String(80), nullable=False),
    Column("state", String(10), nullable=False),  # when the period was closed
    Column("net", Micro, nullable=False),
    Column("why", Text, nullable=False),
)
"""What ended in a period, or before it, and was on no statement when it was closed."""

statements = Table(
    "statements",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("period_id", ForeignKey("periods.id"), nullable=False),
    Column("agreement_id", Serial, nullable=False),
    Column("cpo", String(5), nullable=False),
    Column("emsp", String(5), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("month", String(7), nullable=False),
    Column("terms", Text, nullable=False),  # JSON of hub.parties.terms.Terms, as they were
    Column("parties", Text, nullable=False),  # JSON: names and VAT numbers, as they were
    Column("created_at", Instant, nullable=False),
    Column("state", String(9), nullable=False),
    Column("revision", Integer, nullable=False),  # 1, and one more each time that lines leave
    Column("number", String(40)),  # given when it is approved
    Column("approved_at", Instant),
    Column("sent_at", Instant),
    Column("due_at", Instant),  # when it is to be paid
    Column("final_at", Instant),
    UniqueConstraint("period_id"),
    UniqueConstraint("number"),
    Index("ix_statements_month", "month"),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("statement_id", ForeignKey("statements.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1 to n on its statement
    Column("revision", Integer, nullable=False),  # with which it came
    Column("kind", String(11), nullable=False),  # NORMAL, CREDIT, REPLACEMENT, ADJUSTMENT, FEE, ROUNDING
    Column("clearing_id", Serial),
    Column("adjustment_id", Serial),
    Column("part", Integer, nullable=False),  # 1 to n of a CDR that has several rates
    Column("cdr_key", String(80)),
    Column("ended_at", Instant),
    Column("service_month", String(7), nullable=False),  # an earlier one than the statement's: it came late
    Column("energy", Micro, nullable=False),  # kWh, below nought when they are credited; on part 1 alone
    Column("category", String(2), nullable=False),
    Column("rate", Micro, nullable=False),  # percent
    Column("base", Micro, nullable=False),  # exact, as the CDR tells it
    Column("net", Micro, nullable=False),  # its share of the document, in whole units of the currency
    Column("tax", Micro, nullable=False),
    Column("fee", Micro, nullable=False),  # of the hub, exact to six places; on part 1 alone
    Column("text", Text),
    Column("engine", String(20)),
    Column("policy", Text),
    Column("input_hash", String(64)),
    Column("left_in", Integer),  # with which revision it left the statement
    UniqueConstraint("statement_id", "number"),
    Index(
        "uq_statement_lines_clearing",  # a CDR stands on one statement at a time
        "clearing_id",
        "part",
        unique=True,
        sqlite_where=text("left_in IS NULL"),
        postgresql_where=text("left_in IS NULL"),
    ),
    Index("ix_statement_lines_adjustment", "adjustment_id"),
)

statement_totals = Table(
    "statement_totals",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("statement_id", ForeignKey("statements.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("category", String(2), nullable=False),
    Column("rate", Micro, nullable=False),
    Column("base", Micro, nullable=False),  # the exact sum
    Column("net", Micro, nullable=False),  # the same rounded: what is taxed
    Column("tax", Micro, nullable=False),
    UniqueConstraint("statement_id", "revision", "category", "rate"),
)

statement_revisions = Table(
    "statement_revisions",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("statement_id", ForeignKey("statements.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("lines", Integer, nullable=False),  # those that stand, but for FEE and ROUNDING
    Column("net", Micro, nullable=False),
    Column("tax", Micro, nullable=False),
    Column("gross", Micro, nullable=False),
    Column("fee", Micro, nullable=False),
    Column("receivable", Micro, nullable=False),  # what the eMSP owes
    Column("payable", Micro, nullable=False),  # what the CPO gets
    Column("checksum", String(64), nullable=False),  # SHA-256 of its lines and totals
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("why", Text),
    UniqueConstraint("statement_id", "revision"),
)

statement_events = Table(
    "statement_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("statement_id", ForeignKey("statements.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("before", String(9)),
    Column("after", String(9), nullable=False),
    Column("why", Text),
)

number_series = Table(
    "number_series",
    metadata,
    Column("series", String(30), primary_key=True),  # "NLCPO-2026"
    Column("last", Integer, nullable=False),
)

MAY_CHANGE: Mapping[Table, frozenset[str]] = {
    periods: frozenset(),
    period_carried: frozenset(),
    statements: frozenset(
        {"state", "revision", "number", "approved_at", "sent_at", "due_at", "final_at"},
    ),
    statement_lines: frozenset({"left_in"}),
    statement_totals: frozenset(),
    statement_revisions: frozenset(),
    statement_events: frozenset(),
}
for each, names in MAY_CHANGE.items():
    only_growing(each, function="closed_stays", says="what was closed stays as it was", but=names)
