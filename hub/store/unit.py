"""One transaction: its connection, its instant, and the changes it has made so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect

from hub.ocpi.document import Document

Clock = Callable[[], int]


def utc_micros() -> int:
    """The system's clock in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A document that was stored in this transaction.

    seq     the row in the table of its module
    rev     its revision, 1 when it is new
    gone    whether it was deleted
    source  the partner that sent it; None when the hub made it
    before  the `hub.store.documents.Stored` that it replaces, if any
    audience  Party.code of the one it is meant for, as the store has it
    """

    document: Document
    seq: int
    rev: int
    gone: bool = False
    source: int | None = None
    before: Any = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What statements of `hub.store.prepared` need to read: what they run on, and no transaction."""

    now: int
    driver: Any
    dialect: Dialect


class Unit:
    """One transaction.

    now      its instant, in microseconds
    driver   what the statements of `hub.store.prepared` run on
    changes  the documents stored so far; joined: ids of the partners that connected. Both wait for reactions.
    owed     whether partners are owed something by it
    ruled    assignment rules that were made, ended or concern others now; they wait for reactions
    sighted  whether a party sees something otherwise from now on (`hub.prices.shown.sightings`)
    """

    __slots__ = (
        "_connect",
        "_connection",
        "changes",
        "dialect",
        "driver",
        "joined",
        "now",
        "owed",
        "ruled",
        "sighted",
    )

    def __init__(self, now: int, driver: Any, dialect: Dialect, connect: Callable[[], Connection]) -> None:
        self.now = now
        self.driver = driver
        self.dialect = dialect
        self.changes: list[Change] = []
        self.joined: list[int] = []
        self.owed = False
        self.ruled: list[Any] = []
        self.sighted = False
        self._connect = connect
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, in the same transaction; made for those who ask for it."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection


React = Callable[[Unit], None]
