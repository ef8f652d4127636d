"""How fast the hub delivers: to one fast partner, to many slow ones, and how soon after the commit.

Also what it costs to claim among a hundred thousand marks, and to write a mark.

The partners are one process of their own that reads a request, waits as long as it was told to, and answers.
"""

import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # partners and objects are those of the tests

from factories import example
from postgres import Postgres, PostgresMissing
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select, update

import migrations
from hub.app import create_hub
from hub.hub import Hub
from hub.ocpi.document import Document, Party
from hub.ocpi.module import Role
from hub.parties import connections, registry, tokens
from hub.parties.connections import Connection
from hub.parties.partner import PartnerRole, Status
from hub.settings import Settings
from hub.store import documents
from hub.store.deliveries import deliveries
from hub.store.parties import endpoints
from hub.sync import claiming, reach
from hub.sync.claiming import Turn
from hub.sync.waits import SECOND
from hub.sync.worker import PACE, Worker

SECRET = "only for this benchmark and thrown away afterwards"
OWNER = Party("NL", "CPO")
OBJECTS = 600
SLOW, LATENCY = 200, 0.05
HANGING = 30.0  # longer than any deadline
TURNS, CHANGES = 6, 75
DUE_NOW = {"state": "due", "attempts": 0, "next_at": 0, "lease": None}
BACKLOG = 100_000
ANSWER = (
    b'{"data":[{"version":"2.2.1","url":"http://127.0.0.1/2.2.1"}],'
    b'"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'
)
"""Also to the question for versions, by which the hub finds out whether a partner is alive."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)


# The partners ----------------------------------------------------------------------------------------------


def answer_everybody(latency: float) -> None:
    """Take every request as well as can be, `latency` seconds after it has come; a loop without threads."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    chosen = selectors.DefaultSelector()
    chosen.register(listening, selectors.EVENT_READ)
    held: dict[socket.socket, bytes] = {}
    waiting: list[tuple[float, socket.socket]] = []
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for key, _ in chosen.select(pause):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if one is listening:
                taken, _ = listening.accept()
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                chosen.register(taken, selectors.EVENT_READ)
                held[taken] = b""
                continue
            with suppress(ConnectionError):
                piece = one.recv(65536)
                if piece:
                    held[one] = rest = held[one] + piece
                    if is_whole(rest):
                        held[one] = b""
                        waiting.append((time.monotonic() + latency, one))
                    continue
            chosen.unregister(one)
            one.close()
        while waiting and waiting[0][0] <= time.monotonic():
            with suppress(OSError):
                waiting.pop(0)[1].sendall(HEAD + ANSWER)


def is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length or 0)


@contextmanager
def partners(latency: float) -> Iterator[str]:
    """The address at which they answer."""
    command = [sys.executable, "-m", "benchmarks.deliveries", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


# The hub ---------------------------------------------------------------------------------------------------


def connect(hub: Hub, number: int, url: str) -> int:
    """One more eMSP, at an address of its own below the URL."""
    party = Party("DE", f"{number:03}")
    with hub.store.unit() as unit:
        name = f"eMSP {number}"
        registry.invite(unit, name, [(Role.EMSP, party)], "2.2.1")
        partner = registry.named(unit, name)
        sides = {(module, "RECEIVER"): f"{url}/{number}/{module}" for module in ("locations", "sessions")}
        roles = (PartnerRole(Role.EMSP, party, {"name": name}),)
        connection = Connection("2.2.1", f"{url}/versions", roles, sides, tokens.new())
        assert connections.connect(unit, partner.id, connection, tokens.vault(hub.settings.sealing_key))
    return partner.id


def publish(hub: Hub, count: int) -> None:
    """Change so many locations, each owed to every partner that is connected."""
    for number in range(count):
        with hub.store.unit() as unit:
            save(unit, f"L{number}")


def save(unit: Any, name: str) -> None:
    body = example("2.3.0", "locations", id=name)
    document = Document("locations", OWNER, name.upper(), "2.3.0", body, body)
    existing = documents.claim(unit, "locations", OWNER, name.upper())
    documents.save(unit, document, existing, audience=None, source=None)


def left(hub: Hub) -> int:
    with hub.store.reading() as unit:
        query = select(func.count()).where(deliveries.c.state.in_(("due", "leased")))
        return int(unit.connection.execute(query).scalar_one())


def rate(hub: Hub, count: int) -> float:
    """Deliveries a second of what is owed now."""
    worker = Worker(hub)
    began = time.perf_counter()
    worker.start()
    while left(hub):
        time.sleep(0.02)
    took = time.perf_counter() - began
    worker.stop()
    return count / took


# What is measured ------------------------------------------------------------------------------------------


def to_one(hub: Hub) -> list[tuple[str, str, str]]:
    with partners(0) as url:
        connect(hub, 0, url)
        publish(hub, OBJECTS)
        found = rate(hub, OBJECTS)
    aim = ">= 100/s" if hub.store.sqlite else ">= 250/s"
    return [("to one fast partner", f"{found:.0f}/s", aim)]


def to_many(hub: Hub) -> list[tuple[str, str, str]]:
    with partners(LATENCY) as url:
        for number in range(SLOW):
            connect(hub, number, url)
        publish(hub, 10)
        found = rate(hub, 10 * SLOW)
    most = PACE.threads / LATENCY
    share = f"{found:.0f}/s, {100 * found / most:.0f} % of {most:.0f}/s"
    return [(f"to {SLOW} partners of {LATENCY * 1000:.0f} ms", share, ">= 80 %")]


def how_soon(hub: Hub) -> list[tuple[str, str, str]]:
    """From the commit of a change to the partner's confirmation, of a change every 20 ms."""
    with partners(0) as url:
        connect(hub, 0, url)
        worker = Worker(hub)
        worker.start()
        for number in range(200):
            publish_one(hub, f"S{number}")
            time.sleep(0.02)
        while left(hub):
            time.sleep(0.02)
        worker.stop()
    with hub.store.reading() as unit:
        rows = unit.connection.execute(select(deliveries.c.done_at - deliveries.c.owed_at)).scalars()
        took = sorted(row / 1000 for row in rows)
    told = f"p50 {took[len(took) // 2]:.1f} ms, p95 {took[int(len(took) * 0.95)]:.1f} ms"
    return [("commit to confirmation", told, "p95 <= 2 s")]


def beside_a_bad_one(hub: Hub) -> list[tuple[str, str, str]]:
    """The same, of a partner beside one that takes every request and never answers, and while that one is
    suspended; in turns, since what is measured first on a machine is measured on a colder one."""
    alone: list[float] = []
    beside: list[float] = []
    with partners(0) as fast:
        good, bad = connect(hub, 0, fast), connect(hub, 1, fast)
        worker = Worker(hub)
        worker.start()
        with suspended(hub, bad):
            soon(hub, good, "W")  # so that everything is warm
        for number in range(TURNS):
            with suspended(hub, bad):
                alone += soon(hub, good, f"A{number}-")
            with partners(HANGING) as hanging, reached_at(hub, bad, hanging):
                beside += soon(hub, good, f"B{number}-")
        worker.stop()
    one, other = p95(alone), p95(beside)
    told = f"p95 {one:.1f} ms alone, {other:.1f} ms beside it ({100 * (other / one - 1):+.0f} %)"
    return [("beside a partner that hangs", told, "<= +20 %")]


@contextmanager
def suspended(hub: Hub, partner_id: int) -> Iterator[None]:
    """Nothing is sent to the partner; it is owed everything all the same."""
    set_status(hub, partner_id, Status.SUSPENDED)
    try:
        yield
    finally:
        set_status(hub, partner_id, Status.CONNECTED)


@contextmanager
def reached_at(hub: Hub, partner_id: int, url: str) -> Iterator[None]:
    """It is tried there from the beginning, whatever was before; afterwards nothing is under way any more."""
    with hub.store.unit() as unit:
        reach.forget(unit, partner_id)
        unit.connection.execute(
            update(deliveries).where(deliveries.c.partner_id == partner_id).values(DUE_NOW)
        )
        moved = update(endpoints).where(endpoints.c.partner_id == partner_id)
        unit.connection.execute(moved.values(url=f"{url}/locations"))
    try:
        yield
    finally:
        set_status(hub, partner_id, Status.SUSPENDED)


def set_status(hub: Hub, partner_id: int, status: Status) -> None:
    with hub.store.unit() as unit:
        partner = registry.by_id(unit, partner_id)
        assert partner is not None
        registry.set_status(unit, partner, status)


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def soon(hub: Hub, partner: int, letter: str) -> list[float]:
    """Milliseconds from the commit to the confirmation of a change every 20 ms."""
    for number in range(CHANGES):
        publish_one(hub, f"{letter}{number}")
        time.sleep(0.02)
    time.sleep(0.5)
    with hub.store.reading() as unit:
        took = select(deliveries.c.done_at - deliveries.c.owed_at).where(deliveries.c.partner_id == partner)
        rows = unit.connection.execute(took.order_by(deliveries.c.id.desc()).limit(CHANGES)).scalars().all()
    return [row / 1000 for row in rows]


def publish_one(hub: Hub, name: str) -> None:
    with hub.store.unit() as unit:
        save(unit, name)


def claims(hub: Hub) -> list[tuple[str, str, str]]:
    """One partner is owed a hundred thousand objects, a hundred others one each."""
    ids = [connect(hub, number, "https://partner.example.com") for number in range(101)]
    with hub.store.unit() as unit:
        rows = [mark(ids[0], number, unit.now) for number in range(BACKLOG)]
        rows += [mark(each, 0, unit.now) for each in ids[1:]]
        for some in range(0, len(rows), 5000):
            unit.connection.execute(insert(deliveries), rows[some : some + 5000])
    if not hub.store.sqlite:
        with hub.store.unit() as unit:
            unit.connection.exec_driver_sql("ANALYZE deliveries")
    took, after = [], 0
    for number in range(60):
        with hub.store.unit() as unit:
            began = time.perf_counter()
            found = claiming.claim(unit, Turn(f"{number:032}", unit.now + 45 * SECOND, 8, after))
            took.append(time.perf_counter() - began)
            if found:
                after = found[-1].partner_id
                done = update(deliveries).where(deliveries.c.lease == f"{number:032}").values(state="done")
                unit.connection.execute(done)
    return [(f"a claim, {BACKLOG} marks", f"{statistics.median(took) * 1000:.2f} ms", "")]


def mark(partner: int, document: int, now: int) -> dict[str, Any]:
    return {
        "partner_id": partner,
        "module": "locations",
        "document": document,
        "wanted_rev": 1,
        "state": "due",
        "attempts": 0,
        "next_at": now - 1,
        "owed_at": now,
    }


def marks(hub: Hub) -> list[tuple[str, str, str]]:
    """What five listeners add to the accepting transaction."""
    alone = saving(hub, "A")
    for number in range(5):
        connect(hub, number, "https://partner.example.com")
    heard = saving(hub, "B")
    return [("five marks in the accepting transaction", f"{(heard - alone) * 1e6:.0f} us", "")]


def saving(hub: Hub, letter: str) -> float:
    took = []
    for number in range(200):
        with hub.store.unit() as unit:
            began = time.perf_counter()
            save(unit, f"{letter}{number}")
            hub.store.react(unit)
            took.append(time.perf_counter() - began)
    return statistics.median(took)


MEASURES: tuple[Callable[[Hub], list[tuple[str, str, str]]], ...] = (
    to_one,
    to_many,
    how_soon,
    beside_a_bad_one,
    claims,
    marks,
)


def run() -> None:
    table = Table("Engine", "What", "Measured", "Aim", box=None)
    for name, url in databases():
        for number, measure in enumerate(MEASURES):
            for row in on(url(f"m{number}"), measure):
                table.add_row(name, *row)
    Console().print(table)


def on(url: str, measure: Callable[[Hub], list[tuple[str, str, str]]]) -> list[tuple[str, str, str]]:
    migrations.upgrade(url)
    loopback = (ip_network("127.0.0.0/8"),)
    hub = create_hub(Settings(database_url=url, secret_key=SECRET, allow_networks=loopback))
    try:
        return measure(hub)
    finally:
        hub.client.close()
        hub.store.close()


def databases() -> Iterator[tuple[str, Callable[[str], str]]]:
    """Name and maker of fresh databases; durable ones, as in production."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        yield "SQLite", lambda name: f"sqlite:///{folder}/{name}.sqlite"
    try:
        server = Postgres(fsync="on", full_page_writes="on", synchronous_commit="on")
    except PostgresMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return
    yield "PostgreSQL", server.create
    server.stop()


if __name__ == "__main__":
    answer_everybody(float(sys.argv[1]))
