"""The outbound HTTP client."""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import requests
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as PoolTimeout
from urllib3.response import BaseHTTPResponse
from urllib3.util import parse_url

from hub.net.addresses import Network, Resolve
from hub.net.attempt import Attempt, making
from hub.net.failures import Kind, Unreachable
from hub.net.pinning import PUBLIC_TRUST, PinningAdapter, Trust

MEBIBYTE = 1024 * 1024
PIECE = 64 * 1024
PRINTABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
OWN_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ocpi-hub"}
TROUBLE = (requests.RequestException, HTTPError, OSError, ValueError)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status.

    headers  names match without case; repeated headers are joined by a comma
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Requests to partners. Safe to share between threads.

    allow_networks  addresses that may be reached besides public ones
    deadline        seconds for everything: name, connection, headers, body
    limit           bytes of body that are read
    pool_size       connections per host that are kept alive
    """

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        deadline: float = 20.0,
        limit: int = 8 * MEBIBYTE,
        resolve: Resolve = socket.getaddrinfo,
        pool_size: int = 16,
    ) -> None:
        self._allow_networks = tuple(allow_networks)
        self._deadline = deadline
        self._limit = limit
        self._resolve = resolve
        self._adapter = PinningAdapter(pool_connections=256, pool_maxsize=pool_size)

    def close(self) -> None:
        """Drop the connections that are kept alive."""
        self._adapter.close()

    def request(  # noqa: PLR0913 (an HTTP request has this many parts)
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        deadline: float | None = None,
        limit: int | None = None,
        trust: Trust = PUBLIC_TRUST,
    ) -> Answer:
        """The whole answer, redirects as they are. Raises Unreachable, nothing else."""
        prepared = prepare(method, url, headers, body)
        until = monotonic() + (self._deadline if deadline is None else deadline)
        most = self._limit if limit is None else limit
        first = self._attempt(until)
        try:
            return self._send(first, prepared, most, trust)
        except Unreachable as failure:
            if failure.kind != "closed_before_answer" or first.fresh or method.upper() not in REPEATABLE:
                raise
        # The peer had given up a connection we kept alive; RFC 9110, 9.2.2 lets us ask again.
        return self._send(self._attempt(until), prepared, most, trust)

    def _attempt(self, until: float) -> Attempt:
        return Attempt(until, self._resolve, self._allow_networks)

    def _send(self, attempt: Attempt, prepared: PreparedRequest, limit: int, trust: Trust) -> Answer:
        with making(attempt):
            try:
                seconds = attempt.remaining()
                return read(self._adapter.send(prepared, stream=True, timeout=seconds, verify=trust), limit)  # type: ignore[arg-type]
            except Unreachable as failure:
                raise Unreachable(failure.kind, failure.message, sent=attempt.sent) from None
            except TROUBLE as error:
                raise Unreachable(*explain(error, attempt), sent=attempt.sent) from error


def prepare(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> PreparedRequest:
    """The request as it will be sent; refused here if it could mean something else to another reader."""
    for name, value in headers.items():
        if not (HEADER_NAME.fullmatch(name) and PRINTABLE.fullmatch(value)):
            raise Unreachable("forbidden", f"header {name!r} holds what a header cannot carry")
    try:
        check_url(url)
        prepared = requests.Request(method.upper(), url, data=body).prepare()
        check_url(str(prepared.url))
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise Unreachable("forbidden", f"not a URL this hub goes to ({error})") from None
    prepared.headers.update({**OWN_HEADERS, **headers, "Accept-Encoding": "identity"})
    return prepared


def check_url(url: str) -> None:
    """Only plain http and https URLs: no userinfo, and nothing that two parsers read differently."""
    if re.search(r"[\s\\\x00-\x20\x7f]", url):
        raise ValueError("blanks, control characters or backslashes")
    parts = parse_url(url)
    if (parts.scheme or "").lower() not in ("http", "https"):
        raise ValueError("the scheme is neither http nor https")
    if not parts.host:
        raise ValueError("no host")
    if "@" in re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise ValueError("user names and passwords")


def read(response: requests.Response, limit: int) -> Answer:
    """The whole body, or Unreachable; the connection is dropped unless the answer was read to its end."""
    raw = response.raw
    try:
        check_head(response.headers, limit)
        body = b"".join(pieces(raw, limit))
    except BaseException:
        raw.close()
        raise
    raw.release_conn()
    return Answer(response.status_code, CaseInsensitiveDict(response.headers), body)


def pieces(raw: BaseHTTPResponse, limit: int) -> Iterator[bytes]:
    """The body piece by piece, up to the limit."""
    left = limit
    while piece := raw.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise Unreachable("too_large", f"the answer is longer than {limit} bytes")
        yield piece


def check_head(headers: Mapping[str, str], limit: int) -> None:
    """No packed bodies (a few bytes may unpack to gigabytes), none announced as too long."""
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Unreachable("protocol", f"the answer is encoded as {encoding[:40]!r}, identity was asked for")
    length = headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise Unreachable("too_large", f"the answer announces {length[:24]} bytes; {limit} are read")


def explain(error: BaseException, attempt: Attempt) -> tuple[Kind, str]:
    """What a failure of the libraries means."""
    chain = list(causes(error))
    says = str(chain[-1])[:200] or type(chain[-1]).__name__
    if attempt.is_over() or any(isinstance(each, (TimeoutError, PoolTimeout)) for each in chain):
        return "timeout", f"the deadline passed {'during' if attempt.answered else 'before'} the answer"
    if any(isinstance(each, (SSLError, requests.exceptions.SSLError)) for each in chain):
        return "tls", says
    if not attempt.answered:
        return "closed_before_answer", says
    return "protocol", says


def causes(error: BaseException | None) -> Sequence[BaseException]:
    """The error and what lies behind it, the root last."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
