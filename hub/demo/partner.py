"""A partner of the hub: a small OCPI platform of its own, in this process or in one of its own.

    python -m hub.demo.partner --role CPO --version 2.2.1 --party NL/EXA

prints one line of JSON with its addresses and the token with which a hub may begin the handshake, then serves
until it is ended. With --versions-url and --token it registers itself with that hub first.
"""

import argparse
import secrets
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from hub.demo import cpo, emsp
from hub.demo.book import Book, Mishap
from hub.demo.calls import Caller, Refused, missing_endpoints
from hub.demo.control import add_control
from hub.demo.identity import Identity, identity
from hub.demo.site import PREFIX, Site
from hub.demo.wire import Json, write

ACTIONS = {"CPO": cpo.ACTIONS, "EMSP": emsp.ACTIONS}


class Quiet(WSGIRequestHandler):
    """A server that does not write a line a request."""

    def log(self, type: str, message: str, *arguments: Any) -> None:  # noqa: A002
        pass


class Partner:
    """Start it, register it with a hub, let it push and pull, and look into its book."""

    def __init__(self, who: Identity) -> None:
        self.identity = who
        self.book = Book()
        self.caller = Caller(who, self.book)
        self.base_url = ""
        self.registered = False
        self._accepted: set[str] = set()
        self._over = threading.Event()

    # ------------------------------------------------------------------ serving

    def start(self, port: int = 0) -> Self:
        """Serve in a thread of this process."""
        app = Site(self).app()
        add_control(app, self)
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self.caller.close()

    def __enter__(self) -> Self:
        return self if self.base_url else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def versions_url(self) -> str:
        return f"{self.base_url}{PREFIX}/versions"

    # ------------------------------------------------------------------ the handshake

    def invite(self) -> str:
        """A token A with which the hub may register here."""
        return self._issue()

    def register(self, versions_url: str, token_a: str) -> None:
        """The handshake, begun by us (CRED-05 from the other side)."""
        self.caller.token = token_a
        self._exchange("POST", versions_url)

    def renew(self, versions_url: str) -> None:
        """New tokens for both sides (CRED-12)."""
        self._exchange("PUT", versions_url)

    def unregister(self) -> None:
        """Leave (CRED-14)."""
        self.caller.call("DELETE", self.caller.endpoint("credentials", "SENDER")).or_refused(
            "DELETE credentials"
        )
        self.parted()

    def _exchange(self, method: str, versions_url: str) -> None:
        url = self.caller.discover(versions_url)
        missing = missing_endpoints(self.identity, self.caller.endpoints)
        if missing:  # CRED-09
            raise Refused(f"the hub lacks {', '.join(missing)}")
        former = set(self._accepted)
        ours = self.identity.credentials(self._issue(), self.versions_url)
        try:
            answered = self.caller.call(method, url, ours).or_refused(f"{method} credentials")
        except Refused:
            self._accepted = former
            raise
        self._accepted -= former
        self.caller.look_over("credentials", answered.data)
        assert isinstance(answered.data, dict)
        self.caller.meet(answered.data)
        self.registered = True

    def met(self, credentials: Json) -> Json:
        """The handshake, begun by the hub: read its endpoints, give it a token of its own."""
        self.caller.meet(credentials)
        self.caller.discover(str(credentials["url"]))
        self._accepted.clear()
        self.registered = True
        return self.identity.credentials(self._issue(), self.versions_url)

    def parted(self) -> None:
        self._accepted.clear()
        self.registered = False

    def accepts(self, token: str) -> bool:
        return token in self._accepted

    def _issue(self) -> str:
        token = secrets.token_urlsafe(40)
        self._accepted.add(token)
        return token

    # ------------------------------------------------------------------ for tests and the story

    def misbehave(self, kind: str, module: str | None = None, times: int = 1, **more: float) -> None:
        """Let the next answers go wrong; see Mishap."""
        with self.book.changed:
            self.book.mishaps.append(Mishap(kind, module, times, **more))  # type: ignore[arg-type]

    def patience(self, seconds: float) -> None:
        """Keep a caller waiting, but not beyond our own end."""
        self._over.wait(seconds)

    def do(self, action: str, **arguments: Any) -> Json:
        """One of the actions of our roles, such as publishing locations."""
        for role in sorted(self.identity.roles):
            if action in ACTIONS[role]:
                return dict(ACTIONS[role][action](self, **arguments))
        raise KeyError(action)

    def wait_for(self, module: str, count: int = 1, seconds: float = 10) -> list[Json]:
        """The objects of a module that we were sent, once there are so many."""
        self.book.wait_until(lambda: len(self.book.held.get(module, {})) >= count, seconds)
        return list(self.book.held.get(module, {}).values())


def partner(role: str, version: str, party: str, name: str = "") -> Partner:
    """A partner with one party: partner("CPO", "2.2.1", "NL/EXA")."""
    return Partner(identity(name or f"Example {role} {party}", version, [(role, party)]))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hub.demo.partner", description=__doc__)
    parser.add_argument("--role", choices=sorted(ACTIONS), required=True)
    parser.add_argument("--version", choices=["2.1.1", "2.2.1", "2.3.0"], required=True)
    parser.add_argument("--party", required=True, help="country code and party id, such as NL/EXA")
    parser.add_argument("--name", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--versions-url", help="versions URL of the hub to register with")
    parser.add_argument("--token", help="the token A that the hub gave out")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    options = parser.parse_args(arguments)
    with partner(options.role, options.version, options.party, options.name).start(options.port) as one:
        if options.versions_url:
            one.register(options.versions_url, options.token or "")
        says = {"url": one.base_url, "versions_url": one.versions_url, "party": options.party}
        sys.stdout.write(
            write(says | {"token": one.invite() if not one.registered else None}).decode() + "\n"
        )
        sys.stdout.flush()
        wait_for_the_end(with_parent=options.with_parent)
    return 0


def wait_for_the_end(*, with_parent: bool) -> None:
    """Until interrupted, or until whoever started us is gone."""
    with suppress(KeyboardInterrupt):
        if with_parent:
            sys.stdin.read()
        else:
            threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
