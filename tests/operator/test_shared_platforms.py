"""Several parties on one platform: a user who is bound to one of them sees nothing of the others."""

from collections.abc import Callable

import pytest
from flask import Flask
from operators import Caller
from platforms import connected

from hub.hub import Hub
from hub.ocpi.module import Role
from hub.parties import mendings
from hub.store import findings
from hub.store.findings import Missing
from hub.store.quarantine import Fault, Place, put

Api = Callable[..., Caller]


@pytest.fixture
def shared(app: Flask) -> Flask:
    """One partner that is NL/CPO and BE/XYZ, with something amiss at BE/XYZ."""
    hub: Hub = app.extensions["hub"]
    partner = connected(app, "NL/CPO", Role.CPO, "2.2.1", ("BE/XYZ", Role.CPO))
    with hub.store.unit() as unit:
        where = Place(partner.id, "cdrs", "2.2.1", "x")
        raw = b'{"country_code":"BE","party_id":"XYZ","id":"STRANGE"}'
        put(unit, where, "STRANGE", raw, Fault("bad", {"id": "is bad"}))
        gone = Missing("session-without-cdr", partner.id, "sessions", "BEXYZ", "STRANGE", "no CDR has come")
        findings.keep(unit, gone)
        mendings.record(unit, partner.id, "cdrs", "STRANGE", {"id": "cut"})
    return app


def test_nothing_of_the_other_party_is_shown(shared: Flask, api: Api) -> None:
    mine = api("support", "NL/CPO")
    assert mine.get("/partners").json["total"] == 1
    for path in ("/partners/1/health", "/partners/1", "/quarantine", "/quarantine/1", "/deliveries"):
        assert "STRANGE" not in mine.get(path).text, path
    assert mine.post("/quarantine/1/retry").status_code == 404
    assert mine.post("/quarantine/retry", {"partner": 1}).status_code == 409


def test_what_is_amiss_with_its_own_objects_is(shared: Flask, api: Api) -> None:
    hub: Hub = shared.extensions["hub"]
    gone = Missing("session-without-cdr", 1, "sessions", "NLCPO", "OWN", "no CDR has come")
    with hub.store.unit() as unit:
        findings.keep(unit, gone)
    assert "OWN" in api("support", "NL/CPO").get("/partners/1/health").text


def test_who_is_bound_to_nobody_sees_all(shared: Flask, api: Api) -> None:
    everybody = api("support")
    assert "STRANGE" in everybody.get("/partners/1/health").text
    assert "STRANGE" in everybody.get("/quarantine/1").text
