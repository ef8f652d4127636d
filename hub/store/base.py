"""The metadata all tables share, and the column types that differ between SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Integer, MetaData

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
