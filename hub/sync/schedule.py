"""The schedules: rows that say what is due when, and the claim by which one process alone takes each slot.

A slot is claimed by moving `next_at` on from the value that was seen, so one of any number of processes has
it. The claim is a lease: when the process dies, another one takes the same slot after it lapses. Slots that
came while nobody ran, or while the last one was still being worked on, are covered by one run: from `slot`
up to `through`. So the spans of a schedule's runs follow each other without a gap and without an overlap.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select, update

from hub.store import runs
from hub.store.base import INSERTS
from hub.store.parties import partners
from hub.store.runs import Ran
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync.slots import SECOND, Slots

LEASE = 60 * SECOND
SKEW = 60 * SECOND
"""How far the clocks of two machines may differ; what is further off was set by a clock since corrected."""
DONE, PARTIAL, SKIPPED, FAILED, LOST = "done", "partial", "skipped", "failed", "lost"
PATIENCE = 60 * SECOND
LONGEST_PATIENCE = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One row; instants in microseconds. See `hub.store.schedules`."""

    id: int
    name: str
    partner_id: int | None
    job: str
    module: str | None
    every: str
    splay: int
    paused: bool
    next_at: int
    slot: int | None
    through: int | None
    lease: str | None
    lease_until: int | None
    started_at: int | None
    ended_at: int | None
    outcome: str | None
    told: str | None
    failures: int

    @property
    def slots(self) -> Slots:
        return Slots.read(self.every, self.splay, self.name)


@dataclass(frozen=True, slots=True)
class Due:
    """What a new schedule is: `every` as `Slots.read` takes it, `splay` in seconds."""

    job: str
    module: str | None
    every: str
    splay: int

    def name(self, partner_id: int | None) -> str:
        return f"{self.job} {self.module or '-'} {partner_id or '-'}"


def put_down(
    unit: Unit, partner_id: int | None, wanted: Collection[Due], *, at_once: Collection[str]
) -> None:
    """Make these schedules where they are missing; what an operator has set of one that is there stays.

    at_once  the jobs that are due now; others wait for their slot
    """
    insert = INSERTS[unit.dialect.name]
    for due in wanted:
        name = due.name(partner_id)
        at = unit.now if due.job in at_once else Slots.read(due.every, due.splay, name).after(unit.now)
        row = {"job": due.job, "module": due.module, "every": due.every, "splay": due.splay, "next_at": at}
        new = insert(schedules).values(name=name, partner_id=partner_id, **row)
        unit.connection.execute(new.on_conflict_do_nothing(index_elements=["name"]))


def bring_forward(unit: Unit, partner_id: int, jobs: Collection[str]) -> None:
    """These jobs of a partner are due at once; the slot they had in future comes as well."""
    mine = [schedules.c.partner_id == partner_id, schedules.c.job.in_(jobs), schedules.c.next_at > unit.now]
    unit.connection.execute(update(schedules).where(*mine).values(next_at=unit.now, failures=0))


# Claiming --------------------------------------------------------------------------------------------------


def ready(now: int) -> ColumnElement[bool]:
    """What may be claimed: what is due and not under way, and what a process was at that has died."""
    free = schedules.c.lease.is_(None)
    lapsed = or_(schedules.c.lease_until < now, schedules.c.lease_until > now + LEASE + SKEW)
    return or_(
        and_(free, schedules.c.next_at <= now, schedules.c.paused.is_(False)),
        and_(schedules.c.lease.is_not(None), lapsed),
    )


def claim(unit: Unit, busy: Collection[int] = (), lease: int = LEASE) -> Scheduled | None:
    """Take one slot of a partner that nobody is at, the one that waits longest; None when there is none.

    Two processes that see the same row both try to move it on from what they saw: one of them does.
    """
    for seen in candidates(unit, busy):
        if seen.partner_id is not None and not alone(unit, seen.partner_id, seen.id):
            continue
        taken = take(unit, seen, lease)
        if taken is not None:
            return taken
    return None


def claim_one(unit: Unit, wanted: Scheduled, lease: int = LEASE) -> Scheduled | None:
    """Take this one now, whatever its slot; None when somebody is at it, or at another one of its partner."""
    if wanted.lease is not None and (wanted.lease_until or 0) >= unit.now:
        return None
    if wanted.partner_id is not None and not alone(unit, wanted.partner_id, wanted.id):
        return None
    return take(unit, wanted, lease)


def candidates(unit: Unit, busy: Collection[int] = ()) -> list[Scheduled]:
    """What could be claimed, of partners with which nothing else is done; takes no lock."""
    other = schedules.alias("other")
    under_way = exists().where(
        other.c.partner_id == schedules.c.partner_id,
        other.c.id != schedules.c.id,
        other.c.lease.is_not(None),
        other.c.lease_until >= unit.now,
    )
    free = or_(schedules.c.partner_id.is_(None), and_(schedules.c.partner_id.not_in(busy), ~under_way))
    query = select(schedules).where(ready(unit.now), free)
    rows = unit.connection.execute(query.order_by(schedules.c.next_at, schedules.c.id).limit(50))
    return [scheduled(row) for row in rows]


def alone(unit: Unit, partner_id: int, schedule_id: int) -> bool:
    """Whether nothing else is done with the partner; nobody begins anything with it until the commit."""
    lock = select(partners.c.id).where(partners.c.id == partner_id).with_for_update(skip_locked=True)
    if unit.connection.execute(lock).first() is None:
        return False
    query = select(schedules.c.id).where(
        schedules.c.partner_id == partner_id, schedules.c.id != schedule_id, schedules.c.lease.is_not(None)
    )
    return unit.connection.execute(query.where(schedules.c.lease_until >= unit.now)).first() is None


def take(unit: Unit, seen: Scheduled, lease: int) -> Scheduled | None:
    same = [schedules.c.id == seen.id, schedules.c.next_at == seen.next_at]
    same.append(schedules.c.lease.is_(None) if seen.lease is None else schedules.c.lease == seen.lease)
    held: dict[str, Any] = {"lease": secrets.token_hex(16), "lease_until": unit.now + lease}
    if seen.lease is None:  # else it is the slot of a process that has died, once more
        slot = min(seen.next_at, unit.now)
        through = seen.slots.last_until(unit.now, slot)
        held |= {"slot": slot, "through": through, "next_at": seen.slots.after(through)}
    changed = update(schedules).where(*same).values(started_at=unit.now, **held).returning(schedules)
    row = unit.connection.execute(changed).first()
    if row is not None and seen.lease is not None:
        note_run(unit, seen, LOST, "its process has died; done once more")
    return None if row is None else scheduled(row)


def extend(unit: Unit, claims: Collection[Scheduled], lease: int = LEASE) -> None:
    """Still at it."""
    mine = schedules.c.lease.in_([claim.lease for claim in claims])
    unit.connection.execute(update(schedules).where(mine).values(lease_until=unit.now + lease))


# Ending ----------------------------------------------------------------------------------------------------


def conclude(unit: Unit, claim: Scheduled, outcome: str, told: str) -> bool:
    """Write how it ended; False, and nothing written, when the claim was lost meanwhile.

    What failed is due again sooner than its next slot, later with every failure.
    """
    values: dict[str, Any] = {"outcome": outcome, "told": told[:500], "ended_at": unit.now, "failures": 0}
    if outcome == FAILED:
        wait = min(LONGEST_PATIENCE, PATIENCE * 2 ** min(claim.failures, 10))
        sooner = schedules.c.next_at > unit.now + wait
        values["failures"] = claim.failures + 1
        again = update(schedules).where(schedules.c.id == claim.id, schedules.c.lease == claim.lease, sooner)
        unit.connection.execute(again.values(next_at=unit.now + wait))
    return settle(unit, claim, values)


def give_back(unit: Unit, claim: Scheduled) -> bool:
    """The process ends: another one goes on with the slot at once."""
    return settle(unit, claim, {"next_at": claim.slot, "outcome": PARTIAL, "told": "interrupted, goes on"})


def settle(unit: Unit, claim: Scheduled, values: dict[str, Any]) -> bool:
    mine = [schedules.c.id == claim.id, schedules.c.lease == claim.lease]
    settled = update(schedules).where(*mine).values(lease=None, lease_until=None, **values)
    if unit.connection.execute(settled).rowcount == 0:
        return False
    note_run(unit, claim, values["outcome"], values["told"])
    return True


def note_run(unit: Unit, claim: Scheduled, outcome: str, told: str) -> None:
    ran = Ran(claim.slot, claim.through, claim.started_at, unit.now, outcome, told)
    runs.record(unit, claim.id, ran)


def strayed(unit: Unit) -> list[Scheduled]:
    """What a clock that was set back since had put too far into the future."""
    far = listed(unit, schedules.c.next_at > unit.now + SKEW)
    return [each for each in far if each.next_at > each.slots.after(each.slots.after(unit.now) + SKEW)]


def straighten(unit: Unit, far: Sequence[Scheduled]) -> None:
    """Put it where it belongs by the clock as it is now, so that nothing stands still."""
    for each in far:
        same = [schedules.c.id == each.id, schedules.c.next_at == each.next_at]
        due = each.slots.after(unit.now)
        unit.connection.execute(update(schedules).where(*same).values(next_at=due))


# What operators see and set --------------------------------------------------------------------------------


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Scheduled]:
    query = select(schedules).where(*wanted)
    order = (schedules.c.partner_id, schedules.c.job, schedules.c.module, schedules.c.id)
    return [scheduled(row) for row in unit.connection.execute(query.order_by(*order))]


def one(unit: Unit, identity: int) -> Scheduled | None:
    return next(iter(listed(unit, schedules.c.id == identity)), None)


def set_times(unit: Unit, changed: Scheduled, every: str, splay: int) -> None:
    """Other slots, from now on; InvalidTimes when they cannot be read."""
    next_at = Slots.read(every, splay, changed.name).after(unit.now)
    put(unit, changed, every=every, splay=splay, next_at=next_at)


def run_now(unit: Unit, wanted: Scheduled) -> None:
    put(unit, wanted, next_at=unit.now)


def pause(unit: Unit, wanted: Scheduled) -> None:
    put(unit, wanted, paused=True)


def resume(unit: Unit, wanted: Scheduled) -> None:
    """What was missed meanwhile is not made up for, unless the slot is still to come."""
    put(unit, wanted, paused=False, next_at=max(wanted.next_at, wanted.slots.after(unit.now)))


def put(unit: Unit, wanted: Scheduled, **values: Any) -> None:
    unit.connection.execute(update(schedules).where(schedules.c.id == wanted.id).values(**values))


def scheduled(row: Row[Any]) -> Scheduled:
    return Scheduled(**{name: getattr(row, name) for name in FIELDS})


FIELDS: Sequence[str] = tuple(Scheduled.__annotations__)
