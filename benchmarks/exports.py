"""How fast a month is exported, beside the plainest writer there is, and whether memory stays as it is."""

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
from hub.closing.exports.kinds import KINDS
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.store.base import micro
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.engine import Store

ROWS = 40_000
PLACES = 500
TOKENS = 5_000
SECOND = 1_000_000
BEGIN = instants.micros("2026-10-01T00:00:00Z")
AIMS = {"csv": 60_000, "parquet": 80_000, "jsonl": None}
HUB = Party("NL", "HUB")
VAT = {"name": "VAT", "amount": 1, "percentage": 19}


def without_reservation(period: dict[str, Any]) -> dict[str, Any]:
    """Most drivers come without having reserved."""
    return period | {
        "dimensions": [each for each in period["dimensions"] if each["type"] != "RESERVATION_TIME"]
    }


def bodies() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows of `cdrs` and `clearings`: other amounts and instants in each, at some places, of some tokens."""
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
        key = told["id"]
        times = {"received_at": at + 3700 * SECOND}
        cdr = {"owner": "NLCPO", "key": key, "edition": "2.3.0", "rev": 1, "sent": body, "last_updated": at}
        yield (
            cdr | times,
            times
            | {
                "owner": "NLCPO",
                "cdr_key": key,
                "cdr_seq": number + 1,
                "emsp": "DEMSP",
                "kind": "NORMAL",
                "state": "RATED" if number % 50 else "HELD",
                "codes": "[]" if number % 50 else '[["F6", "HOLD", "0.12 EUR"]]',
                "evse_key": f"E{number % PLACES}",
                "connector_key": "1",
                "token_key": "T",
                "started_at": at,
                "ended_at": at + 3600 * SECOND,
                "energy": energy,
                "currency": "EUR",
                "net": net,
                "gross": net * 119 // 100,
                "expected_net": net,
                "carried_net": net,
                "input_hash": hashlib.sha256(body).hexdigest(),
            },
        )


def fill(store: Store) -> None:
    with store.unit() as unit:
        several = bodies()
        while some := list(itertools.islice(several, 5_000)):
            unit.connection.execute(insert(TABLES["cdrs"]), [cdr for cdr, _ in some])
            rows = [row | {name: of_micro(row[name]) for name in MONEY} for _, row in some]
            unit.connection.execute(insert(clearings), rows)


MONEY = ("energy", "net", "gross", "expected_net", "carried_net")


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


def measured(store: Store, form: str, folder: Path) -> tuple[float, float]:
    """Rows a second of CPU, the best of three; megabytes that came while the last rows were written."""
    order = Order("cdr_reconciliation", form, Wanted("2026-10"))
    seen: list[float] = []
    took = []
    for _ in range(3):
        began = time.process_time()
        done = write(store, HUB, order, folder, lambda rows, _: seen.append(peak()))
        took.append(time.process_time() - began)
        if done.told["rows"] != ROWS:
            raise SystemExit(f"{done.told['rows']} rows of {ROWS}")
    return ROWS / min(took), seen[-1] - seen[10]


def run() -> None:
    """Export synthetic clearings on SQLite, in each format that is streamed."""
    columns = len(KINDS["cdr_reconciliation"].columns)
    title = f"cdr_reconciliation: {ROWS} rows of {columns} columns, SQLite"
    table = Table("format", "rows/s", "aim", "of csv.writer alone", "memory grown by", title=title, box=None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        migrations.upgrade(f"sqlite:///{folder}/hub.sqlite")
        store = Store(f"sqlite:///{folder}/hub.sqlite")
        fill(store)
        for form, aim in AIMS.items():
            rate, grown = measured(store, form, folder / "out")
            if form == "csv":
                plain = floor(next((folder / "out").glob("*.csv")), folder / "plain.csv")
            shown = "" if aim is None else f">= {aim}"
            table.add_row(form, f"{rate:.0f}", shown, f"{rate / plain:.2f}", f"{grown:.0f} MB")
        store.close()
    Console().print(table)
