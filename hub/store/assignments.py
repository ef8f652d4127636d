"""The tables of assignment rules: rules, who belongs to what, balances of allowances, grounds of charges."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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

from hub.store.base import Instant, Serial, metadata

rules = Table(
    "assignment_rules",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),  # the CPO whose prices they are
    Column("kind", String(15), nullable=False),  # hub.prices.rules.Kind
    Column("matches", Text, nullable=False),  # hub.prices.rules.Match as JSON
    Column("tariff_id", String(80)),  # of kind TARIFF
    Column("value", BigInteger),  # of the other kinds: in millionths
    Column("per", String(10)),  # MONTH or SESSION, of what is free
    Column("currency", String(3)),  # of an amount
    Column("priority", Integer, nullable=False),
    Column("private", Boolean, nullable=False, server_default=text("false")),
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),  # half-open; null: until it is ended
    Column("author", String(100), nullable=False),
    Column("reason", String(255), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("replaces", Serial),  # the rule that this one took the place of
    Column("ended_at", Instant),  # when somebody set valid_to
    Column("ended_by", String(100)),
    Column("end_reason", String(255)),
    Index("ix_assignment_rules_owner", "owner"),
)
"""A rule is never edited: of a row only its end is set, to a moment not yet passed, and never a later one."""

memberships = Table(
    "memberships",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),
    Column("kind", String(10), nullable=False),  # hub.prices.rules.memberships.Kind: LOCATION PLAN TIER ...
    Column("name", String(80), nullable=False),  # of the group of locations, the plan, the tier ...
    Column("member", String(80), nullable=False),  # a location's id or a contract's, folded
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
    Column("author", String(100), nullable=False),
    Column("reason", String(255), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Index("ix_memberships_member", "owner", "member"),
    Index("ix_memberships_name", "owner", "kind", "name"),
)

rule_states = Table(
    "rule_states",
    metadata,
    Column("owner", String(5), primary_key=True),
    Column("state", String(32), nullable=False),
)
"""Another random name with every change of an owner's rules: what a process has cached holds while it is the
same. A counter would come back to the number that a transaction saw which was then undone."""

balances = Table(
    "allowance_balances",
    metadata,
    Column("rule_id", ForeignKey("assignment_rules.id"), primary_key=True),
    Column("holder", String(80), primary_key=True),  # the contract, folded
    Column("month", String(7), primary_key=True),  # 2026-11, where the session took place
    Column("used", BigInteger, nullable=False),  # millionths of kWh, minutes or the currency
)

uses = Table(
    "allowance_uses",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("rule_id", ForeignKey("assignment_rules.id"), nullable=False),
    Column("owner", String(5), nullable=False),
    Column("session_key", String(80), nullable=False),
    Column("holder", String(80), nullable=False),
    Column("month", String(7), nullable=False),
    Column("used", BigInteger, nullable=False),
    UniqueConstraint("owner", "session_key", "rule_id"),
)
"""What each session took: given back when its CDR is credited, or when it is rated anew."""

grounds = Table(
    "charge_grounds",
    metadata,
    Column("owner", String(5), primary_key=True),
    Column("session_key", String(80), primary_key=True),
    Column("tariff_key", String(80)),  # of the first tariff
    Column("tariff_version", Integer),  # its number in the price book
    Column("rule_id", ForeignKey("assignment_rules.id")),  # null: the connector's own tariff
    Column("adjusted_by", Text, nullable=False),  # ids of the rules of the adjustments, as JSON
    Column("policy", String(20), nullable=False),
)
"""What a charge stands on. Versions and rules that are named here are never removed."""
