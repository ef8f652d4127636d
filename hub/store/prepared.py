"""Statements of the hot paths: built and compiled once, then handed to the driver as text.

Measured on a PUT: building and compiling statements for each request took more than half of its time, and
SQLAlchemy's execution of ready text a tenth. What is not on the path of every request uses it plainly.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

from hub.store.unit import Glance, Unit


@dataclass(slots=True)
class Text:
    """A statement in the words of one driver.

    literals  values that stand in the statement
    order     names of its parameters, for a driver that takes them by position
    row       what a row of its result is made into; known after the first run
    """

    text: str
    literals: Mapping[str, Any]
    order: tuple[str, ...] | None
    row: Any = None


def maker_of_rows(names: list[str]) -> Any:
    """What makes a tuple of the driver one with names, at a fifth of the price of SQLAlchemy's rows."""
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 (names known at run time)
    return row._make


class Prepared:
    """A statement with named parameters (`bindparam`), none of which may be left out; its rows have names."""

    def __init__(self, **dialects: Executable) -> None:
        """One statement for `every` engine, or one for each of `sqlite` and `postgresql`."""
        self._statements = dialects
        self._texts: dict[str, Text] = {}

    def all(self, unit: Unit | Glance, **values: Any) -> list[Any]:
        """Every row."""
        cursor, text = self._execute(unit, values)
        rows = cursor.fetchall()
        cursor.close()
        return list(map(text.row, rows))

    def first(self, unit: Unit | Glance, **values: Any) -> Any:
        """The first row; None when there is none."""
        cursor, text = self._execute(unit, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else text.row(row)

    def run(self, unit: Unit, **values: Any) -> int:
        """For a statement that returns no rows: how many it concerned."""
        cursor, _ = self._execute(unit, values)
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def many(self, unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same for each of the rows of values, without an answer in between."""
        text = self._texts.get(unit.dialect.name) or self._compile(unit.dialect)
        cursor = unit.driver.cursor()
        if text.order is None:
            cursor.executemany(text.text, [{**text.literals, **row} for row in rows])
        else:
            cursor.executemany(text.text, [[row[each] for each in text.order] for row in rows])
        cursor.close()

    def _execute(self, unit: Unit | Glance, values: Mapping[str, Any]) -> tuple[Any, Text]:
        text = self._texts.get(unit.dialect.name) or self._compile(unit.dialect)
        given: Any = {**text.literals, **values}
        if text.order is not None:
            given = [given[each] for each in text.order]
        # psycopg would otherwise get every document as hexadecimal digits
        cursor = unit.driver.cursor() if text.order is not None else unit.driver.cursor(binary=True)
        cursor.execute(text.text, given)
        if text.row is None and cursor.description:
            text.row = maker_of_rows([column[0] for column in cursor.description])
        return cursor, text

    def _compile(self, dialect: Dialect) -> Text:
        statement = self._statements["every" if "every" in self._statements else dialect.name]
        assert isinstance(statement, ClauseElement)
        compiled: Any = statement.compile(dialect=dialect)
        literals = {key: value for key, value in compiled.params.items() if value is not None}
        order = tuple(compiled.positiontup) if compiled.positional else None
        self._texts[dialect.name] = Text(str(compiled), literals, order)
        return self._texts[dialect.name]
