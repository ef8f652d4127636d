"""The metadata all tables share, and the column types that differ between SQLite and PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData
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
