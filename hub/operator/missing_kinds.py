"""The long work of completeness: whole lists are read, then everything is looked through."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from hub.hub import Hub
from hub.ocpi.document import Json
from hub.parties import registry
from hub.store import findings
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync import completeness, counterparts
from hub.sync import schedule as rows
from hub.sync.schedule import Scheduled
from hub.sync.schedule_defaults import CRAWL

Watch = Callable[[int, int], None]
EVERY = 0.5
"""Seconds between two looks at how far lists are."""
PATIENCE = 15 * 60 * 1_000_000
"""Microseconds after which nobody waits for a list any more; its schedule goes on with it."""


def look(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """What should be there and is not, as it is now; with `lists`, those of partners are read whole before.

    Lists are read by whichever worker takes their schedules, one of a partner at a time.
    """
    lists = read(hub, wanted["partner"], progress) if wanted["lists"] else []
    counterparts.find_again(hub.store)
    with hub.store.unit() as unit:
        completeness.look(unit, wanted["partner"])
        found = Counter(each.missing.kind for each in findings.all_of(unit, wanted["partner"]))
        told = [told_of(unit, each) for each in lists]
    return {"missing": dict(sorted(found.items())), "lists": told}


def read(hub: Hub, partner_id: int | None, progress: Watch) -> Sequence[Scheduled]:
    """Have the whole lists read now, and wait until they are; how each stands then."""
    with hub.store.unit() as unit:
        asked_at = unit.now
        meant = lists_of(unit, partner_id)
        for each in meant:
            rows.run_now(unit, each)
    while True:
        with hub.store.reading() as unit:
            present = [each for each in lists_of(unit, partner_id) if each.id in {one.id for one in meant}]
            over = unit.now > asked_at + PATIENCE
        done = sum(has_run(each, asked_at) for each in present)
        progress(done, len(present))
        if over or done == len(present):
            return present
        time.sleep(EVERY)


def lists_of(unit: Unit, partner_id: int | None) -> list[Scheduled]:
    """The schedules by which lists are read whole; paused ones are left alone."""
    whose = [] if partner_id is None else [schedules.c.partner_id == partner_id]
    return [each for each in rows.listed(unit, schedules.c.job == CRAWL, *whose) if not each.paused]


def has_run(each: Scheduled, since: int) -> bool:
    return each.ended_at is not None and each.ended_at >= since and each.lease is None


def told_of(unit: Unit, each: Scheduled) -> Json:
    partner = None if each.partner_id is None else registry.by_id(unit, each.partner_id)
    return {
        "partner": None if partner is None else partner.name,
        "module": each.module,
        "outcome": each.outcome,
        "told": each.told,
    }
