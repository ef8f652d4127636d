"""Statements of the hot paths: built and compiled once, then handed to the driver as text.

Measured on a PUT: building and compiling statements for each request took more than half of its time, and
SQLAlchemy's execution of ready text a tenth. What is not on the path of every request uses it plainly.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

from hub.store.libpq import Numbered
from hub.store.unit import Glance, Unit


class Text(Protocol):
    """A statement in the words of one driver; `values` are all its parameters."""

    def rows(self, driver: Any, values: Mapping[str, Any]) -> list[Any]: ...

    def run(self, driver: Any, values: Mapping[str, Any]) -> int: ...

    def many(self, driver: Any, rows: Sequence[Mapping[str, Any]]) -> int: ...


def maker_of_rows(names: list[str]) -> Any:
    """What makes a tuple of the driver one with names, at a fifth of the price of SQLAlchemy's rows."""
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 (names known at run time)
    return row._make


def picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """The values of these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


class OnSqlite:
    """Parameters are taken by position."""

    def __init__(self, text: str, order: Sequence[str]) -> None:
        self._text = text
        self._given = picker(order)
        self._row: Any = None

    def rows(self, driver: Any, values: Mapping[str, Any]) -> list[Any]:
        cursor = driver.execute(self._text, self._given(values))
        rows = cursor.fetchall()
        if not rows:
            return rows  # type: ignore[no-any-return]
        if self._row is None:
            self._row = maker_of_rows([column[0] for column in cursor.description])
        return list(map(self._row, rows))

    def run(self, driver: Any, values: Mapping[str, Any]) -> int:
        return int(driver.execute(self._text, self._given(values)).rowcount)

    def many(self, driver: Any, rows: Sequence[Mapping[str, Any]]) -> int:
        return int(driver.executemany(self._text, map(self._given, rows)).rowcount)


class OnPostgresql:
    """Parameters are numbered; what comes back is binary, or every document would be hexadecimal digits."""

    def __init__(self, text: str) -> None:
        self._statement = Numbered(text)
        self._row: Any = None

    def rows(self, driver: Any, values: Mapping[str, Any]) -> list[Any]:
        result = driver.run(self._statement, values)
        if not result.ntuples:
            return []
        if self._row is None:
            self._row = maker_of_rows([str(result.fname(each), "utf-8") for each in range(result.nfields)])
        found: list[Any] = driver.rows(result, self._row)
        return found

    def run(self, driver: Any, values: Mapping[str, Any]) -> int:
        return int(driver.run(self._statement, values).command_tuples or 0)

    def many(self, driver: Any, rows: Sequence[Mapping[str, Any]]) -> int:
        return sum(self.run(driver, row) for row in rows)


class Prepared:
    """A statement with named parameters (`bindparam`), none of which may be left out; its rows have names."""

    def __init__(self, **dialects: Executable) -> None:
        """One statement for `every` engine, or one for each of `sqlite` and `postgresql`."""
        self._statements = dialects
        self._texts: dict[str, tuple[Text, Mapping[str, Any]]] = {}

    def all(self, unit: Unit | Glance, **values: Any) -> list[Any]:
        """Every row."""
        text, literals = self._texts.get(unit.dialect.name) or self._compile(unit.dialect)
        return text.rows(unit.driver, {**literals, **values} if literals else values)

    def first(self, unit: Unit | Glance, **values: Any) -> Any:
        """The first row, of not many; None when there is none."""
        rows = self.all(unit, **values)
        return rows[0] if rows else None

    def run(self, unit: Unit, **values: Any) -> int:
        """For a statement that returns no rows: how many it concerned."""
        text, literals = self._texts.get(unit.dialect.name) or self._compile(unit.dialect)
        return text.run(unit.driver, {**literals, **values} if literals else values)

    def many(self, unit: Unit, rows: Sequence[Mapping[str, Any]]) -> int:
        """The same for each of the rows of values: how many it concerned in all."""
        if not rows:
            return 0
        text, literals = self._texts.get(unit.dialect.name) or self._compile(unit.dialect)
        return text.many(unit.driver, [{**literals, **row} for row in rows] if literals else rows)

    def _compile(self, dialect: Dialect) -> tuple[Text, Mapping[str, Any]]:
        """With it the values that stand in the statement."""
        statement = self._statements["every" if "every" in self._statements else dialect.name]
        assert isinstance(statement, ClauseElement)
        compiled: Any = statement.compile(dialect=dialect)
        literals = {key: value for key, value in compiled.params.items() if value is not None}
        text: Text = (
            OnSqlite(str(compiled), compiled.positiontup)
            if compiled.positional
            else OnPostgresql(str(compiled))
        )
        self._texts[dialect.name] = text, literals
        return self._texts[dialect.name]
