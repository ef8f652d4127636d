"""Three months of two CPOs and three eMSPs come to the same whoever is killed, and wherever, while they are
closed (O2, O3, O4, O5, O8, I1-I9); and exports, database and ledger have the same sums (I7)."""

import csv
import io
import shutil
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from a_quarter import MONTHS, Quarter
from dying import Command, at_once, do, killed
from flask import Flask
from truths import frozen, looked_at, refuse_untruth, told

from hub.app import create_app
from hub.closing import ledger, replay, statements
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.settings import Settings

DIES = {"2026-08": (1, 5), "2026-09": (3, 5), "2026-10": (4, 1)}
"""Month -> the agreement whose close does, and at every how manieth step; so does its last statement, on all
its way."""
FEWEST = 5
"""So many statements reach the database in the least of these steps."""
Amounts = defaultdict[Any, Decimal]


@pytest.fixture(scope="module")
def undisturbed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What three months come to when nobody is killed, on SQLite."""
    file = tmp_path_factory.mktemp("undisturbed") / "hub.sqlite"
    shutil.copy(sqlite_template, file)
    hub: Hub = (app := create_app(Settings(f"sqlite:///{file}"))).extensions["hub"]
    quarter = Quarter.begun(app)
    for month in MONTHS:
        quarter.lived(month)
        do(hub.store, ("close", month))
        for statement in quarter.closed(month):
            for command in quarter.ways(statement):
                do(hub.store, command)
    hub.store.close()
    hub.client.close()
    return told(hub.store)


def test_three_months_come_to_the_same_whoever_is_killed(
    app: Flask, settings: Settings, undisturbed: dict[str, list[Any]], tmp_path: Path
) -> None:
    quarter, stands = Quarter.begun(app), dict[Any, str]()
    for month in MONTHS:
        quarter.lived(month)
        stands = still(quarter, stands)  # O8: what came late is on none of them
        only, stride = DIES[month]
        dies_on_the_way(quarter, settings, ("close", month, only), stride)
        dies_now_and_then(quarter, settings, month)
        at_once(settings, quarter.hub.store.clock(), [("close", month)] * 2)
        stands = still(quarter, stands)
        for statement in quarter.closed(month):
            for command in quarter.ways(statement):
                if (statement.agreement_id, 1) == DIES[month]:
                    dies_on_the_way(quarter, settings, command, 1)
                else:
                    do(quarter.hub.store, command)
        stands = still(quarter, stands)
    found = told(quarter.hub.store)
    for name, rows in undisturbed.items():
        assert found[name] == rows, name
    everything_happened(found)
    for month in MONTHS:
        nothing_differs(quarter, month)
        sums_agree(quarter, month, tmp_path)


def dies_on_the_way(quarter: Quarter, settings: Settings, command: Command, stride: int) -> None:
    """At one step after the other, and each time nothing is left of it; then it is done."""
    store, nth = quarter.hub.store, 1
    before = looked_at(store)
    while killed(settings, store.clock(), command, nth):
        assert looked_at(store) == before, f"{command} killed before statement {nth}"
        nth += stride
    assert nth > FEWEST
    assert looked_at(store) != before


def dies_now_and_then(quarter: Quarter, settings: Settings, month: str) -> None:
    """A close of all agreements, some of which are closed by then; what is, is whole."""
    for nth in (50, 101):
        killed(settings, quarter.hub.store.clock(), ("close", month), nth)
        refuse_untruth(quarter.hub.store)


def still(quarter: Quarter, stands: dict[Any, str]) -> dict[Any, str]:
    """What stood before stands as it was (I8), and all is true that must be."""
    refuse_untruth(quarter.hub.store)
    now = frozen(quarter.hub.store)
    assert stands.items() <= now.items()
    return now


def everything_happened(found: dict[str, list[Any]]) -> None:
    """Else the test would prove little: all states, kinds and steps are there."""
    assert len(found["statements"]) == 18
    for name, place, words in (
        ("cdrs", 3, "HELD DISPUTED STATED SETTLED REJECTED DROPPED"),
        ("lines", 2, "NORMAL CREDIT PARTIAL REPLACEMENT ADJUSTMENT FEE ROUNDING"),
        ("adjustments", 0, "credit partial goodwill reversal"),
        ("statements", 1, "DRAFT SENT FINAL"),
    ):
        assert {row[place] for row in found[name]} == set(words.split())


def nothing_differs(quarter: Quarter, month: str) -> None:
    """O4: computed anew from the bytes of the CDRs."""
    with quarter.hub.store.reading() as unit:
        found = replay.replay(unit, month, lambda _: None)
    assert (found.statements, found.differences) == (6, ())


# Sums ------------------------------------------------------------------------------------------------------


def exported(quarter: Quarter, month: str, kind: str, folder: Path) -> list[dict[str, str]]:
    hub = quarter.hub
    made = write(hub.store, hub.settings.party, Order(kind, "csv", Wanted(month)), folder)
    return list(csv.DictReader(io.StringIO(made.file.read_bytes().decode("utf-8-sig"), newline="")))


def summed(rows: list[dict[str, str]], key: str, name: str) -> dict[Any, Decimal]:
    found: Amounts = defaultdict(Decimal)
    for row in rows:
        found[row[key]] += Decimal(row[name] or 0)
    return some(found)


def some(amounts: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    """Those that are not nought."""
    return {each: total for each, total in amounts.items() if total}


def sums_agree(quarter: Quarter, month: str, folder: Path) -> None:
    """I7, to the cent: exports, database, ledger."""
    lines, taxes, cdrs, journal = (
        exported(quarter, month, kind, folder)
        for kind in ("statement_lines", "tax_summary", "cdr_reconciliation", "journal")
    )
    with quarter.hub.store.reading() as unit:
        found = statements.listed(unit, statements.statements.c.month == month)
        sums = statements.sums_of(unit, found)
        balances = ledger.balances(unit, month)
    net: Amounts = defaultdict(Decimal)
    owed: Amounts = defaultdict(Decimal)
    for each in found:
        revision, emsp, cpo = sums[each.id], Party.of_code(each.emsp), Party.of_code(each.cpo)
        net[each.currency] += revision.net + revision.fee
        owed[f"receivable:{emsp}", each.currency] += revision.receivable
        owed[f"payable:{cpo}", each.currency] -= revision.payable
        owed["hub_fee", each.currency] -= revision.fee
    posted: Amounts = defaultdict(Decimal)
    for row in journal:
        posted[row["account"], row["currency"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert some(net) == summed(lines, "currency", "net_total") == summed(taxes, "currency", "net_total")
    assert summed(lines, "currency", "tax_amount") == summed(taxes, "currency", "tax_amount")
    assert some(owed) == some(balances) == some(posted)
    stated = [row for row in cdrs if row["statement_id"]]
    of_cdrs = [row for row in lines if row["kind"] not in {"ADJUSTMENT", "FEE", "ROUNDING"}]
    for name in ("net_total", "tax_amount", "gross_total"):
        assert summed(stated, "statement_id", name) == summed(of_cdrs, "statement_id", name)
