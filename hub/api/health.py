"""Whether the process lives, whether it may be given requests, and its figures for Prometheus."""

import secrets
from typing import Any

from flask import Blueprint, Response, abort, current_app, request

import migrations
from hub.hub import Hub
from hub.observing import database, scrape
from hub.ocpi import strictjson
from hub.settings import Settings, is_loopback

blueprint = Blueprint("health", __name__)


def told(http_status: int, **content: Any) -> Response:
    return Response(strictjson.write(content), http_status, mimetype="application/json")


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers: whatever else is wrong, to start it anew would not help."""
    return told(200, status="live")


@blueprint.get("/health/ready")
def ready() -> Response:
    """200 when requests may come here; 503 with the reason. No detail that a stranger could use."""
    hub: Hub = current_app.extensions["hub"]
    if not database.answers(hub.store):
        return told(503, status="not ready", reason="the database does not answer")
    if migrations.is_behind(database.revision(hub.store)):
        return told(503, status="not ready", reason="the database is behind: run `hub db upgrade`")
    return told(200, status="ready")


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus, with HUB_METRICS_TOKEN as bearer token.

    "From loopback only" is no protection: a proxy on the same machine makes everybody come from there. So
    only a hub before which no proxy stands, because partners too reach it on this machine, needs no token.
    """
    hub: Hub = current_app.extensions["hub"]
    if hub.settings.metrics_token is None and not is_trial(hub.settings):
        abort(404, "Set HUB_METRICS_TOKEN to have metrics.")
    if hub.settings.metrics_token is not None and not shows(hub.settings.metrics_token):
        refusal = told(401, status="the bearer token of HUB_METRICS_TOKEN is needed")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    return Response(scrape.exposition(hub.store), content_type=scrape.CONTENT_TYPE)


def is_trial(settings: Settings) -> bool:
    return settings.is_local and is_loopback(request.remote_addr or "")


def shows(token: str) -> bool:
    """Whether the request has the token; as bytes, for others than ASCII cannot be compared as text."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())
