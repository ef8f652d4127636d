"""What a request costs the hub: CPU of its process, as a multiple of an empty Flask endpoint beside it.

The same request is sent over and over on one kept-alive connection, in rounds that alternate with rounds of
the empty endpoint. Each round is a ratio, and the median counts: a shared machine changes its pace. Five
eMSPs listen, so every change writes five marks.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # partners and objects are those of the tests

from factories import example
from platforms import Platform, connected
from postgres import Postgres, PostgresMissing
from rich.console import Console
from rich.table import Table

import migrations
from hub.app import create_app
from hub.ocpi import strictjson
from hub.ocpi.module import Role
from hub.settings import Settings

ROUNDS = 7
SECRET = "only for this benchmark and thrown away afterwards"
LISTENERS = 5


@dataclass(frozen=True)
class Case:
    """One kind of request; `body` makes the n-th of them. `limits`: the aim on SQLite and on PostgreSQL."""

    name: str
    method: str
    path: str
    body: Callable[[int], bytes | None]
    limits: tuple[float, float]
    count: int = 300


def stamp(number: int) -> str:
    return f"2025-03-11T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"


def with_evses(count: int, **changes: Any) -> dict[str, Any]:
    """A location of the size that partners send: some EVSEs of two connectors."""
    evse = example("2.2.1", "evses")
    connectors = [example("2.2.1", "connectors", id=str(number)) for number in (1, 2)]
    evses = [deepcopy(evse) | {"uid": f"E{number}", "connectors": connectors} for number in range(count)]
    return example("2.2.1", "locations", evses=evses, **changes)


def session(number: int) -> bytes:
    periods = [
        {
            "start_date_time": f"2025-03-10T{8 + hour:02d}:00:00Z",
            "dimensions": [{"type": "ENERGY", "volume": 2 + hour}, {"type": "TIME", "volume": 1}],
        }
        for hour in range(8)
    ]
    body = example("2.2.1", "sessions", id="S", status="ACTIVE", end_date_time=None, charging_periods=periods)
    return strictjson.write(body | {"last_updated": stamp(number), "kwh": number})


def cdr(number: int) -> bytes:
    name = f"C-{os.getpid()}-{time.time_ns()}-{number}"
    return strictjson.write(example("2.2.1", "cdrs", id=name, session_id=None))


def patch(number: int) -> bytes:
    status = ("AVAILABLE", "CHARGING")[number % 2]
    return json.dumps({"status": status, "last_updated": stamp(number)}).encode()


RECEIVER, SENDER = "/ocpi/2.2.1/receiver", "/ocpi/2.2.1/sender"
CASES = (
    Case("PUT session", "PUT", f"{RECEIVER}/sessions/NL/CPO/S", session, (4.5, 5)),
    Case("PATCH EVSE status", "PATCH", f"{RECEIVER}/locations/NL/CPO/L0/E1", patch, (5.5, 6)),
    Case(
        "PUT location",
        "PUT",
        f"{RECEIVER}/locations/NL/CPO/L1",
        lambda number: strictjson.write(with_evses(4, id="L1", last_updated=stamp(number))),
        (4.5, 5),
    ),
    Case("POST CDR", "POST", f"{RECEIVER}/cdrs", cdr, (4.5, 5)),
    Case("GET 100 locations x 4 EVSEs", "GET", f"{SENDER}/locations?limit=100", lambda _: None, (6, 10), 100),
)


class Process:
    """A server of `benchmarks.subject`, and the CPU that it has used."""

    def __init__(self, kind: str, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.subject", kind, str(self.port)]
        self.child = subprocess.Popen(command, env=os.environ | environment)
        self.watched = psutil.Process(self.child.pid)
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.wait()

    def wait(self) -> None:
        for _ in range(200):
            try:
                self.line.connect()
            except OSError:
                time.sleep(0.05)
            else:
                self.line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
        raise SystemExit("the server did not start")

    def cpu(self) -> float:
        used = self.watched.cpu_times()
        return used.user + used.system

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        told = answer.read()
        if answer.status not in (200, 201) or b'"status_code":1000' not in told:
            raise SystemExit(f"{method} {path}: HTTP {answer.status} {told[:300]!r}")
        return told

    def stop(self) -> None:
        self.line.close()
        self.child.terminate()
        self.child.wait()


def fill(url: str) -> Platform:
    """A CPO with 100 locations, and eMSPs that listen to it."""
    settings = Settings(database_url=url, secret_key=SECRET)
    app = create_app(settings)
    cpo = connected(app, "NL/CPO", Role.CPO, "2.2.1")
    for number in range(100):
        place = with_evses(4, id=f"L{number}")
        if cpo.put(f"locations/NL/CPO/L{number}", place).status_code != 201:
            raise SystemExit("a location was refused")
    connected(app, "DE/MSP", Role.EMSP, "2.2.1")
    for number in range(1, LISTENERS):
        connected(app, f"DE/M{number}0", Role.EMSP, "2.2.1")
    cpo.hub.store.close()
    return cpo


def measured(case: Case, hub: Process, empty: Process, headers: dict[str, str]) -> tuple[float, float]:
    """Seconds of CPU a request, of the hub and of the empty endpoint, in the round of the median ratio."""
    rounds: list[tuple[float, float]] = []
    number = 0
    for _ in range(ROUNDS):
        before = hub.cpu()
        for _ in range(case.count):
            number += 1
            hub.ask(case.method, case.path, case.body(number), headers)
        cost = (hub.cpu() - before) / case.count
        before = empty.cpu()
        for _ in range(1000):
            empty.ask("GET", "/", None, {})
        rounds.append((cost, (empty.cpu() - before) / 1000))
    return sorted(rounds, key=lambda pair: pair[0] / pair[1])[len(rounds) // 2]


@contextmanager
def databases() -> Iterator[list[tuple[str, str]]]:
    """(name, URL) of a database on each engine that can be had, migrated and empty."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        found = [("SQLite", f"sqlite:///{folder}/hub.sqlite")]
        try:
            server = Postgres()
        except PostgresMissing:
            Console(stderr=True).print("PostgreSQL is not measured: no server binaries found")
        else:
            stack.callback(server.stop)
            found.append(("PostgreSQL", server.create("benchmark")))
        for _, url in found:
            migrations.upgrade(url)
        yield found


def run() -> None:
    """Measure every case on every engine and print the table."""
    table = Table("database", "request", "CPU us", "empty us", "ratio", "aim", title="Cost of a request")
    with databases() as found:
        for place, (engine, url) in enumerate(found):
            cpo = fill(url)
            headers = cpo.headers() | {"X-Request-ID": "benchmark", "X-Correlation-ID": "benchmark"}
            environment = {"HUB_DATABASE_URL": url, "HUB_SECRET_KEY": SECRET}
            hub, empty = Process("hub", environment), Process("empty", {})
            try:
                for case in CASES:
                    cost, floor = measured(case, hub, empty, headers)
                    figures = (f"{cost * 1e6:.0f}", f"{floor * 1e6:.0f}", f"{cost / floor:.1f}")
                    table.add_row(engine, case.name, *figures, f"<= {case.limits[place]}")
            finally:
                hub.stop()
                empty.stop()
    Console().print(table)
