"""One transaction: its connection, its instant, and the changes it has made so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
    before  what it replaces
    """

    document: Document
    seq: int
    rev: int
    gone: bool = False
    source: int | None = None
    before: Document | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What statements of `hub.store.prepared` need to read: the driver's own connection, no transaction."""

    now: int
    driver: Any
    dialect: Dialect


@dataclass(slots=True)
class Unit:
    """`now` is the instant of the whole transaction, in microseconds.

    driver   the driver's own connection, in the same transaction, for `hub.store.prepared`
    changes  the documents stored so far; joined: ids of the partners that connected. Both wait for reactions.
    """

    connection: Connection
    now: int
    driver: Any
    dialect: Dialect
    changes: list[Change] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)


React = Callable[[Unit], None]
