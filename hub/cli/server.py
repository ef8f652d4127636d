"""The web server of `hub serve`: it listens, serves, and lets what has begun end before it stops."""

import logging
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress import create_server, wasyncore

THREADS = 16
GRACE = 20.0  # seconds for requests that have begun; a partner waits no longer than that either
log = logging.getLogger(__name__)


def listening(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. OSError names the address when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as fault:
        found.close()
        raise OSError(fault.errno, f"cannot listen: {fault.strerror}", f"{host}:{port}") from fault
    return found


class Server:
    """Serves a WSGI application on a socket until `stop` is called, from a signal handler or a thread."""

    def __init__(self, application: Callable[..., Any], at: socket.socket) -> None:
        self.channels: dict[int, Any] = {}
        self.stopping = False
        self.server = create_server(
            application,
            map=self.channels,
            sockets=[at],
            threads=THREADS,
            channel_timeout=60,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )

    def stop(self, signal: int = 0, frame: FrameType | None = None) -> None:
        """No new connection from here on; `run` returns when the requests under way are answered."""
        self.stopping = True
        self.server.pull_trigger()

    def run(self) -> None:
        while not self.stopping:
            wasyncore.loop(timeout=1, map=self.channels, count=1)
        self._drain(time.monotonic() + GRACE)
        self.server.task_dispatcher.shutdown()
        wasyncore.close_all(self.channels)

    def _drain(self, deadline: float) -> None:
        self.server.del_channel()
        self.server.socket.close()
        while self._under_way() and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.2, map=self.channels, count=1)

    def _under_way(self) -> bool:
        """Whether a request is still worked on, or its answer not yet sent."""
        open_channels = list(self.server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in open_channels)
