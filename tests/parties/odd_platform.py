"""An OCPI platform that is told what to answer: for all that clients in the field do in their own way."""

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

ENDS = "2026-01-01T00:00:00Z"


class OddPlatform:
    """Versions at `/hello?who=hub`, details at `/d/{version}`, credentials at `/c;x=1`.

    answers  path, or method and path -> body, status and body, or a function of the request that gives both
    tls      an ssl.SSLContext to serve with
    raw      it takes tokens raw only (True), in Base64 only (False), or in either form (None)
    """

    def __init__(
        self, version: str = "2.2.1", role: str = "EMSP", party: str = "NL/EMS", **told: Any
    ) -> None:
        self.version, self.role, self.party = version, role, party
        self.answers: dict[str, Any] = told.get("answers", {})
        self.raw: bool | None = told.get("raw")
        self.modules: list[tuple[str, str]] = told.get(
            "modules", [("tokens", "SENDER"), ("cdrs", "RECEIVER")]
        )
        self.takes = {"token-b"}
        self.asked: list[tuple[str, str]] = []
        self.authorizations: list[str] = []
        self.met: Callable[[dict[str, Any]], None] = lambda credentials: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                outer.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = do  # noqa: N815

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        tls = told.get("tls")
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def versions_url(self) -> str:
        return f"{self.url}/hello?who=hub"

    # ------------------------------------------------------------------ what it answers

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.asked.append((request.command, request.path))
        self.authorizations.append(request.headers.get("Authorization", ""))
        status, content = self.answer(request, json.loads(body) if body else None)
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def answer(self, request: BaseHTTPRequestHandler, body: Any) -> tuple[int, bytes]:
        told = self.answers.get(f"{request.command} {request.path}", self.answers.get(request.path))
        if callable(told):
            return told(body)
        if told is not None:
            return told if isinstance(told, tuple) else (200, told)
        if not self.knows(request.headers.get("Authorization", "")):
            return 401, envelope(None, 2000)
        if request.command in ("POST", "PUT"):
            self.met(body)
            return 200, envelope(self.credentials("token-b2", name=False))
        return 200, envelope(self.said(request.path))

    def said(self, path: str) -> Any:
        if path == "/hello?who=hub":
            return [{"version": self.version, "url": f"{self.url}/d/{self.version}"}]
        if path.startswith("/d/"):
            return {"version": self.version, "endpoints": self.endpoints()}
        return None

    def knows(self, header: str) -> bool:
        scheme, _, value = header.partition(" ")
        encoded = {base64.b64encode(token.encode()).decode() for token in self.takes}
        forms = {None: self.takes | encoded, True: self.takes, False: encoded}[self.raw]
        return scheme == "Token" and value in forms

    def endpoints(self) -> list[dict[str, Any]]:
        listed = [("credentials", "SENDER", f"{self.url}/c;x=1")]
        listed += [(name, side, f"{self.url}/m/{name}?side={side}") for name, side in self.modules]
        if self.version == "2.1.1":
            return [{"identifier": name, "url": url} for name, _, url in listed]
        return [{"identifier": name, "role": side, "url": url} for name, side, url in listed]

    def credentials(self, token: str = "token-b", *, name: bool = True, **more: Any) -> dict[str, Any]:
        country_code, party_id = self.party.split("/")
        ids = {"country_code": country_code, "party_id": party_id}
        details = {"business_details": {"name": "Odd"}} if name else {}
        base = {"token": token, "url": self.versions_url}
        if self.version == "2.1.1":
            return base | ids | details | more
        return base | {"roles": [{"role": self.role, **ids, **details}]} | more

    # ------------------------------------------------------------------ what it asks of the hub

    def call(self, method: str, url: str, token: str, body: Any = None) -> requests.Response:
        encoded = base64.b64encode(token.encode()).decode()
        headers = {"Authorization": f"Token {encoded}"}
        return requests.request(method, url, headers=headers, json=body, timeout=20, allow_redirects=False)


def envelope(data: Any, status_code: int = 1000) -> bytes:
    content: dict[str, Any] = {"status_code": status_code, "timestamp": ENDS}
    if data is not None:
        content["data"] = data
    return json.dumps(content).encode()
