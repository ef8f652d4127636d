"""Who asks, and may it: every OCPI request passes here before its view (TR-01 to TR-08)."""

import uuid
from typing import Any, cast

from flask import Response, current_app, g, request

from hub.hub import Hub
from hub.ocpi import routing, strictjson
from hub.ocpi.document import Json
from hub.ocpi.errors import BodyTooLarge, InvalidObject, Unauthorised
from hub.ocpi.routing import Route
from hub.parties import registry, tokens
from hub.parties.partner import Caller

BODY_LIMIT = 1024 * 1024
OPEN_TO_TOKEN_A = frozenset({"versions", "credentials"})
"""Blueprints that a partner may use before it is registered (TR-07)."""


def hub() -> Hub:
    """The hub that serves the running request."""
    return cast("Hub", current_app.extensions["hub"])


def caller() -> Caller:
    """The partner that makes the running request."""
    return cast("Caller", g.caller)


def admit() -> None:
    """Before every OCPI request: keep its ids for the answer, then find out who it is."""
    g.request_id = request.headers.get("X-Request-ID", "")[:200] or str(uuid.uuid4())  # TR-90
    g.correlation_id = request.headers.get("X-Correlation-ID", "")[:200] or str(uuid.uuid4())
    g.version = request.path.split("/")[2]  # every guarded path begins with /ocpi/{version}
    authenticate()
    if request.blueprint not in OPEN_TO_TOKEN_A:  # HUB-24: what is configured is never routed
        g.route = routing.read(request.headers.get, caller().partner.parties(), hub().settings.party)


def now() -> int:
    """The hub's clock, in microseconds."""
    return hub().store.clock()


def authenticate() -> None:
    """Unauthorised unless the token is of a partner that may use this endpoint."""
    candidates = tokens.read_authorization(request.headers.get("Authorization"))
    found = registry.authenticate(hub().store, candidates)
    if found is None:
        raise Unauthorised
    g.caller = found
    if found.kind == "A" and request.blueprint not in OPEN_TO_TOKEN_A:
        raise Unauthorised("Token A opens only versions and credentials: register first")  # TR-07


def route() -> Route:
    """For whom the request is and from whom, by its headers; 2.1.1 has none (HUB-25)."""
    return cast("Route", g.route)


def body() -> Json:
    """The JSON object that was sent; refused when it is too large, not JSON, or not an object."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise BodyTooLarge
    value: Any = strictjson.read(request.stream.read(BODY_LIMIT + 1), BODY_LIMIT)
    if not isinstance(value, dict):
        raise InvalidObject("The body is not a JSON object")
    return value


def optional_body() -> Json | None:
    """The same where the body may be left out."""
    return body() if request.content_length or request.headers.get("Transfer-Encoding") else None


def sign(response: Response) -> Response:
    """After every OCPI request: its ids go back, and the parties swapped (TR-90, HUB-01)."""
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
        response.headers["X-Correlation-ID"] = g.correlation_id
    swapped = g.get("route")
    if swapped is not None and swapped.sender is not None and g.version != "2.1.1":
        answering = swapped.to or hub().settings.party
        for direction, party in (("to", swapped.sender), ("from", answering)):
            response.headers[f"OCPI-{direction}-country-code"] = party.country_code
            response.headers[f"OCPI-{direction}-party-id"] = party.party_id
    return response
