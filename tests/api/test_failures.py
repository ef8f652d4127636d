"""When the hub cannot do its work it says so in OCPI's words, and a partner knows whether to come again."""

import sqlite3

import pytest
from flask import Flask
from platforms import Platform, code, envelope

from hub.app import create_app
from hub.settings import SettingsError
from hub.store.pressure import Overloaded


@pytest.mark.parametrize("fault", [Overloaded(), sqlite3.OperationalError("unable to open database file")])
def test_a_database_that_is_away_is_503_and_a_time_to_come_back(
    app: Flask, cpo: Platform, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail() -> None:
        if isinstance(fault, sqlite3.OperationalError):
            fault.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise fault

    app.before_request_funcs["modules"].append(fail)
    try:
        refused = cpo.receiver("GET", "tariffs/NL/CPO/T")
    finally:
        app.before_request_funcs["modules"].remove(fail)
    assert code(refused) == (503, 3000)
    assert int(refused.headers["Retry-After"]) > 0


def test_a_fault_of_ours_is_told_without_its_details(app: Flask, cpo: Platform) -> None:  # TR-24
    def fail() -> None:
        raise RuntimeError("something secret")

    app.before_request_funcs["modules"].append(fail)
    try:
        refused = cpo.receiver("GET", "tariffs/NL/CPO/T")
    finally:
        app.before_request_funcs["modules"].remove(fail)
    assert code(refused) == (500, 3000)
    assert "secret" not in str(envelope(refused))


def test_a_web_server_that_partners_can_reach_does_not_start_without_a_secret_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("HUB_PUBLIC_URL", "https://hub.example.com")
    monkeypatch.setenv("HUB_DATABASE_URL", f"sqlite:///{tmp_path}/hub.sqlite")
    monkeypatch.delenv("HUB_SECRET_KEY", raising=False)
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY"):
        create_app()
