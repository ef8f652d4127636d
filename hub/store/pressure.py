"""When the database cannot take a change now: it is said to whoever brings it, and never acknowledged."""

import sqlite3

import psycopg
from sqlalchemy import exc

PATIENCE = 5.0
"""Seconds that a change may wait for the database; a partner gives up not much later (TR-24)."""
RETRY_AFTER = 5
"""Seconds after which a partner may send it again, for the header of that name."""


class Overloaded(Exception):
    """The hub cannot store anything at this moment; send it again in a few seconds."""


SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
ELSEWHERE = (Overloaded, psycopg.OperationalError, exc.TimeoutError)
"""Away, full, out of connections, or waited for in vain; every one of them passes."""


def is_passing(fault: BaseException) -> bool:
    """Whether the database is at fault, and the same request may succeed later: 503 and OCPI 3000."""
    cause = fault.orig if isinstance(fault, exc.DBAPIError) else fault
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & 0xFF in SQLITE
    return isinstance(cause, ELSEWHERE)
