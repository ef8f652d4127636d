"""What every process with background work runs, begun and ended together."""

from hub.clearing.clerk import Clerk
from hub.closing.exports.scribe import Scribe
from hub.hub import Hub
from hub.operator.labour import Labour
from hub.sync.worker import Worker


class Background:
    """Deliveries and schedules, the jobs that people ask for, the clearing of CDRs, and scheduled exports."""

    def __init__(self, hub: Hub) -> None:
        self.parts = (Worker(hub), Labour(hub), Clerk(hub), Scribe(hub))

    def start(self) -> None:
        for part in self.parts:
            part.start()

    def stop(self) -> None:
        for part in reversed(self.parts):
            part.stop()
