"""A closed month computed anew, from the bytes of its CDRs, the terms and the ledger: nothing may differ."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from hub.clearing import rows
from hub.closing import accounts, bodies, ledger, lines, sheets, statements
from hub.closing.ledger import Entry
from hub.closing.lines import BESIDE, Head, Line, Row, Sheet
from hub.closing.shares import Part, Total
from hub.closing.sheets import Billed, Figures, Tick
from hub.closing.taking import BODY, CDRS
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.parties import agreements as book
from hub.parties.terms import Terms
from hub.store import bulk
from hub.store.adjustments import adjustments
from hub.store.base import micro
from hub.store.clearings import clearings
from hub.store.errands import Errands
from hub.store.ledger import postings
from hub.store.prepared import Prepared
from hub.store.statements import statement_lines
from hub.store.statements import statements as table
from hub.store.unit import Unit

FIGURES = ("net", "tax", "gross", "fee", "receivable", "payable")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a figure that stands is not the one that was computed now."""

    statement: int
    where: str
    stands: str
    computed: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was computed, and what differs."""

    statements: int
    lines: int
    differences: tuple[Difference, ...]


def replay(unit: Unit, month: str, tick: Tick) -> Replayed:
    """All statements of a month; `tick` is told how much of `size` is done since it was last told."""
    found = statements.listed(unit, table.c.month == month)
    differing: list[Difference] = []
    for statement in found:
        differing += compared(unit, statement, tick)
    return Replayed(len(found), lines_of(unit, month), tuple(differing))


def size(unit: Unit, month: str) -> int:
    """How much there is to do: all that is stated is gone through twice."""
    first = (statement_lines.c.revision == 1, statement_lines.c.part == 1)
    return 2 * lines_of(unit, month, *first, statement_lines.c.kind.not_in(BESIDE))


def lines_of(unit: Unit, month: str, *wanted: ColumnElement[bool]) -> int:
    join = statement_lines.join(table, table.c.id == statement_lines.c.statement_id)
    query = select(func.count()).select_from(join).where(table.c.month == month, *wanted)
    return int(unit.connection.execute(query).scalar_one())


def everything(unit: Unit, statement: Any) -> Iterator[Any]:
    """All lines it ever had, by number."""
    mine = select(statement_lines).where(statement_lines.c.statement_id == statement.id)
    yield from unit.connection.execute(mine.order_by(statement_lines.c.number))


def compared(unit: Unit, statement: Any, tick: Tick) -> Iterator[Difference]:
    """Lines that left a statement are looked at all at once; most statements have had one revision only."""
    terms = book.by_id(unit, statement.agreement_id).terms
    if terms != statements.terms_of(statement):
        yield Difference(statement.id, "terms", str(statements.terms_of(statement)), str(terms))
    first, *later = statements.revisions_of(unit, statement.id)
    figures, differing = first_figures(unit, statement, terms, tick)
    yield from differing
    yield from figures_compared(unit, statement, first, figures)
    told = list(everything(unit, statement)) if later else []
    for revision in later:
        sheet = later_sheet(statement, told, revision.revision, terms)
        fresh = [row for row in told if row.revision == revision.revision]
        yield from lines_compared(statement, fresh, [each for each in sheet.lines if each.kind in BESIDE])
        yield from figures_compared(unit, statement, revision, statements.figures_of(sheet))


def figures_compared(unit: Unit, statement: Any, revision: Any, figures: Figures) -> Iterator[Difference]:
    yield from sums_compared(unit, statement, revision, figures)
    yield from posted(unit, statement, revision.revision, figures)


# Lines -----------------------------------------------------------------------------------------------------


def first_figures(
    unit: Unit, statement: Any, terms: Terms, tick: Tick
) -> tuple[Figures, Sequence[Difference]]:
    """The statement as a close would make it of these CDRs and adjustments now, and in which lines the one
    that stands differs."""
    ids, beside = stated(unit, statement), adjusted(unit, statement)
    billed = Billed(statement.currency, terms, statement.month)
    differing: list[Difference] = []
    made = 0

    def look(rows: Sequence[Row]) -> None:
        nonlocal made
        made += len(rows)
        differing.extend(page_compared(unit, statement, rows))

    with Errands(unit) as errands:
        source = Anew(unit, terms, ids, beside, errands)
        figures = sheets.drawn(source, billed, lambda rows: errands.do(lambda: look(rows)), tick)
    count = first_lines(unit, statement)
    if count != made:
        differing.insert(0, Difference(statement.id, "lines", str(count), str(made)))
    return figures, differing


def first_lines(unit: Unit, statement: Any) -> int:
    mine = (statement_lines.c.statement_id == statement.id, statement_lines.c.revision == 1)
    return int(unit.connection.execute(select(func.count()).where(*mine)).scalar_one())


def stated(unit: Unit, statement: Any) -> "array[int]":
    """The CDRs of its first revision, in the order of their lines, by the number of their clearing."""
    every = bulk.ids_of(unit, of_first(statement, statement_lines.c.clearing_id))
    return array("q", (identity for identity, _ in groupby(every)))


def adjusted(unit: Unit, statement: Any) -> Sequence[Any]:
    """Its adjustments, in that order."""
    known = dict.fromkeys(bulk.ids_of(unit, of_first(statement, statement_lines.c.adjustment_id)))
    return [
        unit.connection.execute(select(adjustments).where(adjustments.c.id == identity)).one()
        for identity in known
    ]


def of_first(statement: Any, column: ColumnElement[int]) -> Select[Any]:
    mine = (statement_lines.c.statement_id == statement.id, statement_lines.c.revision == 1)
    return select(column).where(*mine, column.is_not(None)).order_by(statement_lines.c.number)


SENT = CDRS.c.sent
KNOWN = [clearings.c[name] for name in ("id", "kind", "engine", "policy", "input_hash")]
JOINED = select(*KNOWN, CDRS.c.key, SENT, BODY).join_from(clearings, CDRS, CDRS.c.seq == clearings.c.cdr_seq)
BYTES = Prepared(**{engine: JOINED.where(bulk.among(clearings.c.id, engine)) for engine in bulk.ENGINES})


@dataclass(frozen=True, slots=True)
class Anew:
    """A source of `hub.closing.sheets`: figures come from CDRs as they were sent, none from what clearing has
    made of them."""

    unit: Unit
    terms: Terms
    ids: "array[int]"
    adjusted: Sequence[Any]
    errands: Errands

    def parts(self) -> Iterator[Sequence[Part]]:
        for row in chain.from_iterable(self.errands.ahead(self.pages())):
            cdr = bodies.told(row.body)
            net = micro(rows.rounded(cdr["total_cost"]["before_taxes"]))
            yield lines.parts_of_cdr(kind_of(row.kind, cdr), cdr, net, self.terms)
        for row in self.adjusted:
            yield lines.parts_of_adjustment(row, self.terms)

    def heads(self) -> Iterator[Head]:
        for row in chain.from_iterable(self.errands.ahead(self.pages())):
            yield lines.head_of_cdr(read(row), self.terms)
        for row in self.adjusted:
            yield lines.head_of_adjustment(row, self.terms)

    def pages(self) -> Iterator[Sequence[Any]]:
        for ids in bulk.pages(self.ids):
            found = {row.id: row for row in BYTES.all(self.unit, ids=bulk.listed(self.unit, ids))}
            yield [found[identity] for identity in ids]


class Read(NamedTuple):
    """What `hub.closing.lines` wants to know of a CDR."""

    id: int
    kind: str
    cdr_key: str
    ended_at: int
    energy: int
    net: int
    engine: str | None
    policy: str | None
    input_hash: str | None


def read(row: Any) -> Read:
    cdr = bodies.told(row.body)
    return Read(
        row.id,
        kind_of(row.kind, cdr),
        row.key,
        instants.micros(cdr["end_date_time"]),
        micro(rows.rounded(cdr["total_energy"])),
        micro(rows.rounded(cdr["total_cost"]["before_taxes"])),
        row.engine,
        row.policy,
        None if row.input_hash is None else hashlib.sha256(row.sent).hexdigest(),
    )


def kind_of(kind: str, cdr: Json) -> str:
    """Whether a credit takes back all or a part, and whether a CDR came in another one's place, it does not
    tell itself."""
    if (kind in rows.CREDITS) == bool(cdr.get("credit")):
        return kind
    return rows.CREDIT if cdr.get("credit") else rows.NORMAL


def later_sheet(statement: Any, told: Sequence[Any], revision: int, terms: Terms) -> Sheet:
    """What is left when lines have left, whose own figures were compared before."""
    stand = [row for row in told if row.revision <= revision and (row.left_in or revision + 1) > revision]
    stay = [lines.of_row(row) for row in stand if row.kind not in BESIDE]
    return lines.remaining(stay, statement.currency, terms, statement.month)


STAND = Prepared(
    every=select(*(statement_lines.c[name] for name in Row._fields))
    .where(
        statement_lines.c.statement_id == bindparam("statement"),
        statement_lines.c.revision == 1,
        statement_lines.c.number.between(bindparam("low"), bindparam("high")),
    )
    .order_by(statement_lines.c.number)
)


def page_compared(unit: Unit, statement: Any, made: Sequence[Row]) -> Iterator[Difference]:
    if not made:
        return
    stand = STAND.all(unit, statement=statement.id, low=made[0].number, high=made[-1].number)
    if stand == made:
        return
    found = {row.number: Row(*row) for row in stand}
    for row in made:
        written = found.get(row.number, row)
        if written != row:
            pair = (lines.of_figures(written), lines.of_figures(row))
            yield from line_compared(statement, row.number, *pair)


def lines_compared(statement: Any, stand: Sequence[Any], computed: Sequence[Line]) -> Iterator[Difference]:
    if len(stand) != len(computed):
        yield Difference(statement.id, "lines", str(len(stand)), str(len(computed)))
    for row, line in zip(stand, computed, strict=False):
        yield from line_compared(statement, row.number, lines.of_row(row), line)


def line_compared(statement: Any, number: int, written: Line, computed: Line) -> Iterator[Difference]:
    for name in Line.__slots__:
        ours, theirs = getattr(written, name), getattr(computed, name)
        if ours != theirs:
            yield Difference(statement.id, f"line {number}: {name}", str(ours), str(theirs))


# Sums ------------------------------------------------------------------------------------------------------


def sums_compared(unit: Unit, statement: Any, revision: Any, figures: Figures) -> Iterator[Difference]:
    label = f"revision {revision.revision}"
    for name in FIGURES:
        yield from differing(
            statement, f"{label}: {name}", getattr(revision, name), getattr(figures.sums, name)
        )
    yield from differing(statement, f"{label}: lines", revision.lines, figures.lines)
    stand = statements.totals_of(unit, statement, revision.revision)
    yield from differing(statement, f"{label}: totals", shown(stand), shown(figures.totals))
    yield from differing(statement, f"{label}: checksum", revision.checksum, figures.checksum)


def differing(statement: Any, where: str, stands: object, computed: object) -> Iterator[Difference]:
    if stands != computed:
        yield Difference(statement.id, where, str(stands), str(computed))


def shown(totals: Iterable[Total]) -> list[str]:
    plain = [(each.vat, *(f"{v.normalize():f}" for v in (each.base, each.net, each.tax))) for each in totals]
    return [f"{which}: {base} -> {net} + {tax}" for which, base, net, tax in plain]


def posted(unit: Unit, statement: Any, revision: int, figures: Figures) -> Iterator[Difference]:
    """The ledger has what the revision says; and where another followed, its exact opposite."""
    wanted = accounts.of_statement(statement, figures.totals, figures.sums)
    key = f"{accounts.document(statement.id)}/{revision}"
    found = unit.connection.execute(select(postings.c.id).where(postings.c.key == key)).scalar()
    yield from differing(statement, f"posting {key}", booked(unit, found), noted(wanted))
    if revision == statement.revision or found is None:
        return
    again = select(postings.c.id).where(postings.c.reverses == found)
    undone = unit.connection.execute(again).scalar()
    opposite = tuple(replace(each, amount=-each.amount) for each in wanted)
    yield from differing(statement, f"reversal of {key}", booked(unit, undone), noted(opposite))


def booked(unit: Unit, posting: int | None) -> list[str]:
    return [] if posting is None else noted(ledger.entries_of(unit, posting))


def noted(entries: Iterable[Entry | Any]) -> list[str]:
    return sorted(
        f"{each.account} {each.currency} {each.amount.normalize():f} {each.period} {each.tax or ''}"
        for each in entries
    )
