"""The price book: versions of tariffs, and who may read them. What there was of tariffs becomes versions."""

import hashlib
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STANDS = sa.text("withdrawn_at IS NULL")
WAITS = sa.text("taken_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    create_versions()
    create_ends()
    create_readers()
    fill()


def downgrade() -> None:
    for name in ("shown", "reader_state", "sightings", "tariff_readers"):
        op.drop_table(name)
    op.drop_table("tariff_ends")
    op.drop_table("tariff_versions")


def create_versions() -> None:
    op.create_table(
        "tariff_versions",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("supersedes", sa.Integer),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("sent", sa.LargeBinary, nullable=False),
        sa.Column("newest", sa.LargeBinary),
        sa.UniqueConstraint("owner", "key", "number"),
    )
    create_indexes("tariff_versions", "valid_from", "valid_from")
    op.create_index("ix_tariff_versions_begins", "tariff_versions", ["owner", "key", "valid_from"])


def create_ends() -> None:
    op.create_table(
        "tariff_ends",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.Column("taken_at", sa.BigInteger),
    )
    create_indexes("tariff_ends", "number", "at")
    op.create_index("ix_tariff_ends_of", "tariff_ends", ["owner", "key", "number"])


def create_readers() -> None:
    op.create_table(
        "tariff_readers",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("owner", sa.String(5), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("party", sa.String(5), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.UniqueConstraint("owner", "key", "party", "since"),
    )
    op.create_index("ix_tariff_readers_party", "tariff_readers", ["party"])
    op.create_table(
        "sightings",
        sa.Column("module", sa.String(30), nullable=False),
        sa.Column("document", SERIAL, nullable=False),
        sa.Column("party", sa.String(5), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("module", "party", "document"),
    )
    op.create_index("ix_sightings_changed", "sightings", ["module", "changed_at"])
    op.create_table(
        "reader_state",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("state", sa.String(32), nullable=False),
    )
    op.create_table(
        "shown",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def create_indexes(table: str, begins: str, at: str) -> None:
    where: dict[str, Any] = {"sqlite_where": STANDS, "postgresql_where": STANDS}
    op.create_index(f"uq_{table}_stands", table, ["owner", "key", begins], unique=True, **where)
    op.create_index(f"ix_{table}_waits", table, [at], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index(f"ix_{table}_at", table, [at])


# What there was --------------------------------------------------------------------------------------------

AUTHOR = "before the price book"
ALONE = Context(prec=1000)
CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")
READ = msgspec.json.Decoder(float_hook=Decimal)


def fill() -> None:
    """Each revision of a tariff that says something else than the one before becomes a version."""
    connection = op.get_bind()
    tables = sa.MetaData()
    names = ("tariffs", "revisions", "tariff_versions", "tariff_ends")
    tables.reflect(connection, only=names)
    tariffs, revisions, versions, ends = (tables.tables[name] for name in names)
    columns = [tariffs.c[name] for name in ("seq", "owner", "key", "deleted_at")]
    for tariff in connection.execute(sa.select(*columns).order_by(tariffs.c.seq)).all():
        rows = list(version_rows(tariff, history(connection, tariffs, revisions, tariff.seq)))
        connection.execute(sa.insert(versions), rows)
        if tariff.deleted_at is not None:
            at = max(tariff.deleted_at, rows[-1]["valid_from"] + 1)
            end = {"owner": tariff.owner, "key": tariff.key, "number": len(rows), "at": at}
            told = {"author": AUTHOR, "origin": "OCPI", "taken_at": at, "recorded_at": tariff.deleted_at}
            connection.execute(sa.insert(ends).values(**end, **told))


def history(connection: sa.Connection, tariffs: sa.Table, revisions: sa.Table, seq: int) -> list[Any]:
    """All revisions of a tariff, the present one last."""
    kept = ("edition", "sent", "newest", "last_updated", "received_at")
    mine = (revisions.c.module == "tariffs") & (revisions.c.document == seq)
    former = sa.select(*(revisions.c[name] for name in kept)).where(mine).order_by(revisions.c.rev)
    present = sa.select(*(tariffs.c[name] for name in kept)).where(tariffs.c.seq == seq)
    return [*connection.execute(former), *connection.execute(present)]


def version_rows(tariff: Any, history: list[Any]) -> Iterator[dict[str, Any]]:
    number, hashed, begun = 0, "", None
    for each in history:
        present = content_hash(each.newest or each.sent)
        if present == hashed:
            continue
        since = min(each.last_updated, each.received_at)
        since = since if begun is None else max(since, begun + 1)
        yield {
            "owner": tariff.owner,
            "key": tariff.key,
            "number": number + 1,
            "edition": each.edition,
            "content_hash": present,
            "valid_from": since,
            "recorded_at": each.received_at,
            "author": AUTHOR,
            "supersedes": number or None,
            "origin": "OCPI",
            "taken_at": each.received_at,
            "sent": each.sent,
            "newest": each.newest,
        }
        number, hashed, begun = number + 1, present, since


def content_hash(newest: bytes) -> str:
    """As `hub.prices.book.content` reckons it at this revision."""
    said = {name: value for name, value in READ.decode(newest).items() if name != "last_updated"}
    return hashlib.sha256(CANONICAL.encode(plain(said))).hexdigest()


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize(ALONE)
    return value
