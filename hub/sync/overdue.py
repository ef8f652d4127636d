"""Partners that have waited for too long: it is told once for each of these waits, and when it is over."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from hub.ocpi import instants
from hub.parties import registry
from hub.store.base import INSERTS
from hub.store.deliveries import STILL_OPEN, alerts, deliveries
from hub.store.parties import partners
from hub.store.unit import Unit
from hub.sync.claiming import IS_REACHED
from hub.sync.run import Outcome, Run
from hub.sync.slots import SECOND

log = logging.getLogger(__name__)

HOUR = 3600 * SECOND
WAITS = (1, 24, 72)
"""Hours."""


def watch(run: Run) -> Outcome:
    """What is told is written with the end of the run, so that no other process tells it again."""
    with run.hub.store.reading() as unit:
        before, present = told(unit), waits(unit)
        names = {partner.id: partner.name for partner in registry.everyone(unit)}
    longest = {partner_id: hours(unit.now - since) for partner_id, since in present.items()}
    changed = {each: reached for each, reached in longest.items() if reached != before.get(each, 0)}
    changed |= dict.fromkeys(before.keys() - longest.keys(), 0)
    for partner_id, reached in changed.items():
        about: dict[str, Any] = {"partner": names[partner_id]}
        if reached > before.get(partner_id, 0):
            about |= {"hours": reached, "since": instants.text(present[partner_id])}
            log.warning("a partner has waited for too long", extra=about)
        elif not reached:
            log.info("a partner waits no longer", extra=about)
    late = sum(1 for each in longest.values() if each)
    return Outcome(told=f"waiting for too long: {late}", finish=lambda unit: note(unit, changed))


def hours(waited: int) -> int:
    """The longest of the waits that is over; 0 when none is."""
    return max((each for each in WAITS if waited >= each * HOUR), default=0)


def waits(unit: Unit) -> dict[int, int]:
    """partner -> since when it has waited for what it has waited for longest; of those that an operator has
    suspended nobody need be told."""
    query = (
        select(partners.c.id, func.min(deliveries.c.owed_at))
        .join(deliveries, deliveries.c.partner_id == partners.c.id)
        .where(STILL_OPEN, IS_REACHED)
        .group_by(partners.c.id)
    )
    return {row[0]: row[1] for row in unit.connection.execute(query)}


def told(unit: Unit) -> dict[int, int]:
    """partner -> the longest of the waits that was told."""
    rows = unit.connection.execute(select(alerts.c.partner_id, alerts.c.hours))
    return {row[0]: row[1] for row in rows}


def note(unit: Unit, changed: Mapping[int, int]) -> None:
    over = [partner_id for partner_id, reached in changed.items() if not reached]
    unit.connection.execute(delete(alerts).where(alerts.c.partner_id.in_(over)))
    for partner_id in changed.keys() - set(over):
        fresh = {"hours": changed[partner_id], "told_at": unit.now}
        new = INSERTS[unit.dialect.name](alerts).values(partner_id=partner_id, **fresh)
        unit.connection.execute(new.on_conflict_do_update(index_elements=["partner_id"], set_=fresh))
