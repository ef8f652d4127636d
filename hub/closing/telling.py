"""Statements as JSON: the short row of a list, and all of one with its totals, steps and postings."""

from collections.abc import Sequence
from typing import Any

from hub.closing import accounts, homes, ledger, lines, statements, tolerance
from hub.closing.homes import AtHome
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Json, Party
from hub.store.unit import Unit

FIGURES = ("lines", "net", "tax", "gross", "fee", "receivable", "payable")
MOMENTS = ("created_at", "approved_at", "sent_at", "due_at", "final_at")


def listed(unit: Unit, found: Sequence[Any]) -> list[Json]:
    sums = statements.sums_of(unit, found)
    return [short(row, sums[row.id]) for row in found]


def short(row: Any, sums: Any) -> Json:
    return {
        "id": row.id,
        "number": row.number,
        "period": row.month,
        "cpo": str(Party.of_code(row.cpo)),
        "emsp": str(Party.of_code(row.emsp)),
        "agreement": row.agreement_id,
        "state": row.state,
        "revision": row.revision,
        "currency": row.currency,
        **{name: getattr(sums, name) for name in FIGURES},
        "due_at": when(row.due_at),
    }


def told_of(unit: Unit, row: Any, *, with_lines: bool) -> Json:
    told = short(row, statements.sums_of(unit, [row])[row.id])
    found = tolerance.compare(unit, row)
    return {
        **told,
        **{name: when(getattr(row, name)) for name in MOMENTS},
        "billing": statements.terms_of(row).billing,
        "parties": strictjson.reread(row.parties.encode()),
        "totals": [
            {
                "category": each.vat.category,
                "rate": each.vat.rate,
                "base": each.base,
                "net": each.net,
                "tax": each.tax,
                "gross": each.net + each.tax,
            }
            for each in statements.totals_of(unit, row)
        ],
        "tolerance": {
            "cdrs": found.count,
            "claimed": found.claimed,
            "expected": found.expected,
            "difference": found.difference,
            "allowed": round(found.allowed, 6),
            "within": found.within,
        },
        "home_charging": at_home(homes.of_statement(unit, row)),
        "revisions": [revision(each) for each in statements.revisions_of(unit, row.id)],
        "steps": [step(each) for each in statements.events_of(unit, row.id)],
        "postings": [posting(unit, each) for each in ledger.of_document(unit, accounts.document(row.id))],
        **({"line": [line(each) for each in statements.rows_of(unit, row.id)]} if with_lines else {}),
    }


def at_home(found: AtHome) -> Json:
    names = ("cdrs", "energy", "net", "tax", "gross")
    return {name: getattr(found, name) for name in names}


def revision(row: Any) -> Json:
    return {
        "revision": row.revision,
        **{name: getattr(row, name) for name in FIGURES},
        "checksum": row.checksum,
        "at": when(row.made_at),
        "by": row.made_by,
        "why": row.why,
    }


def step(row: Any) -> Json:
    return {"at": when(row.at), "by": row.by, "from": row.before, "to": row.after, "why": row.why}


def posting(unit: Unit, row: Any) -> Json:
    return {
        "id": row.id,
        "kind": row.kind,
        "reverses": row.reverses,
        "at": when(row.posted_at),
        "by": row.by,
        "entries": [
            {"account": each.account, "amount": each.amount, "currency": each.currency, "tax": each.tax}
            for each in ledger.entries_of(unit, row.id)
        ],
    }


def line(row: Any) -> Json:
    told = lines.columns(lines.of_row(row))
    return {"number": row.number, **told, "gross": row.net + row.tax, "ended_at": when(row.ended_at)}


def when(instant: int | None) -> str | None:
    return None if instant is None else instants.text(instant)
