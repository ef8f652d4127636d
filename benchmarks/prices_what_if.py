"""What-if on the history of a CPO: sessions of 8 periods, packed in a database, priced again under a draft.

    python -m benchmarks prices what-if            # a million; BENCHMARK_SESSIONS=100000 for a tenth

The database is SQLite in a folder of its own. What is measured is one `history.what_if` in a fresh process,
its CPU and memory, blobs read from the database included: of CDRs as a CPO writes them, and of sessions that
the hub has billed itself, whose periods are split where the draft changes its price.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
from rich.console import Console
from rich.table import Table

import migrations
import tariffs
from benchmarks.pricing import CASES, Json, complex_tariff, priced, tariff
from benchmarks.pricing import cdr as made
from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.prices.past import history
from hub.prices.past.history import Wanted
from hub.store import history as blobs
from hub.store.engine import Store
from tariffs import Billed, Packed, Terms
from tariffs.packed import joined, to_bytes
from tariffs.session import Source
from tariffs.what_if import read_case

SESSIONS = int(os.environ.get("BENCHMARK_SESSIONS", "1000000"))
AIM = 5.0
OWNER, MONTH, ZONE = Party.of("NL", "CPO"), "2025-03", "Europe/Amsterdam"
LOCATIONS, PARTNERS = 300, ("MSP", "EMS", "GOE", "LAD", "NEW")


def night() -> Json:
    """Cheaper at night and after 20 kWh; parking by the hour; a fee."""
    elements = [
        priced("FLAT", Decimal("0.5"), {}),
        priced("ENERGY", Decimal("0.21"), {"start_time": "22:00", "end_time": "06:00"}),
        priced("ENERGY", Decimal("0.29"), {"min_kwh": 20}),
        priced("ENERGY", Decimal("0.35"), {}),
        priced("PARKING_TIME", 3, {}),
    ]
    return tariff(elements)


DRAFTS = {"complex": complex_tariff, "night": night}


def run() -> None:
    """Fill two databases, and ask each about two drafts."""
    table = Table(
        "sessions", "draft", "CPU s", "s, all", "per million", "aim", "MB", title="what-if on history"
    )
    with tempfile.TemporaryDirectory() as folder:
        for source in (Source.CDR, Source.SESSION):
            url = f"sqlite:///{folder}/{source}.sqlite"
            fill(url, source)
            for draft in DRAFTS:
                cpu, wall, memory = asked(url, draft)
                per_million = cpu / SESSIONS * 1e6
                figures = (f"{cpu:.2f}", f"{wall:.2f}", f"{per_million:.2f}", f"<= {AIM}", f"{memory:.0f}")
                table.add_row(f"{SESSIONS:,} {NAMES[source]}", draft, *figures)
            size = Path(f"{folder}/{source}.sqlite").stat().st_size
            Path(f"{folder}/{source}.sqlite").unlink()
    Console().print(table)
    Console().print(f"{size / SESSIONS:.0f} bytes a session in the database")


NAMES = {Source.CDR: "CDRs", Source.SESSION: "billed sessions"}


def fill(url: str, source: Source) -> None:
    """Blobs as the job makes them, of some that differ, again and again."""
    migrations.upgrade(url)
    store = Store(url)
    for packed in blobs_of(source):
        with store.unit() as unit:
            blobs.put_blob(
                unit, (OWNER.code, MONTH, ZONE, "EUR"), len(packed), to_bytes(packed), instead_of=None
            )
    store.close()


def blobs_of(source: Source) -> Iterator[Packed]:
    random, count = Random(1), min(SESSIONS, blobs.MOST)
    cases = (read_case(document(random), ZONE) for _ in range(count))
    packed = joined(list(tariffs.pack_billed(Billed(place, case, "T") for place, case in enumerate(cases))))
    sources = np.full(count, tuple(Source).index(source))
    packed = replace(packed, columns=replace(packed.columns, source=sources))
    for first in range(0, SESSIONS, count):
        yield replace(packed, numbers=packed.numbers + first)


def document(random: Random) -> Json:
    found: Json = strictjson.read(made(CASES[1], random))
    found["cdr_location"]["id"] = f"L{random.randrange(LOCATIONS)}"
    found["cdr_token"]["party_id"] = random.choice(PARTNERS)
    cost = {"before_taxes": Decimal(random.randrange(100, 3000)) / 100}
    return found | {"total_cost": cost, "total_time_cost": cost}


def asked(url: str, draft: str) -> tuple[float, float, float]:
    """CPU seconds, seconds and megabytes of one question, in a process of its own."""
    program = f"from benchmarks import prices_what_if; prices_what_if.ask({url!r}, {draft!r})"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    cpu, wall, memory = map(float, told.stdout.split())
    return cpu, wall, memory


def ask(url: str, draft: str) -> None:
    """As the command line asks."""
    store = Store(url)
    terms = Terms(tariffs.read_tariff(DRAFTS[draft]()))
    cpu, wall = time.process_time(), time.perf_counter()
    found = history.what_if(store, OWNER, terms, Wanted([MONTH]))
    spent = (time.process_time() - cpu, time.perf_counter() - wall)
    if found.total.count != SESSIONS or found.unpriced:
        raise SystemExit(f"{found.total.count} were priced, {found.unpriced} were not")
    sys.stdout.write(f"{spent[0]} {spent[1]} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}")
