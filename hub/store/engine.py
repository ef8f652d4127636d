"""How a transaction is opened, on SQLite and on PostgreSQL, and what happens before it is committed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from hub.store import libpq
from hub.store.pressure import PATIENCE, Overloaded
from hub.store.unit import Clock, Glance, React, Unit, utc_micros

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=30000",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else REPLACE deletes rows without asking the triggers that forbid it
)
POOL: dict[str, Any] = {
    "pool_size": 20,
    "max_overflow": 20,
    "pool_timeout": PATIENCE,
    "pool_reset_on_return": None,  # every transaction is ended here, so there is nothing to reset
}


LINE = "hub.store.libpq"
"""Where the pool keeps, beside a connection, what runs statements on it."""
THRESHOLD = "prepare_threshold"
"""Of the URL: after how many uses the server keeps a statement prepared; 0 is never. A pooler that gives
every transaction another connection of the server, as PgBouncer may, needs `?prepare_threshold=0`: a
statement would be prepared where the next transaction is not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connection of the pool; `driver` is what statements of `hub.store.prepared` run on."""

    pooled: PoolProxiedConnection
    driver: Any


def nothing_follows(unit: Unit) -> None:
    """For a store whose changes have no consequences, as in tests of the store itself."""


class Store:
    """A database. `unit()` is the only way to write; nobody else calls commit.

    >>> with store.unit() as unit: documents.save(unit, ...)     # committed at the end, or not at all
    """

    def __init__(
        self,
        url: str,
        *,
        react: React = nothing_follows,
        clock: Clock = utc_micros,
        patience: float = PATIENCE,
    ) -> None:
        self.engine = engine_for(url)
        self.patience = patience
        self.react = react
        self.clock = clock
        self.wake: list[Callable[[], None]] = []  # called when something that is owed has been committed
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._one_writer = threading.Lock()
        event.listen(self.engine, "connect", self._have_patience)
        self._idle: list[Line] = []

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One transaction that may write; what follows from its changes happens inside it.

        SQLite takes one writer: those of this process queue here, which is fairer than its own waiting.
        """
        if self.sqlite and not self._one_writer.acquire(timeout=self.patience):
            raise Overloaded
        try:
            with self._transaction("BEGIN IMMEDIATE") as unit:
                yield unit
                self.react(unit)
        finally:
            if self.sqlite:
                self._one_writer.release()
        if unit.owed:
            for wake in self.wake:
                wake()

    def _have_patience(self, connection: Any, entry: ConnectionPoolEntry) -> None:
        """No transaction waits longer for another one: see `hub.store.pressure`."""
        milliseconds = int(self.patience * 1000)
        if self.sqlite:
            connection.execute(f"PRAGMA busy_timeout={milliseconds}")
            return
        connection.execute(f"SET lock_timeout = {milliseconds}")
        connection.commit()

    def reading(self) -> AbstractContextManager[Unit]:
        """One consistent look at the database, which writes nothing."""
        return self._transaction("BEGIN")

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """For single reads on the path of every request: no transaction, each statement sees the latest."""
        line = self._take()
        try:
            yield Glance(self.clock(), line.driver, self.engine.dialect)
        finally:
            self._give_back(line)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().pooled.close()
        self.engine.dispose()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Unit]:
        """Begun and ended with the driver itself: SQLAlchemy's own transaction costs as much as the writing.

        SQLite: a writer takes the write lock at once, since to upgrade a read lock loses updates or fails.
        """
        line = self._take()
        driver, pooled = line.driver, line.pooled
        try:
            if self.sqlite:
                driver.execute(begin)
            else:
                driver.begin()
            yield Unit(self.clock(), driver, self.engine.dialect, lambda: Connection(self.engine, pooled))
            driver.commit()
        except BaseException:
            with suppress(Exception):  # the first fault is the one to tell
                driver.rollback()
            raise
        finally:
            self._give_back(line)

    def _take(self) -> Line:
        """The connection that was used last, whose cache is warmest; they stay checked out of the pool, which
        takes longer to give one than the database to answer."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._connected()

    def _give_back(self, line: Line) -> None:
        """When one broke, all are given up: the server was restarted."""
        if self.sqlite or not line.pooled.driver_connection.closed:  # type: ignore[union-attr]
            self._idle.append(line)
        else:
            self._give_up(line)

    def _connected(self) -> Line:
        pooled = self.engine.raw_connection()
        found: Any = pooled.driver_connection
        if not self.sqlite:
            found = pooled.info[LINE] = libpq.Line(found)
        return Line(pooled, found)

    def _give_up(self, broken: Line) -> None:
        broken.pooled.invalidate()
        while self._idle:
            self._idle.pop().pooled.invalidate()


def doubt_prepared(connection: Connection, *_: Any) -> None:
    """The driver forgets its prepared statements then, and takes those of `libpq` away with them."""
    if (line := connection.connection.info.get(LINE)) is not None:
        line.doubt()


def engine_for(url: str) -> Engine:
    """The engine of a database URL; `postgresql://` means psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        asked = parsed.query.get(THRESHOLD)
        how = {} if asked is None else {THRESHOLD: None if asked in ("0", "none") else int(str(asked))}
        engine = create_engine(parsed.difference_update_query([THRESHOLD]), connect_args=how, **POOL)
        event.listen(engine, "rollback_savepoint", doubt_prepared)
        return engine
    engine = create_engine(parsed, connect_args={"check_same_thread": False}, **POOL)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: Any, entry: ConnectionPoolEntry) -> None:
    """The driver must not open transactions by itself; durability before speed."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """SQLAlchemy's transactions, as migrations have them, take the write lock at once too; inside one of
    the store there is nothing to begin."""
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
