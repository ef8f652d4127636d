"""Processes that do what is scheduled until they are killed: `python ticking.py DATABASE_URL LEASE`.

Each line on standard input makes one more of them and writes its process id; a SIGTERM ends one well. Their
only job writes which slots it covers into the table `covered`, in the transaction that ends the slot.
"""

import os
import signal
import sys
import time

from sqlalchemy import text

from hub.app import create_hub
from hub.settings import Settings
from hub.store.unit import Unit
from hub.sync import jobs
from hub.sync.jobs import Jobs
from hub.sync.run import Outcome
from hub.sync.schedule import Scheduled

PAUSE = 0.05
"""How long a run takes: long enough to be killed in the middle of it."""
COVER = text("INSERT INTO covered VALUES (:name, :slot, :through, :process)")


class Ticking(Jobs):
    """Runs know their claim."""

    def outcome(self, claim: Scheduled) -> Outcome:
        def finish(unit: Unit) -> None:
            row = {"name": claim.name, "slot": claim.slot, "through": claim.through, "process": os.getpid()}
            unit.connection.execute(COVER, row)

        time.sleep(PAUSE)
        return Outcome(finish=finish)


def tick(url: str, lease: int) -> None:
    """In a process of its own; `lease` in microseconds."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    hub = create_hub(Settings(database_url=url, secret_key="a secret of the tests alone, 32+"))
    ticking = Ticking(hub, {}, lease)
    ticking.start()
    signal.sigwait({signal.SIGTERM})
    ticking.stop()


def main(url: str, lease: str) -> None:
    """Everything is imported once; a child is there within milliseconds."""
    jobs.TICK, jobs.RENEWED_EVERY = 0.1, 0.3
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            tick(url, int(lease))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
