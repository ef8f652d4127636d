"""What is written once stays: the database refuses every statement that the application could send."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.store import audit
from hub.store.audit import Actor
from hub.store.base import INSERTS
from hub.store.engine import Store
from hub.store.ledger import entries, postings
from hub.store.statements import MAY_CHANGE

GUARDED = ("audit_events", "postings", "entries")


@pytest.fixture
def written(store: Store) -> Store:
    """An event of the trail, and a posting of two entries."""
    with store.unit() as unit:
        audit.record(unit, Actor("ann", "CLI"), "create", "thing/1")
        unit.connection.execute(postings.insert().values(posting()))
        for amount in (Decimal(1), Decimal(-1)):
            sides = {"posting_id": 1, "account": "a", "currency": "EUR", "amount": amount}
            unit.connection.execute(entries.insert().values(sides))
    return store


def posting() -> dict[str, object]:
    """A value for every column that needs one."""
    kinds = {int: 1, str: "x"}
    return {
        column.name: kinds.get(column.type.python_type, "x")
        for column in postings.columns
        if not column.nullable and column.server_default is None
    } | {"id": 1}


def contents(store: Store) -> list[object]:
    with store.reading() as unit:
        return [
            unit.connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).all() for table in GUARDED
        ]


def statements(table: str, engine: str) -> Iterator[str]:
    yield f"UPDATE {table} SET id = id + 10"
    yield f"DELETE FROM {table}"
    yield f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT 1)"
    yield f"WITH gone AS (SELECT 1 AS one) UPDATE {table} SET id = 99 WHERE id = 1"
    yield f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT (id) DO UPDATE SET id = 50"
    if engine == "sqlite":
        yield f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        yield f"REPLACE INTO {table} SELECT * FROM {table}"
        yield f"UPDATE OR REPLACE {table} SET id = 1"
        yield f"UPDATE OR IGNORE {table} SET id = 77"
        return
    yield f"TRUNCATE {table} CASCADE"
    yield f"MERGE INTO {table} USING (SELECT 1 AS one) s ON {table}.id = s.one WHEN MATCHED THEN DELETE"


@pytest.mark.parametrize("table", GUARDED)
def test_no_statement_changes_what_only_grows(written: Store, table: str) -> None:
    before = contents(written)
    passed = []
    for statement in statements(table, written.engine.dialect.name):
        try:
            with written.unit() as unit:
                unit.connection.execute(text(statement))
        except DBAPIError:
            continue
        passed.append(statement)
    assert passed == []
    assert contents(written) == before


def test_what_may_change_of_a_statement_names_no_amount() -> None:
    for table, names in MAY_CHANGE.items():
        assert not {name for name in names if "net" in name or "amount" in name or "tax" in name}, table
        assert names <= {column.name for column in table.columns}


def test_to_ignore_a_conflict_is_no_change(written: Store) -> None:
    before = contents(written)
    with written.unit() as unit:
        insert = INSERTS[unit.dialect.name](postings).values(posting())
        unit.connection.execute(insert.on_conflict_do_nothing())
    assert contents(written) == before
