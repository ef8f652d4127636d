"""Many rows in few statements, as the database has them: amounts in millionths, nothing turned on the way.

What SQLAlchemy does for each value of each row takes longer than the database takes to write the row.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    Table,
    any_,
    bindparam,
    func,
    select,
)

from hub.store.unit import Unit

TOGETHER = 2_000
"""So many rows at once: more are not faster, and memory is the less the fewer they are."""
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))
ENGINES = ("sqlite", "postgresql")


def among(
    column: ColumnElement[Any],
    engine: str,
    name: str = "ids",
    kind: Any = BigInteger,
    *,
    required: bool = True,
) -> ColumnElement[bool]:
    """That a column is one of the values of one parameter, however many, which `listed` makes.

    required  whether the statement may not be made text without them
    """
    if engine == "sqlite":
        each = func.json_each(bindparam(name, required=required)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(name, type_=ARRAY(kind), required=required))


def listed(unit: Unit, values: Iterable[int] | Iterable[str]) -> Any:
    """Whole numbers or texts as that parameter: JSON on SQLite."""
    return msgspec.json.encode(list(values)).decode() if unit.dialect.name == "sqlite" else list(values)


def pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(ids), TOGETHER):
        yield ids[begin : begin + TOGETHER]


def streamed(unit: Unit, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query, however many, a few at a time."""
    yield from unit.connection.execute(query, execution_options={"yield_per": TOGETHER})


def ids_of(unit: Unit, query: Select[Any]) -> "array[int]":
    """A column of whole numbers: eight bytes each."""
    found = array("q")
    found.extend(unit.connection.execute(query, execution_options={"yield_per": TOGETHER}).scalars())
    return found


def insert_from(unit: Unit, into: Insert, values: Mapping[str, Any] | None = None) -> int:
    """Run an INSERT of what the database itself selects: how many rows."""
    done = unit.connection.execute(into, values or {}, execution_options={"preserve_rowcount": True})
    return done.rowcount


def write(unit: Unit, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows with these columns: whole numbers, texts and nulls, an amount in millionths."""
    if not rows:
        return
    if unit.dialect.name == "sqlite":
        unit.connection.exec_driver_sql(inserting(table, tuple(names)), list(map(tuple, rows)))
        return
    driver: Any = unit.connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(copying(table, tuple(names))) as out:
        out.write(as_copied(rows))


@lru_cache(maxsize=32)
def inserting(table: Table, names: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join("?" * len(names))})'  # noqa: S608 (names of ours)


@lru_cache(maxsize=32)
def copying(table: Table, names: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'COPY "{table.name}" ({quoted}) FROM STDIN'


def as_copied(rows: Sequence[Sequence[Any]]) -> str:
    """Rows in the text form of COPY: most often no text has a sign in it that must be escaped."""
    plain = [["\\N" if value is None else str(value) for value in row] for row in rows]
    told = "\n".join(["\t".join(each) for each in plain]) + "\n"
    nulls = sum(row.count(None) for row in rows)
    signs = (told.count("\\"), told.count("\t"), told.count("\n"), told.count("\r"))
    if signs == (nulls, sum(len(row) - 1 for row in rows), len(rows), 0):
        return told
    return "".join("\t".join(map(copied, row)) + "\n" for row in rows)


def copied(value: int | str | None) -> str:
    if value is None:
        return r"\N"
    text = str(value)
    for sign, escaped in ESCAPES:
        text = text.replace(sign, escaped)
    return text
