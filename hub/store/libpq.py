"""How statements are run on PostgreSQL: by libpq itself, and prepared when they are used often.

Measured: with a cursor of the driver, a statement takes 50 us of CPU here, and 4 us below it. What SQLAlchemy
runs on the same connection goes through the driver as ever; both see the same transaction.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

BINARY = 1
DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
PREPARED = b"SELECT name FROM pg_prepared_statements"
PLACE = re.compile(r"%\((\w+)\)s")

Packed = bytes | None
"""A parameter as it is sent: bytes as they are, all else as PostgreSQL writes it."""


class Numbered:
    """A statement whose parameters are numbered, as libpq has them; one that stands twice has one number.

    text  in the form of the driver: `%(name)s`, and `%%` for a percent sign
    """

    def __init__(self, text: str) -> None:
        self.names = tuple(dict.fromkeys(PLACE.findall(text)))
        places = {name: f"${place}" for place, name in enumerate(self.names, start=1)}
        self.text = PLACE.sub(lambda found: places[found[1]], text).replace("%%", "%").encode()


def packed(value: Any) -> Packed:
    """Of the types that the tables have, and lists of numbers or texts; TypeError for any other."""
    kind = type(value)
    if kind is bytes or value is None:
        return value  # type: ignore[no-any-return]  # which mypy does not see from the type
    if kind is int:
        return b"%d" % value
    if isinstance(value, str):
        return value.encode()
    if kind is bool:
        return b"t" if value else b"f"
    if kind is list:
        return b"{%b}" % elements(value)
    raise TypeError(f"no parameter of a prepared statement: {value!r}")


def elements(values: Sequence[Any]) -> bytes:
    if set(map(type, values)) == {int}:
        return ",".join(map(str, values)).encode()
    return b",".join(map(element, values))


def element(value: Any) -> bytes:
    """One of a list, as PostgreSQL writes it inside its braces."""
    if value is None:
        return b"NULL"
    if isinstance(value, str):
        return b'"%b"' % re.sub(r'(["\\])', r"\\\1", value).encode()
    if type(value) in (int, bool):
        return packed(value) or b""
    raise TypeError(f"no element of a list for a prepared statement: {value!r}")


class Line:
    """A connection of the driver; whoever has it, has it alone."""

    __slots__ = ("_doubtful", "_known", "_made", "_pg", "_reader", "_threshold", "_uses")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._pg = connection.pgconn
        self._reader = Transformer.from_context(connection)
        self._known: dict[bytes, bytes] = {}
        self._doubtful: dict[bytes, bytes] = {}
        self._made = 0
        self._threshold = connection.prepare_threshold  # None: behind some poolers nothing may be prepared
        self._uses: Counter[bytes] = Counter()

    def run(self, statement: Numbered, values: Mapping[str, Any]) -> PGresult:
        """The result; psycopg's exceptions say why there is none."""
        given = [packed(values[name]) for name in statement.names]
        formats = [BINARY if type(values[name]) is bytes else 0 for name in statement.names]
        return self._run(statement.text, given, formats)

    def doubt(self) -> None:
        """The driver may be about to take prepared statements away, ours with its own: as it does after a
        ROLLBACK, also one to a savepoint. Which are left is asked when one is needed."""
        self._doubtful |= self._known
        self._known.clear()

    def rows(self, result: PGresult, make: Callable[[Any], Any]) -> list[Any]:
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, make)

    def begin(self) -> None:
        self._run(b"BEGIN")

    def commit(self) -> None:
        """Also of what SQLAlchemy has begun; nothing where nothing was begun."""
        if self._pg.transaction_status != TransactionStatus.IDLE:
            self._run(b"COMMIT")

    def rollback(self) -> None:
        if self._pg.transaction_status != TransactionStatus.IDLE:
            self._done(self._pg.exec_(b"ROLLBACK"))

    def _run(self, text: bytes, given: Sequence[Any] = (), formats: Sequence[int] = ()) -> PGresult:
        try:
            name = self._known.get(text) or self._named(text)
            if name is None:
                return self._done(self._pg.exec_params(text, given, None, formats, BINARY))
            return self._done(self._pg.exec_prepared(name, given, formats, BINARY))
        except MemoryError:  # as psycopg reads libpq's "nothing could be sent"
            raise psycopg.OperationalError(self._pg.get_error_message()) from None
        except psycopg.errors.InvalidSqlStatementName:  # somebody took them away: this cannot be for ever
            self._known.clear()
            if self._pg.transaction_status != TransactionStatus.IDLE:
                raise
            return self._done(self._pg.exec_params(text, given, None, formats, BINARY))

    def _named(self, text: bytes) -> bytes | None:
        """The name of a statement that is used often enough to be prepared."""
        if self._threshold is None:
            return None
        if self._doubtful and (name := self._recalled(text)):
            return name
        self._uses[text] += 1
        if self._uses[text] <= self._threshold:
            return None
        name = b"hub_%d" % self._made
        self._made += 1
        self._done(self._pg.prepare(name, text))
        self._known[text] = name
        return name

    def _recalled(self, text: bytes) -> bytes | None:
        """Of what is doubtful, that is known which is there still."""
        there = self._done(self._pg.exec_params(PREPARED, ()))
        names = {there.get_value(row, 0) for row in range(there.ntuples)}
        self._known |= {each: name for each, name in self._doubtful.items() if name in names}
        self._doubtful.clear()
        return self._known.get(text)

    def _done(self, result: PGresult) -> PGresult:
        if result.status in DONE:
            return result
        if self._pg.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self._pg.get_error_message())
        raise psycopg.errors.error_from_result(result)
