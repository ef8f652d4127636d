"""Migrations go up and down with data, agree with the models, and never run twice at once."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

import migrations
from hub.store.engine import engine_for
from hub.store.schema import metadata
from hub.store.statements import MAY_CHANGE

PATIENCE = 60
VALUES: dict[type[Any], Any] = {
    int: 1,
    str: "x",
    bytes: b"{}",
    bool: True,
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
}


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = engine_for(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def reflected(connection: sa.Connection) -> list[sa.Table]:
    """The tables that are really there, less Alembic's own; who refers to others comes after them."""
    found = sa.MetaData()
    found.reflect(connection)
    if "alembic_version" in found.tables:
        found.remove(found.tables["alembic_version"])
    return found.sorted_tables


ONLY_GROWING = {"audit_events", "entries", "postings"} | {table.name for table in MAY_CHANGE}
"""A row that is once there can be neither changed nor deleted."""


def clear(connection: sa.Connection, tables: list[sa.Table]) -> None:
    for table in reversed(tables):
        if table.name not in ONLY_GROWING:
            connection.execute(sa.delete(table))


def fill(connection: sa.Connection, tables: list[sa.Table]) -> None:
    """A row in every table, whatever its columns; what is referred to comes first and has id 1."""
    for table in tables:
        if table.name in ONLY_GROWING and connection.execute(sa.select(table)).first():
            continue
        row = {column.name: VALUES[column.type.python_type] for column in table.columns}
        connection.execute(sa.insert(table).values(row))


def columns(connection: sa.Connection) -> dict[str, list[str]]:
    found = sa.inspect(connection).get_multi_columns()
    return {str(table): [each["name"] for each in listed] for (_, table), listed in found.items()}


def rows(connection: sa.Connection, tables: list[sa.Table]) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))] for table in tables
    }


def only(columns: list[str], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the older revision has room for."""
    return [{name: row[name] for name in columns} for row in found]


def revisions() -> list[str]:
    return [f"{number:04}" for number in range(1, int(migrations.newest()) + 1)]


def test_the_migrated_schema_is_the_one_of_the_models(database_url):
    with connected(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def described(connection: sa.Connection) -> dict[str, Any]:
    """All that the engine says of its tables; also what a comparison of models leaves out."""
    look = sa.inspect(connection)
    ask = (
        look.get_columns,
        look.get_pk_constraint,
        look.get_foreign_keys,
        look.get_unique_constraints,
        look.get_indexes,
        look.get_check_constraints,
        look.get_table_options,
    )
    names = [name for name in look.get_table_names() if name != "alembic_version"]
    return {f"{name}: {about.__name__}": in_order(about(name)) for name in names for about in ask}


def in_order(found: Any) -> list[str]:
    each = found if isinstance(found, list) else [found]
    return sorted(re.sub(r" at 0x[0-9a-f]+", "", str(one)) for one in each)


def test_the_engine_sees_no_difference_between_migrated_and_created_tables(database_url, empty_url):
    with connected(empty_url) as connection:
        metadata.create_all(connection)
        created = described(connection)
    with connected(database_url) as connection:
        assert described(connection) == created


def test_every_revision_goes_up_down_and_up_again_with_rows_in_every_table(empty_url):
    for revision in revisions():
        migrations.upgrade(empty_url, revision)
        with connected(empty_url) as connection:
            tables = reflected(connection)
            clear(connection, tables)
            fill(connection, tables)
            before = rows(connection, tables)
        migrations.downgrade(empty_url, "-1")
        with connected(empty_url) as connection:
            there = columns(connection)
        migrations.upgrade(empty_url, revision)
        with connected(empty_url) as connection:
            after = rows(connection, reflected(connection))
        kept = {name: found for name, found in after.items() if found and name in there}
        for name, found in kept.items():
            assert only(there[name], found) == only(there[name], before[name])
        assert after.keys() == before.keys()


def test_homes_that_were_there_before_are_known(empty_url):
    migrations.upgrade(empty_url, "0011")
    with connected(empty_url) as connection:
        tables = {table.name: table for table in reflected(connection)}
        for seq, home in enumerate((b"true", b"false", None), 1):
            told = b"" if home is None else b'"home_charging_compensation": ' + home
            for name, changes in (
                ("cdrs", {"seq": seq, "key": str(seq), "sent": b"{" + told + b"}", "newest": None}),
                ("clearings", {"id": seq, "cdr_key": str(seq), "cdr_seq": seq}),
            ):
                row = {column.name: VALUES[column.type.python_type] for column in tables[name].columns}
                references = {"credit_reference_id": str(seq)} if name == "cdrs" else {}
                connection.execute(sa.insert(tables[name]).values(row | changes | references))
    migrations.upgrade(empty_url, "0012")
    with connected(empty_url) as connection:
        found = connection.execute(sa.text("SELECT home FROM clearings ORDER BY id")).scalars()
        assert [bool(each) for each in found] == [True, False, False]


def test_down_to_base_nothing_is_left(empty_url):
    migrations.upgrade(empty_url)
    with connected(empty_url) as connection:
        fill(connection, reflected(connection))
    migrations.downgrade(empty_url, "base")
    with connected(empty_url) as connection:
        assert reflected(connection) == []
    assert migrations.status(empty_url) == (None, migrations.newest())


def test_an_upgrade_that_is_done_already_changes_nothing(database_url):
    with connected(database_url) as connection:
        fill(connection, tables := reflected(connection))
        before = rows(connection, tables)
    migrations.upgrade(database_url)
    with connected(database_url) as connection:
        assert rows(connection, reflected(connection)) == before
    assert migrations.status(database_url) == (migrations.newest(), migrations.newest())


def test_processes_that_upgrade_at_once_take_turns(empty_url):
    steps = ["import migrations", "input()", f"migrations.upgrade({empty_url!r})"]
    program = "; ".join([*steps, f"print(migrations.status({empty_url!r}))"])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ends = [(*process.communicate(timeout=PATIENCE), process.returncode) for process in started]
    newest = migrations.newest()
    assert ends == [(f"Status(current={newest!r}, newest={newest!r})\n", "", 0)] * 3


def test_a_revision_that_does_not_exist_is_refused_and_changes_nothing(database_url):
    with pytest.raises(CommandError, match="9999"):
        migrations.downgrade(database_url, "9999")
    assert migrations.status(database_url).current == migrations.newest()


def test_a_migration_that_fails_is_undone_as_a_whole(empty_url):
    with connected(empty_url) as connection:
        connection.execute(sa.text("CREATE TABLE charges (in_the_way INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError, match="charges"):
        migrations.upgrade(empty_url)
    with connected(empty_url) as connection:
        assert [table.name for table in reflected(connection)] == ["charges"]
