"""A statement: what an eMSP owes a CPO for a month in one currency, with its lines, totals and revisions."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from hub.closing import accounts, lines, sheets
from hub.closing.lines import BESIDE, Line, Row, Sheet, Sums
from hub.closing.problems import NoSuchStatement
from hub.closing.shares import Total
from hub.closing.sheets import Figures
from hub.closing.vat import Vat
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.parties.agreements import Agreement
from hub.parties.terms import Terms, of_plain, plain
from hub.store import bulk
from hub.store.statements import (
    statement_events,
    statement_lines,
    statement_revisions,
    statement_totals,
    statements,
)
from hub.store.unit import Unit

DRAFT = "DRAFT"
TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Making:
    """Who makes a revision, and why."""

    by: str
    why: str | None = None


# Writing ---------------------------------------------------------------------------------------------------


def draft(unit: Unit, agreement: Agreement, period: Any) -> Any:
    """A statement without lines; its row."""
    pair = agreement.pair
    row = {
        "period_id": period.id,
        "agreement_id": agreement.id,
        "cpo": pair.cpo.code,
        "emsp": pair.emsp.code,
        "currency": pair.currency,
        "month": period.month,
        "terms": strictjson.write(plain(agreement.terms)).decode(),
        "parties": strictjson.write(parties_of(unit, agreement)).decode(),
        "created_at": unit.now,
        "state": DRAFT,
        "revision": 1,
    }
    made = unit.connection.execute(insert(statements).values(row).returning(statements))
    return made.one()


def parties_of(unit: Unit, agreement: Agreement) -> Json:
    """Who they were when the statement was made."""
    terms = agreement.terms
    told = (
        ("cpo", agreement.pair.cpo, Role.CPO, terms.cpo_vat_id),
        ("emsp", agreement.pair.emsp, Role.EMSP, terms.emsp_vat_id),
    )
    return {
        name: {"party": str(party), "name": name_of(unit, party, role), "vat_id": vat_id}
        for name, party, role, vat_id in told
    }


def name_of(unit: Unit, party: Party, role: Role) -> str | None:
    found = registry.of_party(unit, party, role)
    return found[0].name if found else None


def put(unit: Unit, statement: Any, rows: Sequence[Row]) -> None:
    """Lines of its first revision, however many."""
    same = (statement.id, statement.revision)
    bulk.write(unit, statement_lines, PUT, [(*same, *row) for row in rows])


PUT = ("statement_id", "revision", *Row._fields)


def write(unit: Unit, statement: Any, sheet: Sheet, making: Making, since: int) -> None:
    """A later revision: the lines after number `since` are new, the totals and sums are its own."""
    place = sum(each.kind not in BESIDE for each in sheet.lines)
    fresh = [
        lines.columns(line) | {"statement_id": statement.id, "number": number, "revision": statement.revision}
        for number, line in enumerate(sheet.lines[place:], since + 1)
    ]
    if fresh:
        unit.connection.execute(insert(statement_lines), fresh)
    record(unit, statement, figures_of(sheet), making)


def figures_of(sheet: Sheet) -> Figures:
    count = sum(each.kind not in BESIDE for each in sheet.lines)
    return Figures(sheet.totals, sheet.sums, count, checksum(sheet.lines, sheet.totals))


def record(unit: Unit, statement: Any, figures: Figures, making: Making) -> None:
    """What a revision comes to. It is posted in the ledger in the same transaction."""
    same = {"statement_id": statement.id, "revision": statement.revision}
    if figures.totals:
        told = [
            same
            | {
                "category": each.vat.category,
                "rate": each.vat.rate,
                "base": each.base,
                "net": each.net,
                "tax": each.tax,
            }
            for each in figures.totals
        ]
        unit.connection.execute(insert(statement_totals), told)
    unit.connection.execute(insert(statement_revisions).values(revision_of(unit, same, figures, making)))
    entries = accounts.of_statement(statement, figures.totals, figures.sums)
    accounts.book(unit, statement, entries, making.by, unit.now)


def revision_of(unit: Unit, same: Json, figures: Figures, making: Making) -> Json:
    sums = figures.sums
    names = ("net", "tax", "gross", "fee", "receivable", "payable")
    return {
        **same,
        **{name: getattr(sums, name) for name in names},
        "lines": figures.lines,
        "checksum": figures.checksum,
        "made_at": unit.now,
        "made_by": making.by,
        "why": making.why,
    }


def checksum(told: Iterable[Line], totals: Iterable[Total]) -> str:
    """Of all figures of a revision, in the order of their numbers."""
    found = hashlib.sha256()
    for line in told:
        found.update(lines.content(line).encode() + b"\n")
    sheets.note_totals(found, totals)
    return found.hexdigest()


def note(unit: Unit, statement_id: int, before: str | None, after: str, making: Making) -> None:
    event = {
        "statement_id": statement_id,
        "at": unit.now,
        "by": making.by,
        "before": before,
        "after": after,
        "why": making.why,
    }
    unit.connection.execute(insert(statement_events).values(event))


def change(unit: Unit, statement: Any, **columns: Any) -> Any:
    """The few columns that may change; its row then."""
    mine = update(statements).where(statements.c.id == statement.id).values(columns)
    return unit.connection.execute(mine.returning(statements)).one()


# Reading ---------------------------------------------------------------------------------------------------


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Any]:
    """Rows of statements by month, CPO, eMSP and currency."""
    order = [statements.c[name] for name in ("month", "cpo", "emsp", "currency", "id")]
    return list(unit.connection.execute(select(statements).where(*wanted).order_by(*order)))


def by_id(unit: Unit, identity: int) -> Any:
    """NoSuchStatement."""
    found = listed(unit, statements.c.id == identity)
    if not found:
        raise NoSuchStatement(f"There is no statement {identity}; see `hub statement list`.")
    return found[0]


def named(unit: Unit, name: str) -> Any:
    """By its number, or by its id while it has none."""
    same = [statements.c.number == name.upper()]
    if name.isascii() and name.isdigit() and len(name) < 18:
        same = [statements.c.id == int(name)]
    found = listed(unit, *same)
    if not found:
        raise NoSuchStatement(f"There is no statement {name}; see `hub statement list`.")
    return found[0]


def locked(unit: Unit, name: str) -> Any:
    """The same, locked until the commit."""
    found = named(unit, name)
    mine = select(statements).where(statements.c.id == found.id).with_for_update()
    return unit.connection.execute(mine).one()


def terms_of(statement: Any) -> Terms:
    """As they were when it was made."""
    return of_plain(strictjson.reread(statement.terms.encode()))


def rows_of(unit: Unit, statement_id: int, revision: int | None = None) -> Iterator[Any]:
    """Its lines by number: those that stand in a revision, without one those that stand now."""
    table = statement_lines.c
    stand = table.left_in.is_(None) if revision is None else in_revision(revision)
    query = select(statement_lines).where(table.statement_id == statement_id, stand).order_by(table.number)
    yield from unit.connection.execute(query)


def in_revision(revision: int) -> ColumnElement[bool]:
    table = statement_lines.c
    return (table.revision <= revision) & (table.left_in.is_(None) | (table.left_in > revision))


def last_number(unit: Unit, statement_id: int) -> int:
    mine = select(func.max(statement_lines.c.number)).where(statement_lines.c.statement_id == statement_id)
    return int(unit.connection.execute(mine).scalar() or 0)


def totals_of(unit: Unit, statement: Any, revision: int | None = None) -> list[Total]:
    table = statement_totals.c
    wanted = (table.statement_id == statement.id, table.revision == (revision or statement.revision))
    query = select(statement_totals).where(*wanted).order_by(table.category, table.rate)
    return [
        Total(Vat(row.category, row.rate), row.base, row.net, row.tax)
        for row in unit.connection.execute(query)
    ]


def revisions_of(unit: Unit, statement_id: int) -> list[Any]:
    """What it came to each time, the first first."""
    table = statement_revisions
    query = select(table).where(table.c.statement_id == statement_id).order_by(table.c.revision)
    return list(unit.connection.execute(query))


def sums_of(unit: Unit, found: Sequence[Any]) -> dict[int, Any]:
    """Statement id -> the row of its present revision."""
    table = statement_revisions
    join = table.join(statements, statements.c.id == table.c.statement_id)
    mine = table.c.revision == statements.c.revision
    query = select(table).select_from(join).where(mine)
    if len(found) <= TOGETHER:
        query = query.where(table.c.statement_id.in_([each.id for each in found]))
    return {row.statement_id: row for row in unit.connection.execute(query)}


def events_of(unit: Unit, statement_id: int) -> list[Any]:
    table = statement_events
    query = select(table).where(table.c.statement_id == statement_id).order_by(table.c.id)
    return list(unit.connection.execute(query))


def stated_sums(row: Any, terms: Terms) -> Sums:
    """Of a row of revisions."""
    return Sums(row.net, row.tax, row.fee, terms.fee_payer)
