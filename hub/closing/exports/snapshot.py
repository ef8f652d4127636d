"""One look at the database that stays the same for all of an export, however long it takes."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, cast, func, select

from hub.closing.invoices import keeping
from hub.ocpi.document import Party
from hub.store.adjustments import adjustments
from hub.store.clearings import clearing_events, clearings
from hub.store.disputes import disputes
from hub.store.engine import Store
from hub.store.ledger import postings
from hub.store.pricebook import tariff_versions
from hub.store.statements import statement_events
from hub.store.unit import Unit

SOME = 5_000
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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The look itself.

    hub  whose books these are
    at   of the last change that it shows: the same books give the same bytes, whenever
    """

    unit: Unit
    hub: Party
    at: int

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
        if self.unit.dialect.name != "sqlite":
            yield from self.unit.connection.execute(query, execution_options={"yield_per": SOME}).partitions()
            return
        result: Any = self.unit.connection.execute(query)
        while some := result.cursor.fetchmany(SOME):
            yield some
        result.close()

    def streamed(self, query: Any) -> Iterator[Any]:
        """The rows of a large query, a few at a time."""
        yield from self.unit.connection.execute(query, execution_options={"yield_per": 2_000})

    def among(self, column: ColumnElement[Any], kind: Any = BigInteger) -> ColumnElement[bool]:
        """That a column is one of the values that are handed in as `MANY`: one parameter for all of them."""
        if self.sqlite:
            return column.in_(select(self.each().c.value))
        return column == any_(cast(bindparam(MANY, [], ARRAY(kind)), ARRAY(kind)))

    def each(self) -> Any:
        """The values that are handed in as a table, in their order; on SQLite alone."""
        return func.json_each(bindparam(MANY, "[]")).table_valued("value")

    @property
    def sqlite(self) -> bool:
        return self.unit.dialect.name == "sqlite"

    def finding(self, query: Any) -> "Finding":
        """What finds the rows of many values, whenever it is asked."""
        return Finding(self, query)


class Finding:
    """A query that is asked again and again: it is made text once, as long as that takes."""

    def __init__(self, snapshot: Snapshot, query: Any) -> None:
        compiled = query.compile(dialect=snapshot.unit.dialect, compile_kwargs={"render_postcompile": True})
        self._text, self._order, self._fixed = str(compiled), compiled.positiontup, compiled.params
        self._driver: Any = snapshot.unit.connection.connection.driver_connection

    def __call__(self, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.cursor(values).fetchall()
        return found

    def cursor(self, values: Iterable[Any]) -> Any:
        """For those who want some rows at a time."""
        many = list(values)
        if self._order is None:
            return self._driver.execute(self._text, self._fixed | {MANY: many})
        told = self._fixed | {MANY: msgspec.json.encode(many).decode()}
        return self._driver.execute(self._text, [told[name] for name in self._order])


@contextmanager
def taken(store: Store, hub: Party) -> Iterator[Snapshot]:
    """Ended, whatever happens, when the export is written."""
    with store.reading() as unit:
        if unit.dialect.name == "postgresql":
            unit.connection.exec_driver_sql(REPEATABLE)
        yield Snapshot(unit, hub, last_change(unit))


def last_change(unit: Unit) -> int:
    """Nought when there are no books yet."""
    found = [
        unit.connection.execute(select(at).order_by(table.c.id.desc()).limit(1)).scalar()
        for table, at in LAST
    ]
    found.append(keeping.last_change(unit))
    return max((at for at in found if at is not None), default=0)
