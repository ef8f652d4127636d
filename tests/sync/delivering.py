"""Claims and ends of tries, taken step by step with a clock and a chance of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from factories import example
from sqlalchemy import select

from hub.hub import Hub
from hub.ocpi.document import Document, Party
from hub.store import documents
from hub.store.deliveries import breakers, deliveries
from hub.sync import claiming, settling
from hub.sync.claiming import Mark, Turn
from hub.sync.outcomes import Outcome
from hub.sync.settling import Ended
from hub.sync.waits import SECOND

LEASE = 45 * SECOND
OWNER = Party("NL", "CPO")


def middle(low: float, high: float) -> float:
    return (low + high) / 2


@dataclass
class Post:
    """A worker without threads: the test says when it claims, and how its tries end."""

    hub: Hub
    now: int = 1_000_000 * SECOND
    claims: int = 0
    chance: Callable[[float, float], float] = field(default=middle)

    def __post_init__(self) -> None:
        self.hub.store.clock = lambda: self.now

    def pass_by(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    def publish(self, name: str, **more: Any) -> int:
        """Change a location; its revision."""
        body = example("2.3.0", "locations", id=name, **more)
        document = Document("locations", OWNER, name.upper(), "2.3.0", body, body)
        with self.hub.store.unit() as unit:
            existing = documents.claim(unit, "locations", OWNER, name.upper())
            return documents.save(unit, document, existing, audience=None, source=None).rev

    def claim(self, most: int = 16, after: int = 0) -> list[Mark]:
        self.claims += 1
        with self.hub.store.unit() as unit:
            return claiming.claim(unit, Turn(f"{self.claims:032}", unit.now + LEASE, most, after))

    def end(self, outcome: Outcome, *marks: Mark, rev: int | None = None, **more: Any) -> None:
        ended = [Ended(mark, outcome, mark.wanted_rev if rev is None else rev, **more) for mark in marks]
        with self.hub.store.unit() as unit:
            assert settling.settle(unit, ended, self.chance) == []

    def row(self, mark: Mark) -> Any:
        with self.hub.store.reading() as unit:
            query = select(deliveries).where(deliveries.c.id == mark.id)
            return unit.connection.execute(query).one()

    def breaker(self, partner: int) -> Any:
        with self.hub.store.reading() as unit:
            query = select(breakers).where(breakers.c.partner_id == partner)
            return unit.connection.execute(query).one_or_none()
