"""The processes that are killed: a web server, or a worker whose clock runs faster than in production."""

import threading
from dataclasses import dataclass
from ipaddress import ip_network

from hub.app import create_app, create_hub
from hub.cli.server import Server, listening
from hub.settings import Settings
from hub.sync import breaker, waits
from hub.sync.worker import Pace, Worker

SECRET = "a secret of the tests alone, 32+"
PACE = Pace(threads=8, tick=0.05, deadline=0.5, slack=0.5)


@dataclass(frozen=True)
class Role:
    """What a process does: serves on its port, or works when it has none."""

    database_url: str
    port: int | None

    @property
    def settings(self) -> Settings:
        loopback = (ip_network("127.0.0.0/8"),)
        return Settings(database_url=self.database_url, secret_key=SECRET, allow_networks=loopback)


def live(role: Role) -> None:
    """Until it is killed."""
    if role.port is not None:
        Server(create_app(role.settings), listening("127.0.0.1", role.port)).run()
        return
    hurry()
    Worker(create_hub(role.settings), PACE).start()
    threading.Event().wait()


def hurry() -> None:
    """Pauses of a moment where production has half a minute; the rules are the same."""
    breaker.FIRST_PAUSE, breaker.LONGEST_PAUSE, breaker.PARKED_FOR = 0.05, 0.3, 0.3
    waits.SHORTEST, waits.LONGEST, waits.HOUR = 0.02, 0.2, 0.2
