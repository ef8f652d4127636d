"""How partners are doing, as every process sees it: their breakers in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import and_, bindparam, delete, not_, select

from hub.store.base import INSERTS, Serial
from hub.store.deliveries import breakers
from hub.store.prepared import Prepared
from hub.store.unit import Unit
from hub.sync import breaker
from hub.sync.breaker import PRISTINE, Breaker, Event, Gate
from hub.sync.outcomes import Said
from hub.sync.waits import Chance

FIELDS = tuple(Breaker.__annotations__)
PARTNER = bindparam("partner_id", type_=Serial)
UNTROUBLED = and_(breakers.c.gate == Gate.CLOSED, breakers.c.failed == 0, breakers.c.width == breaker.WIDTH)
TROUBLED = Prepared(every=select(breakers.c.partner_id).where(not_(UNTROUBLED)))
OF_PARTNER = Prepared(
    every=select(*(breakers.c[name] for name in FIELDS), breakers.c.error)
    .where(breakers.c.partner_id == PARTNER)
    .with_for_update()
)
WRITTEN = (*FIELDS, "error")


def keeping(insert: Any) -> Any:
    values = {name: bindparam(name, type_=breakers.c[name].type) for name in WRITTEN}
    statement = insert(breakers).values(partner_id=PARTNER, **values)
    fresh = {name: statement.excluded[name] for name in WRITTEN}
    return statement.on_conflict_do_update(index_elements=["partner_id"], set_=fresh)


KEEP = Prepared(**{name: keeping(insert) for name, insert in INSERTS.items()})


def note(
    unit: Unit,
    events: Mapping[int, Sequence[tuple[Event, str | None]]],
    chance: Chance,
    troubled: Collection[int] | None = None,
) -> None:
    """Take the ends of tries to the breakers of their partners; one that is well, and was, costs nothing.

    events    of each partner, with the error of each that failed
    troubled  those that were not well before; None when nobody has looked yet
    """
    if not events:
        return
    if troubled is None:
        troubled = {row.partner_id for row in TROUBLED.all(unit)}
    for partner, ends in sorted(events.items()):  # in one order, so that processes do not wait for each other
        if partner in troubled or any(event.said is not Said.WELL for event, _ in ends):
            note_of(unit, partner, ends, chance)


def note_of(unit: Unit, partner: int, ends: Sequence[tuple[Event, str | None]], chance: Chance) -> None:
    row = OF_PARTNER.first(unit, partner_id=partner)
    before, error = (PRISTINE, None) if row is None else (Breaker(Gate(row[0]), *row[1:-1]), row[-1])
    now = before
    for event, failure in ends:
        now = breaker.after(now, event, chance)
        error = failure or error
    if now != before:
        KEEP.run(unit, partner_id=partner, **{**asdict(now), "gate": now.gate.value}, error=error)


def forget(unit: Unit, partner: int) -> None:
    """A partner has made itself known anew: what was before says nothing of it."""
    unit.connection.execute(delete(breakers).where(breakers.c.partner_id == partner))


def discovered_at(unit: Unit, partner: int) -> int:
    """When its endpoints were last looked up because a delivery failed; 0 for never."""
    query = select(breakers.c.discovered_at).where(breakers.c.partner_id == partner)
    return unit.connection.execute(query).scalar() or 0


def discovered(unit: Unit, partner: int) -> None:
    row = {**asdict(PRISTINE), "partner_id": partner, "discovered_at": unit.now}
    statement = INSERTS[unit.dialect.name](breakers).values(row)
    fresh = {"discovered_at": unit.now}
    unit.connection.execute(statement.on_conflict_do_update(index_elements=["partner_id"], set_=fresh))
