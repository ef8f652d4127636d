"""Sockets that obey the deadline of the present attempt, and connect to checked addresses only."""

import socket
import ssl
from typing import TYPE_CHECKING, Any

from hub.net.addresses import Info, checked, resolve_within
from hub.net.attempt import PRESENT, Attempt
from hub.net.failures import Kind, Unreachable

if TYPE_CHECKING:
    AnySocket = socket.socket
else:
    AnySocket = object


class Bounded(AnySocket):
    """Mixed into a socket class: no call outlives the attempt, and the attempt knows how far it came.

    A timeout alone bounds the wait for one byte; a peer that drips would hold the line for ever.
    """

    def recv_into(self, *arguments: Any, **more: Any) -> int:
        attempt = PRESENT.get()
        self.settimeout(attempt.remaining())
        count = super().recv_into(*arguments, **more)
        attempt.answered = attempt.answered or count > 0
        return count

    def send(self, *arguments: Any) -> int:
        self._about_to_send()
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self._about_to_send()
        super().sendall(*arguments)

    def _about_to_send(self) -> None:
        attempt = PRESENT.get()
        self.settimeout(attempt.remaining())
        attempt.sent = True


class PlainSocket(Bounded, socket.socket):
    """TCP."""


class TlsSocket(Bounded, ssl.SSLSocket):
    """TLS; the handshake is one call and keeps the time of the plain socket it began with."""


def connect(attempt: Attempt, host: str, port: int) -> socket.socket:
    """A connection to the first of the host's addresses that takes one; all of them are checked before."""
    attempt.fresh = True
    found = resolve_within(attempt.resolve, host, port, attempt.until - attempt.clock())
    infos = checked(found, host, attempt.allow_networks)
    failure: Exception = OSError("no address")
    for tried, info in enumerate(infos):
        try:
            return opened(attempt, info, share=len(infos) - tried)
        except OSError as error:
            failure = error
    kind: Kind = "timeout" if isinstance(failure, TimeoutError) else "refused"
    raise Unreachable(kind, f"no connection to {host} port {port} ({failure})")


def opened(attempt: Attempt, info: Info, share: int) -> socket.socket:
    """A connection to one address, within its share of the time left."""
    family, kind, protocol, _, address = info
    plain = PlainSocket(family, kind, protocol)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(attempt.remaining() / share)
        plain.connect(address)
        plain.settimeout(attempt.remaining())
    except BaseException:
        plain.close()
        raise
    return plain
