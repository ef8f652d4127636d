"""The web application on a database of the test's own, and partners that are connected to it."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from flask import Flask
from platforms import Platform, connected

import hub.app
from hub.app import create_app, create_hub
from hub.hub import Hub
from hub.ocpi.module import Role
from hub.settings import Settings


@cache
def applications() -> list[Flask]:
    """That of OCPI, and the operators' API beside it.

    To make them takes longer than most tests, and all that they hold is the hub: so they are made once, and
    every test puts a hub of its own behind them. Who needs two at a time calls `create_app`.
    """
    made = [create_app(hub=Hub.__new__(Hub))]
    make = hub.app.operators_api

    def operators_api(behind: Hub) -> Flask:
        made.append(make(behind))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub.app, "operators_api", operators_api)
        assert made[0].test_client().get("/api/v1/openapi.json").status_code == 200  # now it is made
    return made


def in_front_of(behind: Hub) -> Flask:
    """The web application of this hub, until the next one is asked for."""
    for each in applications():
        each.extensions["hub"] = behind
    return applications()[0]


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    behind = create_hub(settings)
    yield in_front_of(behind)
    behind.store.close()
    behind.client.close()


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
