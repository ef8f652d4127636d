"""Who is let in: before every request, who it is and whether this user may do this."""

import logging
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from flask import Request, Response, current_app, g, request

from hub.hub import Hub
from hub.operator import people
from hub.operator.problems import Forbidden, Malformed, NotFound, Unauthenticated
from hub.operator.roles import PERMISSIONS

log = logging.getLogger(__name__)

OPEN = frozenset({"docs.page", "docs.file", "docs.document", "docs.problem", "docs.problem_list"})
"""Endpoints that need no token: they tell nothing of what is in the hub."""
GATHERED = 10.0
"""Seconds over which failing attempts are told in one line of the log."""


@dataclass(slots=True)
class Exchange:
    """A request, as the middle of the web application that counts and logs requests knows it."""

    request: Request
    request_id: str
    correlation_id: str
    caller: Any = None


class Failures:
    """Attempts without a good token, told in the log now and then: by address, so that trying shows."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.told_at = 0.0
        self.lock = threading.Lock()

    def note(self, address: str) -> None:
        with self.lock:
            self.counts[address] += 1
            if time.monotonic() - self.told_at < GATHERED:
                return
            counts, self.counts, self.told_at = self.counts, Counter(), time.monotonic()
        for who, count in counts.most_common(10):
            log.warning("api refused without a good token", extra={"address": who, "times": count})


failures = Failures()


def remember() -> None:
    """Before every request, also one that leads nowhere: its id, for the answer, the log and the trail."""
    asked = cast("Any", request)._get_current_object()  # noqa: SLF001 (as werkzeug documents it)
    here = Exchange(asked, given_id("X-Request-ID"), given_id("X-Correlation-ID"))
    g.exchange = here
    noted_as = current_app.config["NOTED_AS"]
    if noted_as:
        asked.environ[noted_as] = here


def given_id(name: str) -> str:
    given = request.headers.get(name, "")[:200]
    return given if given and given.isascii() and given.isprintable() else str(uuid.uuid4())


def admit() -> None:
    """Before every request: Unauthenticated for whoever has no good token, also where nothing is."""
    if request.endpoint in OPEN:
        return
    if not request.path.startswith("/v1"):
        raise NotFound(f"There is nothing at {request.script_root}{request.path}.")
    hub: Hub = current_app.extensions["hub"]
    found = people.bearer(hub.store, request.headers.get("Authorization"))
    if found is None:
        failures.note(request.remote_addr or "?")
        raise Unauthenticated
    g.bearer = found
    refuse_nul()
    if request.endpoint is not None:
        permit(found.user, request.endpoint)


def permit(user: people.User, endpoint: str) -> None:
    """Forbidden when the table of permissions does not give this operation to this user."""
    permission = PERMISSIONS[endpoint]
    if user.role not in permission.roles:
        roles = ", ".join(sorted(permission.roles))
        raise Forbidden(f"{endpoint} is for users with one of the roles {roles}; {user.name} is {user.role}.")
    if user.party is not None and not permission.bound:
        raise Forbidden(f"{endpoint} concerns the whole hub; {user.name} is bound to {user.party}.")


def refuse_nul() -> None:
    """No id has a NUL in it; one of the two databases could not even look for it."""
    if "\0" in request.path:
        raise NotFound("No path has a NUL in it.")
    unfit = {name: "a NUL" for name, value in request.args.items() if "\0" in value + name}
    if unfit:
        raise Malformed("A NUL stands in the query.", fields=unfit)


def sign(response: Response) -> Response:
    """After every request: its ids; and nothing that was answered is kept by anybody on the way."""
    here: Exchange | None = g.get("exchange")
    if here is not None:
        response.headers["X-Request-ID"] = here.request_id
        response.headers["X-Correlation-ID"] = here.correlation_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
