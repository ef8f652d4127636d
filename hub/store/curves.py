"""The tables of prices from a market: those known, the folders files come from, and each file read."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint

from hub.store.base import Instant, Serial, metadata

IMPORTED, REFUSED = "IMPORTED", "REFUSED"

curve_prices = Table(
    "curve_prices",
    metadata,
    Column("owner", String(5), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("since", Instant, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
    Column(
        "price", String(60), nullable=False
    ),  # per kWh before taxes, with factor and margin, all its digits
)

curve_sources = Table(
    "curve_sources",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),
    Column("key", String(80), nullable=False),
    Column("folder", Text, nullable=False),
    Column("terms", Text, nullable=False),  # JSON of hub.prices.curves.terms.Terms
    Column("template", LargeBinary),  # a tariff as it was written; null: the one in force
    Column("author", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("looked_at", Instant),
    Column("trouble", Text),  # why the folder could not be read when it was looked at last
    UniqueConstraint("owner", "key", "folder"),
)

curve_files = Table(
    "curve_files",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("source_id", ForeignKey("curve_sources.id", ondelete="CASCADE")),  # null: imported by hand
    Column("owner", String(5), nullable=False),
    Column("key", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified", Instant, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("outcome", String(10), nullable=False),  # IMPORTED, REFUSED
    Column("told", Text, nullable=False),  # for a person; of a refused one every fault, as JSON
    Column("since", Instant),  # what it told prices of
    Column("until", Instant),
    Column("numbers", Text, nullable=False),  # JSON: the versions that were made of it
    UniqueConstraint("source_id", "content_hash"),
)
