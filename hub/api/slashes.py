"""Ids with a slash in them: OCPI allows it, and WSGI servers cannot tell it from a slash between two ids."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

Application = Callable[..., Iterable[bytes]]
STAND_IN = "\x1f"
"""For an escaped slash, while the route is found; no id has this sign in it (TR-72)."""


def kept_apart(application: Application) -> Application:
    """The application, with the slashes inside ids in the path replaced by their stand-in."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""  # as waitress, as gunicorn says it
        if "%2f" in asked.lower() and not environ.get("SCRIPT_NAME"):
            environ["PATH_INFO"] = path_of(asked)
        return application(environ, start_response)

    return wrapped


def path_of(asked: str) -> str:
    """The path of a request line as WSGI has it: decoded, each byte a sign."""
    path = asked.partition("?")[0]
    if not path.startswith("/"):  # a whole URL, as to a proxy
        path = urlsplit(path).path
    parts = path.replace("%2F", "%1F").replace("%2f", "%1F")
    return unquote_to_bytes(parts).decode("latin-1")


def put_back(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before every view: the slashes are in their ids again."""
    if values:
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        values.update({name: value.replace(STAND_IN, "/") for name, value in texts.items()})
