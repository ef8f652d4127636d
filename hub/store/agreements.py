"""The table of agreements: the commercial side of a CPO and an eMSP, from an instant on."""

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from hub.store.base import Instant, Serial, metadata

agreements = Table(
    "agreements",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("cpo", String(5), nullable=False),  # Party.code
    Column("emsp", String(5), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("number", Integer, nullable=False),  # 1 to n of its pair and currency
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),  # an end that was set; the next one of the pair ends it as well
    Column("terms", Text, nullable=False),  # JSON of hub.parties.agreements.Terms
    Column("recorded_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text),
    UniqueConstraint("cpo", "emsp", "currency", "number"),
    UniqueConstraint("cpo", "emsp", "currency", "valid_from"),  # so that two never hold at one instant
)
