"""The thread of a worker that writes scheduled exports, and out of CDRs what exports tell of them."""

from hub.closing.exports import facts, scheduled
from hub.hub import Hub
from hub.sync.ticking import Ticking

TICK = 60.0
"""Seconds between two looks."""


class Scribe(Ticking):
    """An export is claimed by one of them; one under way is written to its end."""

    def __init__(self, hub: Hub, tick: float = TICK) -> None:
        super().__init__("exports", tick)
        self.hub = hub

    def one(self) -> bool:
        scheduled.write_due(self.hub)
        return facts.write_out(self.hub.store, self.hub.settings.party) > 0
