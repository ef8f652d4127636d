"""How fast a month of many CDRs is closed and replayed, beside what a database takes to write as much.

All of them are of one agreement, whose statement is made in one transaction. Each CDR tells its VAT itself;
one in ten has two rates, one in fifty is a credit; the hub has its fee of each. The floor is the database
that marks, notes and copies rows by three statements of its own, in which nothing is read or reckoned.
"""

import hashlib
import itertools
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # the CDR is that of the tests

from factories import example
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, literal, null, select, update

import migrations
from benchmarks.deliveries import databases
from hub.closing import periods, replay
from hub.closing.lines import Row
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store import bulk
from hub.store.audit import Actor
from hub.store.clearings import clearing_events, clearings
from hub.store.documents import TABLES
from hub.store.engine import Store
from hub.store.statements import periods as months
from hub.store.statements import statement_lines, statements

CDRS = 100_000
FLOOR = 100_000
AIM = 20_000
MONTH = "2026-10"
BEGIN = instants.micros("2026-10-01T00:00:00Z")
AFTER = instants.micros("2026-11-02T00:00:00Z")
SECOND = 1_000_000
ACTOR = Actor("benchmark", "CLI")
PAIR = Pair(Party("NL", "CPO"), Party("DE", "MSP"), "EUR")
TERMS = Terms(fee_per_cdr=Decimal("0.02"), fee_percent=Decimal("0.5"))
NAMES = ("owner", "key", "edition", "rev", "last_updated", "received_at", "sent")


@dataclass(frozen=True)
class Cost:
    """Of some thing that was done for so many CDRs; memory in megabytes that came meanwhile."""

    count: int
    passed: float
    used: float
    memory: float

    def told(self) -> tuple[str, ...]:
        return (
            f"{self.passed:.1f} s",
            f"{self.count / self.passed:,.0f}",
            f"{self.used / self.count * 1e6:.0f} us",
            f"{self.memory:.0f} MB",
        )


def measured(count: int, work: Callable[[], object]) -> Cost:
    """The CPU is that of this process; what a server of PostgreSQL uses is not in it."""
    before, began, used = peak(), time.perf_counter(), time.process_time()
    work()
    return Cost(count, time.perf_counter() - began, time.process_time() - used, peak() - before)


def peak() -> float:
    """Megabytes that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# The month -------------------------------------------------------------------------------------------------


def pattern(two: bool, credit: bool) -> str:
    """The JSON of a CDR, with places for what differs: energy and amounts in ten-thousandths."""
    energy = {"before_taxes": "@net@", "taxes": [{"name": "VAT", "percentage": 19, "amount": "@tax@"}]}
    parking = {"before_taxes": 2, "taxes": [{"name": "VAT", "percentage": 7, "amount": 0.14}]}
    parts = dict.fromkeys(("total_fixed_cost", "total_time_cost", "total_reservation_cost"))
    told = example(
        "2.3.0",
        "cdrs",
        **parts,
        id="@id@",
        session_id="S@id@",
        start_date_time="@start@",
        end_date_time="@end@",
        total_cost={"before_taxes": "@total@"},
        total_energy_cost=energy,
        total_parking_cost=parking if two else None,
        signed_data=None,
    )
    told["total_energy"] = "@energy@"
    if credit:
        told |= {"credit": True, "credit_reference_id": "ANOTHER"}
    text = strictjson.write(told).decode().replace("%", "%%")
    for name in ("net", "tax", "total", "energy"):
        text = text.replace(f'"@{name}@"', f"%({name})s")
    return text.replace("@id@", "%(id)s").replace("@start@", "%(start)s").replace("@end@", "%(end)s")


def month(count: int) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """A row of `cdrs` and one of `clearings` for each: other amounts and instants in each."""
    patterns = {pair: pattern(*pair) for pair in itertools.product((False, True), repeat=2)}
    step = 30 * 86_400 * SECOND // count
    for number in range(count):
        two, credit = number % 10 == 3, number % 50 == 7
        start, end = BEGIN + number * step - 3600 * SECOND, BEGIN + number * step
        net, energy = 10_000 + number * 7 % 400_000, 20_000 + number * 9 % 600_000
        total = (net + 20_000 * two) * (-1 if credit else 1)
        figures = {"net": net, "tax": net * 19 // 100, "total": total, "energy": energy}
        plain = {name: f"{'-' * (value < 0)}{abs(value) / 10_000:.4f}" for name, value in figures.items()}
        key = f"CDR-{number:08}"
        times = {"start": instants.text(start), "end": instants.text(end)}
        body = (patterns[two, credit] % (plain | times | {"id": key})).encode()
        yield (
            ("NLCPO", key, "2.3.0", 1, end, end + SECOND, body),
            {
                "owner": "NLCPO",
                "cdr_key": key,
                "cdr_seq": number + 1,
                "emsp": "DEMSP",
                "kind": "CREDIT" if credit else "NORMAL",
                "state": "RATED",
                "received_at": end + SECOND,
                "evse_key": f"E{number % 500}",
                "connector_key": "1",
                "token_key": f"T{number % 5_000}",
                "started_at": start,
                "ended_at": end,
                "energy": energy * 100,
                "currency": "EUR",
                "net": total * 100,
                "agreement_id": 1,
                "engine": "1",
                "input_hash": hashlib.sha256(body).hexdigest(),
            },
        )


def fill(store: Store, count: int) -> None:
    several = month(count)
    with store.unit() as unit:
        agreements.add(unit, PAIR, TERMS, (0, None), Signed(ACTOR))
    while some := list(itertools.islice(several, bulk.TOGETHER)):
        with store.unit() as unit:
            rows = [(*cdr[:-1], as_blob(store, cdr[-1])) for cdr, _ in some]
            bulk.write(unit, TABLES["cdrs"], NAMES, rows)
            names = list(some[0][1]) + ([] if store.sqlite else ["codes"])
            bulk.write(unit, clearings, names, [(*row.values(), "[]")[: len(names)] for _, row in some])
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("ANALYZE")
    store.clock = lambda: AFTER


def as_blob(store: Store, body: bytes) -> Any:
    return body if store.sqlite else f"\\x{body.hex()}"


# What is measured ------------------------------------------------------------------------------------------


def floor(store: Store) -> None:
    """What a close leaves behind, written by the database alone: each row marked, an event, a line."""
    with store.unit() as unit:
        same = {"agreement_id": 1, "month": MONTH}
        period = same | {"starts_at": 0, "ends_at": 0, "closed_at": 0, "closed_by": ""}
        unit.connection.execute(insert(months).values(id=1, **period))
        names = ("cpo", "emsp", "currency", "terms", "parties")
        told = same | dict.fromkeys(names, "") | {"created_at": 0, "state": "DRAFT", "revision": 1}
        unit.connection.execute(insert(statements).values(id=1, period_id=1, **told))
        unit.connection.execute(update(clearings).values(state="STATED", statement_id=1))
        event = {"at": AFTER, "by": "ann", "before": "RATED", "after": "STATED", "codes": "[]"}
        noted = select(clearings.c.id, *map(literal, event.values()))
        unit.connection.execute(insert(clearing_events).from_select(["clearing_id", *event], noted))
        unit.connection.execute(insert(statement_lines).from_select(list(LINE), select(*LINE.values())))


LINE: dict[str, Any] = {
    **dict.fromkeys(Row._fields, null()),
    **dict.fromkeys(("rate", "base", "fee", "net", "tax", "energy"), clearings.c.net),
    **{name: clearings.c[name] for name in ("kind", "cdr_key", "ended_at", "engine", "input_hash")},
    "number": clearings.c.id,
    "clearing_id": clearings.c.id,
    "service_month": literal(MONTH),
    "category": literal("S"),
    "part": literal(1),
    "statement_id": literal(1),
    "revision": literal(1),
}


def closed(store: Store) -> None:
    with store.unit() as unit:
        periods.close(unit, 1, MONTH, ACTOR)


def replayed(store: Store) -> None:
    with store.reading() as unit:
        found = replay.replay(unit, MONTH, lambda _: None)
    if found.differences:
        raise SystemExit(f"the replay differs: {found.differences[:3]}")


def opened(url: str, count: int) -> Store:
    migrations.upgrade(url)
    store = Store(url)
    fill(store, count)
    return store


def run(*words: str) -> None:
    """python -m benchmarks closing --cdrs 1000000 --on SQLite"""
    wanted = dict(zip(words[::2], words[1::2], strict=True))
    count = int(wanted.get("--cdrs", CDRS))
    title = f"A month of {count:,} CDRs (aim: {AIM:,} closed a second)"
    table = Table("database", "what", "time", "CDRs/s", "CPU a CDR", "memory grown by", title=title, box=None)
    for name, made in databases():
        if wanted.get("--on", name) != name:
            continue
        least = min(count, FLOOR)
        store = opened(made("floor"), least)
        table.add_row(name, f"floor, {least:,}", *measured(least, lambda: floor(store)).told())  # noqa: B023
        store.close()
        store = opened(made("month"), count)
        for what, work in (("closed", closed), ("replayed", replayed)):
            table.add_row(name, what, *measured(count, lambda: work(store)).told())  # noqa: B023
        store.close()
    Console().print(table)
