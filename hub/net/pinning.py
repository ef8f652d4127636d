"""The requests adapter that connects to checked addresses; Host, SNI and certificate keep the name."""

import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from hub.net.attempt import PRESENT
from hub.net.sockets import TlsSocket, connect


@dataclass(frozen=True)
class Trust:
    """Whom TLS trusts, and what the hub shows of itself.

    authorities  path of a bundle of certificate authorities; None stands for the public ones
    certificate  path of a client certificate with its key, or None
    """

    authorities: str | None = None
    certificate: str | None = None


PUBLIC_TRUST = Trust()


class PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connect(PRESENT.get(), self._dns_host.strip("[]"), self.port)


class TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return connect(PRESENT.get(), self._dns_host.strip("[]"), self.port)


class PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = TlsConnection


def tls_context(trust: Trust) -> ssl.SSLContext:
    """One context for all connections of a trust: reading the authorities takes longer than most requests.
    Files that have been replaced are read anew, so that a certificate is renewed without a restart."""
    return made_of(trust, tuple(map(stamp, (trust.authorities, trust.certificate))))


def stamp(file: str | None) -> tuple[int, int, int] | None:
    """What changes when a file is written to, or another one is put in its place."""
    if file is None:
        return None
    found = Path(file).stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=256)
def made_of(trust: Trust, stamps: tuple[object, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust.authorities or DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TlsSocket
    if trust.certificate is not None:
        context.load_cert_chain(trust.certificate)
    return context


class PinningAdapter(HTTPAdapter):
    """Used without a requests.Session, and so without its cookies, redirects, proxies and netrc."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

    def build_connection_pool_key_attributes(
        self,
        request: PreparedRequest,
        verify: Any,
        cert: Any = None,
    ) -> tuple[Any, Any]:
        """`verify` is a Trust here."""
        url = urlsplit(str(request.url))
        host = {"scheme": url.scheme, "host": url.hostname, "port": url.port}
        return host, {"ssl_context": tls_context(verify)} if url.scheme == "https" else {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context knows all."""
