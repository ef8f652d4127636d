"""How a partner in a process of its own is told what to do, and asked what it has seen."""

import threading
from typing import Any, Protocol

from flask import Flask, Response, request

from hub.demo.book import Book
from hub.demo.calls import Refused
from hub.demo.wire import Json, read, write


class Puppet(Protocol):
    """What the controls reach."""

    book: Book

    def register(self, versions_url: str, token_a: str) -> None: ...

    def misbehave(self, kind: str, module: str | None = None, times: int = 1, **more: float) -> None: ...

    def do(self, action: str, **arguments: Any) -> Json: ...


def add_control(app: Flask, puppet: Puppet) -> None:
    """GET /demo/received, /demo/held/<module>; POST /demo/register, /demo/misbehave, /demo/do/<action>."""
    one_at_a_time = threading.Lock()

    def received() -> Response:
        with puppet.book.changed:
            return plain({"requests": puppet.book.received, "complaints": puppet.book.complaints})

    def held(module: str) -> Response:
        with puppet.book.changed:
            return plain(list(puppet.book.held.get(module, {}).values()))

    def register() -> Response:
        puppet.register(**read(request.get_data()))
        return plain({})

    def misbehave() -> Response:
        puppet.misbehave(**read(request.get_data()))
        return plain({})

    def do(action: str) -> Response:
        with one_at_a_time:
            return plain(puppet.do(action, **read(request.get_data() or b"{}")))

    app.add_url_rule("/demo/received", view_func=received)
    app.add_url_rule("/demo/held/<module>", view_func=held)
    app.add_url_rule("/demo/register", view_func=register, methods=["POST"])
    app.add_url_rule("/demo/misbehave", view_func=misbehave, methods=["POST"])
    app.add_url_rule("/demo/do/<action>", view_func=do, methods=["POST"])
    app.register_error_handler(Refused, lambda error: plain({"refused": str(error)}, 409))


def plain(value: Any, status: int = 200) -> Response:
    return Response(write(value), status, content_type="application/json")
