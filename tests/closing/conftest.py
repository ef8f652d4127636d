"""The fixtures of `apps` and `operators` for the tests of this folder, and `hub` as a clerk runs it."""

import pytest
from apps import app, connect, cpo, emsp
from months_of import LATER
from operators import admin, api

from hub import cli
from hub.store import unit as units

__all__ = ["admin", "api", "app", "connect", "cpo", "emsp"]


@pytest.fixture
def run(settings, monkeypatch, capsys):
    """`hub` at LATER: how it ends, and what it writes."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    monkeypatch.setattr(units.time, "time_ns", lambda: LATER * 1000)

    def run(*words):
        code = cli.run(list(words))
        return code, *capsys.readouterr()

    return run
