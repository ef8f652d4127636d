"""The CDRs of a close: moved onto its statement as they are read, so that nobody else has them."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from hub.clearing import states
from hub.clearing.states import State
from hub.closing import bodies, lines, vat
from hub.closing.candidates import Ready
from hub.closing.lines import Head
from hub.closing.problems import SafetyBound
from hub.closing.shares import Part
from hub.parties.terms import Terms
from hub.store import bulk
from hub.store.bulk import TOGETHER
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.errands import Errands
from hub.store.prepared import Prepared
from hub.store.unit import Unit

CDRS = TABLES["cdrs"]
BODY = func.coalesce(CDRS.c.newest, CDRS.c.sent).label("body")
"""In the newest edition."""
BESIDE = ("id", "kind", "cdr_key", "ended_at", "energy", "net", "engine", "policy", "input_hash")


def of_statement(query: Select[Any], engine: str) -> Select[Any]:
    mine = bulk.among(clearings.c.id, engine) & (clearings.c.statement_id == bindparam("statement"))
    return query.where(mine)


def for_each(query: Select[Any]) -> Prepared:
    return Prepared(**{engine: of_statement(query, engine) for engine in bulk.ENGINES})


AMOUNTS = for_each(select(clearings.c.id, clearings.c.kind, clearings.c.net))
BODIES = for_each(
    select(clearings.c.id, clearings.c.kind, clearings.c.net, BODY).join_from(
        clearings, CDRS, CDRS.c.seq == clearings.c.cdr_seq
    )
)
HEADS = for_each(select(*(clearings.c[name] for name in BESIDE)))


@dataclass(slots=True)
class Taking:
    """A source of `hub.closing.sheets`. Whoever is not ready any more when its page comes is left out.

    taken  the numbers of those that were moved, once `parts` has been walked through
    """

    unit: Unit
    statement: Any
    terms: Terms
    ready: Ready
    adjusted: Sequence[Any]
    by: str
    errands: Errands
    taken: "array[int]" = field(default_factory=lambda: array("q"))

    def parts(self) -> Iterator[Sequence[Part]]:
        settled = vat.by_terms(self.terms) is not None
        for rows in self.errands.ahead(self.pages(AMOUNTS if settled else BODIES)):
            for row in rows:
                self.taken.append(row.id)
                cdr = {} if settled else bodies.costs(row.body)
                yield lines.parts_of_cdr(row.kind, cdr, row.net, self.terms)
        for row in self.adjusted:
            yield lines.parts_of_adjustment(row, self.terms)

    def pages(self, query: Prepared) -> Iterator[Sequence[Any]]:
        """Moved, and read as they are now."""
        for begin in range(0, len(self.ready.ids), TOGETHER):
            moved = sum(self.move(state, ids) for state, ids in self.ready.page(begin).items())
            found = self.rows(query, self.ready.ids[begin : begin + TOGETHER])
            if len(found) != moved:
                raise SafetyBound(f"{moved} CDRs were moved and {len(found)} found")
            yield found

    def move(self, before: State, ids: Sequence[int]) -> int:
        why = f"on statement {self.statement.id}, of {self.statement.month}"
        columns = {"statement_id": self.statement.id, "agreement_id": self.statement.agreement_id}
        return states.move_many(self.unit, ids, before, State.STATED, self.by, why, **columns)

    def rows(self, query: Prepared, ids: Sequence[int]) -> Sequence[Any]:
        """In the order of the numbers."""
        given = bulk.listed(self.unit, ids)
        found = {row.id: row for row in query.all(self.unit, ids=given, statement=self.statement.id)}
        return [found[identity] for identity in ids if identity in found]

    def heads(self) -> Iterator[Head]:
        for rows in self.errands.ahead(self.rows(HEADS, ids) for ids in bulk.pages(self.taken)):
            for row in rows:
                yield lines.head_of_cdr(row, self.terms)
        for row in self.adjusted:
            yield lines.head_of_adjustment(row, self.terms)
