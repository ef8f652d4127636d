"""How a partner in a process of its own is told what to do, and asked what it has seen."""

import threading
from typing import Any, Protocol

from flask import Flask, Response, request

from hub.demo.book import Book
from hub.demo.calls import Caller, Refused
from hub.demo.wire import Json, authorization, read, write


class Puppet(Protocol):
    """What the controls reach."""

    book: Book
    caller: Caller

    def register(self, versions_url: str, token_a: str) -> None: ...

    def misbehave(self, kind: str, module: str | None = None, times: int = 1, **more: float) -> None: ...

    def do(self, action: str, **arguments: Any) -> Json: ...


def add_control(app: Flask, puppet: Puppet) -> None:
    """Add the addresses below /demo.

    GET received, held/<module>, own/<module>, connection; POST register, misbehave, do/<action>
    """
    one_at_a_time = threading.Lock()

    def received() -> Response:
        with puppet.book.changed:
            return plain({"requests": puppet.book.received, "complaints": puppet.book.complaints})

    def held(module: str) -> Response:
        """The objects of a module that we were sent; ?count=2&seconds=5 waits until there are so many."""
        count, seconds = request.args.get("count", 0, int), request.args.get("seconds", 0.0, float)
        shelves = puppet.book.held
        puppet.book.wait_until(lambda: len(shelves.get(module, {})) >= count, seconds)
        with puppet.book.changed:
            return plain(list(shelves.get(module, {}).values()))

    def own(module: str) -> Response:
        with puppet.book.changed:
            return plain(list(puppet.book.own.get(module, {}).values()))

    def connection() -> Response:
        """Where the hub is for us, and how we say who we are."""
        caller = puppet.caller
        endpoints = [
            {"module": each[0], "role": each[1], "url": url} for each, url in caller.endpoints.items()
        ]
        return plain(
            {"authorization": authorization(caller.identity.version, caller.token), "endpoints": endpoints}
        )

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
    app.add_url_rule("/demo/own/<module>", view_func=own)
    app.add_url_rule("/demo/connection", view_func=connection)
    app.add_url_rule("/demo/register", view_func=register, methods=["POST"])
    app.add_url_rule("/demo/misbehave", view_func=misbehave, methods=["POST"])
    app.add_url_rule("/demo/do/<action>", view_func=do, methods=["POST"])
    app.register_error_handler(Refused, lambda error: plain({"refused": str(error)}, 409))


def plain(value: Any, status: int = 200) -> Response:
    return Response(write(value), status, content_type="application/json")
