"""How whatever goes wrong is answered: a problem in JSON that names what is wrong and what to do."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from hub.ocpi import strictjson
from hub.ocpi.errors import BodyTooLarge, InvalidJson, OcpiError, UnknownObject
from hub.operator import problems
from hub.operator.clearing_refusals import CLEARING
from hub.operator.price_refusals import PRICES
from hub.operator.problems import Problem
from hub.parties.problems import NoSuchPartner, PartnerProblem
from hub.parties.quirk_table import NoSuchValue
from hub.store.pressure import RETRY_AFTER, is_passing
from hub.sync.slots import InvalidTimes

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

Say = Callable[[Any], Problem]

BY_STATUS: Mapping[int, type[Problem]] = {
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    406: problems.NotAcceptable,
    413: problems.TooLarge,
    415: problems.UnsupportedType,
}


def of_http(error: HTTPException) -> Problem:
    """What Flask itself refuses."""
    kind = BY_STATUS.get(error.code or 500, problems.Malformed)
    allowed = getattr(error, "valid_methods", None)
    if kind is problems.NotFound:
        return problems.NotFound(
            f"There is nothing at {request.path}.", remedy="See the paths at /api/v1/docs."
        )
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return kind(headers=headers)


TRANSLATIONS: tuple[tuple[type[Exception], Say], ...] = (
    (Problem, lambda error: error),
    (BodyTooLarge, lambda error: problems.TooLarge(error.message)),
    (InvalidJson, lambda error: problems.Malformed(error.message, remedy="Send a JSON object in UTF-8.")),
    (UnknownObject, lambda error: problems.NotFound(error.message)),
    (OcpiError, lambda error: problems.Unfit(error.message, fields=error.fields)),
    (NoSuchPartner, lambda error: problems.NotFound(str(error))),
    *CLEARING,
    (PartnerProblem, lambda error: problems.Conflict(str(error))),
    (NoSuchValue, lambda error: problems.Unfit(str(error))),
    *PRICES,
    (InvalidTimes, lambda error: problems.Unfit(str(error), fields={"every": str(error)})),
    (HTTPException, of_http),
)
"""What exceptions of other rooms mean here; the first that fits is used. All else is a fault of ours."""


def answer(error: Exception) -> Response:
    """The handler of every exception."""
    for kind, say in TRANSLATIONS:
        if isinstance(error, kind):
            return response_of(say(error))
    log.error("request failed", extra={"request_id": request_id()}, exc_info=error)
    if is_passing(error):
        return response_of(problems.Unavailable(headers={"Retry-After": str(RETRY_AFTER)}))
    return response_of(problems.Failure())


def response_of(problem: Problem) -> Response:
    body = strictjson.write(problem.told(request_id()))
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, problem.status, headers, mimetype=MEDIA_TYPE)


def request_id() -> str:
    return str(getattr(g.get("exchange"), "request_id", ""))
