"""Invoices, their records, and what was found of one, as JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select, true

from hub.closing.invoices import amounts
from hub.closing.invoices.amounts import NOT_TOLD, Amount, Figures, Sum
from hub.closing.invoices.finding import Invoice, head
from hub.closing.invoices.matching import Finding, Match
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.store.invoices import invoice_records
from hub.store.unit import Unit

BY_NAME: Mapping[str, Finding] = {each.value.lower(): each for each in Finding}
SAYS: Mapping[str, str] = {
    "unknown": "unknown",
    "repeated": "listed twice",
    "elsewhere": "on another invoice too",
    "unpayable": "held, disputed, rejected or dropped",
    "unstated": "not on its statement",
    "missing": "missing",
    "unchecked": "not checked yet",
}


def records(unit: Unit, *wanted: ColumnElement[bool]) -> list[Json]:
    """Every record that was ever kept, the last first; those that were withdrawn too."""
    query = select(invoice_records).where(*wanted).order_by(head.document.desc())
    return [record(each) for each in unit.connection.execute(query)]


def record(row: Any) -> Json:
    other = row.emsp if row.owner == row.cpo else row.cpo
    return {
        "number": row.document,
        "by": str(Party.of_code(row.owner)),
        "for": party(other),
        "record": row.record_key,
        "invoice": row.invoice_id,
        "billing": billing(row),
        "listed": row.listed,
        "statement": row.statement_id,
        "part": row.part,
        "recorded_at": instants.text(row.recorded_at),
        "withdrawn_at": None if row.withdrawn_at is None else instants.text(row.withdrawn_at),
    }


def party(code: str | None) -> str | None:
    return None if code is None else str(Party.of_code(code))


def billing(row: Any) -> str:
    return "DIRECT" if row.owner == row.cpo else "REVERSE"


def matched(match: Match, amount: Amount = NOT_TOLD, most: int | None = None) -> Json:
    """The whole report; of each finding at most so many CDRs, with the number of all."""
    invoice, told = match.invoice, amounts.figures(match, amount)
    against = objections(match, told)
    return {
        "invoice": invoice.name,
        "by": str(Party.of_code(invoice.owner)),
        "for": party(invoice.other),
        "billing": billing(invoice),
        "records": [each.record_key for each in invoice.records],
        "agrees": not against,
        "objections": against,
        "counts": dict(match.counts),
        "amounts": [sum_(each) for each in told.sums],
        "told": [beside(each) for each in told.beside],
        "statement": None if match.statement is None else match.statement.number or str(match.statement.id),
        "statements": [on_statement(each) for each in told.statements],
        **{name: [cdr(row) for row in match.found(each, most)] for name, each in BY_NAME.items()},
    }


def objections(match: Match, told: Figures) -> list[str]:
    """What does not agree, in words; nothing where all does."""
    counts = match.counts
    found = [] if match.invoice.other else ["nobody can tell for whom it is"]
    found += [f"{counts[name]} {says}" for name, says in SAYS.items() if counts[name]]
    found += [
        f"{each.net:f} {each.currency} net claimed where {each.expected:f} would be right"
        for each in told.sums
        if not each.within
    ]
    return found + [
        f"{each.told:f} {each.currency} {each.what} told where {each.ours:f} would be right"
        for each in told.beside
        if not each.within
    ]


def sum_(each: Sum) -> Json:
    names = ("currency", "cdrs", "net", "gross", "expected", "untaxed", "allowed", "within")
    told = {name: getattr(each, name) for name in names}
    return told | {"allowed": figure(each.allowed), "difference": each.net - each.expected}


def beside(each: amounts.Beside) -> Json:
    names = ("what", "currency", "told", "ours", "difference", "within")
    return {name: getattr(each, name) for name in names} | {"allowed": figure(each.allowed)}


def figure(allowed: Decimal) -> Decimal:
    """Square roots have no end."""
    return round(allowed, 6) if allowed else allowed


def on_statement(row: Any) -> Json:
    return dict(row._mapping)  # noqa: SLF001 (as SQLAlchemy documents it)


ABOUT = ("state", "currency", "net", "gross")


def cdr(row: Any) -> Json:
    """One that something is said of; of an unknown one nothing but its id is known."""
    told = {"cdr": row.cdr_key, **{name: getattr(row, name, None) for name in ABOUT}}
    ended = getattr(row, "ended_at", None)
    told["ended_at"] = None if ended is None else instants.text(ended)
    if hasattr(row, "invoice_id"):
        told |= {"also_on": row.invoice_id, "also_by": party(row.owner), "record": row.record_key}
    if hasattr(row, "why"):
        told["why"] = row.why
    return told


def listed(match: Match) -> list[Json]:
    """All CDRs of the list, each once; of those that are not known, nothing but the id is."""
    rows = match.unit.connection.execute(match.of_list(true()).order_by(match.listed.c.cdr_key))
    return [cdr(each) | {"known": bool(each.known)} for each in rows]


def shown(invoice: Invoice) -> Json:
    """One invoice, with the records that tell what it bills."""
    return {
        "invoice": invoice.name,
        "by": str(Party.of_code(invoice.owner)),
        "for": party(invoice.other),
        "billing": billing(invoice),
        "listed": sum(each.listed for each in invoice.records),
        "records": [record(each) for each in invoice.records],
    }
