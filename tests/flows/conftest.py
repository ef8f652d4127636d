"""A hub that is reached over HTTP, with its worker, and partners that speak an OCPI of their own."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from running import Running

from hub.app import create_app, create_hub
from hub.cli.server import Server, listening
from hub.demo.partner import Partner, partner
from hub.settings import Settings
from hub.sync.worker import Worker


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    at = listening("127.0.0.1", 0)
    hub = create_hub(replace(settings, public_url=f"http://127.0.0.1:{at.getsockname()[1]}"))
    server = Server(create_app(hub=hub), at)
    thread = threading.Thread(target=server.run)
    thread.start()
    live = Running(hub, Worker(hub))
    live.worker.start()
    yield live
    live.worker.stop()
    server.stop()
    thread.join()
    hub.store.close()
    hub.client.close()


@pytest.fixture
def join(running: Running) -> Iterator[Callable[[str, str, str], Partner]]:
    """join("CPO", "2.2.1", "NL/EXA") -> a partner that has registered over HTTP."""
    joined: list[Partner] = []

    def join(role: str, version: str, party: str) -> Partner:
        token = running.invite(f"{role} {party}", [(role, party)])
        one = partner(role, version, party).start()
        joined.append(one)
        one.register(running.versions_url, token)
        return one

    yield join
    for one in joined:
        one.stop()
