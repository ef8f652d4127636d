"""Whether a partner is there: when it was heard last, and what is done when it is silent (HCI-05)."""

import threading
from dataclasses import asdict
from weakref import WeakKeyDictionary

from sqlalchemy import select

from hub.ocpi.errors import OcpiError
from hub.parties import registration, registry
from hub.parties.partner import Partner, Status
from hub.parties.problems import PartnerProblem
from hub.store.base import INSERTS
from hub.store.engine import Store
from hub.store.pressure import is_passing
from hub.store.schedules import heard as table
from hub.store.unit import Unit
from hub.sync import breaker, reach, schedule
from hub.sync.breaker import PRISTINE, Gate
from hub.sync.run import Outcome, Run
from hub.sync.schedule import FAILED, SKIPPED
from hub.sync.slots import SECOND

NOTED_EVERY = 60 * SECOND
SILENCE = 300 * SECOND

noted: WeakKeyDictionary[Store, dict[int, int]] = WeakKeyDictionary()
"""What this process has written lately: a partner that talks all the time costs one write a minute."""
lock = threading.Lock()


def heard(store: Store, partner: Partner) -> None:
    """A request or an answer of the partner has come. One that was away is asked whether it is back."""
    now = store.clock()
    with lock:
        lately = noted.setdefault(store, {})
        if abs(now - lately.get(partner.id, 0)) < NOTED_EVERY:
            return
        lately[partner.id] = now
    try:
        note_heard(store, partner)
    except Exception as fault:
        if not is_passing(fault):
            raise
        lately.pop(partner.id, None)  # whoever asks something has an answer all the same


def note_heard(store: Store, partner: Partner) -> None:
    with store.unit() as unit:
        note(unit, partner.id)
        if partner.status is Status.OFFLINE:
            schedule.bring_forward(unit, partner.id, ("alive",))


def note(unit: Unit, partner_id: int) -> None:
    new = INSERTS[unit.dialect.name](table).values(partner_id=partner_id, at=unit.now)
    unit.connection.execute(new.on_conflict_do_update(index_elements=["partner_id"], set_={"at": unit.now}))


def last_heard(unit: Unit, partner_id: int) -> int | None:
    """Within a minute; None when it never was."""
    return unit.connection.execute(select(table.c.at).where(table.c.partner_id == partner_id)).scalar()


def check(run: Run) -> Outcome:
    """Ask a partner that has been silent for its versions; what hub client info tells of it follows."""
    partner = run.partner
    assert partner is not None
    with run.hub.store.reading() as unit:
        at = last_heard(unit, partner.id)
        recent = at is not None and abs(unit.now - at) < SILENCE
    if recent and partner.status is not Status.OFFLINE:
        return Outcome(told="it was heard of lately")
    if partner.status not in (Status.CONNECTED, Status.OFFLINE):
        return Outcome(SKIPPED, f"it is {partner.status}")
    try:
        peer, _ = registration.connected(run.hub, partner)
        peer.versions()
    except (OcpiError, PartnerProblem) as failure:
        return Outcome(
            FAILED, f"OFFLINE: {failure}", finish=lambda unit: become(unit, partner, Status.OFFLINE)
        )
    return Outcome(told="it answers", finish=lambda unit: answered(unit, partner))


def answered(unit: Unit, partner: Partner) -> None:
    note(unit, partner.id)
    become(unit, partner, Status.CONNECTED)


def become(unit: Unit, partner: Partner, status: Status) -> None:
    """Unless an operator has suspended it meanwhile; what follows from its return is for the reactions."""
    present = registry.by_id(unit, partner.id)
    if present is None or present.status is status or present.status is Status.SUSPENDED:
        return
    registry.set_status(unit, present, status)
    if status is Status.OFFLINE:
        leave_alone(unit, present.id)


def leave_alone(unit: Unit, partner_id: int) -> None:
    """What is owed to it waits for its answer, as after failures."""
    gate = breaker.shut(PRISTINE, Gate.OPEN, unit.now, breaker.FIRST_PAUSE)
    values = asdict(gate) | {"gate": gate.gate.value, "error": "it does not answer when it is asked"}
    reach.KEEP.run(unit, partner_id=partner_id, **values)
