"""The web application on a database of the test's own, and partners that are connected to it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from platforms import Platform, connected

from hub.app import create_app
from hub.hub import Hub
from hub.ocpi.module import Role
from hub.settings import Settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    hub: Hub = made.extensions["hub"]
    hub.store.close()
    hub.client.close()


@pytest.fixture
def connect(app: Flask) -> Callable[..., Platform]:
    """connect("NL/CPO", Role.CPO, "2.2.1") -> a connected partner."""

    def connect(party: str, role: Role, version: str, *more: tuple[str, Role]) -> Platform:
        return connected(app, party, role, version, *more)

    return connect


@pytest.fixture
def cpo(connect: Callable[..., Platform]) -> Platform:
    return connect("NL/CPO", Role.CPO, "2.2.1")


@pytest.fixture
def emsp(connect: Callable[..., Platform]) -> Platform:
    return connect("DE/MSP", Role.EMSP, "2.2.1")
