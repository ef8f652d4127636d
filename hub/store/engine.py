"""How a transaction is opened, on SQLite and on PostgreSQL, and what happens before it is committed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from hub.store.unit import Clock, Glance, React, Unit, utc_micros

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON")


def nothing_follows(unit: Unit) -> None:
    """For a store whose changes have no consequences, as in tests of the store itself."""


class Store:
    """A database. `unit()` is the only way to write; nobody else calls commit.

    >>> with store.unit() as unit: documents.save(unit, ...)     # committed at the end, or not at all
    """

    def __init__(self, url: str, *, react: React = nothing_follows, clock: Clock = utc_micros) -> None:
        self.engine = engine_for(url)
        self.react = react
        self.clock = clock
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._one_writer = threading.Lock() if self.sqlite else nullcontext()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One transaction that may write; what follows from its changes happens inside it."""
        with self._one_writer, self.engine.connect() as connection, connection.begin():
            unit = self._unit(connection)
            yield unit
            self.react(unit)

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """One consistent look at the database, which writes nothing."""
        with self.engine.connect().execution_options(reading=True) as connection, connection.begin():
            yield self._unit(connection)

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """For single reads on the path of every request: no transaction, each statement sees the latest."""
        pooled = self.engine.raw_connection()
        driver: Any = pooled.driver_connection
        try:
            if not self.sqlite:
                driver.autocommit = (
                    True  # psycopg would begin a transaction; sqlite3 does not, as prepared here
                )
            yield Glance(self.clock(), driver, self.engine.dialect)
        finally:
            if not self.sqlite and not driver.closed:
                driver.autocommit = False
            pooled.close()

    def _unit(self, connection: Connection) -> Unit:
        driver = connection.connection.driver_connection
        return Unit(connection, self.clock(), driver, connection.dialect)

    def close(self) -> None:
        self.engine.dispose()


def engine_for(url: str) -> Engine:
    """The engine of a database URL; `postgresql://` means psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    options: dict[str, Any] = {"pool_size": 20, "max_overflow": 20}
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, **options)
    engine = create_engine(parsed, connect_args={"check_same_thread": False}, **options)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: Any, entry: ConnectionPoolEntry) -> None:
    """The driver must not open transactions by itself; durability before speed."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: upgrading a read lock later loses updates or fails."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
