"""Which schedules an operator may add, and which may be taken away for good."""

from hub.ocpi.modules import MODULES
from hub.parties import registry
from hub.parties.interfaces import SENDER
from hub.parties.partner import Partner
from hub.parties.problems import PartnerProblem
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync import schedule, schedule_defaults
from hub.sync.schedule import Due, Scheduled
from hub.sync.schedule_defaults import LISTED, OF_HUB, OF_PARTNER, TIMES
from hub.sync.slots import Slots

WITH_MODULE = (schedule_defaults.PULL, schedule_defaults.CRAWL)
OF_THE_HUB = frozenset(due.job for due in OF_HUB)
OF_A_PARTNER = (*WITH_MODULE, *(due.job for due in (*OF_PARTNER, LISTED)))


class CannotSchedule(PartnerProblem):
    """There can be no such schedule; the argument says why, and what can be done."""


def add(unit: Unit, partner: Partner | None, due: Due) -> Scheduled:
    """A schedule that was missing, made of its `usual` one; InvalidTimes when its times cannot be read."""
    partner_id = None if partner is None else partner.id
    name = due.name(partner_id)
    Slots.read(due.every, due.splay, name)
    present = named(unit, name)
    if present is not None:
        raise CannotSchedule(f"it is there already: `hub schedule set {present.id}` changes its times")
    schedule.put_down(unit, partner_id, [due], at_once=())
    made = named(unit, name)
    assert made is not None
    return made


def usual(unit: Unit, job: str, partner: Partner | None, module: str | None) -> Due:
    """The schedule of this job with its usual times; CannotSchedule when it would never do anything."""
    if job in OF_THE_HUB and partner is not None:
        raise CannotSchedule(f"{job} is done by the hub for all, and not for one partner")
    if job in OF_A_PARTNER and partner is None:
        raise CannotSchedule(f"{job} is done with a partner: say with which")
    if (job in WITH_MODULE) != (module is not None):
        which = f"say of which: {', '.join(TIMES)}" if job in WITH_MODULE else "it has none"
        raise CannotSchedule(f"{job} and its module: {which}")
    if partner is None:
        return next(due for due in OF_HUB if due.job == job)
    if not registry.is_connected(partner):
        raise CannotSchedule(f"{partner.name} is not connected: its schedules are made when it is")
    return offered(unit, job, partner, module)


def offered(unit: Unit, job: str, partner: Partner, module: str | None) -> Due:
    for due in schedule_defaults.of_partner(unit, partner):
        if (due.job, due.module) == (job, module):
            return due
    if module is None:
        raise CannotSchedule(f"{job} is of no use with OCPI {partner.version}, which {partner.name} speaks")
    if module not in TIMES:
        raise CannotSchedule(f"no list of {module} is ever pulled: those are {', '.join(TIMES)}")
    listed = MODULES[module]
    if not partner.has(*listed.owners):
        raise CannotSchedule(f"{partner.name} is no {listed.owned_by}, and has no {module} of its own")
    sides = registry.endpoints_of(unit, partner.id)
    assert (module, SENDER) not in sides
    raise CannotSchedule(f"{partner.name} offers no list of {module}: there is no such Sender interface")


def remove(unit: Unit, present: Scheduled) -> None:
    """Unless it would be made again by itself."""
    if present.lease is not None and (present.lease_until or 0) >= unit.now:
        raise CannotSchedule("it is being done; try again when it has ended")
    if present.name in usual_names(unit, present):
        hint = f"`hub schedule pause {present.id}` stops it for good"
        raise CannotSchedule(f"the hub would make it again by itself: {hint}")
    unit.connection.execute(schedules.delete().where(schedules.c.id == present.id))


def usual_names(unit: Unit, present: Scheduled) -> set[str]:
    partner = None if present.partner_id is None else registry.by_id(unit, present.partner_id)
    if present.partner_id is None:
        return {due.name(None) for due in OF_HUB}
    if partner is None or not registry.is_connected(partner):
        return set()
    return {due.name(partner.id) for due in schedule_defaults.of_partner(unit, partner)}


def named(unit: Unit, name: str) -> Scheduled | None:
    return next(iter(schedule.listed(unit, schedules.c.name == name)), None)
