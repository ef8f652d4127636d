"""A partner that fails in every way it can, and remembers what it has processed and in which order."""

import json
import random
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCEPTED = b'{"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'
ANSWERS = {
    "500": (500, b'{"status_code":3000,"timestamp":"2026-01-01T00:00:00Z"}'),
    "503": (503, b""),
    "404": (404, b"<html>nobody is at home</html>"),
    "302": (302, b""),
    "html": (200, b"<html>It works!</html>"),
    "3000": (200, b'{"status_code":3000,"timestamp":"2026-01-01T00:00:00Z"}'),
    "wrong_envelope": (200, b'{"status_code":"1000"}'),
}
MODES = (*ANSWERS, "drop_before", "hang", "ack_lost")


class Faulty:
    """`seen` holds, for each object, the numbers it was given, in the order in which they were processed."""

    def __init__(self, share: float, chance: random.Random, hang: float) -> None:
        self.share = share
        self.hang = hang
        self.seen: defaultdict[str, list[int]] = defaultdict(list)
        self.unanswered = 0
        self._chance = chance
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def mode(self) -> str | None:
        with self._lock:
            return self._chance.choice(MODES) if self._chance.random() < self.share else None

    def process(self, path: str, body: Any) -> None:
        with self._lock:
            self.seen[path.rpartition("/")[2]].append(int(body["name"]))

    def answer(self, mode: str | None, path: str, body: Any) -> tuple[int, bytes] | None:
        """Status and body; None when the connection is closed without any."""
        if mode in ANSWERS:
            return ANSWERS[mode]
        if mode == "hang":
            self._over.wait(self.hang)
        if mode in (None, "ack_lost"):
            self.process(path, body)
        if mode is None:
            return 200, ACCEPTED
        self.unanswered += 1
        return None

    def latest(self) -> dict[str, int]:
        with self._lock:
            return {name: numbers[-1] for name, numbers in self.seen.items()}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = partner.answer(partner.mode(), self.path, body)
                self.close_connection = answer is None
                if answer is not None:
                    self.answer(*answer)

            def do_GET(self) -> None:
                self.answer(404, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
