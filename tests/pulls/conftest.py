"""A hub that is reached over HTTP, whose jobs run when a test says so, and partners that register with it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from odd_list import OddList, connect, odd_list

from hub.app import create_app, create_hub
from hub.cli.server import Server, listening
from hub.demo.partner import Partner, partner
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.settings import Settings
from hub.store.documents import TABLES
from hub.store.unit import Unit
from hub.sync import schedule
from hub.sync.jobs import Jobs
from hub.sync.schedule import Scheduled


@dataclass
class Clockwork:
    """A hub without a clock: what is due is done by `run`."""

    hub: Hub
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.hub)

    @property
    def versions_url(self) -> str:
        return f"{self.hub.settings.public_url}/ocpi/versions"

    def invite(self, name: str, role: str, party: str) -> str:
        with self.hub.store.unit() as unit:
            return registry.invite(unit, name, [(Role(role), Party.of(*party.split("/")))])

    def scheduled(self, job: str, module: str | None = None, name: str | None = None) -> Scheduled:
        """The schedule of a job, of the only partner that has it unless one is named."""
        with self.hub.store.reading() as unit:
            whose = None if name is None else registry.named(unit, name).id
            found = [
                each
                for each in schedule.listed(unit)
                if (each.job, each.module) == (job, module) and whose in (None, each.partner_id)
            ]
        (only,) = found
        return only

    def scheduled_in(self, unit: Unit, job: str) -> Scheduled:
        """The same inside a transaction; of a job of the hub itself."""
        (only,) = [each for each in schedule.listed(unit) if each.job == job]
        return only

    def run(self, job: str, module: str | None = None, name: str | None = None) -> Scheduled:
        """Do it now; the schedule as it stands then."""
        assert self.jobs.at_once(self.scheduled(job, module, name))
        return self.scheduled(job, module, name)

    def held(self, module: str) -> dict[str, int]:
        """Keys of the living objects, with their revisions."""
        with self.hub.store.reading() as unit:
            table = TABLES[module]
            query = table.select().where(table.c.deleted_at.is_(None))
            return {row.key: row.rev for row in unit.connection.execute(query)}


@pytest.fixture
def clockwork(settings: Settings) -> Iterator[Clockwork]:
    at = listening("127.0.0.1", 0)
    url = f"http://127.0.0.1:{at.getsockname()[1]}"
    hub = create_hub(
        replace(settings, public_url=url, secret_key="a key that commands take from the environment")
    )
    server = Server(create_app(hub=hub), at)
    thread = threading.Thread(target=server.run)
    thread.start()
    live = Clockwork(hub)
    yield live
    live.jobs.stop()
    server.stop()
    thread.join()
    hub.store.close()
    hub.client.close()


@pytest.fixture
def join(clockwork: Clockwork) -> Iterator[Callable[[str, str, str], Partner]]:
    """join("CPO", "2.2.1", "NL/EXA") -> a partner that has registered over HTTP."""
    joined: list[Partner] = []

    def join(role: str, version: str, party: str) -> Partner:
        token = clockwork.invite(f"{role} {party}", role, party)
        one = partner(role, version, party).start()
        joined.append(one)
        one.register(clockwork.versions_url, token)
        return one

    yield join
    for one in joined:
        one.stop()


@pytest.fixture
def odd(clockwork: Clockwork) -> Iterator[OddList]:
    """The CPO "Odd", connected, whose list of locations goes as the test says."""
    with odd_list() as server:
        connect(clockwork.hub, server)
        yield server
