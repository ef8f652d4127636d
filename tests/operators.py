"""The operators' API for tests: users with tokens, and a hub in which something of everything lies.

api        api("pricing", "NL/CPO") -> a Caller with a token of that role, bound to that party
admin      a Caller who may do everything
populated  two CPOs with what belongs to each, connected to one eMSP
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from factories import example
from flask import Flask
from platforms import Platform, code, connected
from werkzeug.test import TestResponse

from hub.hub import Hub
from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.module import Role as OcpiRole
from hub.operator import people
from hub.operator.people import NewToken, NewUser
from hub.operator.roles import Role
from hub.store import tasks
from hub.store.audit import Actor
from hub.store.quarantine import Fault, Place, put
from hub.sync import schedule_defaults

START = "2025-03-10T07:00:00Z"
ELEMENTS = [{"price_components": [{"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 1}]}]
SETUP = Actor("setup", "CLI")
numbers = count(1)


@dataclass(frozen=True)
class Caller:
    """Sends requests with one token."""

    app: Flask
    token: str
    name: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else strictjson.write(body)
        kind = {} if body is None else {"content_type": "application/json"}
        path = path if path.startswith("/api") else f"/api/v1{path}"
        return self.app.test_client().open(path, method=method, data=data, headers=sent, **kind)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("POST", path, body if body is not None else {}, **headers)

    def change(self, method: str, path: str, body: Any = None) -> TestResponse:
        """With the ETag of what is there now."""
        return self.send(method, path, body, If_Match=self.get(path).headers["ETag"])


@pytest.fixture
def api(app: Flask) -> Callable[..., Caller]:
    def caller(role: str = "admin", party: str | None = None) -> Caller:
        hub: Hub = app.extensions["hub"]
        name = f"{role} {next(numbers)}"
        bound = None if party is None else Party.of(*party.split("/"))
        with hub.store.unit() as unit:
            user = people.add(unit, SETUP, NewUser(name, Role(role), bound), None)
            _, secret = people.issue(unit, SETUP, user, NewToken("tests"), None)
        return Caller(app, secret, name)

    return caller


@pytest.fixture
def admin(api: Callable[..., Caller]) -> Caller:
    return api("admin")


def published(app: Flask, party: str) -> Platform:
    """A CPO with a location, a tariff, a session that is billed and one that is held."""
    cpo = connected(app, party, OcpiRole.CPO, "2.2.1")
    country, party_id = party.split("/")
    own = {"country_code": country, "party_id": party_id}
    mark = party_id
    connector = example("2.2.1", "connectors", id="1", tariff_ids=[f"T-{mark}"])
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    location = example("2.2.1", "locations", id=f"L-{mark}", evses=[evse], last_updated=START) | own
    tariff = example("2.2.1", "tariffs", id=f"T-{mark}", elements=ELEMENTS, min_price=None, max_price=None)
    period = {"start_date_time": "2025-03-10T08:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 20}]}
    session = example("2.2.1", "sessions", kwh=20, charging_periods=[period], total_cost=None) | own
    billed = session | {"status": "COMPLETED", "location_id": f"L-{mark}", "evse_uid": "EVSE-1"}
    billed |= {"connector_id": "1"}
    assert code(cpo.put(f"locations/{party}/L-{mark}", location))[1] == 1000
    assert code(cpo.put(f"tariffs/{party}/T-{mark}", tariff | own | {"last_updated": START}))[1] == 1000
    for identity, place in ((f"S-{mark}", f"L-{mark}"), (f"H-{mark}", "NOWHERE")):
        body = billed | {"id": identity, "location_id": place}
        assert code(cpo.put(f"sessions/{party}/{identity}", body))[1] == 1000
    return cpo


@pytest.fixture
def populated(app: Flask) -> Flask:
    hub: Hub = app.extensions["hub"]
    connected(app, "DE/MSP", OcpiRole.EMSP, "2.2.1")
    for party in ("NL/CPO", "BE/XYZ"):
        published(app, party)
    with hub.store.unit() as unit:
        schedule_defaults.of_hub(unit)
        for partner_id in (2, 3):
            fault = Fault("bad", {"id": "is missing"})
            put(unit, Place(partner_id, "locations", "2.2.1", "x"), "BAD", b'{"name":"x"}', fault)
        tasks.submit(unit, "verify-audit", {}, "somebody")
        tasks.submit(unit, "verify-audit", {}, "somebody", Party("NL", "CPO"))
    return app
