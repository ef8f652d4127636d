"""A credit and the CDR that it credits: both are paid, so that they make nought, or neither is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import update

from hub.clearing import rows, states
from hub.clearing.rule import Found
from hub.clearing.states import NoSuchTransition, State
from hub.store import adjustments, disputes
from hub.store.clearings import clearings
from hub.store.unit import Unit

SOON = 60 * 1_000_000
"""After so long a credit is looked at again whose CDR is being cleared at this moment."""
ACCEPTED = "ACCEPTED"


def rate(unit: Unit, credit: Any, by: str, why: str | None = None, found: Sequence[Found] = ()) -> State:
    """A credit that is right, or that somebody accepts; where it stands then.

    credit  its row, CHECKED or HELD; NoSuchTransition when what it credits does not let it be accepted
    """
    original = None if credit.credits is None else rows.locked(unit, credit.owner, credit.credits)
    if original is None:
        states.move(unit, credit, State.RATED, by, why, found, next_check_at=None)
        return State.RATED
    return FATES[State(original.state)](unit, credit, original, by)


def both(unit: Unit, credit: Any, original: Any, by: str) -> State:
    """What was credited is on a statement, or will be; the credit is on that one or on the next."""
    states.move(unit, credit, State.RATED, by, f"it credits {original.cdr_key}", next_check_at=None)
    taken_back(unit, original, credit.cdr_key, by, f"credited by {credit.cdr_key}")
    return State.RATED


def taken_back(unit: Unit, original: Any, credit_key: str | None, by: str, why: str) -> None:
    """All of a CDR that is paid, or will be, is taken back: by a credit CDR, or, without one, by a line."""
    if State.CREDITED in states.TRANSITIONS[State(original.state)]:
        states.move(unit, original, State.CREDITED, by, why, credited_by=credit_key)
    else:
        name(unit, original, credit_key)
    adjustments.reverse_open(unit, original.owner, original.cdr_key, by, why)
    of_it = disputes.disputes.c.clearing_id == original.id
    disputes.close(unit, of_it, outcome=ACCEPTED, closed_by=by, why=why, credit_key=credit_key)


def neither(unit: Unit, credit: Any, original: Any, by: str) -> State:
    """Nobody pays what was not accepted, so nothing is to be paid back."""
    why = f"{original.cdr_key} is not paid, so its credit is not either"
    if credit.state == State.CHECKED:
        states.move(unit, credit, State.HELD, by, why)
        credit = rows.again(unit, credit)
    states.move(unit, credit, State.DROPPED, by, why, next_check_at=None)
    unpaid(unit, original, credit.cdr_key, by)
    return State.DROPPED


def unpaid(unit: Unit, original: Any, credit_key: str | None, by: str) -> None:
    """A CDR that was held, or that nobody was to pay anyway, is taken back."""
    if original.state == State.HELD:
        why = "taken back before anybody accepted it"
        states.move(unit, original, State.DROPPED, by, why, credited_by=credit_key, next_check_at=None)
    else:
        name(unit, original, credit_key)


def name(unit: Unit, original: Any, credit_key: str | None) -> None:
    unit.connection.execute(
        update(clearings).where(clearings.c.id == original.id).values(credited_by=credit_key)
    )


def twice(unit: Unit, credit: Any, original: Any, by: str) -> State:
    """Held until it is dropped."""
    return held(unit, credit, by, f"{original.cdr_key} is credited already; drop this one", None)


def not_yet(unit: Unit, credit: Any, original: Any, by: str) -> State:
    """What it credits is not cleared yet."""
    return held(unit, credit, by, f"{original.cdr_key} is not cleared yet", unit.now + SOON)


def held(unit: Unit, credit: Any, by: str, why: str, next_check_at: int | None) -> State:
    if credit.state == State.HELD:
        raise NoSuchTransition(f"{credit.cdr_key} cannot be accepted: {why}")
    states.move(unit, credit, State.HELD, by, why, next_check_at=next_check_at)
    return State.HELD


Fate = Callable[[Unit, Any, Any, str], State]
FATES: Mapping[State, Fate] = {
    State.RECEIVED: not_yet,
    State.CHECKED: not_yet,
    State.HELD: neither,
    State.REJECTED: neither,
    State.DROPPED: neither,
    State.RATED: both,
    State.DISPUTED: both,
    State.STATED: both,
    State.SETTLED: both,
    State.CREDITED: twice,
}
"""What becomes of a credit, by the state of what it credits."""
