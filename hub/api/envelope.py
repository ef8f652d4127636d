"""The envelope around every answer (TR-13): one shape for success, for refusal and for failure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response
from werkzeug.exceptions import HTTPException

from hub.api import watch
from hub.ocpi import instants, strictjson
from hub.ocpi.errors import OcpiError
from hub.store.pressure import RETRY_AFTER, is_passing
from hub.store.unit import utc_micros

NOTHING: Final = object()
"""For answers without payload, which carry no `data` at all (TR-22)."""

SERVER_ERROR = 3000
HTTP_CODES: Mapping[int, int] = {413: 2001, 400: 2001}


def answer(
    data: Any = NOTHING, *, http_status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Success with one object, or with no payload (1000, TR-14)."""
    stamp = instants.text(utc_micros()).encode()
    if data is NOTHING:
        return respond(b'{"status_code":1000,"timestamp":"%b"}' % stamp, http_status, headers)
    body = b'{"data":%b,"status_code":1000,"timestamp":"%b"}' % (strictjson.write(data), stamp)
    return respond(body, http_status, headers)


def answer_list(items: Sequence[bytes], headers: Mapping[str, str]) -> Response:
    """Success with a list of objects that are JSON already; nothing to list is `[]` (TR-14)."""
    stamp = instants.text(utc_micros()).encode()
    body = b'{"data":[%b],"status_code":1000,"timestamp":"%b"}' % (b",".join(items), stamp)
    return respond(body, 200, headers)


def refuse(
    status_code: int, message: str, http_status: int, fields: Mapping[str, str] | None = None
) -> Response:
    """A refusal or failure; the fields at fault, if known, in `data` (TR-21)."""
    content: dict[str, Any] = {"status_code": status_code, "status_message": message}
    content["timestamp"] = instants.text(utc_micros())
    if fields:
        content["data"] = [{"field": path, "error": error} for path, error in fields.items()]
    return respond(strictjson.write(content), http_status)


class Whole(Response):
    """An answer whose body and headers are what they are: werkzeug has nothing to complete."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


def respond(body: bytes, http_status: int, headers: Mapping[str, str] | None = None) -> Response:
    response = Whole([body], http_status, content_type="application/json")
    response.headers.add("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        response.headers.add(name, value)
    return response


def of_ocpi_error(error: OcpiError) -> Response:
    """A refusal, in the codes that the caller's version knows (C1: 2.1.1 has no 2004 and no 4xxx)."""
    watch.refused(error)
    code = error.status_code
    if version() == "2.1.1":
        code = 2000 if code == 2004 else 3000 if code >= 4000 else code
    response = refuse(code, error.message, error.http_status, error.fields)
    if error.http_status == 401:
        response.headers["WWW-Authenticate"] = "Token"
    return response


def version() -> str:
    """The version that the running request is made in; empty when it never got as far."""
    return str(getattr(watch.RUNNING.get(), "version", ""))


def of_http_error(error: HTTPException) -> Response:
    """What Flask itself refuses: unknown paths, methods, oversized bodies (TR-23, TR-24)."""
    http_status = error.code or 500
    code = SERVER_ERROR if http_status >= 500 else HTTP_CODES.get(http_status, 2000)
    response = refuse(code, error.description or error.name, http_status)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def of_failure(error: Exception) -> Response:
    """A fault of ours (TR-24): the partner gets no details, the log gets them all under the request's id.

    When the database is away or overloaded nothing was stored, and the same request may succeed soon.
    """
    watch.failed(error)
    if is_passing(error):
        later = refuse(SERVER_ERROR, "The hub cannot store anything at this moment; send it again soon.", 503)
        later.headers["Retry-After"] = str(RETRY_AFTER)
        return later
    return refuse(SERVER_ERROR, "The hub failed to handle this request; it can be sent again.", 500)
