"""A change that the database cannot take in time is refused in a way that says: later."""

import sqlite3
import threading

import psycopg
import pytest
from sqlalchemy import exc, text

from hub.store.engine import Store
from hub.store.pressure import Overloaded, is_passing

PARTNER = "INSERT INTO partners (name, status, settings, invited_at) VALUES ('A', 'PLANNED', '{}', 1)"
TOUCH = text("UPDATE partners SET invited_at = invited_at + 1")


@pytest.mark.parametrize("same_process", [True, False], ids=["this process", "another process"])
def test_who_waits_for_another_writer_too_long_is_told_to_come_again(database_url, same_process):
    store = Store(database_url, patience=0.2)
    with store.unit() as unit:
        unit.connection.execute(text(PARTNER))
    other = store if same_process else Store(database_url)
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with other.unit() as unit:
            unit.connection.execute(TOUCH)
            held.set()
            enough.wait(10)

    holding = threading.Thread(target=hold)
    holding.start()
    assert held.wait(10)
    with (
        pytest.raises((Overloaded, exc.OperationalError, sqlite3.OperationalError)) as told,
        store.unit() as unit,
    ):
        unit.connection.execute(TOUCH)
    assert is_passing(told.value)
    enough.set()
    holding.join()
    with store.unit() as unit:  # and nothing is in the way afterwards
        unit.connection.execute(TOUCH)
        assert unit.connection.execute(text("SELECT invited_at FROM partners")).scalar_one() == 3
    store.close()
    other.close()


def test_a_full_disk_passes(tmp_path):
    with_limit = sqlite3.connect(tmp_path / "full.sqlite", isolation_level=None)
    with_limit.execute("CREATE TABLE t (a)")
    with_limit.execute("PRAGMA max_page_count=2")
    with pytest.raises(sqlite3.OperationalError, match="full") as told:
        with_limit.execute("INSERT INTO t VALUES (zeroblob(100000))")
    with_limit.close()
    assert is_passing(told.value)


@pytest.mark.parametrize("fault", [psycopg.errors.DiskFull(), psycopg.OperationalError(), exc.TimeoutError()])
def test_so_does_a_server_that_is_away_or_full(fault):
    assert is_passing(fault)


@pytest.mark.parametrize("fault", [ValueError(), psycopg.errors.UniqueViolation(), exc.InvalidRequestError()])
def test_a_fault_of_ours_does_not_pass(fault):
    assert not is_passing(fault)
