"""What hub client info says of a partner follows from how deliveries to it fare, once that has lasted."""

from sqlalchemy import Select, select

from hub.parties import registry
from hub.parties.partner import Status
from hub.store.deliveries import breakers
from hub.store.parties import partners
from hub.store.unit import Unit
from hub.sync.breaker import Gate
from hub.sync.waits import SECOND

LASTING = 60 * SECOND
"""How long before it is told: a partner that comes and goes is not announced each time."""


def follow(unit: Unit) -> None:
    """OFFLINE a minute after a partner was left alone, CONNECTED a minute after deliveries flow again."""
    move(unit, Status.CONNECTED, Status.OFFLINE, lasting(unit, Gate.OPEN, Gate.PROBING))
    move(unit, Status.OFFLINE, Status.CONNECTED, lasting(unit, Gate.CLOSED))


def lasting(unit: Unit, *gates: Gate) -> Select[tuple[int]]:
    since = breakers.c.since.between(1, unit.now - LASTING)  # 0: it has never been anything else
    return select(breakers.c.partner_id).where(breakers.c.gate.in_(gates), since)


def move(unit: Unit, present: Status, then: Status, whose: Select[tuple[int]]) -> None:
    for partner in registry.matching(unit, partners.c.status == present, partners.c.id.in_(whose)):
        registry.set_status(unit, partner, then)
