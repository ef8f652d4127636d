"""What the API refuses, as RFC 9457 has it: the docstring is the title, `remedy` says what to do next."""

import re
from collections.abc import Mapping
from typing import ClassVar

from hub.ocpi.document import Json

PREFIX = "/api/v1"


class Problem(Exception):
    """The request cannot be done.

    detail  what is wrong with this very request
    fields  path of a field or name of a parameter -> what is wrong with it
    """

    status: ClassVar[int] = 400
    remedy: ClassVar[str] = "Compare the request with the documentation at /api/v1/docs."

    def __init__(
        self,
        detail: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        remedy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.title()
        self.fields = dict(fields or {})
        self.what_to_do = remedy or self.remedy
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0].rstrip(".")

    @classmethod
    def slug(cls) -> str:
        """NotFound -> not-found"""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def told(self, request_id: str) -> Json:
        said: Json = {
            "type": f"{PREFIX}/problems/{self.slug()}",
            "title": self.title(),
            "status": self.status,
            "detail": self.detail,
            "remedy": self.what_to_do,
            "request_id": request_id,
        }
        return said | {"fields": self.fields} if self.fields else said


class Malformed(Problem):
    """The request cannot be read."""

    remedy = "Send what the documentation at /api/v1/docs shows for this operation."


class Unauthenticated(Problem):
    """The request carries no token that opens this API."""

    status = 401
    remedy = "Send `Authorization: Bearer TOKEN` with a token that is neither expired nor revoked."


class Forbidden(Problem):
    """This user may not do this."""

    status = 403
    remedy = "Ask an administrator for a user with the role that this needs."


class NotFound(Problem):
    """There is no such thing, or not for this user."""

    status = 404
    remedy = "Look at the list that it should be in."


class MethodNotAllowed(Problem):
    """This path does not take this method."""

    status = 405
    remedy = "Use one of the methods in the Allow header."


class NotAcceptable(Problem):
    """The answer has no form that the request accepts."""

    status = 406
    remedy = "Accept application/json."


class Conflict(Problem):
    """The thing is not in the state that this needs."""

    status = 409
    remedy = "Look at its present state first."


class Stale(Problem):
    """The thing has changed since it was read."""

    status = 412
    remedy = "Read it again, and send the new ETag as If-Match."


class TooLarge(Problem):
    """The body is larger than this API reads."""

    status = 413
    remedy = "Send it in smaller parts."


class UnsupportedType(Problem):
    """The body is not sent as JSON."""

    status = 415
    remedy = "Send JSON with `Content-Type: application/json`."


class Unfit(Problem):
    """What was sent is not as this operation wants it."""

    status = 422
    remedy = "Correct the fields that are named."


class KeyReused(Problem):
    """This Idempotency-Key was used for another request."""

    status = 422
    remedy = "Take a new key for each new request; repeat a key only with the very same request."


class NeedsIfMatch(Problem):
    """A change must say which state of the thing it is meant for."""

    status = 428
    remedy = "Read it first, and send the ETag of that answer as If-Match."


class Failure(Problem):
    """The hub failed to handle this request."""

    status = 500
    remedy = "Repeat it; if it fails again, tell whoever runs the hub the request_id."


class Unavailable(Problem):
    """The hub cannot store anything at this moment."""

    status = 503
    remedy = "Send it again in a few seconds."


PROBLEMS: Mapping[str, type[Problem]] = {each.slug(): each for each in Problem.__subclasses__()}
