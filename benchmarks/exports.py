"""How fast a closed month is exported, beside the plainest writer there is, and whether memory stays flat."""

import csv
import hashlib
import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # the CDR is that of the tests

from factories import example
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

import migrations
from benchmarks.deliveries import databases
from hub.closing.exports.kinds import KINDS
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, Watch, nobody, write
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store.audit import Actor
from hub.store.base import micro
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.engine import Store
from hub.store.pricebook import tariff_versions
from hub.store.statements import periods, statement_lines, statements

ROWS = 100_000
PLACES = 500
TOKENS = 5_000
SECOND = 1_000_000
VERSIONS = 20
MONTH = "2026-10"
POLICY = '{"decimals": 4, "dialect": "as written", "flat": "components", "mode": "HALF_UP"}'
BEGIN = instants.micros("2026-10-01T00:00:00Z")
AIMS = {"csv": 60_000, "parquet": 80_000, "jsonl": None}
HUB = Party("NL", "HUB")
VAT = {"name": "VAT", "amount": 1, "percentage": 19}


def without_reservation(period: dict[str, Any]) -> dict[str, Any]:
    """Most drivers come without having reserved."""
    return period | {
        "dimensions": [each for each in period["dimensions"] if each["type"] != "RESERVATION_TIME"]
    }


def bodies() -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Rows of `cdrs`, `clearings` and `statement_lines`: other amounts and instants in each, at some places,
    of some tokens."""
    like = example("2.3.0", "cdrs", total_reservation_cost=None, signed_data=None)
    like["charging_periods"] = [without_reservation(each) for each in like["charging_periods"]]
    for number in range(ROWS):
        at = BEGIN + number * 26 * SECOND
        net, energy = 1_000_000 + number * 700 % 40_000_000, 2_000_000 + number * 900 % 60_000_000
        told = like | {
            "id": f"CDR-{number:08}",
            "session_id": f"S-{number:08}",
            "start_date_time": instants.text(at),
            "end_date_time": instants.text(at + 3600 * SECOND),
            "cdr_token": like["cdr_token"] | {"uid": f"04A1B2C3D4{number % TOKENS:04}"},
            "cdr_location": like["cdr_location"] | {"id": f"L{number % PLACES}"},
            "total_energy": f"@{energy}@",
            "total_cost": {"before_taxes": f"@{net}@", "taxes": [VAT]},
        }
        body = strictjson.write(told)
        for value in (energy, net):
            exact = b"%d.%04d" % (value // 1_000_000, value % 1_000_000 // 100)
            body = body.replace(b'"@%d@"' % value, exact)
        key, ended, held = told["id"], at + 3600 * SECOND, not number % 50
        times = {"received_at": at + 3700 * SECOND}
        checksum = hashlib.sha256(body).hexdigest()
        yield (
            {"owner": "NLCPO", "key": key, "edition": "2.3.0", "rev": 1, "sent": body, "last_updated": at}
            | times,
            times
            | {
                "owner": "NLCPO",
                "cdr_key": key,
                "cdr_seq": number + 1,
                "emsp": "DEMSP",
                "kind": "NORMAL",
                "state": "HELD" if held else "STATED",
                "codes": '[["F6", "HOLD", "0.12 EUR"]]' if held else "[]",
                "evse_key": f"E{number % PLACES}",
                "connector_key": "1",
                "token_key": "T",
                "started_at": at,
                "ended_at": ended,
                "energy": energy,
                "currency": "EUR",
                "net": net,
                "gross": net * 119 // 100,
                "expected_net": net,
                "carried_net": net,
                "input_hash": checksum,
                "policy": POLICY,
                "agreement_id": 1,
                "tariff_version_id": 1 + number % VERSIONS,
                "statement_id": None if held else 1,
            },
            {
                "statement_id": 1,
                "number": number + 1,
                "revision": 1,
                "kind": "NORMAL",
                "clearing_id": number + 1,
                "part": 1,
                "cdr_key": key,
                "ended_at": ended,
                "service_month": MONTH,
                "energy": energy,
                "category": "S",
                "rate": 19_000_000,
                "base": net,
                "net": net,
                "tax": net * 19 // 100,
                "fee": 30_000,
                "left_in": 2 if held else None,
            },
        )


def fill(store: Store) -> None:
    """A month that is closed: an agreement, a statement, places and versions of a tariff that are known."""
    pair = Pair(Party("NL", "CPO"), Party("DE", "MSP"), "EUR")
    with store.unit() as unit:
        agreements.add(unit, pair, Terms(), (0, None), Signed(Actor("ann", "CLI")))
        unit.connection.execute(insert(periods).values(PERIOD))
        unit.connection.execute(insert(statements).values(STATEMENT))
        unit.connection.execute(insert(tariff_versions), list(versions()))
        unit.connection.execute(insert(TABLES["locations"]), list(places()))
    several = bodies()
    while some := list(itertools.islice(several, 5_000)):
        with store.unit() as unit:
            unit.connection.execute(insert(TABLES["cdrs"]), [cdr for cdr, _, _ in some])
            unit.connection.execute(insert(clearings), [exact(row) for _, row, _ in some])
            unit.connection.execute(insert(statement_lines), [exact(row) for _, _, row in some])


def places() -> Iterator[dict[str, Any]]:
    for number in range(PLACES):
        body = strictjson.write(example("2.3.0", "locations", id=f"L{number}"))
        yield {"owner": "NLCPO", "key": f"L{number}", "edition": "2.3.0", "rev": 1, "sent": body} | NOW


def versions() -> Iterator[dict[str, Any]]:
    for number in range(1, VERSIONS + 1):
        told = {"owner": "NLCPO", "key": f"T{number}", "number": 1, "edition": "2.3.0", "content_hash": ""}
        body = strictjson.write(example("2.3.0", "tariffs", id=f"T{number}"))
        yield told | {"valid_from": 0, "recorded_at": 0, "author": "a", "origin": "OCPI", "sent": body}


NOW = {"last_updated": BEGIN, "received_at": BEGIN}
PERIOD = {
    "agreement_id": 1,
    "month": MONTH,
    "starts_at": BEGIN,
    "ends_at": BEGIN + 31 * 86_400 * SECOND,
    "closed_at": BEGIN,
    "closed_by": "ann",
}
STATEMENT = {
    "period_id": 1,
    "agreement_id": 1,
    "cpo": "NLCPO",
    "emsp": "DEMSP",
    "currency": "EUR",
    "month": MONTH,
    "terms": "{}",
    "parties": "{}",
    "created_at": BEGIN,
    "state": "SENT",
    "revision": 2,
}
MONEY = {"energy", "net", "gross", "expected_net", "carried_net", "rate", "base", "tax", "fee"}


def exact(row: dict[str, Any]) -> dict[str, Any]:
    """With amounts as tables take them."""
    return {name: of_micro(value) if name in MONEY else value for name, value in row.items()}


def of_micro(value: int) -> Any:
    found = Decimal(value) / 1_000_000
    assert micro(found) == value
    return found


def floor(file: Path, beside: Path) -> float:
    """Rows a second of a writer that does nothing else: the same cells, that lie ready in memory."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(itertools.islice(csv.reader(lines), 20_000))
    began = time.process_time()
    with beside.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return len(rows) / (time.process_time() - began)


def peak() -> float:
    """Megabytes that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def once(store: Store, form: str, folder: Path, watch: Watch = nobody) -> tuple[float, float]:
    """Rows a second of CPU of this process, and as time passes."""
    order = Order("cdr_reconciliation", form, Wanted(MONTH))
    began, used = time.perf_counter(), time.process_time()
    done = write(store, HUB, order, folder, watch)
    passed, spent = time.perf_counter() - began, time.process_time() - used
    if done.told["rows"] != ROWS:
        raise SystemExit(f"{done.told['rows']} rows of {ROWS}")
    return ROWS / spent, ROWS / passed


def measured(store: Store, form: str, folder: Path) -> tuple[float, float, float]:
    """The best of three; megabytes that came after half of the rows were written for the first time."""
    seen: list[float] = []
    rates = [once(store, form, folder, lambda rows, _: seen.append(peak())) for _ in range(3)]
    return max(rate for rate, _ in rates), max(rate for _, rate in rates), seen[-1] - seen[len(seen) // 6]


def run() -> None:
    """Export a closed month of made-up CDRs on both engines, in each format that is streamed."""
    columns = len(KINDS["cdr_reconciliation"].columns)
    for engine, fresh in databases():
        title = f"cdr_reconciliation: {ROWS} rows of {columns} columns, a closed month, {engine}"
        names = ("format", "rows/s of CPU", "rows/s", "aim", "of csv.writer alone", "memory grown by")
        table = Table(*names, title=title, box=None)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = fresh("exports")
            migrations.upgrade(url)
            store = Store(url)
            fill(store)
            first = once(store, "csv", folder / "out")
            plain = floor(next((folder / "out").glob("*.csv")), folder / "plain.csv")
            table.add_row("csv, the first time", *shown(first), "", f"{first[0] / plain:.2f}", "")
            for form, aim in AIMS.items():
                used, passed, grown = measured(store, form, folder / "out")
                told = "" if aim is None else f">= {aim}"
                table.add_row(form, *shown((used, passed)), told, f"{used / plain:.2f}", f"{grown:.0f} MB")
            store.close()
        Console().print(table)


def shown(rates: tuple[float, float]) -> list[str]:
    return [f"{rate:.0f}" for rate in rates]
