"""Who asks, and may it: every OCPI request passes here before its view (TR-01 to TR-08)."""

import uuid
from dataclasses import dataclass
from typing import Any, cast

from flask import Request, Response, current_app, request

from hub.api import watch
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
from hub.sync import presence

BODY_LIMIT = 1024 * 1024
OPEN_TO_TOKEN_A = frozenset({"versions", "credentials"})
"""Blueprints that a partner may use before it is registered (TR-07)."""
READING = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Exchange:
    """A request and what is known of it so far, from its first moment until its answer is signed.

    version  that of its path; empty where it has none
    caller   known once it is admitted
    """

    hub: Hub
    request: Request
    request_id: str
    correlation_id: str
    version: str = ""
    caller: Caller | None = None
    route: Route = NOWHERE


def exchange() -> Exchange:
    """The running one."""
    here: Exchange = watch.RUNNING.get()
    return here


def hub() -> Hub:
    """The hub that serves the running request."""
    return exchange().hub


def caller() -> Caller:
    """The partner that makes the running request."""
    return cast("Caller", exchange().caller)


def remember() -> None:
    """Before every request, also one that leads nowhere: keep its ids for the answer (TR-90)."""
    asked = cast("Any", request)._get_current_object()  # noqa: SLF001 (as werkzeug documents it)
    request_id = given_id(asked, "HTTP_X_REQUEST_ID")
    correlation_id = given_id(asked, "HTTP_X_CORRELATION_ID")
    here = Exchange(current_app.extensions["hub"], asked, request_id, correlation_id)
    watch.RUNNING.set(here)
    if asked.routing_exception is not None and asked.path.startswith("/ocpi/"):
        authenticated(here, is_open=True)  # a stranger is not told what is there and what is not (TR-10)


def given_id(asked: Request, name: str) -> str:
    """The id that came with the request, if it can go back in a header; else a new one."""
    given = str(asked.environ.get(name, ""))[:200]
    return given if given and given.isascii() and given.isprintable() else str(uuid.uuid4())


def admit() -> None:
    """Before every OCPI request: find out who it is, and for whom."""
    here = exchange()
    here.version = here.request.path.split("/")[2]  # every guarded path begins with /ocpi/{version}
    is_open = here.request.blueprint in OPEN_TO_TOKEN_A
    here.caller = authenticated(here, is_open)
    presence.heard(here.hub.store, here.caller.partner)  # HCI-05
    refuse_nul(here.request)
    if is_open:
        return
    refuse_other_version(here)
    if edition(here.version).routing_headers:  # HUB-24: what is configured is never routed
        here.route = routing.read(
            here.request.headers.get, here.caller.partner.parties(), here.hub.settings.party
        )
        must_be_known(here)


def authenticated(here: Exchange, is_open: bool) -> Caller:
    """Unauthorised unless the token is of a partner that may use this endpoint."""
    candidates = tokens.read_authorization(here.request.environ.get("HTTP_AUTHORIZATION"))
    found = registry.authenticate(here.hub.store, candidates)
    if found is None:
        raise Unauthorised
    if found.kind == "A" and not is_open:
        raise Unauthorised("Token A opens only versions and credentials: register first")  # TR-07
    return found


def refuse_other_version(here: Exchange) -> None:
    """What a partner writes is in the version of its connection: a PATCH in the poorer words of an older one
    would lose what the newer had said. Reading is open in all."""
    version = caller().partner.version
    if here.request.method not in READING and here.version != version:
        raise InvalidParameter(
            f"This connection is of OCPI {version}; PUT the credentials at {here.version} to change over"
        )


def refuse_nul(asked: Request) -> None:
    """No id has a NUL in it; one of the two databases could not even look for it."""
    if "\0" in asked.path:
        raise UnknownObject
    if b"%00" not in asked.query_string:
        return
    unfit = {name: "a NUL" for name, value in asked.args.items() if "\0" in value}
    if unfit:
        raise InvalidParameter("A NUL stands in the query", fields=unfit)


def must_be_known(here: Exchange) -> None:
    """UnknownReceiver when the request is for a party that this hub does not know (HUB-06)."""
    to = here.route.to
    if to is None:
        return
    with here.hub.store.reading() as unit:
        known = registry.of_party(unit, to)
    if not known:
        here.route = Route(None, here.route.sender)  # the refusal comes from the hub itself
        raise UnknownReceiver(f"No party of this hub is {to}")


def now() -> int:
    """The hub's clock, in microseconds."""
    return hub().store.clock()


def route() -> Route:
    """For whom the request is and from whom, by its headers; 2.1.1 has none (HUB-25)."""
    return exchange().route


def argument(name: str) -> str | None:
    """An argument of the query string."""
    asked = exchange().request
    return asked.args.get(name) if asked.query_string else None


def body() -> Json:
    """The JSON object that was sent; refused when it is too large, not JSON, or not an object."""
    return read(sent())


def optional_body() -> Json | None:
    """The same where the body may be left out."""
    raw = sent()
    return read(raw) if raw.strip() else None


def sent() -> bytes:
    """The bytes of the body, at most one more than the hub reads."""
    asked = exchange().request
    length = asked.content_length
    if length is None:
        return asked.stream.read(BODY_LIMIT + 1)
    if length > BODY_LIMIT:
        raise BodyTooLarge
    said: bytes = asked.environ["wsgi.input"].read(length)  # werkzeug would make room for the largest body
    return said


def body_and_written() -> tuple[Json, bytes]:
    """The same as `body`, with it how it is kept as JSON."""
    value, written = strictjson.read_and_written(sent(), BODY_LIMIT)
    return an_object(value), written


def read(raw: bytes) -> Json:
    return an_object(strictjson.read(raw, BODY_LIMIT))


def an_object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise InvalidObject("The body is not a JSON object")
    return value


def leniency(owner: Party | None = None) -> Leniency:
    """What the operator lets pass of the caller."""
    here = exchange()
    return Leniency(caller().partner.settings.lenient, owner, here.hub.store.clock())


def around(unit: Unit) -> StoreSurroundings:
    """What a translation for or from the caller may look up."""
    return StoreSurroundings(unit, caller().partner.settings.traits)


def sign(response: Response) -> Response:
    """After every request: its ids go back, and the parties swapped (TR-90, HUB-01)."""
    here: Exchange | None = watch.RUNNING.get()
    if here is None:
        return response
    add = response.headers.add
    add("X-Request-ID", here.request_id)
    add("X-Correlation-ID", here.correlation_id)
    if here.route.sender is not None:
        answering = here.route.to or here.hub.settings.party
        for direction, party in (("to", here.route.sender), ("from", answering)):
            add(f"OCPI-{direction}-country-code", party.country_code)
            add(f"OCPI-{direction}-party-id", party.party_id)
    return response
