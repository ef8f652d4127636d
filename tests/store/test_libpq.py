"""Statements reach PostgreSQL below the cursors of its driver, and mean the same there."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

import psycopg
import pytest
from sqlalchemy import ARRAY, BigInteger, Boolean, LargeBinary, String, bindparam, cast, func, select, text

from hub.store.engine import Store
from hub.store.libpq import Numbered, packed
from hub.store.prepared import Prepared


class Kind(StrEnum):
    ONE = "ONE"


TYPES = {"number": BigInteger, "word": String, "flag": Boolean, "blob": LargeBinary}
GIVEN = {"number": -(2**62), "word": 'a "quoted" \\ %s {é}', "flag": False, "blob": b"\x00%\xff\\"}
ECHO = Prepared(postgresql=select(*(cast(bindparam(name), TYPES[name]).label(name) for name in TYPES)))
LISTED = Prepared(
    postgresql=select(func.unnest(bindparam("listed", type_=ARRAY(String))).label("each")).order_by("each")
)
NUMBERS = Prepared(postgresql=select(func.unnest(bindparam("listed", type_=ARRAY(BigInteger))).label("each")))
DIVIDED = Prepared(postgresql=select(text("1 / CAST(:by AS integer) AS there")))
BACKENDS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
)


@pytest.fixture
def url(postgres, postgres_template) -> Iterator[str]:
    yield postgres.create("below", postgres_template)
    postgres.drop("below")


@pytest.fixture
def store(url) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


def test_values_come_back_as_they_were_given(store):
    with store.unit() as unit:
        for _ in range(8):  # at first as they are, then prepared
            assert tuple(ECHO.first(unit, **GIVEN)) == tuple(GIVEN.values())
            assert tuple(ECHO.first(unit, **dict.fromkeys(GIVEN))) == (None, None, None, None)
        assert ECHO.first(unit, **GIVEN | {"word": Kind.ONE}).word == "ONE"


def test_lists_come_back_as_they_were_given(store):
    words = ["", '"', "NULL", "a,b", "back\\slash", "{}"]
    with store.reading() as unit:
        assert [row.each for row in LISTED.all(unit, listed=words)] == sorted(words)
        assert [row.each for row in NUMBERS.all(unit, listed=[3, None, -1])] == [3, None, -1]
        assert NUMBERS.all(unit, listed=[]) == []


@pytest.mark.parametrize("value", [Decimal(1), 1.5, [b"1"], [[1]], {"a": 1}])
def test_what_no_table_has_is_no_parameter(value):
    with pytest.raises(TypeError):
        packed(value)


def test_a_name_that_stands_twice_has_one_number():
    statement = Numbered("SELECT %(b)s, %(a)s, %(b)s WHERE 5 %% 2 = 1")
    assert statement.names == ("b", "a")
    assert statement.text == b"SELECT $1, $2, $1 WHERE 5 % 2 = 1"


def test_a_fault_is_that_of_the_driver_and_the_connection_goes_on(store):
    with pytest.raises(psycopg.errors.DivisionByZero), store.unit() as unit:
        DIVIDED.first(unit, by=0)
    with store.unit() as unit:
        assert DIVIDED.first(unit, by=1).there == 1


def test_both_ways_to_a_connection_are_in_the_same_transaction(store):
    count = text("SELECT count(*) FROM partners")
    new = text("INSERT INTO partners (name, status, settings, invited_at) VALUES ('A', 'PLANNED', '{}', 1)")
    with store.unit() as unit:
        unit.connection.execute(new)
        assert DIVIDED.first(unit, by=1).there == 1
    with pytest.raises(psycopg.errors.DivisionByZero), store.unit() as unit:  # noqa: PT012
        unit.connection.execute(text("DELETE FROM partners"))
        DIVIDED.first(unit, by=0)
    with store.reading() as unit:
        assert unit.connection.execute(count).scalar_one() == 1


def test_a_connection_that_breaks_is_a_passing_fault(store, url):
    with pytest.raises(psycopg.OperationalError), store.glance() as glance:  # noqa: PT012
        assert DIVIDED.first(glance, by=1).there == 1
        with psycopg.connect(url.replace("+psycopg", "")) as other:
            other.execute(BACKENDS + "'below'")
        DIVIDED.first(glance, by=1)
    with store.unit() as unit:
        assert DIVIDED.first(unit, by=1).there == 1


NAMES = text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'hub%'")


def test_a_savepoint_that_is_rolled_back_takes_no_statement_away(store):
    """The driver deallocates all that is prepared then, if anything of its own is."""
    for own in (0, 8):
        with store.unit() as unit:
            for _ in range(8):
                assert tuple(ECHO.first(unit, **GIVEN)) == tuple(GIVEN.values())
            for _ in range(own):
                unit.connection.execute(text("SELECT 1 + :one"), {"one": 1})
            with pytest.raises(ZeroDivisionError), unit.connection.begin_nested():
                raise ZeroDivisionError
            for _ in range(8):
                assert tuple(ECHO.first(unit, **GIVEN)) == tuple(GIVEN.values())
            assert unit.connection.execute(NAMES).scalar() == 1  # and none is left behind
            assert [row.each for row in LISTED.all(unit, listed=["a"])] == ["a"]


def test_statements_that_somebody_took_away_are_prepared_again(store):
    with store.unit() as unit:
        for _ in range(8):
            ECHO.first(unit, **GIVEN)
        unit.driver._run(b"DEALLOCATE ALL")
    with store.glance() as glance:  # outside a transaction nothing is lost
        assert tuple(ECHO.first(glance, **GIVEN)) == tuple(GIVEN.values())
    with store.unit() as unit:
        ECHO.first(unit, **GIVEN)
        unit.driver._run(b"DEALLOCATE ALL")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName), store.unit() as unit:
        ECHO.first(unit, **GIVEN)
    with store.unit() as unit:  # a transaction is, once
        assert tuple(ECHO.first(unit, **GIVEN)) == tuple(GIVEN.values())
