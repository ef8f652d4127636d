"""A credit and the CDR that it credits: both are paid, so that they make nought, or neither is.

Of a part: so much less is owed, once the CDR itself is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import update

from hub.clearing import partial, rows, states
from hub.clearing.rule import Found
from hub.clearing.states import NoSuchTransition, State
from hub.store import adjustments, disputes
from hub.store.clearings import clearings
from hub.store.unit import Unit

SOON = 60 * 1_000_000
"""After so long a credit is looked at again whose CDR is being cleared at this moment."""
DAY = 86_400 * 1_000_000
ACCEPTED, IN_PART = "ACCEPTED", "PARTIAL"


class Word(NamedTuple):
    """Who decides, and what they say about it."""

    by: str
    why: str | None

    def of(self, what: str) -> str:
        """What happens, and why it is wanted."""
        return what if self.why is None else f"{what}: {self.why}"


def rate(unit: Unit, credit: Any, by: str, why: str | None = None, found: Sequence[Found] = ()) -> State:
    """A credit that is right, or that somebody accepts; where it stands then.

    credit  its row, CHECKED or HELD; NoSuchTransition when what it credits does not let it be accepted
    """
    original = None if credit.credits is None else rows.locked(unit, credit.owner, credit.credits)
    if original is None:
        states.move(unit, credit, State.RATED, by, why, found, next_check_at=None)
        return State.RATED
    fates = PARTS if credit.kind == rows.PARTIAL else FATES
    return fates[State(original.state)](unit, credit, original, Word(by, why))


def both(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """What was credited is on a statement, or will be; the credit is on that one or on the next."""
    if partial.is_taken_back(unit, original) or abs(credit.net) > abs(original.net):
        return too_much(unit, credit, original, word.by)
    states.move(
        unit, credit, State.RATED, word.by, word.of(f"it credits {original.cdr_key}"), next_check_at=None
    )
    taken_back(unit, original, credit.cdr_key, word.by, f"credited by {credit.cdr_key}")
    return State.RATED


def taken_back(unit: Unit, original: Any, credit_key: str | None, by: str, why: str) -> None:
    """All of a CDR that is paid, or will be, is taken back: by a credit CDR, or, without one, by a line."""
    adjustments.reverse_open(unit, original.owner, original.cdr_key, by, why)
    credited(unit, original, credit_key, by, why)


def credited(unit: Unit, original: Any, credit_key: str | None, by: str, why: str) -> None:
    """Nothing of it is owed any more, and nothing is to be disputed."""
    if State.CREDITED in states.TRANSITIONS[State(original.state)]:
        states.move(unit, original, State.CREDITED, by, why, credited_by=credit_key)
    else:
        name(unit, original, credit_key)
    of_it = disputes.disputes.c.clearing_id == original.id
    disputes.close(unit, of_it, outcome=ACCEPTED, closed_by=by, why=why, credit_key=credit_key)


def neither(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """Nobody pays what was not accepted, so nothing is to be paid back."""
    why = f"{original.cdr_key} is not paid, so its credit is not either"
    unpaid(unit, original, credit.cdr_key, word.by)
    return dropped(unit, credit, word.by, why)


def dropped(unit: Unit, credit: Any, by: str, why: str) -> State:
    if credit.state == State.CHECKED:
        states.move(unit, credit, State.HELD, by, why)
        credit = rows.again(unit, credit)
    states.move(unit, credit, State.DROPPED, by, why, next_check_at=None)
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


def twice(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """Held until it is dropped."""
    return held(unit, credit, word.by, f"{original.cdr_key} is credited already; drop this one", None)


def not_yet(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """What it credits is not cleared yet."""
    return held(unit, credit, word.by, f"{original.cdr_key} is not cleared yet", unit.now + SOON)


def held(unit: Unit, credit: Any, by: str, why: str, next_check_at: int | None) -> State:
    if credit.state == State.HELD:
        raise NoSuchTransition(f"{credit.cdr_key} cannot be accepted: {why}")
    states.move(unit, credit, State.HELD, by, why, next_check_at=next_check_at)
    return State.HELD


# Of a part -------------------------------------------------------------------------------------------------


def in_part(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """So much less is owed of what is paid, or will be; when that was the last of it, it is credited."""
    left = partial.left(unit, original)
    if -credit.net > left:
        return too_much(unit, credit, original, word.by)
    last = -credit.net == left
    why = f"it credits {'the rest' if last else 'a part'} of {original.cdr_key}"
    states.move(unit, credit, State.RATED, word.by, word.of(why), next_check_at=None)
    if last:
        credited(unit, original, credit.cdr_key, word.by, f"credited in parts, the last by {credit.cdr_key}")
    else:
        answered(unit, credit, original, word.by)
    return State.RATED


def answered(unit: Unit, credit: Any, original: Any, by: str) -> None:
    """A part that is as much as an open dispute claims ends it; a smaller one is told in its thread."""
    told = f"{credit.cdr_key} credits {-credit.net.normalize():f} {credit.currency} of it"
    for each in disputes.listed(unit, disputes.of_clearing(original.id), disputes.is_open()):
        if each.claimed is not None and each.claimed <= -credit.net:
            ended = {"outcome": IN_PART, "closed_by": by, "why": told, "credit_key": credit.cdr_key}
            disputes.close(unit, disputes.disputes.c.id == each.id, **ended)
            if original.state == State.DISPUTED:
                states.move(unit, original, State.RATED, by, f"dispute {each.id}: {told}")
        else:
            disputes.say(unit, each.id, party=original.owner, by=by, text=told)


def waits(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """It is less than the CDR, of which nobody has accepted anything yet."""
    return held(unit, credit, word.by, f"{original.cdr_key} is held; decide upon that first", unit.now + DAY)


def of_nothing(unit: Unit, credit: Any, original: Any, word: Word) -> State:
    """A part of what nobody pays."""
    return dropped(unit, credit, word.by, f"{original.cdr_key} is not paid, so nothing of it is paid back")


def too_much(unit: Unit, credit: Any, original: Any, by: str) -> State:
    """All credits of a CDR together are never more than it (I9)."""
    left = f"{partial.left(unit, original).normalize():f} {original.currency}"
    return held(unit, credit, by, f"of {original.cdr_key} {left} is left, and this is more; drop it", None)


Fate = Callable[[Unit, Any, Any, Word], State]
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

PARTS: Mapping[State, Fate] = {
    **FATES,
    State.HELD: waits,
    **dict.fromkeys((State.REJECTED, State.DROPPED), of_nothing),
    **dict.fromkeys((State.RATED, State.DISPUTED, State.STATED, State.SETTLED), in_part),
}
"""The same where it takes back less than the whole."""
