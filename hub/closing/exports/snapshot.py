"""One look at the database that stays the same for all of an export, however long it takes."""

import hashlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, func, select

from hub.closing.invoices import keeping
from hub.ocpi.document import Party
from hub.store import bulk
from hub.store.adjustments import adjustments
from hub.store.clearings import clearing_events, clearings
from hub.store.disputes import disputes
from hub.store.engine import Store
from hub.store.ledger import postings
from hub.store.libpq import Numbered
from hub.store.pricebook import tariff_versions
from hub.store.statements import statement_events
from hub.store.unit import Unit

SOME = 5_000
AHEAD = 6
"""So often is a database asked ahead."""
MANY_THREADS = 3
"""What `sqlite3.threadsafety` is where several threads may use one connection."""
MANY = "many"
"""The name of the parameter that holds many values."""
REPEATABLE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
"""On PostgreSQL; a transaction of SQLite sees one state of the file anyway."""
LAST = (
    (clearing_events, clearing_events.c.at),
    (clearings, clearings.c.received_at),
    (postings, postings.c.posted_at),
    (tariff_versions, tariff_versions.c.recorded_at),
    (disputes, disputes.c.opened_at),
    (statement_events, statement_events.c.at),
    (adjustments, adjustments.c.at),
)
"""What changes the books, and when: the row that came last tells it, without reading the others."""


read_rows = msgspec.json.Decoder(list[list[Any]]).decode


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The look itself.

    store  which it is of
    hub    whose books these are
    at     of the last change that it shows: the same books give the same bytes, whenever
    ends   what is to end before it does
    """

    store: Store
    unit: Unit
    hub: Party
    at: int
    ends: ExitStack

    def identity(self, *question: object) -> str:
        """A name for what is asked of these books."""
        told = "\n".join(map(str, (self.hub, self.at, *question)))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def rows(self, query: Any) -> list[Any]:
        """All rows of a small query."""
        return list(self.unit.connection.execute(query).all())

    def raw(self, query: Any) -> list[tuple[Any, ...]]:
        """The same as the driver gives it, in a tenth of the time: of columns that need no reading."""
        result: Any = self.unit.connection.execute(query)
        found: list[tuple[Any, ...]] = result.cursor.fetchall()
        result.close()
        return found

    def poured(self, query: Any) -> Iterator[Sequence[Any]]:
        """The same of a large query, some at a time; PostgreSQL would send all at once to a plain cursor."""
        driver: Any = self.unit.connection.connection.driver_connection
        asked = self.finding(query)
        with closing(driver.cursor() if self.sqlite else driver.cursor("poured")) as cursor:
            cursor.execute(asked.text, asked.given(()))
            while some := cursor.fetchmany(SOME):
                yield some

    def streamed(self, query: Any) -> Iterator[Any]:
        """The rows of a large query, a few at a time."""
        yield from self.unit.connection.execute(query, execution_options={"yield_per": 2_000})

    def among(self, column: ColumnElement[Any], kind: Any = BigInteger) -> ColumnElement[bool]:
        """That a column is one of the values that are handed in as `MANY`."""
        return bulk.among(column, self.unit.dialect.name, MANY, kind, required=False)

    def beside(self) -> Any:
        """What runs statements on another connection, which sees the same; on PostgreSQL alone."""
        name = self.unit.connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        other = self.ends.enter_context(self.store.reading())
        other.connection.exec_driver_sql(REPEATABLE)
        other.connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{name}'")
        return other.driver

    @property
    def sqlite(self) -> bool:
        return self.unit.dialect.name == "sqlite"

    def finding(self, query: Any) -> "Finding":
        """What finds the rows of many values, whenever it is asked."""
        return Finding(self, query)


class Finding:
    """A query that is asked again and again: it is made text once, as long as that takes."""

    def __init__(self, snapshot: Snapshot, query: Any) -> None:
        self._snapshot, self._query, self._driver = snapshot, query, snapshot.unit.driver
        compiled = query.compile(dialect=snapshot.unit.dialect, compile_kwargs={"render_postcompile": True})
        self.text, self._order, self._fixed = str(compiled), compiled.positiontup, compiled.params

    @cached_property
    def _numbered(self) -> Numbered:
        return Numbered(self.text)

    def __call__(self, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Rows, as the driver gives them."""
        given = self.given(values)
        if self._snapshot.sqlite:
            found: list[tuple[Any, ...]] = self._driver.execute(self.text, given).fetchall()
        else:
            found = self._driver.rows(self._driver.run(self._numbered, given), tuple)
        return found

    def in_turn(self, several: Iterable[Iterable[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
        """The same for each of several: the database looks for the next ones while these are looked at, in a
        thread that leaves the interpreter free until it has all rows of one."""
        if self._snapshot.sqlite and sqlite3.threadsafety < MANY_THREADS:
            yield from map(self, several)
            return
        ask, read = self._asking()
        asking = ThreadPoolExecutor(1)
        self._snapshot.ends.callback(asking.shutdown, cancel_futures=True)
        asked: deque[Future[Any]] = deque()
        for values in several:
            if len(asked) == AHEAD:
                yield read(asked.popleft().result())
            asked.append(asking.submit(ask, values))
        while asked:
            yield read(asked.popleft().result())

    def _asking(self) -> tuple[Callable[[Iterable[Any]], Any], Callable[[Any], Sequence[Sequence[Any]]]]:
        """What waits for the database, and what makes rows of what that has found.

        SQLite makes one value of all rows, as JSON, which holds whole numbers and texts exactly: for each row
        it would come back to the interpreter. PostgreSQL has a connection for it, since on one it answers one
        after the other.
        """
        if self._snapshot.sqlite:
            cells = self._query.subquery().c
            find = self._snapshot.finding(select(func.json_group_array(func.json_array(*cells))))
            return find, lambda found: read_rows(found[0][0])
        driver = self._snapshot.beside()
        return (
            lambda values: driver.run(self._numbered, self.given(values)),
            lambda result: driver.rows(result, tuple),
        )

    def given(self, values: Iterable[Any]) -> Any:
        """The parameters for these, as drivers take them."""
        told = self._fixed | {MANY: bulk.listed(self._snapshot.unit, values)}
        return told if self._order is None else [told[name] for name in self._order]


@contextmanager
def taken(store: Store, hub: Party) -> Iterator[Snapshot]:
    """Ended, whatever happens, when the export is written."""
    with store.reading() as unit, ExitStack() as ends:
        if unit.dialect.name == "postgresql":
            unit.connection.exec_driver_sql(REPEATABLE)
        yield Snapshot(store, unit, hub, last_change(unit), ends)


def last_change(unit: Unit) -> int:
    """Nought when there are no books yet."""
    found = [
        unit.connection.execute(select(at).order_by(table.c.id.desc()).limit(1)).scalar()
        for table, at in LAST
    ]
    found.append(keeping.last_change(unit))
    return max((at for at in found if at is not None), default=0)
