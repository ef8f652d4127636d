"""A closed month computed anew, from the bytes of its CDRs, the terms and the ledger: nothing may differ."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from hub.clearing import rows
from hub.clearing.facts import cost
from hub.closing import accounts, ledger, lines, statements
from hub.closing.ledger import Entry
from hub.closing.lines import BESIDE, Line, Sheet, Total
from hub.ocpi import instants
from hub.parties import agreements as book
from hub.parties.terms import Terms
from hub.store import documents
from hub.store.adjustments import adjustments
from hub.store.clearings import clearings
from hub.store.ledger import postings
from hub.store.statements import statement_lines
from hub.store.statements import statements as table
from hub.store.unit import Unit

Tick = Callable[[int], object]
TOGETHER = 500
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
    """All statements of a month; `tick` is called with the number of lines that are done."""
    found = statements.listed(unit, table.c.month == month)
    differing: list[Difference] = []
    count = 0
    for statement in found:
        told = list(everything(unit, statement))
        differing += compared(unit, statement, told)
        count += len(told)
        tick(len(told))
    return Replayed(len(found), count, tuple(differing))


def size(unit: Unit, month: str) -> int:
    """How many lines there are to compute."""
    join = statement_lines.join(table, table.c.id == statement_lines.c.statement_id)
    query = select(func.count()).select_from(join).where(table.c.month == month)
    return int(unit.connection.execute(query).scalar_one())


def everything(unit: Unit, statement: Any) -> Iterator[Any]:
    """All lines it ever had, by number."""
    mine = select(statement_lines).where(statement_lines.c.statement_id == statement.id)
    yield from unit.connection.execute(mine.order_by(statement_lines.c.number))


def compared(unit: Unit, statement: Any, told: Sequence[Any]) -> Iterator[Difference]:
    terms = book.by_id(unit, statement.agreement_id).terms
    if terms != statements.terms_of(statement):
        yield Difference(statement.id, "terms", str(statements.terms_of(statement)), str(terms))
    first = [row for row in told if row.revision == 1]
    sheet = first_sheet(unit, statement, first, terms)
    yield from lines_compared(statement, first, sheet.lines)
    revised = statements.revisions_of(unit, statement.id)
    for revision in revised:
        if revision.revision > 1:
            sheet = later_sheet(statement, told, revision.revision, terms)
            fresh = [row for row in told if row.revision == revision.revision]
            yield from lines_compared(statement, fresh, [each for each in sheet.lines if each.kind in BESIDE])
        yield from sums_compared(unit, statement, revision, sheet)
        yield from posted(unit, statement, revision.revision, sheet)


# Lines -----------------------------------------------------------------------------------------------------


def first_sheet(unit: Unit, statement: Any, first: Sequence[Any], terms: Terms) -> Sheet:
    """The statement as a close would make it of these CDRs and adjustments now."""
    drafts = [*of_cdrs(unit, first, terms), *of_adjustments(unit, first, terms)]
    return lines.sheet(drafts, statement.currency, terms, statement.month)


def of_cdrs(unit: Unit, first: Sequence[Any], terms: Terms) -> Iterator[Line]:
    known = list(dict.fromkeys(row.clearing_id for row in first if row.clearing_id is not None))
    for begin in range(0, len(known), TOGETHER):
        some = known[begin : begin + TOGETHER]
        found = {
            row.id: row for row in unit.connection.execute(select(clearings).where(clearings.c.id.in_(some)))
        }
        for identity in some:
            yield from of_bytes(unit, found[identity], terms)


def of_bytes(unit: Unit, row: Any, terms: Terms) -> Iterator[Line]:
    """Its figures come from the CDR as it was sent, none from what clearing has made of it."""
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    cdr = stored.document.newest
    told = SimpleNamespace(
        id=row.id,
        kind="CREDIT" if cdr.get("credit") else row.kind,
        cdr_key=stored.key,
        net=rows.rounded(cost(cdr["total_cost"]).net),
        energy=rows.rounded(Decimal(cdr["total_energy"])),
        ended_at=instants.micros(cdr["end_date_time"]),
        engine=row.engine,
        policy=row.policy,
        input_hash=None if row.input_hash is None else hashlib.sha256(stored.body).hexdigest(),
    )
    return lines.of_cdr(told, cdr, terms)


def of_adjustments(unit: Unit, first: Sequence[Any], terms: Terms) -> Iterator[Line]:
    known = list(dict.fromkeys(row.adjustment_id for row in first if row.adjustment_id is not None))
    for identity in known:
        query = select(adjustments).where(adjustments.c.id == identity)
        yield from lines.of_adjustment(unit.connection.execute(query).one(), terms)


def later_sheet(statement: Any, told: Sequence[Any], revision: int, terms: Terms) -> Sheet:
    """What is left when lines have left, whose own figures were compared before."""
    stand = [row for row in told if row.revision <= revision and (row.left_in or revision + 1) > revision]
    stay = [lines.of_row(row) for row in stand if row.kind not in BESIDE]
    return lines.remaining(stay, statement.currency, terms, statement.month)


def lines_compared(statement: Any, stand: Sequence[Any], computed: Sequence[Line]) -> Iterator[Difference]:
    if len(stand) != len(computed):
        yield Difference(statement.id, "lines", str(len(stand)), str(len(computed)))
    for row, line in zip(stand, computed, strict=False):
        written = lines.of_row(row)
        for name in Line.__slots__:
            ours, theirs = getattr(written, name), getattr(line, name)
            if ours != theirs:
                yield Difference(statement.id, f"line {row.number}: {name}", str(ours), str(theirs))


# Sums ------------------------------------------------------------------------------------------------------


def sums_compared(unit: Unit, statement: Any, revision: Any, sheet: Sheet) -> Iterator[Difference]:
    label = f"revision {revision.revision}"
    for name in FIGURES:
        yield from differing(
            statement, f"{label}: {name}", getattr(revision, name), getattr(sheet.sums, name)
        )
    count = sum(each.kind not in BESIDE for each in sheet.lines)
    yield from differing(statement, f"{label}: lines", revision.lines, count)
    stand = statements.totals_of(unit, statement, revision.revision)
    yield from differing(statement, f"{label}: totals", shown(stand), shown(sheet.totals))
    made = statements.checksum(sheet.lines, sheet.totals)
    yield from differing(statement, f"{label}: checksum", revision.checksum, made)


def differing(statement: Any, where: str, stands: object, computed: object) -> Iterator[Difference]:
    if stands != computed:
        yield Difference(statement.id, where, str(stands), str(computed))


def shown(totals: Iterable[Total]) -> list[str]:
    plain = [(each.vat, *(f"{v.normalize():f}" for v in (each.base, each.net, each.tax))) for each in totals]
    return [f"{which}: {base} -> {net} + {tax}" for which, base, net, tax in plain]


def posted(unit: Unit, statement: Any, revision: int, sheet: Sheet) -> Iterator[Difference]:
    """The ledger has what the revision says; and where another followed, its exact opposite."""
    wanted = accounts.of_statement(statement, sheet.totals, sheet.sums)
    key = f"{accounts.document(statement.id)}/{revision}"
    found = unit.connection.execute(select(postings.c.id).where(postings.c.key == key)).scalar()
    yield from differing(statement, f"posting {key}", booked(unit, found), figures(wanted))
    if revision == statement.revision or found is None:
        return
    again = select(postings.c.id).where(postings.c.reverses == found)
    undone = unit.connection.execute(again).scalar()
    opposite = tuple(replace(each, amount=-each.amount) for each in wanted)
    yield from differing(statement, f"reversal of {key}", booked(unit, undone), figures(opposite))


def booked(unit: Unit, posting: int | None) -> list[str]:
    return [] if posting is None else figures(ledger.entries_of(unit, posting))


def figures(entries: Iterable[Entry | Any]) -> list[str]:
    return sorted(
        f"{each.account} {each.currency} {each.amount.normalize():f} {each.period} {each.tax or ''}"
        for each in entries
    )
