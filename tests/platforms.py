"""Partners that are connected without a handshake, and speak to the hub in process.

>>> cpo = connected(app, "NL/CPO", Role.CPO, "2.2.1")
>>> cpo.put("locations/NL/CPO/L1", location).status_code
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.hub import Hub
from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.editions import edition
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.parties import access, connections, registry, tokens
from hub.parties.connections import Connection
from hub.parties.interfaces import played
from hub.parties.partner import PartnerRole

ELSEWHERE = "https://partner.example.com"
"""Where these partners claim to be reached; nothing in process ever goes there."""


@dataclass(frozen=True)
class Platform:
    """One connected partner and its way to the hub; paths are relative to the interface it calls."""

    client: FlaskClient
    hub: Hub
    id: int
    token: str
    version: str
    party: Party

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.client.open(
            path,
            method=method,
            data=None if body is None else body if isinstance(body, bytes) else strictjson.write(body),
            headers=self.headers() | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def headers(self) -> dict[str, str]:
        raw = edition(self.version).raw_tokens
        token = self.token if raw else base64.b64encode(self.token.encode()).decode()
        return {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def receiver(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A request to the hub's Receiver interface."""
        return self.call(method, f"/ocpi/{self.version}/receiver/{path}", body, **headers)

    def sender(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A request to the hub's Sender interface."""
        return self.call(method, f"/ocpi/{self.version}/sender/{path}", body, **headers)

    def get(self, path: str) -> Any:
        """`data` of an object read back from the Receiver interface."""
        return data(self.receiver("GET", path))

    def put(self, path: str, body: Any) -> TestResponse:
        return self.receiver("PUT", path, body)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.receiver("PATCH", path, body)

    def pulled(self, module: str, query: str = "") -> list[Any]:
        """`data` of the first page of a list."""
        listed = data(self.sender("GET", f"{module}?date_from=2000-01-01T00:00:00Z&{query}"))
        assert isinstance(listed, list)
        return listed

    def set(self, **settings: Any) -> "Platform":
        """What an operator sets for this partner."""
        with self.hub.store.unit() as unit:
            partner = registry.by_id(unit, self.id)
            assert partner is not None
            registry.set_settings(unit, self.id, replace(partner.settings, **settings))
        return self


def envelope(response: TestResponse) -> Mapping[str, Any]:
    """The envelope, numbers exact."""
    loaded = json.loads(response.data, parse_float=Decimal)
    assert isinstance(loaded, dict)
    return loaded


def data(response: TestResponse) -> Any:
    """`data` of a success; a refusal fails the test with what it says."""
    content = envelope(response)
    assert content["status_code"] == 1000, content
    return content["data"]


def code(response: TestResponse) -> tuple[int, int]:
    """HTTP status and OCPI status_code."""
    return response.status_code, envelope(response)["status_code"]


def connected(app: Flask, party: str, role: Role, version: str, *more: tuple[str, Role]) -> Platform:
    """A partner as it stands after a handshake, with all its interfaces at an address of nobody."""
    hub: Hub = app.extensions["hub"]
    country, party_id = party.split("/")
    first = Party.of(country, party_id)
    roles = [(role, first), *((other, Party.of(*name.split("/"))) for name, other in more)]
    with hub.store.unit() as unit:
        name = f"{role} {party}"
        registry.invite(unit, name, roles, version)
        partner = registry.named(unit, name)
        url = f"{ELSEWHERE}/{party}"
        modules = [each for each in MODULES if each in edition(version).schemas]
        sides = {
            (module, side): f"{url}/{side.lower()}/{module}"
            for module in modules
            for side in played(module, [held for held, _ in roles])
        }
        held = tuple(PartnerRole(each, of, {"name": name}) for each, of in roles)
        connection = Connection(version, f"{url}/versions", held, sides, tokens.new())
        assert connections.connect(unit, partner.id, connection, tokens.vault(hub.settings.sealing_key))
        access.revoke(unit, partner.id)
        token = access.issue(unit, partner.id, access.REGISTERED)
    return Platform(app.test_client(), hub, partner.id, token, version, first)
