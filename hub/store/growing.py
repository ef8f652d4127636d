"""Tables that only grow: the database itself refuses to change or delete what was written.

    >>> only_growing(postings, entries, function="ledger_stays", says="what was posted stays as it was")

This is for tables that are made from the metadata; migrations say the same in their own words.
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Table, event


def only_growing(*tables: Table, function: str, says: str, but: Collection[str] = ()) -> None:
    """Rows of these tables stay as they are, but for some columns.

    function  what it is called that refuses, where triggers need one: tables may share it
    says      what who tries is told
    """

    def made(table: Table, connection: Connection, **_: Any) -> None:
        for statement in triggers(table, connection.dialect.name, function, says, but):
            connection.exec_driver_sql(statement)

    for each in tables:
        event.listen(each, "after_create", made)


def triggers(table: Table, engine: str, function: str, says: str, but: Collection[str]) -> Iterator[str]:
    """Those of a table, in the language of an engine."""
    fixed = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in but)
    update = f"UPDATE OF {fixed}" if but else "UPDATE"
    name = table.name
    if engine == "sqlite":
        for verb, what in (("update", update), ("delete", "DELETE")):
            refusing = f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
            yield f"CREATE TRIGGER {name}_no_{verb} BEFORE {what} ON {name} {refusing}"
        return
    body = f"$$ BEGIN RAISE EXCEPTION '{says}'; END $$"
    yield f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {body}"
    yield (
        f"CREATE TRIGGER {name}_stay BEFORE {update} OR DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )
