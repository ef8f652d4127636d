"""The metadata all tables share, and the column types that differ between SQLite and PostgreSQL."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A growing key: SQLite only counts up by itself on its own INTEGER."""

Instant = BigInteger
"""Microseconds since 1970 UTC, the same on both engines."""

INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""The INSERT of each engine, by the name of its dialect: both know `on_conflict_do_update`."""


MICRO = 1_000_000
MOST = 2**63 - 1


class Micro(TypeDecorator[Decimal]):
    """An amount or a quantity as a whole number of millionths: exact on both engines, also when it is summed
    (`Numeric` on SQLite is a float, and ten times 0.1 is not 1 there)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else micro(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else of_micro(int(value))  # a SUM on PostgreSQL is a Decimal


def micro(value: Decimal) -> int:
    """ValueError when it has more than six places or does not fit: nothing is rounded on its way in."""
    over, under = value.as_integer_ratio() if value.is_finite() else (0, 0)
    scaled, rest = divmod(over * MICRO, under) if under else (0, 1)
    if rest or abs(scaled) > MOST:
        raise ValueError(f"{value} is no number of millionths that the database can hold")
    return scaled


def of_micro(value: int) -> Decimal:
    """Without noughts at the end, as it is written in JSON."""
    return Decimal(text_of_micro(value))


def text_of_micro(value: int) -> str:
    text = f"{value:08}" if value < 0 else f"{value:07}"  # the sign takes one of the signs
    return f"{text[:-6]}.{text[-6:]}".rstrip("0").rstrip(".")
