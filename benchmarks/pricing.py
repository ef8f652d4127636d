"""What a price costs: CPU of one process, as a multiple of `json.loads` of the same CDR in the same run.

Three kinds of CDR: A one period under an energy tariff, B eight periods under the complex example of OCPI's
text, C ninety-six quarters of an hour under a tariff with a price for each half hour. Of each kind there are
many, at different days and times, so that no more is remembered between rounds than would be in service. A
price is measured with its net and gross amounts read, as whole numbers; beside it, what it costs unread and
with its lines, and what one of a batch costs with the shares of its components.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import tariffs

ZONE = "Europe/Amsterdam"
ROUNDS = 40
COMPLEX = Path(__file__).parent.parent / "tests/tariffs/cases/w15-complex-weekday/tariff.json"
MILLION = 1_000_000

Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A kind of CDR; `aims` for parsing and pricing one, and for one of a batch."""

    name: str
    tariff: Json
    periods: int
    seconds: int
    cdrs: int
    aims: tuple[float, float]
    copies: int


def energy_tariff() -> Json:
    part = {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 1}
    return tariff([{"price_components": [part]}])


def complex_tariff() -> Json:
    found: Json = json.loads(COMPLEX.read_text(encoding="utf-8"), parse_float=Decimal)
    return found


def dynamic_tariff() -> Json:
    """A price for each half hour, one for what is left, and a fee to begin with."""
    edges = [f"{half // 2:02d}:{half % 2 * 30:02d}" for half in range(48)] + ["00:00"]
    halves = [
        priced("ENERGY", Decimal(20 + half) / 100, {"start_time": edges[half], "end_time": edges[half + 1]})
        for half in range(48)
    ]
    return tariff([priced("FLAT", 1, {}), *halves, priced("ENERGY", 1, {})])


def priced(kind: str, price: Any, restrictions: Json) -> Json:
    part = {"type": kind, "price": price, "vat": 21, "step_size": 1}
    return {"price_components": [part], "restrictions": restrictions}


def tariff(elements: list[Json]) -> Json:
    head = {"country_code": "NL", "party_id": "CPO", "id": "T", "currency": "EUR", "tax_included": "NO"}
    return head | {"elements": elements}


CASES = (
    Case("A", energy_tariff(), 1, 3600, 400, (0.55, 0.003), 500),
    Case("B", complex_tariff(), 8, 900, 200, (1.0, 0.05), 100),
    Case("C", dynamic_tariff(), 96, 900, 60, (0.95, 0.05), 30),
)


def cdr(case: Case, random: Random) -> bytes:
    """A CDR as a CPO sends it, without the tariffs that it may carry: they would only flatter the ratio."""
    start = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(90 * 86_400))
    starts = [start + timedelta(seconds=case.seconds * number) for number in range(case.periods + 1)]
    periods = [period(case, number, when, random) for number, when in enumerate(starts[:-1])]
    kwh = sum(one["volume"] for each in periods for one in each["dimensions"] if one["type"] == "ENERGY")
    told = FRAME | {"start_date_time": stamp(start), "end_date_time": stamp(starts[-1])}
    told |= {"charging_periods": periods, "total_energy": round(kwh, 3)}
    return json.dumps(told, separators=(",", ":")).encode()


def period(case: Case, number: int, when: datetime, random: Random) -> Json:
    hours = case.seconds / 3600
    if (
        case.periods == 8
    ):  # six periods of charging, with the current that prices depend on, and two of parking
        kind = "TIME" if number < 6 else "PARKING_TIME"
        volumes = {
            "TIME": [("ENERGY", random.randrange(4000) / 1000), ("MAX_CURRENT", random.randrange(6, 63))]
        }
        dimensions = [*volumes.get(kind, ()), (kind, hours)]
    else:
        dimensions = [("ENERGY", random.randrange(1, 30_000) / 1000), ("TIME", hours)]
    told = [{"type": kind, "volume": volume} for kind, volume in dimensions]
    return {"start_date_time": stamp(when), "dimensions": told}


def stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


FRAME = {
    "country_code": "NL",
    "party_id": "CPO",
    "id": "CDR-000123",
    "start_date_time": "",
    "end_date_time": "",
    "session_id": "S-0001",
    "cdr_token": {
        "country_code": "DE",
        "party_id": "MSP",
        "uid": "04A1B2C3",
        "type": "RFID",
        "contract_id": "DE-MSP-C123-X",
    },
    "auth_method": "WHITELIST",
    "cdr_location": {
        "id": "LOC1",
        "name": "Station",
        "address": "Street 1",
        "city": "Amsterdam",
        "postal_code": "1000AA",
        "country": "NLD",
        "coordinates": {"latitude": "52.370216", "longitude": "4.895168"},
        "evse_uid": "E1",
        "evse_id": "NL*CPO*E1",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    },
    "currency": "EUR",
    "charging_periods": [],
    "total_cost": {"before_taxes": 5.0},
    "total_energy": 0,
    "total_time": 2.5,
    "last_updated": "2025-06-02T12:00:00Z",
}


def cpu(work: Callable[[], object], count: int) -> float:
    """Microseconds for each of `count`."""
    before = time.process_time()
    work()
    return (time.process_time() - before) / count * 1e6


def measured(case: Case) -> dict[str, float]:
    """The cheapest of the rounds of each way, all taken in turn."""
    random = Random(case.name)
    bodies = [cdr(case, random) for _ in range(case.cdrs)]
    read = tariffs.read_tariff(case.tariff)
    prepared = tariffs.prepare(read, ZONE)
    sessions = [tariffs.read_session(json.loads(body, parse_float=Decimal)) for body in bodies]
    packed = [tariffs.encode(session) for session in sessions]
    columns = tariffs.unpack(packed * case.copies)
    check(bodies, sessions, columns, read)
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "json": (each(json.loads, bodies), len(bodies)),
        "quote": (each(prepared.price, bodies), len(bodies)),
        "amounts": (each(lambda body: prepared.price(body).whole_amounts(4), bodies), len(bodies)),
        "lines": (each(with_lines(prepared), bodies), len(bodies)),
        "batch": (lambda: tariffs.price_columns(read, columns, ZONE), len(columns)),
    }
    rounds = [{name: cpu(*way) for name, way in ways.items()} for _ in range(ROUNDS)]
    least = {name: min(one[name] for one in rounds) for name in ways}
    return {"us": least["json"], **{name: cost / least["json"] for name, cost in least.items()}}


def with_lines(prepared: tariffs.Prepared) -> Callable[[bytes], object]:
    """The amounts and all lines."""

    def work(body: bytes) -> object:
        quote = prepared.price(body)
        return quote.whole_amounts(4), quote.lines

    return work


def each(work: Callable[[bytes], object], bodies: list[bytes]) -> Callable[[], None]:
    """The work done for each body, its results let go at once."""

    def run_through() -> None:
        for body in bodies:
            work(body)

    return run_through


def check(
    bodies: list[bytes], sessions: list[tariffs.Session], columns: tariffs.Columns, read: tariffs.Tariff
) -> None:
    """All ways give the same amounts, or nothing is measured."""
    prepared = tariffs.prepare(read, ZONE)
    found = tariffs.price_columns(read, columns.part(0, len(bodies)), ZONE)
    for place, (body, session) in enumerate(zip(bodies, sessions, strict=True)):
        amounts = tariffs.price(read, session, ZONE).whole_amounts(4)
        told = int(found.before_taxes[place]), int(found.after_taxes[place])
        if not amounts == prepared.price(body).whole_amounts(4) == told:
            raise SystemExit(f"the ways to price differ: {amounts} {told} for {body!r}")


def growth() -> Iterator[tuple[str, float]]:
    """Time for twice the periods and for ten times the elements, as a multiple of that for once."""
    half, whole = (cost_of(dynamic_tariff(), periods) for periods in (96, 192))
    yield "twice the periods", whole / half
    last = [priced("ENERGY", 1, {})]
    few = cost_of(tariff(dynamic_tariff()["elements"][:5] + last), 96)
    yield "50 elements for 5", half / few


def cost_of(document: Json, periods: int) -> float:
    prepared = tariffs.prepare(tariffs.read_tariff(document), ZONE)
    case = Case("growth", document, periods, 450, 40, (0, 0), 1)
    random = Random(periods)
    bodies = [cdr(case, random) for _ in range(case.cdrs)]
    return min(cpu(each(prepared.price, bodies), len(bodies)) for _ in range(ROUNDS))


def million() -> float:
    """The memory, in megabytes, that a process takes to price a million CDRs of 8 periods."""
    told = subprocess.run(
        [sys.executable, "-c", "from benchmarks import pricing; pricing.price_a_million()"],
        check=True,
        capture_output=True,
    )
    return float(told.stdout)


def price_a_million() -> None:
    """In a process of its own: columns for a million, made from a thousand, priced."""
    case, random = CASES[1], Random(0)
    bodies = [json.loads(cdr(case, random), parse_float=Decimal) for _ in range(1000)]
    few = tariffs.pack(tariffs.read_session(body) for body in bodies)
    copies = MILLION // len(few)
    columns = tariffs.Columns(
        offsets=np.arange(0, len(few.start) * copies + 1, case.periods),
        began=np.tile(few.began, copies),
        end=np.tile(few.end, copies),
        source=np.tile(few.source, copies),
        start=np.tile(few.start, copies),
        optional={name: np.tile(column, copies) for name, column in few.optional.items()},
        currency=few.currency,
    )
    amounts = tariffs.price_columns(tariffs.read_tariff(case.tariff), columns, ZONE)
    if len(amounts.before_taxes) != MILLION or amounts.general:
        raise SystemExit("not all were priced from the columns")
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


TITLE = "Cost of a price, as a multiple of json.loads"


def run() -> None:
    """Measure every case and print the table."""
    heads = ("CDR", "json us", "parse, price, amounts", "aim", "unread", "lines", "batch", "aim")
    table = Table(*heads, title=TITLE)
    for case in CASES:
        found = measured(case)
        one, many = case.aims
        told = (f"{found['amounts']:.2f}", f"<= {one}", f"{found['quote']:.2f}", f"{found['lines']:.2f}")
        batch = (f"{found['batch']:.4f}", f"<= {many}")
        table.add_row(case.name, f"{found['us']:.1f}", *told, *batch)
    console = Console()
    console.print(table)
    for name, factor in growth():
        console.print(f"{name}: {factor:.2f} times the time")
    console.print(f"a million CDRs of 8 periods, in columns: {million():.0f} MB at most (aim: < 600)")
