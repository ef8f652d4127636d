"""Who asks, and may it: every OCPI request passes here before its view (TR-01 to TR-08)."""

import uuid
from typing import Any, cast

from flask import Response, current_app, g, request

from hub.hub import Hub
from hub.ocpi import routing, strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import edition
from hub.ocpi.errors import (
    BodyTooLarge,
    InvalidObject,
    InvalidParameter,
    Unauthorised,
    UnknownObject,
    UnknownReceiver,
)
from hub.ocpi.routing import NOWHERE, Route
from hub.ocpi.wire import Leniency
from hub.parties import registry, tokens
from hub.parties.partner import Caller
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings

BODY_LIMIT = 1024 * 1024
OPEN_TO_TOKEN_A = frozenset({"versions", "credentials"})
"""Blueprints that a partner may use before it is registered (TR-07)."""


def hub() -> Hub:
    """The hub that serves the running request."""
    return cast("Hub", current_app.extensions["hub"])


def caller() -> Caller:
    """The partner that makes the running request."""
    return cast("Caller", g.caller)


def remember() -> None:
    """Before every request, also one that leads nowhere: keep its ids for the answer (TR-90)."""
    g.request_id = given_id("X-Request-ID")
    g.correlation_id = given_id("X-Correlation-ID")


def given_id(header: str) -> str:
    """The id that came with the request, if it can go back in a header; else a new one."""
    given = request.headers.get(header, "")[:200]
    return given if given and given.isascii() and given.isprintable() else str(uuid.uuid4())


def admit() -> None:
    """Before every OCPI request: find out who it is, and for whom."""
    g.version = request.path.split("/")[2]  # every guarded path begins with /ocpi/{version}
    authenticate()
    refuse_nul()
    if request.blueprint not in OPEN_TO_TOKEN_A:  # HUB-24: what is configured is never routed
        g.route = addressed() if edition(g.version).routing_headers else NOWHERE


def refuse_nul() -> None:
    """No id has a NUL in it; one of the two databases could not even look for it."""
    if "\0" in request.path:
        raise UnknownObject
    unfit = {name: "a NUL" for name, value in request.args.items() if "\0" in value}
    if unfit:
        raise InvalidParameter("A NUL stands in the query", fields=unfit)


def addressed() -> Route:
    """For whom the request is; UnknownReceiver when this hub knows no such party (HUB-06)."""
    route = routing.read(request.headers.get, caller().partner.parties(), hub().settings.party)
    if route.to is not None:
        with hub().store.reading() as unit:
            known = registry.of_party(unit, route.to)
        if not known:
            g.route = Route(None, route.sender)  # the refusal comes from the hub itself
            raise UnknownReceiver(f"No party of this hub is {route.to}")
    return route


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
    return read(sent())


def optional_body() -> Json | None:
    """The same where the body may be left out."""
    raw = sent()
    return read(raw) if raw.strip() else None


def sent() -> bytes:
    """The bytes of the body, at most one more than the hub reads."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise BodyTooLarge
    return request.stream.read(BODY_LIMIT + 1)


def read(raw: bytes) -> Json:
    value: Any = strictjson.read(raw, BODY_LIMIT)
    if not isinstance(value, dict):
        raise InvalidObject("The body is not a JSON object")
    return value


def leniency(owner: Party | None = None) -> Leniency:
    """What the operator lets pass of the caller."""
    return Leniency(caller().partner.settings.lenient, owner, now())


def around(unit: Unit) -> StoreSurroundings:
    """What a translation for or from the caller may look up."""
    return StoreSurroundings(unit, caller().partner.settings.traits)


def sign(response: Response) -> Response:
    """After every request: its ids go back, and the parties swapped (TR-90, HUB-01)."""
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
        response.headers["X-Correlation-ID"] = g.correlation_id
    swapped = g.get("route")
    if swapped is not None and swapped.sender is not None:
        answering = swapped.to or hub().settings.party
        for direction, party in (("to", swapped.sender), ("from", answering)):
            response.headers[f"OCPI-{direction}-country-code"] = party.country_code
            response.headers[f"OCPI-{direction}-party-id"] = party.party_id
    return response
