"""How the ends of tries are written: the marks of the outbox, and what they say of the partners."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Boolean, Integer, String, and_, bindparam, case, null, or_, select, update

from hub.store.base import Instant, Serial
from hub.store.deliveries import deliveries
from hub.store.prepared import Prepared
from hub.store.unit import Unit
from hub.sync import reach, waits
from hub.sync.breaker import Event
from hub.sync.claiming import Mark
from hub.sync.outcomes import CONSEQUENCES, DONE, DUE, Outcome
from hub.sync.waits import SECOND, Chance

ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """One try that has come to its end.

    rev    the revision that was sent, or that cannot be; None when nothing was
    asked  seconds of patience that the partner asked for
    """

    mark: Mark
    outcome: Outcome
    rev: int | None = None
    http: int | None = None
    ocpi: int | None = None
    message: str | None = None
    asked: float | None = None


NOW = bindparam("now", type_=Instant)
STATE = bindparam("state", type_=String)
MINE = (
    select(deliveries.c.id)
    .where(deliveries.c.id == bindparam("mark", type_=Serial))
    .where(deliveries.c.lease == bindparam("mine", type_=String))
    .with_for_update(skip_locked=True)
)
"""The row, if the claim is still ours: a process that was stopped for too long writes nothing. A row that a
change is just being written to is left for the next time, so that nobody waits for each other in a circle."""

HELD = Prepared(
    every=select(deliveries.c.id)
    .where(deliveries.c.id == bindparam("mark", type_=Serial))
    .where(deliveries.c.lease == bindparam("mine", type_=String))
)

ANSWERED = {
    "lease": null(),
    "http": bindparam("http", type_=Integer),
    "ocpi": bindparam("ocpi", type_=Integer),
    "reason": bindparam("reason", type_=String),
    "error": bindparam("error", type_=String),
}
REV = bindparam("rev", type_=Integer)
BEHIND = deliveries.c.wanted_rev > REV
FINISH = Prepared(
    every=update(deliveries)
    .where(deliveries.c.id.in_(MINE))
    .values(
        state=case((BEHIND, DUE), else_=STATE),
        attempts=case((or_(BEHIND, STATE == DONE), 0), else_=deliveries.c.attempts),
        acked_rev=case((STATE == DONE, REV), else_=deliveries.c.acked_rev),
        next_at=NOW,
        owed_at=case((and_(BEHIND, STATE == DONE), NOW), else_=deliveries.c.owed_at),
        done_at=NOW,
        ambiguous=False,
        **ANSWERED,
    )
)
"""The try was the last for this revision; when the object has changed meanwhile, it is due again at once."""
RETRY = Prepared(
    every=update(deliveries)
    .where(deliveries.c.id.in_(MINE))
    .values(
        state=DUE,
        next_at=bindparam("next", type_=Instant),
        ambiguous=or_(deliveries.c.ambiguous, bindparam("ambiguous", type_=Boolean)),
        **ANSWERED,
    )
)


def settle(unit: Unit, ended: Iterable[Ended], chance: Chance) -> list[Ended]:
    """Write how tries ended; those that must be written later, because their rows are being written to."""
    events: defaultdict[int, list[tuple[Event, str | None]]] = defaultdict(list)
    later: list[Ended] = []
    for each in ended:
        if written(unit, each, chance):
            said = CONSEQUENCES[each.outcome].said
            event = Event(said, each.mark.attempts, unit.now)
            events[each.mark.partner_id].append((event, error_of(each)))
        elif unit.now < each.mark.until and still_ours(unit, each.mark):
            later.append(each)
    reach.note(unit, events, chance)
    return later


def still_ours(unit: Unit, mark: Mark) -> bool:
    """Whether the row is there under our claim, only locked; one that is gone, as when its partner has left,
    has nothing to be written to."""
    return HELD.first(unit, mark=mark.id, mine=mark.lease) is not None


def written(unit: Unit, ended: Ended, chance: Chance) -> bool:
    mark, follows = ended.mark, CONSEQUENCES[ended.outcome]
    answered = {
        "mark": mark.id,
        "mine": mark.lease,
        "http": ended.http,
        "ocpi": ended.ocpi,
        "reason": ended.outcome.value,
        "error": error_of(ended),
    }
    if follows.state != DUE:
        rev = mark.wanted_rev if ended.rev is None else ended.rev
        return FINISH.run(unit, state=follows.state, rev=rev, now=unit.now, **answered) > 0
    own = 0.0 if follows.at_once else waits.wait(mark.module, mark.attempts, chance)
    seconds = waits.no_sooner(own, ended.asked)
    unsure = ended.outcome is Outcome.UNSURE
    return RETRY.run(unit, next=unit.now + int(seconds * SECOND), ambiguous=unsure, **answered) > 0


def error_of(ended: Ended) -> str | None:
    if ended.outcome is Outcome.ACCEPTED:
        return None
    answered = "" if ended.http is None else f" {ended.http}/{ended.ocpi or '-'}"
    return f"{ended.outcome}{answered}: {ended.message or 'no reason given'}"[:ERROR_LENGTH]
