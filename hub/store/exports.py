"""The table of exports that are written into folders by themselves."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from hub.store.base import Instant, Serial, metadata

export_folders = Table(
    "export_folders",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("format", String(10), nullable=False),
    Column("folder", Text, nullable=False),
    Column("agreement_id", Serial),  # what it is narrowed to; null: all
    Column("cpo", String(5)),
    Column("emsp", String(5)),
    Column("mark", Boolean, nullable=False),  # whether a CSV begins with a byte order mark
    Column("running", Boolean, nullable=False),  # whether the month under way is written too
    Column("author", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),  # who moves it on has claimed it
    Column("written_at", Instant),
    Column("told", Text),  # what was written last, or why it was not
    Index("ix_export_folders_next", "next_at"),
)
