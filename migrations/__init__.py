"""How a database is brought from one numbered revision to another, by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hub.store.engine import engine_for

HERE = Path(__file__).parent
TURN = 0x0C91_48AB  # any number that nothing else locks


class Status(NamedTuple):
    """The revision a database is at (None: it is empty), and the newest there is."""

    current: str | None
    newest: str


class BrokenReferences(Exception):
    """A migration would leave rows that refer to nothing; it was undone as a whole."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to the revision, the newest by default. Done already: nothing happens."""
    with exclusive(url) as connection:
        command.upgrade(configuration(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Take back every revision after this one; `base` takes back all."""
    with exclusive(url) as connection:
        command.downgrade(configuration(connection), revision)


def status(url: str) -> Status:
    """Where the database stands. Nothing is changed."""
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            return Status(MigrationContext.configure(connection).get_current_revision(), newest())
    finally:
        engine.dispose()


@cache
def newest() -> str:
    """The last revision there is."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def is_behind(revision: str | None) -> bool:
    """Whether a database at this revision lacks what this code needs. A revision that it does not know is
    a newer one: the database is migrated before the processes are replaced, and those still running go on."""
    return revision is None or (revision in revisions() and revision != newest())


@cache
def revisions() -> frozenset[str]:
    """All that this code knows."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions())


def configuration(connection: Connection | None = None) -> Config:
    """What Alembic must know; it needs no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def exclusive(url: str) -> Iterator[Connection]:
    """One transaction for the whole way, in which no other process migrates the same database."""
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                yield from alone_on_sqlite(connection)
            else:
                yield from in_turn_on_postgresql(connection)
    finally:
        engine.dispose()


def in_turn_on_postgresql(connection: Connection) -> Iterator[Connection]:
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        yield connection


def alone_on_sqlite(connection: Connection) -> Iterator[Connection]:
    """Its transactions begin with the write lock. To alter a table is to rebuild it, and a reference to the
    old one must not cascade meanwhile: references are checked at the end instead."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        yield connection
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise BrokenReferences(
                f"a row of {broken[0]} would refer to no row of {broken[2]}; nothing was changed"
            )
