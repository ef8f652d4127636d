"""Processes of the hub are killed at random while partners fail; in the end nothing may be lost.

    python tests/kills/harness.py --kills 500 --engine postgresql

prints what it counted; exit code 1 when a promise was broken. Two web processes and two workers on one
database; producers put locations through either web process; two eMSPs fail 35 % of the time in all ways,
the acknowledgement lost after processing included. On PostgreSQL so many backends of the server
are killed besides (`--crashes`), each of which sends all of it through crash recovery.
"""

import argparse
import base64
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2]))

import processes
from factories import example
from faulty import Faulty
from postgres import Postgres
from processes import PACE, Role
from sqlalchemy import func, select, text

import migrations
from hub.app import create_hub
from hub.hub import Hub
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.ocpi.module import Role as Part
from hub.parties import access, connections, registry, tokens
from hub.parties.connections import Connection
from hub.parties.partner import PartnerRole
from hub.store import documents
from hub.store.deliveries import deliveries

FAILS = 0.35
OBJECTS, PRODUCERS, PARTNERS = 40, 2, 2
PAUSE = (0.1, 0.5)
ENOUGH = 100
"""Changes that must be acknowledged before a run ends: on a busy machine processes are killed at birth."""
PATIENCE = 60.0
BEGINNING = instants.micros("2026-01-01T00:00:00Z")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["processes"])  # one process imports the hub, and is copied: begun in no time
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)


@dataclass
class Told:
    """What a run has shown. `lost`, `missing` and `reversed` must be 0.

    acknowledged  changes that the hub confirmed
    lost          objects whose confirmed change is not in the database
    missing       objects that a partner has not, or not as the hub has them
    reversed      objects of which a partner processed an older state after a newer one
    repeated      deliveries that a partner had processed already, of `processed`
    """

    engine: str
    kills: int = 0
    crashes: int = 0
    seconds: float = 0
    acknowledged: int = 0
    processed: int = 0
    unanswered: int = 0
    repeated: int = 0
    lost: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    reversed: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        return not (self.lost or self.missing or self.reversed)


# The hub ---------------------------------------------------------------------------------------------------


class Herd:
    """The processes, each replaced as soon as it is killed."""

    def __init__(self, url: str) -> None:
        self.held = [reserved() for _ in range(2)]
        self.ports = [each.getsockname()[1] for each in self.held]
        self.roles = [Role(url, port) for port in self.ports] + [Role(url, None)] * 2
        self.living = [begun(role) for role in self.roles]

    def kill(self, number: int) -> None:
        self.living[number].kill()
        self.living[number].join()
        self.living[number] = begun(self.roles[number])

    def end(self) -> None:
        for each in self.living:
            each.kill()
            each.join()
        for each in self.held:
            each.close()


def begun(role: Role) -> Any:
    process = FORKS.Process(target=processes.live, args=(role,))
    process.start()
    return process


def reserved() -> socket.socket:
    """A port that is given only to who asks for it by number: while a killed process is replaced,
    the system would else lend it to any connection that goes out."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def connect(hub: Hub, role: Part, party: Party, url: str) -> str:
    """A partner as it stands after a handshake; the token with which it calls the hub."""
    with hub.store.unit() as unit:
        name = f"{role} {party}"
        registry.invite(unit, name, [(role, party)], "2.2.1")
        partner = registry.named(unit, name)
        sides = {("locations", "RECEIVER" if role is Part.EMSP else "SENDER"): f"{url}/locations"}
        held = (PartnerRole(role, party, {"name": name}),)
        settled = Connection("2.2.1", f"{url}/versions", held, sides, tokens.new())
        assert connections.connect(unit, partner.id, settled, tokens.vault(hub.settings.sealing_key))
        access.revoke(unit, partner.id)
        return access.issue(unit, partner.id, access.REGISTERED)


# The producers ---------------------------------------------------------------------------------------------


class Producer:
    """Changes its own objects, one number after the other, at whichever web process answers."""

    def __init__(self, number: int, ports: list[int], token: str) -> None:
        self.names = [f"L{number}-{each}" for each in range(OBJECTS // PRODUCERS)]
        self.confirmed: dict[str, int] = {}
        self.acknowledged = 0
        self._ports = ports
        self._token = base64.b64encode(token.encode()).decode()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(random.Random(number),))
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self, chance: random.Random) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            name = self.names[number % len(self.names)]
            with suppress(OSError, http.client.HTTPException, ValueError):
                if self._put(chance.choice(self._ports), name, number) == 1000:
                    self.confirmed[name] = number
                    self.acknowledged += 1
            self._over.wait(0.01)

    def _put(self, port: int, name: str, number: int) -> int:
        stamp = instants.text(BEGINNING + number * 1_000_000)
        body = example("2.2.1", "locations", id=name, name=str(number), last_updated=stamp)
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            headers = {"Authorization": f"Token {self._token}", "Content-Type": "application/json"}
            path = f"/ocpi/2.2.1/receiver/locations/NL/CPO/{name}"
            asked.request("PUT", path, strictjson.write(body), headers)
            return int(json.loads(asked.getresponse().read())["status_code"])
        finally:
            asked.close()


# The run ---------------------------------------------------------------------------------------------------


def run(url: str, told: Told, kills: int, crash: Callable[[], None] | None = None, crashes: int = 0) -> Told:
    """On a migrated database."""
    chance, began = random.Random(kills), time.monotonic()
    with ExitStack() as stack:
        hub = create_hub(Role(url, None).settings)
        stack.callback(hub.store.close)
        partners = [Faulty(FAILS, random.Random(number), 2 * PACE.deadline) for number in range(PARTNERS)]
        for number, partner in enumerate(partners):
            stack.callback(partner.stop)
            connect(hub, Part.EMSP, Party("DE", f"MS{number}"), partner.url)
        token = connect(hub, Part.CPO, Party("NL", "CPO"), "http://127.0.0.1:1")
        herd = Herd(url)
        stack.callback(herd.end)
        producers = [Producer(number, herd.ports, token) for number in range(PRODUCERS)]
        for producer in producers:
            stack.callback(producer.end)
        moments = set(chance.sample(range(kills), crashes))
        for number in range(kills):
            time.sleep(chance.uniform(*PAUSE))  # the one thing here that is not waited for: it is the test
            herd.kill(chance.randrange(len(herd.roles)))
            told.kills += 1
            if number in moments and crash is not None:
                crash()
                told.crashes += 1
        wait_until(lambda: sum(producer.acknowledged for producer in producers) >= ENOUGH)
        for producer in producers:
            producer.end()
        for partner in partners:
            partner.share = 0.0
        wait_until(lambda: settled(hub))
        judge(told, hub, partners, producers)
    told.seconds = round(time.monotonic() - began, 1)
    return told


def wait_until(condition: Callable[[], bool]) -> None:
    """Or until patience ends: what is missing then is told by the judgement."""
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)


def settled(hub: Hub) -> bool:
    with suppress(Exception), hub.store.reading() as unit:
        query = select(func.count()).where(deliveries.c.state != "done")
        return unit.connection.execute(query).scalar() == 0
    return False


def judge(told: Told, hub: Hub, partners: list[Faulty], producers: list[Producer]) -> None:
    with hub.store.reading() as unit:
        held = documents.where(unit, "locations", owner="NLCPO")
    kept = {each.document.newest["id"]: int(each.document.newest["name"]) for each in held}
    for producer in producers:
        told.acknowledged += producer.acknowledged
        told.lost += [name for name, number in producer.confirmed.items() if kept.get(name, 0) < number]
    for partner in partners:
        latest = partner.latest()
        told.missing += [name for name, number in kept.items() if latest.get(name) != number]
        told.unanswered += partner.unanswered
        for name, numbers in partner.seen.items():
            told.processed += len(numbers)
            told.repeated += len(numbers) - len(set(numbers))
            if numbers != sorted(numbers):
                told.reversed.append(name)


@contextmanager
def database(engine: str) -> Iterator[tuple[str, Callable[[], None] | None]]:
    """A migrated one, and how to crash its server."""
    with tempfile.TemporaryDirectory(prefix="hub-kills-") as folder, ExitStack() as stack:
        if engine == "sqlite":
            url, crash = f"sqlite:///{folder}/hub.sqlite", None
        else:
            server = Postgres(synchronous_commit="on")  # what a process wrote outlives it without fsync
            stack.callback(server.stop)
            stack.callback(server.admin.close)
            url = server.create("kills")
            crash = crasher(url)
        migrations.upgrade(url)
        yield url, crash


def crasher(url: str) -> Callable[[], None]:
    def crash() -> None:
        """SIGKILL of one backend: the server ends all others and recovers from its log."""
        hub = create_hub(Role(url, None).settings)
        with suppress(Exception), hub.store.reading() as unit:
            os.kill(unit.connection.execute(text("SELECT pg_backend_pid()")).scalar_one(), signal.SIGKILL)
            unit.connection.execute(text("SELECT 1"))
        hub.store.close()

    return crash


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--crashes", type=int, default=0)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with database(options.engine) as (url, crash):
        told = run(url, Told(options.engine), options.kills, crash, options.crashes if crash else 0)
    sys.stdout.write(json.dumps(asdict(told), indent=2) + "\n")
    return 0 if told.kept else 1


if __name__ == "__main__":
    sys.exit(main())
