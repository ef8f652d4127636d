"""What is noted of requests: how many there were and how long they took, and which were refused or slow.

A line for each request would cost more than it tells, so there is none: they are counted by route. Whoever
needs each of them has the log of the proxy in front.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from flask import g, has_request_context
from prometheus_client import Histogram

from hub.observing import metrics, sparing
from hub.ocpi.errors import OcpiError

log = logging.getLogger(__name__)

Application = Callable[..., Iterable[bytes]]
NOWHERE = "(none)"
"""Paths that lead nowhere are one route, and their methods one: who scans the hub makes no new figures."""
SLOW = 2.0
RUNNING: ContextVar[Any] = ContextVar("running", default=None)
"""The `hub.api.guard.Exchange` that is under way: it is asked for a dozen times in every request, and Flask's
proxies take ten times as long to tell it."""
EXCHANGE = "hub.exchange"
"""Where applications beside that of OCPI keep what is known of a request, in its WSGI environment."""

series: dict[tuple[str, str, str], Histogram] = {}
"""Found again by the dictionary: to ask the library for a series each time costs more than to count."""


def counted(application: Application) -> Application:
    """The application, each request counted and timed; outside of Flask, where that costs least."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = "500"

        def start(line: str, *more: Any) -> Any:
            nonlocal status
            status = line
            return start_response(line, *more)

        begun = perf_counter()
        outer = RUNNING.set(None)
        try:
            answer = application(environ, start)
            here = RUNNING.get() or environ.pop(EXCHANGE, None)  # or the two would keep each other in memory
        finally:
            RUNNING.reset(outer)
        seconds = perf_counter() - begun
        series_of(here, status).observe(seconds)
        if seconds > SLOW:
            slow(here, seconds)
        return answer

    return wrapped


def slow(here: Any, seconds: float) -> None:
    more = spared(here, "slow request")
    if more is not None:
        told = asked_for(here) | known(here) | {"seconds": round(seconds, 3)}
        log.warning("slow request", extra=told | more)


def series_of(here: Any, status: str) -> Histogram:
    key = (route_of(here), here.request.method if here and here.request.url_rule else "", status[0])
    found = series.get(key)
    if found is None:
        found = series[key] = metrics.requests.labels(key[0], key[1], f"{key[2]}xx")
    return found


def route_of(here: Any) -> str:
    """The rule and not the path, in which stand the ids of people's cards."""
    rule = None if here is None else here.request.url_rule
    return NOWHERE if rule is None else str(rule.rule)


def refused(error: OcpiError) -> None:
    """Count and log a refusal, which partners ask about. The message holds paths of fields, never values."""
    metrics.refusals.labels(error.status_code).inc()
    here = running()
    more = spared(here, "refused")
    if more is not None:
        told = {"code": error.status_code, "why": error.message, "fields": list(error.fields or ())[:10]}
        log.info("refused", extra=told | asked_for(here) | more)


def failed(error: BaseException) -> None:
    """Log a fault of ours, with where it arose."""
    more = spared(running(), "request failed")
    if more is not None:
        log.error("request failed", extra=more, exc_info=error)


def spared(here: Any, event: str) -> dict[str, int] | None:
    """What is to be added to the line, if it may be written, by who asks: a partner, or else an address."""
    if here is None:
        return {}
    source = here.request.remote_addr if here.caller is None else here.caller.partner.name
    return sparing.spared(getattr(here, "hub", None) and here.hub.store, event, str(source))


def running() -> Any:
    """The exchange that is under way in this thread, if one is."""
    return RUNNING.get() or (g.get("exchange") if has_request_context() else None)


def identify() -> Mapping[str, Any]:
    """For `hub.observing.logs`: what is known of the request that is under way in this thread."""
    return known(running())


def asked_for(here: Any) -> dict[str, Any]:
    return {} if here is None else {"method": here.request.method, "route": route_of(here)}


def known(here: Any) -> dict[str, Any]:
    """Of a `hub.api.guard.Exchange`."""
    if here is None:
        return {}
    ids = {"request_id": here.request_id, "correlation_id": here.correlation_id}
    return ids if here.caller is None else ids | {"partner": here.caller.partner.name}
