"""The HTTP side of a partner: its versions, its credentials, its Sender and Receiver modules."""

import socket
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from hub.demo.book import Book, Mishap, Received
from hub.demo.identity import MODULES, SHAPES, Identity
from hub.demo.shapes import complaints
from hub.demo.wire import Json, envelope, now, read, routing_of, stamp, write

LIMIT = 5
"""Objects on a page of our lists: few, so that whoever pulls must follow the Link."""
PREFIX = "/peer"
CHILDREN = {"locations": (("evses", "uid"), ("connectors", "id"))}


class Platform(Protocol):
    """What the site asks of the partner behind it."""

    identity: Identity
    book: Book
    base_url: str

    def accepts(self, token: str) -> bool: ...

    def met(self, credentials: Json) -> Json: ...

    def parted(self) -> None: ...

    def patience(self, seconds: float) -> None: ...


class Wrong(Exception):
    """A request we answer with an error envelope."""

    def __init__(self, status: int, status_code: int, message: str) -> None:
        super().__init__(message)
        self.answer = (status, status_code, message)


class Site:
    """The views; one instance a partner."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.identity = platform.identity
        self.book = platform.book
        self.version = platform.identity.version

    def app(self) -> Flask:
        app = Flask("hub.demo.partner")
        home = f"{PREFIX}/{self.version}"
        one = f"{home}/in/<module>/<country_code>/<party_id>/<path:parts>"
        self._route(app, f"{PREFIX}/versions", self.versions, "GET")
        self._route(app, home, self.details, "GET")
        self._route(app, f"{home}/credentials", self.credentials, "GET", "POST", "PUT", "DELETE")
        self._route(app, f"{home}/out/<module>", self.listed, "GET")
        self._route(app, f"{home}/out/tokens/<uid>/authorize", self.authorize, "POST")
        self._route(app, f"{home}/in/cdrs", self.cdr, "POST")
        self._route(app, one, self.held, "GET", "PUT", "PATCH", "DELETE")
        app.before_request(self.before)
        app.after_request(self.after)
        app.register_error_handler(Wrong, self.wrong)
        app.register_error_handler(
            HTTPException, lambda error: answer(None, error.code or 500, 2000, error.name)
        )
        return app

    def _route(self, app: Flask, rule: str, view: Callable[..., Response], *methods: str) -> None:
        app.add_url_rule(rule, f"{view.__name__} {rule}", view, methods=methods, strict_slashes=False)

    # ------------------------------------------------------------------ around every request

    def before(self) -> Response | None:
        """Complain about how it was asked, then misbehave if the script says so, then check the token."""
        if not request.path.startswith(PREFIX):
            return None
        g.module = module_of(request.path)
        self._complain(self._wrong_headers())
        g.body = self._body()
        g.mishap = self.book.next_mishap(g.module)
        if g.mishap is not None and g.mishap.kind != "drop_after":
            return self._misbehave(g.mishap)
        if not self.platform.accepts(self._token()):
            return answer(None, 401, 2000, "unknown token")
        return None

    def after(self, response: Response) -> Response:
        if not request.path.startswith(PREFIX):
            return response
        for name in ("X-Request-ID", "X-Correlation-ID"):
            if name in request.headers and self.identity.has_roles:
                response.headers[name] = request.headers[name]
        mishap = g.get("mishap")
        silent = mishap is not None and mishap.kind in ("drop_before", "drop_after", "hang")
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        path = request.full_path.rstrip("?")
        status = 0 if silent else response.status_code
        self.book.note(Received(request.method, path, g.module, headers, g.get("body"), status, stamp(now())))
        if silent:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response

    def wrong(self, error: Wrong) -> Response:
        return answer(None, *error.answer)

    def _token(self) -> str:
        """The token of the Authorization header, read as our version writes it (TR-03, TR-04)."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Token" or not token or token != token.strip():
            self._complain([f"Authorization scheme {scheme!r}"])
            return ""
        if not self.identity.has_roles:
            return token
        try:
            return b64decode(token, validate=True).decode()
        except (NotBase64, UnicodeDecodeError):
            self._complain(["the token is not in Base64"])
            return ""

    def _wrong_headers(self) -> list[str]:
        routed = routing_of(request.headers)
        functional = g.module in MODULES
        if not self.identity.has_roles:
            return [f"{name} in 2.1.1" for name in routed]
        ids = ("X-Request-ID", "X-Correlation-ID")
        wrongs = [f"no {name}" for name in ids if name not in request.headers]
        if functional and len(routed) < 4:
            wrongs.append(f"routing headers {sorted(routed)} only")
        if not functional and routed:  # CRED-18
            wrongs.append("routing headers on a configuration module")
        if functional and len(routed) == 4:
            to = (routed["OCPI-to-country-code"], routed["OCPI-to-party-id"])
            wrongs += [] if self.identity.is_ours(*to) else [f"routed to {to}, which is none of our parties"]
        return wrongs

    def _body(self) -> object:
        if request.method not in ("POST", "PUT", "PATCH") or not request.get_data():
            return None
        if request.mimetype != "application/json":  # TR-11
            self._complain([f"Content-Type {request.mimetype!r}"])
        try:
            return read(request.get_data())
        except ValueError:
            raise Wrong(400, 2001, "not JSON") from None

    def _complain(self, wrongs: list[str]) -> None:
        self.book.complain(f"{request.method} {request.path}", wrongs)

    def _misbehave(self, mishap: Mishap) -> Response:
        if mishap.kind == "hang":
            self.platform.patience(mishap.seconds)
        bodies = {
            "html": b"<html>It works!</html>",
            "garbage": b"\x00{nothing",
            "wrong_envelope": b'{"status_code":"1000"}',
        }
        if mishap.kind in bodies:
            return Response(bodies[mishap.kind], 200, content_type="text/html")
        if mishap.kind in ("2001", "3000"):
            return answer(None, 200, int(mishap.kind), "as the script says")
        status = int(mishap.kind) if mishap.kind.isdigit() else 500
        response = answer(None, status, 3000 if status >= 500 else 2000, "as the script says")
        if status in (429, 503):
            response.headers["Retry-After"] = str(mishap.retry_after)
        return response

    # ------------------------------------------------------------------ configuration modules

    def url(self, *parts: str) -> str:
        return "/".join([self.platform.base_url + PREFIX, *parts])

    def versions(self) -> Response:
        return answer([{"version": self.version, "url": self.url(self.version)}])

    def details(self) -> Response:
        endpoints = [("credentials", "SENDER", self.url(self.version, "credentials"))]
        endpoints += [(each, "SENDER", self.url(self.version, "out", each)) for each in self.identity.sends()]
        endpoints += [
            (each, "RECEIVER", self.url(self.version, "in", each)) for each in self.identity.receives()
        ]
        return answer({"version": self.version, "endpoints": [self._endpoint(*each) for each in endpoints]})

    def _endpoint(self, identifier: str, role: str, url: str) -> Json:
        roles = {"role": role} if self.identity.has_roles else {}
        return {"identifier": identifier, "url": url} | roles

    def credentials(self) -> Response:
        if request.method == "DELETE":
            self.platform.parted()
            return answer()
        if request.method == "GET":
            return answer(self.identity.credentials(self._token(), self.url("versions")))
        self._complain(complaints(self.version, "credentials", g.body))
        assert isinstance(g.body, dict)
        return answer(self.platform.met(g.body))

    # ------------------------------------------------------------------ Sender

    def listed(self, module: str) -> Response:
        """Our own objects, a page at a time (TR-30 to TR-36)."""
        if module not in self.identity.sends():
            raise Wrong(404, 2000, f"no Sender of {module}")
        since, before = request.args.get("date_from", ""), request.args.get("date_to", "9999")
        offset = request.args.get("offset", 0, int)
        limit = min(request.args.get("limit", LIMIT, int), LIMIT)
        everything = list(self.book.own.get(module, {}).values())
        matching = [each for each in everything if since <= str(each["last_updated"]) < before]
        response = answer(matching[offset : offset + limit])
        response.headers |= {"X-Total-Count": str(len(matching)), "X-Limit": str(limit)}
        if offset + limit < len(matching):
            query = urlencode(request.args.to_dict() | {"offset": str(offset + limit), "limit": str(limit)})
            response.headers["Link"] = f'<{self.url(self.version, "out", module)}?{query}>; rel="next"'
        return response

    def authorize(self, uid: str) -> Response:
        """Whether a token may charge (TOK-07, TOK-08)."""
        token = self.book.own.get("tokens", {}).get(uid)
        if token is None:
            raise Wrong(404, 2004 if self.identity.has_roles else 2000, "unknown token")
        allowed: Json = {"allowed": "ALLOWED" if token["valid"] else "BLOCKED"}
        if self.identity.has_roles:
            allowed |= {"token": token, "authorization_reference": f"auth-{uid}"[:36]}
        return answer(allowed)

    # ------------------------------------------------------------------ Receiver

    def held(self, module: str, country_code: str, party_id: str, parts: str) -> Response:
        if module not in self.identity.receives():
            raise Wrong(404, 2000, f"no Receiver of {module}")
        names = parts.strip("/").split("/")
        key = (country_code, party_id, names[0])
        verbs = {"GET": self._get, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        return verbs[request.method](module, key, names[1:])

    def _get(self, module: str, key: tuple[str, str, str], below: list[str]) -> Response:
        return answer(self._part(module, self._known(module, key), below))

    def _put(self, module: str, key: tuple[str, str, str], below: list[str]) -> Response:
        body = self._checked(module, below, partial=False)
        if below:
            return self._put_part(module, key, below, body)
        self._complain(self._misplaced(module, key, body))
        fresh = self.book.keep(module, key, body)
        return answer(None, 201 if fresh else 200)

    def _put_part(self, module: str, key: tuple[str, str, str], below: list[str], body: Json) -> Response:
        """An EVSE into its location, a connector into its EVSE (LOC-03)."""
        parent = self._part(module, self._known(module, key), below[:-1])
        shelf, name = CHILDREN[module][len(below) - 1]
        others = [each for each in parent.get(shelf) or [] if each[name].upper() != below[-1].upper()]
        parent[shelf] = [*others, body]
        parent["last_updated"] = body["last_updated"]
        return answer(None, 200)

    def _patch(self, module: str, key: tuple[str, str, str], below: list[str]) -> Response:
        body = self._checked(module, below, partial=True)
        if self.identity.has_roles and "last_updated" not in body:  # TR-52
            self._complain(["PATCH without last_updated"])
        stored = self._part(module, self._known(module, key), below)
        if module == "sessions" and self.identity.has_roles and body.get("charging_periods"):  # SES-02
            body = body | {
                "charging_periods": (stored.get("charging_periods") or []) + body["charging_periods"]
            }
        stored.update(body)
        return answer()

    def _delete(self, module: str, key: tuple[str, str, str], below: list[str]) -> Response:
        if module != "tariffs" or below:  # LOC-06, TOK-03
            raise Wrong(405, 2000, f"no DELETE of {module}")
        if not self.book.drop(module, key):
            raise Wrong(404, 2000, "unknown tariff")
        return answer()

    def cdr(self) -> Response:
        """A CDR; the same again is answered the same (CDR-04)."""
        body = self._checked("cdrs", [], partial=False)
        owner = self._owner_of(body)
        self.book.keep("cdrs", (*owner, str(body["id"])), body)
        response = answer(None, 201)
        response.headers["Location"] = self.url(self.version, "in", "cdrs", *owner, str(body["id"]))
        return response

    def _owner_of(self, body: Json) -> tuple[str, str]:
        """Since 2.2 a CDR says whose it is; before, it is of the hub's one party."""
        return str(body.get("country_code", "--")), str(body.get("party_id", "---"))

    def _checked(self, module: str, below: list[str], *, partial: bool) -> Json:
        if not isinstance(g.body, dict):
            raise Wrong(400, 2001, "no JSON object")
        shape = (SHAPES[module], "evse", "connector")[len(below)]
        self._complain(complaints(self.version, shape, g.body, partial=partial))
        return g.body

    def _misplaced(self, module: str, key: tuple[str, str, str], body: Json) -> list[str]:
        """Ids of the URL and of the body must agree (TR-56, TR-57)."""
        name = "uid" if module == "tokens" else "id"
        wanted = dict(zip(("country_code", "party_id", name), key, strict=True))
        return [
            f"{field} is {body[field]!r} in the body, {value!r} in the URL"
            for field, value in wanted.items()
            if str(body.get(field, value)).upper() != value.upper()
        ]

    def _known(self, module: str, key: tuple[str, str, str]) -> Json:
        found = self.book.find(module, key)
        if found is None:
            raise Wrong(404, 2003 if module == "locations" else 2000, f"unknown: {module} {key}")
        return found

    def _part(self, module: str, whole: Json, below: list[str]) -> Json:
        for (shelf, name), wanted in zip(CHILDREN.get(module, ()), below, strict=False):
            fitting = [each for each in whole.get(shelf) or [] if each[name].upper() == wanted.upper()]
            if not fitting:
                raise Wrong(404, 2003, f"unknown part {wanted}")
            whole = fitting[0]
        return whole


def module_of(path: str) -> str:
    """The module that a path of ours belongs to."""
    parts = path.removeprefix(PREFIX).strip("/").split("/")
    if len(parts) >= 3 and parts[1] in ("in", "out"):
        return parts[2]
    return parts[1] if len(parts) > 1 else "versions"


def answer(
    data: Any = None, status: int = 200, status_code: int = 1000, message: str = "Success"
) -> Response:
    body = write(envelope(data, status_code, message))
    return Response(body, status, content_type="application/json")
