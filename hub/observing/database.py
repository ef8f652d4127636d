"""Whether the database answers, and which migration it is at."""

import sqlite3

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub.store.engine import Store

TROUBLE = (SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError)
"""What a database that does not answer raises: the pool in SQLAlchemy's words, the drivers in their own."""


def revision(store: Store) -> str | None:
    """None when it does not answer, or has never been migrated."""
    try:
        with store.reading() as unit:
            found = unit.connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except TROUBLE:
        return None
    return None if found is None else str(found)


def answers(store: Store) -> bool:
    try:
        with store.reading() as unit:
            unit.connection.execute(text("SELECT 1"))
    except TROUBLE:
        return False
    return True
