"""Puts the parts together: the only place that knows them all."""

import ctypes
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask, Request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from hub.api import credentials, envelope, guard, health, mounting, routes, slashes, versions, watch
from hub.hub import Hub
from hub.net.client import Client
from hub.ocpi.errors import OcpiError
from hub.operator.api import create_api
from hub.reactions import react
from hub.settings import Settings
from hub.store.engine import Store

log = logging.getLogger(__name__)


def create_hub(settings: Settings) -> Hub:
    """The hub of these settings: what the web application, the worker and the commands all work with."""
    store = Store(settings.database_url, react=react)
    return Hub(settings, store, Client(allow_networks=settings.allow_networks))


def exposed_settings() -> Settings:
    """Those of the environment; SettingsError when partners can reach the hub and it has no secret key."""
    settings = Settings.from_environment()
    settings.check_exposure("localhost")
    return settings


LARGE = 256 * 1024 * 1024
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def keep_large_blocks() -> None:
    """Let the C library keep the memory of a page of locations for the next one: to return and fetch it anew
    took a fifth of the request, measured. Where there is no mallopt, nothing happens."""
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, LARGE)


class Application(Flask):
    """Flask without what it looks for in every request and never finds here: views that are coroutines, and
    routes that differ by the name of the host. No URL is built from what a Host header claims."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(request)
        environ = request.environ
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        script, scheme = environ.get("SCRIPT_NAME", ""), environ["wsgi.url_scheme"]
        return MapAdapter(self.url_map, "", script, "", scheme, path, request.method)


def create_monitor(hub: Hub) -> Flask:
    """What a process that serves no partners tells of itself: health and figures."""
    app = Flask("hub", static_folder=None)
    app.extensions["hub"] = hub
    app.register_blueprint(health.blueprint)
    return app


def operators_api(hub: Hub) -> Flask:
    """The operators' own API, an application beside that of OCPI."""
    api = create_api(hub, watch.EXCHANGE)
    api.url_value_preprocessor(slashes.put_back)
    return api


def create_app(settings: Settings | None = None, hub: Hub | None = None) -> Flask:
    """The web application; without arguments it is set up from the environment."""
    keep_large_blocks()
    app = Application("hub", static_folder=None)
    app.extensions["hub"] = hub or create_hub(settings or exposed_settings())
    app.url_map.strict_slashes = False  # VER-10: with and without a trailing slash
    app.url_map.merge_slashes = False  # an id may be anything; a redirect would lose the body
    app.register_error_handler(OcpiError, envelope.of_ocpi_error)
    app.register_error_handler(HTTPException, envelope.of_http_error)
    app.register_error_handler(Exception, envelope.of_failure)
    both = mounting.beside(app.wsgi_app, "/api", lambda: operators_api(app.extensions["hub"]))
    app.wsgi_app = watch.counted(slashes.kept_apart(both))  # type: ignore[method-assign]  # as Flask documents it
    app.url_value_preprocessor(slashes.put_back)
    app.before_request(guard.remember)
    app.after_request(guard.sign)
    for blueprint in (versions.blueprint, credentials.blueprint, routes.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    return app
