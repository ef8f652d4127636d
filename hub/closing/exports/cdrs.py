"""The CDRs of a month, a portion at a time: their rows, what they tell, and what they refer to."""

from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from hub.closing.exports.books import FROM_ROW, LINES, NOWHERE, Books, Dispute, Spot, Version, in_order
from hub.closing.exports.cdr_reading import Place, Token, Told, apart_of, place_of, read, token_of
from hub.closing.exports.columns import numbers
from hub.closing.exports.question import Question
from hub.closing.exports.snapshot import Snapshot
from hub.closing.exports.wanted import AROUND, Wanted
from hub.closing.lines import SIGNS
from hub.ocpi.wire import fold
from hub.store.clearings import clearings
from hub.store.statements import statements

PORTION = 500
"""Rows that are looked at together: what a processor has at hand, which saves a fifth of the time."""
NAMES = ("id", *LINES, *FROM_ROW[1:], "last_updated", "body")


def which(question: Question, *conditions: Any) -> "array[int]":
    """The numbers of the clearings, in the order of the export: by end, CPO and id.

    A CDR belongs to the month of the statement that it stands on; one on none, to that in which its session
    ended, by the clocks of its agreement. Eight bytes a row are all that is kept.
    """
    snapshot, wanted, table = question.snapshot, question.wanted, clearings.c
    query = select(table.id, table.agreement_id, table.ended_at, table.statement_id)
    query = query.where(in_month(wanted), *narrowed(wanted), *conditions)
    query = query.order_by(table.ended_at, table.owner, in_bytes(snapshot, table.cdr_key))
    books = Books(snapshot, wanted.period)
    spans = {identity: wanted.span(terms.time_zone) for identity, terms in books.terms.items()}
    usual = wanted.span()
    found: array[int] = array("q")
    for some in snapshot.poured(query):
        found.extend(
            [
                identity
                for identity, agreement, ended, statement in some
                if statement is not None or within(ended, spans.get(agreement, usual))
            ]
        )
    return found


def within(instant: int, span: tuple[int, int]) -> bool:
    return span[0] <= instant < span[1]


def in_bytes(snapshot: Snapshot, column: Any) -> Any:
    """The same order on both engines, whatever language PostgreSQL sorts by."""
    return column if snapshot.unit.dialect.name == "sqlite" else column.collate("C")


def in_month(wanted: Wanted) -> ColumnElement[bool]:
    since, until = wanted.span()
    ended, statement = clearings.c.ended_at, clearings.c.statement_id
    open_ = and_(statement.is_(None), ended >= since - AROUND, ended < until + AROUND)
    return or_(open_, statement.in_(select(statements.c.id).where(statements.c.month == wanted.period)))


def narrowed(wanted: Wanted) -> Iterator[Any]:
    return wanted.narrowed(clearings.c.agreement_id, clearings.c.owner, clearings.c.emsp)


class Portion:
    """Some rows: each attribute is one sequence, of which every row has its cell.

    This much is known without reading any CDR, but for `aparts` and `contracts`, which each way of reading
    them has of its own.
    """

    aparts: Sequence[str]
    contracts: Sequence[str | None]

    def __init__(
        self, question: Question, books: Books, names: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        self.question, self.books = question, books
        self._size = len(rows)
        self._columns = dict(zip(names, zip(*rows, strict=True), strict=True))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> Sequence[Any]:
        """A column of the row itself."""
        return self._columns[name]

    @cached_property
    def nets(self) -> Sequence[int]:
        return numbers(self["net"])  # type: ignore[return-value]

    @cached_property
    def recomputed_nets(self) -> Sequence[int | None]:
        return numbers(self["recomputed_net"])

    @cached_property
    def spots(self) -> list[Spot]:
        wanted = list(zip(self["owner"], self.aparts, strict=True))
        return self.books.spots(wanted)

    @cached_property
    def versions(self) -> list[Version]:
        known = self.books.versions(set(self["tariff_version_id"]) - {None})
        return [known.get(each, NOWHERE) for each in self["tariff_version_id"]]

    @cached_property
    def disputes(self) -> list[Dispute | None]:
        known = self.books.disputes(self["id"])
        return [known.get(each) for each in self["id"]]

    @cached_property
    def billed_nets(self) -> Sequence[int]:
        """As the statement has it, rounded as that is; until it stands on one, as the CDR has it."""
        pairs = zip(self["net"], self["line_net"], strict=True)
        return numbers([net if billed is None else billed for net, billed in pairs])  # type: ignore[return-value]

    @cached_property
    def billed_grosses(self) -> Sequence[int | None]:
        told = zip(self["gross"], self["line_net"], self["line_tax"], strict=True)
        return numbers([gross if tax is None else net + tax for gross, net, tax in told])

    @cached_property
    def invoices(self) -> list[str | None]:
        if not self.books.invoicing:
            return [None] * len(self)
        known = self.books.invoices(self["id"])
        return [known.get(each) for each in self["id"]]

    @cached_property
    def groups(self) -> list[str | None]:
        """Of drivers, in which the contract was when it began."""
        if not self.books.grouping:
            return [None] * len(self)
        return self.books.groups(list(zip(self["owner"], self.contracts, self["started_at"], strict=True)))


class Bodies(Portion):
    """Some rows with their CDRs, which are read."""

    @cached_property
    def told(self) -> list[Told]:
        return [read(body) for body in self["body"]]

    @cached_property
    def places(self) -> list[Place]:
        return [place_of(bytes(told.cdr_location)) for told in self.told]

    @cached_property
    def tokens(self) -> list[Token]:
        return [token_of(bytes(told.cdr_token)) for told in self.told]

    @cached_property
    def signs(self) -> list[int]:
        """-1 of what a CDR takes back, though it tells it above nought (CDR-07); 0 where it takes back a
        part, of which it does not tell of what."""
        return [SIGNS.get(kind, 1) for kind in self["kind"]]

    @cached_property
    def aparts(self) -> list[str]:  # type: ignore[override]
        return list(map(apart_of, self.told))

    @cached_property
    def contracts(self) -> list[str | None]:  # type: ignore[override]
        return [None if token.contract_id is None else fold(token.contract_id) for token in self.tokens]


def portions(question: Question, ids: "array[int]") -> Iterator[Bodies]:
    """The rows of these clearings, in this order."""
    books = Books(question.snapshot, question.wanted.period)
    for some in parts_of(ids, PORTION):
        yield bodies(question, books, some)


def parts_of(many: Any, size: int) -> Iterator[Any]:
    """Of a sequence, so many at a time."""
    return (many[start : start + size] for start in range(0, len(many), size))


def bodies(question: Question, books: Books, ids: Sequence[int]) -> Bodies:
    """Rows with their CDRs."""
    return Bodies(question, books, NAMES, in_order(books.with_bodies(ids), ids))
