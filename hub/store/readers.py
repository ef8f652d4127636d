"""The tables of who may read a tariff, and of what a party sees otherwise than before."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Table, UniqueConstraint

from hub.store.base import Instant, Serial, metadata

SOME = "~"
"""Instead of a party: that a tariff is only for some, whose names stand beside it. No party has this code."""

RESTRICTED = frozenset({"tariffs"})
"""The modules of which an object may be for some only; its `audience` is then SOME."""

SIGHTED = frozenset({"locations", "tariffs"})
"""The modules of which a party may come to see an object otherwise."""

tariff_readers = Table(
    "tariff_readers",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),
    Column("key", String(80), nullable=False),
    Column("party", String(5), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),  # half-open; null: to this day
    UniqueConstraint("owner", "key", "party", "since"),
)
"""Since when a tariff is for some only (party SOME), and since when a party is one of them. Nothing is taken
out: a session of last month is shown with the price that its payer could read then."""

Index("ix_tariff_readers_party", tariff_readers.c.party)

sightings = Table(
    "sightings",
    metadata,
    Column("module", String(30), nullable=False),
    Column("document", Serial, nullable=False),  # seq in the module's table
    Column("party", String(5), nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("module", "party", "document"),
)
"""When a party last began to see an object otherwise, though the object itself did not change: because it may
read a tariff, or may not any more, or because a rule gives it another one. For this party the object's
`last_updated` is no earlier than that, so that a partner that pulls notices. The object's own time stays as
its owner wrote it: it decides which of the owner's words is the later."""

Index("ix_sightings_changed", sightings.c.module, sightings.c.changed_at)

shown = Table(
    "shown",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("until", Instant, nullable=False),
)
"""One row: until when it has been looked for what begins or ends, to owe it to those who see it."""

reader_state = Table(
    "reader_state",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("state", String(32), nullable=False),
)
"""No row as long as everybody has always seen the same. Then one, with another random name at every change of
who reads or is shown what: what a process has cached holds while it is the same."""
