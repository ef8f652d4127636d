"""How a command that stays behaves as a process: where it logs, and when it stops."""

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)
QUIET = ("alembic", "apscheduler")  # what they say of every step is of no use to an operator


def log_to_stderr() -> None:
    """One line an event, in UTC."""
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def when_told_to_stop(stop: Callable[[], None]) -> None:
    """Call `stop` at the first SIGINT or SIGTERM; a second one ends the process at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, signal.SIG_DFL)
        stop()

    for each in STOPS:
        signal.signal(each, handle)
