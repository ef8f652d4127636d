"""What an operator sees of the outbox, and what is to be done about it: have marks tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, func, null, select, update

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.store import documents
from hub.store.deliveries import deliveries
from hub.store.parties import partners
from hub.store.unit import Unit
from hub.sync.outcomes import DEAD, DONE, DUE, LEASED, WITHHELD

STATES = (DUE, LEASED, DEAD, WITHHELD, DONE)
WAITING = (DUE, DEAD, WITHHELD)


@dataclass(frozen=True, slots=True)
class Owed:
    """One mark: an object that a partner is owed, or has got; instants in microseconds.

    wanted_rev, acked_rev  the revision that is owed, and the one the partner has
    http, ocpi             what the partner answered last
    reason                 how the last try ended
    ambiguous              the partner may have got it by a try that was not answered
    """

    id: int
    partner: str
    module: str
    owner: Party
    object_id: str
    state: str
    attempts: int
    wanted_rev: int
    acked_rev: int | None
    owed_at: int
    next_at: int
    done_at: int | None
    http: int | None
    ocpi: int | None
    reason: str | None
    ambiguous: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which marks: all of these that are given.

    partner  its id
    reason   how the last try ended: hub.sync.outcomes.Outcome
    since    they have been as they are since that instant, or later
    """

    partner: int | None = None
    module: str | None = None
    state: str | None = None
    reason: str | None = None
    since: int | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        asked = {
            deliveries.c.partner_id: self.partner,
            deliveries.c.module: self.module,
            deliveries.c.state: self.state,
            deliveries.c.reason: self.reason,
        }
        wanted = [column == value for column, value in asked.items() if value is not None]
        if self.since is not None:
            wanted.append(func.coalesce(deliveries.c.done_at, deliveries.c.owed_at) >= self.since)
        return wanted


def latest(unit: Unit, wanted: Filter, limit: int) -> list[Owed]:
    """The newest marks, the last one first."""
    return matching(unit, wanted.conditions, limit)


def one(unit: Unit, mark: int) -> Owed | None:
    return next(iter(matching(unit, [deliveries.c.id == mark], 1)), None)


def matching(unit: Unit, wanted: Sequence[ColumnElement[bool]], limit: int) -> list[Owed]:
    joined = deliveries.join(partners, partners.c.id == deliveries.c.partner_id)
    query = select(deliveries, partners.c.name.label("partner")).select_from(joined).where(*wanted)
    rows = unit.connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).all()
    return [owed(unit, row) for row in rows]


PLAIN = frozenset(Owed.__annotations__) - {"owner", "object_id"}


def owed(unit: Unit, row: Row[Any]) -> Owed:
    stored = documents.by_seq(unit, row.module, row.document)
    assert stored is not None, "documents are marked as deleted, never taken away"
    identity = stored.document.newest[MODULES[row.module].id_field]
    plain = {name: getattr(row, name) for name in PLAIN}
    return Owed(owner=stored.document.owner, object_id=identity, **plain)


def replay(unit: Unit, wanted: Filter, *more: ColumnElement[bool]) -> int:
    """Have all of these tried at once, as if for the first time; how many. What is under way goes on.

    Without a state: what waits, was given up or withheld; DONE sends again what the partner had confirmed.
    """
    states = WAITING if wanted.state is None else (wanted.state,)
    return afresh(unit, *wanted.conditions, *more, deliveries.c.state.in_(states))


def replay_one(unit: Unit, mark: int) -> bool:
    """The same for one mark; False when it is under way or done."""
    return afresh(unit, deliveries.c.id == mark, deliveries.c.state.in_(WAITING)) > 0


def afresh(unit: Unit, *wanted: ColumnElement[bool]) -> int:
    due = {"state": DUE, "attempts": 0, "next_at": unit.now, "reason": null(), "done_at": null()}
    again = update(deliveries).where(*wanted, deliveries.c.state != LEASED).values(due)
    count = unit.connection.execute(again).rowcount
    unit.owed = unit.owed or count > 0
    return count
