"""Puts the parts together: the only place that knows them all."""

import ctypes
import logging
from contextlib import suppress

from flask import Flask
from werkzeug.exceptions import HTTPException

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
    app = Flask("hub", static_folder=None)
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
