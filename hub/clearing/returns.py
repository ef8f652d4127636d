"""The file of rejected CDRs for their CPO: each with its codes, what is wrong, and the amounts."""

import csv
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

from sqlalchemy import select

from hub.clearing import deciding
from hub.clearing.checks import BY_CODE
from hub.clearing.clear import SAYS
from hub.clearing.deciding import Filter
from hub.clearing.formulas import harmless
from hub.clearing.rule import Severity
from hub.clearing.states import State
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Json, Party
from hub.store import documents
from hub.store.clearings import clearings
from hub.store.unit import Unit

COLUMNS = (
    "schema_version",
    "cpo",
    "emsp",
    "cdr_id",
    "session_id",
    "start",
    "end",
    "energy_kwh",
    "currency",
    "declared_net",
    "declared_gross",
    "expected_net",
    "expected_gross",
    "delta_net",
    "cause",
    "codes",
    "says",
    "details",
    "remedies",
    "rejected_at",
    "reason",
)
SCHEMA_VERSION = 1


def returned(unit: Unit, owner: Party, since: int | None = None, until: int | None = None) -> Iterator[Json]:
    """The CDRs of a CPO that are REJECTED, by the end of their sessions; instants as in `Filter`."""
    wanted = Filter(owner=owner, state=State.REJECTED, since=since, until=until)
    query = select(clearings).where(*wanted.conditions()).order_by(clearings.c.ended_at, clearings.c.cdr_key)
    for row in unit.connection.execute(query).all():
        yield entry(unit, row)


def entry(unit: Unit, row: Any) -> Json:
    """One of them, with the id as its CPO writes it; what was only remarked upon is left out."""
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    cdr = stored.document.newest
    rejected = last_rejection(unit, row)
    found = [told for told in json.loads(row.codes) if told[1] != Severity.WARN]
    return {
        "schema_version": SCHEMA_VERSION,
        "cpo": str(Party.of_code(row.owner)),
        "emsp": str(Party.of_code(row.emsp)),
        "cdr_id": cdr["id"],
        "session_id": cdr.get("session_id"),
        "start": instants.text(row.started_at),
        "end": instants.text(row.ended_at),
        "energy_kwh": row.energy,
        "currency": row.currency,
        "declared_net": row.net,
        "declared_gross": row.gross,
        "expected_net": row.expected_net,
        "expected_gross": row.expected_gross,
        "delta_net": None if row.expected_net is None else row.net - row.expected_net,
        "cause": row.cause,
        "codes": list(dict.fromkeys(code for code, _, _ in found)),
        "says": list(dict.fromkeys(sentence(code) for code, _, _ in found)),
        "details": [detail for _, _, detail in found],
        "remedies": list(dict.fromkeys(BY_CODE[code].remedy for code, _, _ in found if code in BY_CODE)),
        "rejected_at": None if rejected is None else instants.text(rejected.at),
        "reason": None if rejected is None else rejected.why,
    }


def sentence(code: str) -> str:
    rule = BY_CODE.get(code)
    return SAYS.get(code, code) if rule is None else rule.says


def last_rejection(unit: Unit, row: Any) -> Any:
    events = [each for each in deciding.events_of(unit, row.id) if each.after == State.REJECTED]
    return events[-1] if events else None


def as_csv(entries: Iterable[Json]) -> Iterator[str]:
    """RFC 4180, line by line; numbers as they are, texts so that no spreadsheet takes one for a formula."""
    yield line(COLUMNS)
    for each in entries:
        yield line([cell(each[name]) for name in COLUMNS])


def line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(" | ".join(value) if isinstance(value, list) else str(value))


def as_json_lines(entries: Iterable[Json]) -> Iterator[str]:
    """One object a line, with the names of the columns and exact numbers."""
    for each in entries:
        yield strictjson.write(each).decode() + "\n"
