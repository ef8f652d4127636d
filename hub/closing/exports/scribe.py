"""The thread of a worker that writes scheduled exports."""

import logging
import threading

from hub.closing.exports import scheduled
from hub.hub import Hub

log = logging.getLogger(__name__)

TICK = 60.0
"""Seconds between two looks."""


class Scribe:
    """Any number of them may be at it: an export is claimed by one."""

    def __init__(self, hub: Hub, tick: float = TICK) -> None:
        self.hub = hub
        self.tick = tick
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exports")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """An export under way is written to its end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self.tick):
            try:
                scheduled.write_due(self.hub)
            except Exception:
                log.exception("a scheduled export was not written")
