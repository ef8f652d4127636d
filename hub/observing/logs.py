"""How events are logged: one line each, its keys, and the request or delivery that it belongs to.

    log.warning("delivery given up", extra={"partner": name, "delivery": 17})

    text  2026-11-22T12:00:00Z WARNING hub.sync.sender delivery given up partner='EV Mobile' delivery=17
    json  {"at": "2026-11-22T12:00:00.000Z", "level": "WARNING", "logger": "hub.sync.sender",
           "event": "delivery given up", "partner": "EV Mobile", "delivery": 17}

Every value passes `hub.observing.secrets` on its way, whoever logs it.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from hub.observing.secrets import clean, shortened, shown

QUIET = ("alembic", "apscheduler", "urllib3", "waitress.queue")
"""What they say of every step is of no use to an operator."""
LONGEST_FAULT = 12_000
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

ABOUT: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039 (never changed in place)

Identify = Callable[[], Mapping[str, Any]]
"""The keys of what is under way in this thread."""


@contextmanager
def about(**keys: Any) -> Iterator[None]:
    """All that is logged inside belongs to this partner, delivery, correlation id ..."""
    before = ABOUT.set({**ABOUT.get(), **keys})
    try:
        yield
    finally:
        ABOUT.reset(before)


def begin(form: str, identify: Identify = dict, stream: TextIO | None = None) -> None:
    """Log to standard error, in one of `hub.settings.LOG_FORMATS`; for the start of a process."""
    out = stream or sys.stderr
    text = form == "text" or (form == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter((Text if text else JsonLines)(identify))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Event(logging.Formatter):
    """What both forms are made of."""

    def __init__(self, identify: Identify = dict) -> None:
        super().__init__()
        self.identify = identify

    def keys(self, record: logging.LogRecord) -> dict[str, Any]:
        own = {key: value for key, value in vars(record).items() if key not in USUAL}
        given = {**ABOUT.get(), **self.identify(), **own}
        return {key: shown(key, value) for key, value in given.items() if value is not None and value != ""}

    def fault(self, record: logging.LogRecord) -> str | None:
        """The end of a traceback tells most."""
        if not record.exc_info:
            return None
        text = clean(self.formatException(record.exc_info))
        return text if len(text) <= LONGEST_FAULT else f"...{text[-LONGEST_FAULT:]}"

    def message(self, record: logging.LogRecord) -> str:
        return shortened(clean(record.getMessage()), LONGEST_FAULT)


class JsonLines(Event):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "event": self.message(record),
        }
        told = event | self.keys(record)
        fault = self.fault(record)
        return json.dumps(told if fault is None else told | {"fault": fault}, ensure_ascii=False)


class Text(Event):
    """For people at a terminal; a fault goes over several lines."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = (f"{key}={quoted(value)}" for key, value in self.keys(record).items())
        line = " ".join((at, record.levelname, record.name, self.message(record), *keys))
        lines = [line.replace("\n", " "), *(self.fault(record) or "").splitlines()]
        return "\n  | ".join(lines)  # so that no text of a partner looks like an event


def quoted(value: Any) -> str:
    text = str(value)
    return text if text and not set(text) & set(" ='\"\n") else repr(text)
