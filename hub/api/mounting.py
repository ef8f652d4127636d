"""How another application is served beside that of OCPI, under a path of its own."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[..., Iterable[bytes]]


def beside(application: Application, prefix: str, make: Callable[[], Application]) -> Application:
    """The application, with another one under this prefix, made at its first request: a process that is never
    asked for it, as most in tests and behind partners' addresses, does not pay for it."""
    made: list[Application] = []
    lock = threading.Lock()

    def other() -> Application:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in ("", "/"):
            return application(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = path[len(prefix) :]
        return other()(environ, start_response)

    return wrapped
