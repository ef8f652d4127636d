"""A CPO whose list of locations goes as a test says: pages, links, headers and clocks that nobody expects."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hub.demo.wire import write
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import connections, registry, tokens
from hub.parties.connections import Connection
from hub.parties.partner import PartnerRole


@dataclass
class Answer:
    """One answer; `data` goes into an envelope."""

    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    raw: bytes | None = None

    @property
    def body(self) -> bytes:
        envelope = {"data": self.data, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}
        return write(envelope) if self.raw is None else self.raw


Script = Callable[[dict[str, str]], Answer]
"""Query -> answer."""


class OddList:
    """Serves `script`; remembers the query and the Authorization header of every request."""

    def __init__(self) -> None:
        self.script: Script = lambda query: Answer([])
        self.asked: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                outer.asked.append({"path": parts.path} | query)
                outer.authorizations.append(self.headers["Authorization"])
                answer = outer.script(query)
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def link(self, query: str) -> dict[str, str]:
        return {"Link": f'<{self.url}/locations?{query}>; rel="next"'}


@contextmanager
def odd_list() -> Iterator[OddList]:
    server = OddList()
    server.thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    server.thread.join()


def connect(
    hub: Hub, server: OddList, modules: tuple[str, ...] = ("locations",), version: str = "2.2.1"
) -> int:
    """A CPO NL/CPO as it stands after a handshake; its id."""
    held = (PartnerRole(Role.CPO, Party("NL", "CPO"), {"name": "Odd"}),)
    with hub.store.unit() as unit:
        registry.invite(unit, "Odd", [(Role.CPO, Party("NL", "CPO"))], version)
        partner = registry.named(unit, "Odd")
        sides = {(module, "SENDER"): f"{server.url}/{module}" for module in modules}
        made = Connection(version, f"{server.url}/versions", held, sides, tokens.new())
        assert connections.connect(unit, partner.id, made, tokens.vault(hub.settings.sealing_key))
    return partner.id
