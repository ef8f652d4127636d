"""The web server of `hub serve`: it listens, serves, and lets what has begun end before it stops."""

import socket
import time
from collections.abc import Callable
from typing import Any

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from hub.ocpi import instants, strictjson
from hub.store.unit import utc_micros

GRACE = 20.0  # seconds for requests that have begun; a partner waits no longer than that either
LIMITS = {
    "threads": 16,
    "connection_limit": 800,  # far more than there are partners, so that slow ones keep nobody out
    "channel_timeout": 60,
    "max_request_body_size": 16 << 20,  # the application refuses bodies much sooner, and says why
    "ident": None,
    "clear_untrusted_proxy_headers": True,  # who asks is known by the token, never by a header of a proxy
}


def listening(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. OSError says when the address cannot be had."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found


class EnvelopeTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """What the server itself refuses, before any application sees it, is told in an envelope too (TR-13)."""

    def execute(self) -> None:
        refused = self.request.error
        body = strictjson.write(
            {
                "status_code": 2001 if refused.code < 500 else 3000,
                "status_message": refused.reason,
                "timestamp": instants.text(utc_micros()),
            }
        )
        self.status = f"{refused.code} {refused.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = EnvelopeTask


class Server:
    """Serves a WSGI application on a bound socket until it is told to stop."""

    def __init__(self, application: Callable[..., Any], at: socket.socket) -> None:
        self.channels: dict[int, Any] = {}
        self.stopping = False
        self.server = create_server(application, map=self.channels, sockets=[at], **LIMITS)
        self.server.channel_class = Channel

    def run(self) -> None:
        while not self.stopping:
            self._turn(1.0)
        self._drain(time.monotonic() + GRACE)
        self.server.task_dispatcher.shutdown()
        wasyncore.close_all(self.channels)

    def stop(self) -> None:
        """Take no new connection; `run` comes to its end. For a signal handler or another thread."""
        self.stopping = True
        self.server.pull_trigger()

    def _turn(self, patience: float) -> None:
        wasyncore.loop(timeout=patience, use_poll=True, map=self.channels, count=1)

    def _drain(self, deadline: float) -> None:
        self.server.accepting = False
        self.server.del_channel()
        self.server.socket.close()
        while self._under_way() and time.monotonic() < deadline:
            self._turn(0.2)

    def _under_way(self) -> bool:
        """Whether a request is still worked on, or its answer not yet sent."""
        channels = list(self.server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
