"""A server that misbehaves on purpose, over plain sockets; each mode is one function on a connection."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Mode = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLACK = 5.0
"""Seconds beyond its deadline within which a request ends in tests. A second is what the hub promises; a busy
machine takes longer than that to wake a thread, and no peer here lets go before half a minute."""
GOOD = HEAD + b"Content-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """Counts connections and keeps the head of every request."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ocpi"


@contextmanager
def serving(mode: Mode, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server in threads; `mode` is given every connection after its request was read."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        server = Server(listener.getsockname()[1])
        threading.Thread(target=accept_all, args=(listener, server, mode, tls), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def accept_all(listener: socket.socket, server: Server, mode: Mode, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while not server.over.is_set():
            connection, _ = listener.accept()
            server.connections += 1
            threading.Thread(target=serve, args=(connection, server, mode, tls), daemon=True).start()


def serve(connection: socket.socket, server: Server, mode: Mode, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError), connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
            while request := read_request(stream):
                server.requests.append(request)
                mode(stream)


def read_request(stream: socket.socket) -> bytes:
    """Head and body of one request; nothing when the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    wanted = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < wanted:
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def drip(stream: socket.socket, data: bytes, seconds: float = 0.05) -> None:
    """One piece after the other, for as long as the client listens."""
    while True:
        stream.sendall(data)
        time.sleep(seconds)


def good(stream: socket.socket) -> None:
    stream.sendall(GOOD)


def in_turn(*modes: Mode) -> Mode:
    """The first mode for the first request, and so on."""
    rest = iter(modes)

    def mode(stream: socket.socket) -> None:
        next(rest)(stream)

    return mode


def drip_status(stream: socket.socket) -> None:
    drip(stream, b"H")


def drip_headers(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"X-Long: ")
    drip(stream, b"x")


def drip_body(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    drip(stream, b" ")


def drip_continue(stream: socket.socket) -> None:
    drip(stream, b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_chunk_size(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(stream, b"0")


def drip_trailers(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
    drip(stream, b"X-More: y\r\n", 0.01)


def silence(stream: socket.socket) -> None:
    time.sleep(30)


def half_answer_then_silence(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: 10\r\n\r\n{")
    time.sleep(30)


def endless_chunks(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        stream.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def endless_body(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Connection: close\r\n\r\n")
    while True:
        stream.sendall(b" " * 65536)


def endless_headers(stream: socket.socket) -> None:
    stream.sendall(HEAD)
    while True:
        stream.sendall(b"X-More: y\r\n")


def endless_header_line(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"X-Long: ")
    while True:
        stream.sendall(b"y" * 65536)


def huge_length(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: 5000000000\r\n\r\n{")
    time.sleep(30)


def absurd_length(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}")
    time.sleep(30)


def gzip(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b")


def short_body(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: 100\r\n\r\n{}")
    stream.shutdown(socket.SHUT_RDWR)


def short_chunks(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n100\r\n{}")
    stream.shutdown(socket.SHUT_RDWR)


def bad_chunks(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}")
    stream.shutdown(socket.SHUT_RDWR)


def garbage(stream: socket.socket) -> None:
    stream.sendall(b"\x00\xff\x00 what is this\r\n\r\n")
    stream.shutdown(socket.SHUT_RDWR)


def close_before_answer(stream: socket.socket) -> None:
    stream.shutdown(socket.SHUT_RDWR)


def reset(stream: socket.socket) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def reset_inside_body(stream: socket.socket) -> None:
    stream.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    reset(stream)


def redirect_to(url: str) -> Mode:
    """302 to another address."""

    def mode(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + url.encode() + b"\r\nContent-Length: 0\r\n\r\n")

    return mode
