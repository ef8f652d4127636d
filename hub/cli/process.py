"""How a command that stays behaves as a process: when it stops."""

import signal
from collections.abc import Callable
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


def when_told_to_stop(stop: Callable[[], None]) -> None:
    """Call `stop` at the first SIGINT or SIGTERM; a second one ends the process at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, signal.SIG_DFL)
        stop()

    for each in STOPS:
        signal.signal(each, handle)
