"""How fast CDRs are received and cleared, and what that costs among few and among many stored ones.

Each CDR comes over the WSGI application, is checked with all that is known, and is rated by the book. They
are of fifty charging points and of as many cards as come, an hour apart, so that each look-up finds what it
finds in the world: neighbours of the point and of the card.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # partners and objects are those of the tests

from factories import example
from platforms import Platform, code, connected
from rich.console import Console
from rich.table import Table
from roaming import END, PERIOD, own, prepare
from sqlalchemy import func, insert, select

import migrations
from benchmarks.deliveries import databases
from hub.app import create_app
from hub.clearing import clear, clerk
from hub.clearing.states import State
from hub.ocpi import instants
from hub.ocpi.module import Role
from hub.settings import Settings
from hub.store.clearings import clearing_progress, clearings
from hub.store.documents import TABLES
from hub.store.engine import Store
from hub.store.unit import Unit

SECRET = "only for this benchmark and thrown away afterwards"
MEASURED = 300
FEW, MANY = 1_000, 100_000
ROUNDS = 5
POINTS, CARDS = 50, 1_000
STAY = timedelta(hours=3)
"""From one CDR of a point to the next."""
FIRST = datetime.fromisoformat("2025-03-10T08:00:00Z")
AFTER = instants.micros("2026-06-01T00:00:00Z")
CDRS = TABLES["cdrs"]


@dataclass(frozen=True)
class Cost:
    """Seconds a CDR."""

    passed: float
    used: float

    def told(self) -> str:
        return f"{1 / self.passed:.0f}/s, {self.used * 1e3:.2f} ms CPU"


@contextmanager
def roaming(url: str) -> Iterator[Platform]:
    """A CPO with fifty points, an agreement and a tariff, long after all its CDRs."""
    migrations.upgrade(url)
    app = create_app(Settings(database_url=url, secret_key=SECRET))
    cpo = connected(app, "NL/CPO", Role.CPO, "2.2.1")
    prepare(cpo, connected(app, "DE/MSP", Role.EMSP, "2.2.1"))
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["T"])
    evses = [example("2.2.1", "evses", uid=f"P-{each}", connectors=[connector]) for each in range(POINTS)]
    place = example("2.2.1", "locations", id="PARK", evses=evses, last_updated="2025-03-10T07:00:00Z")
    cpo.put("locations/NL/CPO/PARK", place)
    cpo.hub.store.clock = lambda: AFTER
    yield cpo
    cpo.hub.store.close()


def cdr(number: int) -> dict[str, Any]:
    """The n-th: right, but for the cards, of which only one is known."""
    start = FIRST + number // POINTS * STAY
    made = own(id=f"N-{number}", start_date_time=stamp(start), end_date_time=stamp(start + lasting()))
    place = made["cdr_location"] | {"id": "PARK", "evse_uid": f"P-{number % POINTS}", "connector_id": "1"}
    return made | {
        "cdr_location": place,
        "cdr_token": made["cdr_token"] | {"uid": f"CARD-{number % CARDS}"},
        "authorization_reference": f"REF-{number}",
        "charging_periods": [PERIOD | {"tariff_id": "T", "start_date_time": stamp(start)}],
        "last_updated": stamp(start + STAY),
    }


def lasting() -> timedelta:
    return datetime.fromisoformat(END) - FIRST


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def cost_of(work: Callable[[], object], count: int) -> Cost:
    """Of this process; what a server of PostgreSQL uses is not in it."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return Cost((time.perf_counter() - began) / count, (time.process_time() - used) / count)


# End to end ------------------------------------------------------------------------------------------------


def receive(cpo: Platform, numbers: range) -> None:
    for number in numbers:
        if code(cpo.receiver("POST", "cdrs", cdr(number))) != (201, 1000):
            raise SystemExit(f"CDR {number} was refused")


def end_to_end(cpo: Platform) -> list[tuple[str, Cost]]:
    received = cost_of(lambda: receive(cpo, range(MEASURED)), MEASURED)
    cleared = cost_of(lambda: clerk.everything(cpo.hub.store), MEASURED)
    both = Cost(received.passed + cleared.passed, received.used + cleared.used)
    return [("received", received), ("checked and rated", cleared), ("both", both)]


# Among many ------------------------------------------------------------------------------------------------


def fill(store: Store, numbers: range) -> None:
    """Stored and cleared CDRs, written straight into the tables after the pattern of the last one."""
    with store.unit() as unit:
        stored = unit.connection.execute(select(CDRS).order_by(CDRS.c.seq.desc()).limit(1)).mappings().one()
        row = unit.connection.execute(select(clearings).order_by(clearings.c.id.desc()).limit(1))
        cleared = dict(row.mappings().one())
        cleared.pop("id")
        for begin in range(numbers.start, numbers.stop, 5000):
            some = range(begin, min(begin + 5000, numbers.stop))
            bodies = [like(stored, number) for number in some]
            unit.connection.execute(insert(CDRS), bodies)
            unit.connection.execute(insert(clearings), [row_like(cleared, number) for number in some])
        through = max(numbers) + 1
        unit.connection.execute(clearing_progress.update().values(through=through))
    analyse(store)


def like(stored: Any, number: int) -> dict[str, Any]:
    """The body is that of the pattern: only the rows of clearing are compared."""
    return dict(stored) | {"seq": number + 1, "key": f"N-{number}"}


def row_like(row: dict[str, Any], number: int) -> dict[str, Any]:
    start = instants.instant(FIRST + number // POINTS * STAY)
    return row | {
        "cdr_key": f"N-{number}",
        "cdr_seq": number + 1,
        "state": State.RATED,
        "evse_key": f"P-{number % POINTS}",
        "token_key": f"CARD-{number % CARDS}",
        "reference": f"REF-{number}",
        "started_at": start,
        "ended_at": start + lasting() // timedelta(microseconds=1),
        "next_check_at": None,
    }


def analyse(store: Store) -> None:
    """As both engines do by themselves in the course of time."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def in_turn(unit: Unit, rows: list[Any]) -> None:
    """So many at once as the clerk takes."""
    for begin in range(0, len(rows), clerk.SOME):
        clear.judge_all(unit, rows[begin : begin + clerk.SOME])


def judged(cpo: Platform, numbers: range) -> Cost:
    """What it costs to check some new ones, without writing anything: the best of some rounds."""
    receive(cpo, numbers)
    with cpo.hub.store.unit() as unit:
        clear.enter_new(unit, 2 * len(numbers))
    costs = []
    for _ in range(ROUNDS):
        with cpo.hub.store.reading() as unit:
            rows = clear.due(unit, 2 * len(numbers))
            costs.append(cost_of(lambda unit=unit, rows=rows: in_turn(unit, rows), len(rows)))
    clerk.everything(cpo.hub.store)
    return Cost(min(cost.passed for cost in costs), min(cost.used for cost in costs))


def among(cpo: Platform, count: int) -> Cost:
    """With so many stored."""
    with cpo.hub.store.reading() as unit:
        present = unit.connection.execute(select(func.max(CDRS.c.seq))).scalar_one()
    fill(cpo.hub.store, range(present, count))
    restart(cpo.hub.store, count)
    return judged(cpo, range(count, count + 100))


def restart(store: Store, count: int) -> None:
    """PostgreSQL counts on where the rows end that were numbered here."""
    if not store.sqlite:
        with store.unit() as unit:
            unit.connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('cdrs', 'seq'), {count}, true)"
            )


def run() -> None:
    speeds = Table("database", "what", "speed", title="CDRs")
    growth = Table("database", "stored", "ms", "CPU ms", "ratio of CPU (aim: 1)", title="To check one CDR")
    for name, made in databases():
        with roaming(made("clearing")) as cpo:
            for what, cost in end_to_end(cpo):
                speeds.add_row(name, what, cost.told())
            few, many = among(cpo, FEW), among(cpo, MANY)
            for count, cost in ((FEW, few), (MANY, many)):
                figures = (f"{cost.passed * 1e3:.2f}", f"{cost.used * 1e3:.2f}")
                growth.add_row(name, f"{count:,}", *figures, f"{cost.used / few.used:.2f}")
    Console().print(speeds)
    Console().print(growth)
