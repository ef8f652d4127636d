"""A thread of a worker that looks, again and again, whether there is something to do."""

import logging
import threading

log = logging.getLogger(__name__)


class Ticking:
    """Any number of them may be at it, in any number of processes: claims in the database keep them apart.

    name  of the thread, and in the log
    tick  seconds between two looks
    """

    def __init__(self, name: str, tick: float) -> None:
        self.name = name
        self.tick = tick
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    def one(self) -> bool:
        """Do some of what there is; True when there may be more at once."""
        raise NotImplementedError

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is under way comes to its end, or to where it may be left off."""
        self.stopping.set()
        self._thread.join()

    def _run(self) -> None:
        well = True
        while not self.stopping.is_set():
            try:
                busy, now_well = self.one(), True
            except Exception:  # whatever it is, the next round is to come
                busy, now_well = False, False
                if well:
                    log.exception("%s: waits until the next look", self.name)
            well = now_well
            if not busy:
                self.stopping.wait(self.tick)
