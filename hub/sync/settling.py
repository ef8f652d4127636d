"""How the ends of tries are written: the marks of the outbox, and what they say of the partners."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    String,
    and_,
    bindparam,
    case,
    column,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    update,
)

from hub.store import attempts
from hub.store.attempts import ANSWER_LENGTH, Attempt
from hub.store.base import Instant, Serial
from hub.store.deliveries import breakers, deliveries
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
    says   the beginning of its answer, when it did not accept
    at     when the try began, in microseconds; None when nothing was sent
    took   seconds
    """

    mark: Mark
    outcome: Outcome
    rev: int | None = None
    http: int | None = None
    ocpi: int | None = None
    message: str | None = None
    asked: float | None = None
    says: str | None = None
    at: int | None = None
    took: float = 0.0
    correlation_id: str | None = None


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

ANSWER_TYPES: Mapping[str, Any] = {"http": Integer, "ocpi": Integer, "reason": String, "error": String}
ANSWERED = {"lease": null()} | {name: bindparam(name, type_=type_) for name, type_ in ANSWER_TYPES.items()}
SENT = bindparam("sent", type_=Integer)


def fresh(state: Any, sent: Any) -> dict[str, Any]:
    """What becomes of a mark when the try was the last for this revision; when the object has changed
    meanwhile, it is due again at once."""
    behind, done = deliveries.c.wanted_rev > sent, state == DONE
    return {
        "next_at": NOW,
        "done_at": NOW,
        "ambiguous": False,
        "state": case((behind, DUE), else_=state),
        "attempts": case((or_(behind, done), 0), else_=deliveries.c.attempts),
        "acked_rev": case((done, sent), else_=deliveries.c.acked_rev),
        "owed_at": case((and_(behind, done), NOW), else_=deliveries.c.owed_at),
    }


FINISH = Prepared(
    every=update(deliveries).where(deliveries.c.id.in_(MINE)).values(**fresh(STATE, SENT), **ANSWERED)
)


def finishing() -> Any:
    """The same for any number of tries, on PostgreSQL, where each statement is a wait for its answer: marks
    and attempts are written at once, and it is told which partners have not been well."""
    own = {"mine": String, "state": String, "sent": Integer, "reason": String, "error": String}
    types: dict[str, Any] = {name: attempts.attempts.c[name].type for name in attempts.FIELDS} | own
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    columns = [column(name, type_) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*columns).render_derived("given")
    held = (
        select(given)
        .join(deliveries, and_(deliveries.c.id == given.c.delivery_id, deliveries.c.lease == given.c.mine))
        .with_for_update(of=deliveries, skip_locked=True)
        .cte("held")
    )
    answered = {name: held.c[name] for name in ANSWER_TYPES} | {"lease": null()}
    done = (
        update(deliveries)
        .where(deliveries.c.id == held.c.delivery_id)
        .values(**fresh(held.c.state, held.c.sent), **answered)
        .returning(deliveries.c.partner_id, *(held.c[name] for name in types))
        .cte("done")
    )
    told = attempts.INSERT.from_select(attempts.FIELDS, select(*(done.c[name] for name in attempts.FIELDS)))
    troubled = exists().where(breakers.c.partner_id == done.c.partner_id, not_(reach.UNTROUBLED))
    told_of = select(done.c.delivery_id, done.c.mine, done.c.partner_id, troubled.label("troubled"))
    return told_of.add_cte(told.cte("told"))


FINISH_AT_ONCE = Prepared(postgresql=finishing())
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


Claim = tuple[int, str]
"""The id of a mark and the fencing token of who holds it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Which marks could be written; and which of their partners were not well, if that is known already."""

    claims: frozenset[Claim] = frozenset()
    troubled: frozenset[int] | None = None


def settle(unit: Unit, ended: Collection[Ended], chance: Chance) -> list[Ended]:
    """Write how tries ended; those that must be written later, because their rows are being written to."""
    last = [each for each in ended if CONSEQUENCES[each.outcome].state != DUE]
    again = [each for each in ended if CONSEQUENCES[each.outcome].state == DUE]
    finished = FINISHES[unit.dialect.name](unit, last) if last else Finished()
    due = [each for each in again if retried(unit, each, chance)]
    record(unit, due)
    claims = finished.claims.union(map(claim_of, due))
    written = [each for each in ended if claim_of(each) in claims]
    reach.note(unit, events(unit, written), chance, None if due else finished.troubled)
    left = [each for each in ended if claim_of(each) not in claims]
    return [each for each in left if unit.now < each.mark.until and still_ours(unit, each.mark)]


def record(unit: Unit, written: Iterable[Ended]) -> None:
    attempts.record(unit, [attempt(each, unit.now) for each in written])


def claim_of(ended: Ended) -> Claim:
    return ended.mark.id, ended.mark.lease


def events(unit: Unit, written: Iterable[Ended]) -> Mapping[int, Sequence[tuple[Event, str | None]]]:
    """What the ends say of each partner."""
    found: defaultdict[int, list[tuple[Event, str | None]]] = defaultdict(list)
    for each in written:
        event = Event(CONSEQUENCES[each.outcome].said, each.mark.attempts, unit.now)
        found[each.mark.partner_id].append((event, error_of(each)))
    return found


def attempt(ended: Ended, now: int) -> Attempt:
    """The try as it is remembered."""
    says = ended.says or ended.message
    return Attempt(
        delivery_id=ended.mark.id,
        number=ended.mark.attempts,
        rev=ended.rev,
        at=now if ended.at is None else ended.at,
        millis=round(ended.took * 1000),
        outcome=ended.outcome.value,
        http=ended.http,
        ocpi=ended.ocpi,
        answer=None if ended.outcome is Outcome.ACCEPTED or not says else says[:ANSWER_LENGTH],
        correlation_id=ended.correlation_id,
    )


def still_ours(unit: Unit, mark: Mark) -> bool:
    """Whether the row is there under our claim, only locked; one that is gone, as when its partner has left,
    has nothing to be written to."""
    return HELD.first(unit, mark=mark.id, mine=mark.lease) is not None


def finish_each(unit: Unit, ended: Iterable[Ended]) -> Finished:
    written = [each for each in ended if FINISH.run(unit, now=unit.now, **last_of(each))]
    record(unit, written)
    return Finished(frozenset(map(claim_of, written)))


def finish_at_once(unit: Unit, ended: Iterable[Ended]) -> Finished:
    rows = [attempts.row_of(attempt(each, unit.now)) | last_of(each) for each in ended]
    given = {name: [row[name] for row in rows] for name in rows[0]}
    found = FINISH_AT_ONCE.all(unit, now=unit.now, **given)
    claims = frozenset((row.delivery_id, row.mine) for row in found)
    return Finished(claims, frozenset(row.partner_id for row in found if row.troubled))


FINISHES: Mapping[str, Callable[[Unit, Iterable[Ended]], Finished]] = {
    "postgresql": finish_at_once,
    "sqlite": finish_each,
}


def last_of(ended: Ended) -> dict[str, Any]:
    rev = ended.mark.wanted_rev if ended.rev is None else ended.rev
    return {**answer_of(ended), "sent": rev, "state": CONSEQUENCES[ended.outcome].state}


def retried(unit: Unit, ended: Ended, chance: Chance) -> bool:
    """The mark is due again, after a while."""
    mark, follows = ended.mark, CONSEQUENCES[ended.outcome]
    own = 0.0 if follows.at_once else waits.wait(mark.module, mark.attempts, chance)
    seconds = waits.no_sooner(own, ended.asked)
    unsure = ended.outcome is Outcome.UNSURE
    due = unit.now + int(seconds * SECOND)
    return RETRY.run(unit, next=due, ambiguous=unsure, **answer_of(ended)) > 0


def answer_of(ended: Ended) -> dict[str, Any]:
    return {
        "mark": ended.mark.id,
        "mine": ended.mark.lease,
        "http": ended.http,
        "ocpi": ended.ocpi,
        "reason": ended.outcome.value,
        "error": error_of(ended),
    }


def error_of(ended: Ended) -> str | None:
    if ended.outcome is Outcome.ACCEPTED:
        return None
    answered = "" if ended.http is None else f" {ended.http}/{ended.ocpi or '-'}"
    return f"{ended.outcome}{answered}: {ended.message or 'no reason given'}"[:ERROR_LENGTH]
