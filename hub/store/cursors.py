"""The tables of pulls: how far each list has been read, and what stood in a list that is read whole."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from hub.store.base import Instant, metadata

cursors = Table(
    "cursors",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("module", String(30), primary_key=True),
    Column("kind", String(10), primary_key=True),  # news: since the watermark; whole: all there is
    Column("watermark", Instant),  # last_updated up to which everything was read
    Column("since", Instant),  # date_from of the crawl under way
    Column("begun_at", Instant),  # when it began, by our clock; null when none is under way
    Column("bound", Instant),  # the partner's own clock then: the watermark goes no further
    Column("newest", Instant),  # the latest last_updated seen in it
    Column("link", Text),  # of the page to be read next
    Column("pages", Integer, nullable=False),
    Column("most", Integer),  # pages that it may have
    Column("total", Integer),  # X-Total-Count of its last page
    Column(
        "shrunk", Boolean, nullable=False
    ),  # the total became smaller: an object may have been passed over
    Column("bad", Integer, nullable=False),  # objects that went into quarantine
    Column("completed_at", Instant),  # when a crawl was last read to its end
)

listed = Table(
    "listed",
    metadata,
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True),
    Column("module", String(30), primary_key=True),
    Column("owner", String(5), primary_key=True),
    Column("key", String(80), primary_key=True),
)
"""What the whole list read at present, or last, has shown."""
