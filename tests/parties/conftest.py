"""A hub that partners reach over HTTP, and partners of two kinds: one as it should be, one to be scripted."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from odd_platform import OddPlatform
from werkzeug.serving import WSGIRequestHandler, make_server

from hub.app import create_app
from hub.demo.identity import identity
from hub.demo.partner import Partner
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.settings import Settings

SECRET_KEY = "a secret key of these tests alone"


class Quiet(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def hub(settings: Settings) -> Iterator[Hub]:
    """Served on a free port of this machine."""
    server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True, request_handler=Quiet)
    public_url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(replace(settings, public_url=public_url, secret_key=SECRET_KEY))
    server.app = app
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    hub: Hub = app.extensions["hub"]
    yield hub
    server.shutdown()
    server.server_close()
    serving.join(5)
    hub.client.close()
    hub.store.close()


@pytest.fixture
def versions_url(hub: Hub) -> str:
    return f"{hub.settings.public_url}/ocpi/versions"


@pytest.fixture
def invite(hub: Hub) -> Callable[..., str]:
    """invite("NL/EMS", Role.EMSP, version=None, name=...) -> token A."""

    def invite(party: str, *roles: Role, version: str | None = None, name: str | None = None) -> str:
        held = [(role, Party.of(*party.split("/"))) for role in roles]
        with hub.store.unit() as unit:
            return registry.invite(unit, name or party, held, version)

    return invite


@pytest.fixture
def platform() -> Iterator[Callable[..., Partner]]:
    """platform("2.2.1", "EMSP", "NL/EMS") -> a partner that serves OCPI."""
    running: list[Partner] = []

    def platform(version: str, role: str, party: str, *more: tuple[str, str]) -> Partner:
        who = identity(f"{role} {party}", version, [(role, party), *more])
        running.append(Partner(who).start())
        return running[-1]

    yield platform
    for partner in running:
        partner.stop()


@pytest.fixture
def odd() -> Iterator[Callable[..., OddPlatform]]:
    """odd(version="2.2.1", ...) -> a platform that answers as it is told to."""
    running: list[OddPlatform] = []

    def odd(**told: Any) -> OddPlatform:
        running.append(OddPlatform(**told))
        return running[-1]

    yield odd
    for each in running:
        each.stop()
