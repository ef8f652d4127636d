"""How a process takes what is due: fair over partners, each delivery held by one claim at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from hub.store.base import Instant, Serial
from hub.store.deliveries import STILL_OPEN, UNDER_WAY, breakers, deliveries
from hub.store.parties import partners
from hub.store.prepared import Prepared
from hub.store.unit import Glance, Unit
from hub.sync.breaker import WIDTH, Gate
from hub.sync.outcomes import LEASED

REACHED = ("CONNECTED", "OFFLINE")
"""Partners in any other status are sent nothing; what they are owed waits."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One claimed row: what is to be sent, to whom, how often it was tried, how the last try ended.

    until      when the claim lapses, in microseconds
    acked_rev  the last revision that the partner has confirmed
    """

    id: int
    partner_id: int
    module: str
    document: int
    wanted_rev: int
    attempts: int
    ambiguous: bool
    reason: str | None
    lease: str
    until: int
    acked_rev: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One claim: its fencing token, until when it holds, how many it may take, and after which partner it
    begins, so that all have their turn."""

    lease: str
    until: int
    most: int
    after: int = 0


NOW = bindparam("now", type_=Instant)
MOST = bindparam("most", type_=Integer)
LEASE, UNTIL = bindparam("lease", type_=String), bindparam("until", type_=Instant)
READY = and_(STILL_OPEN, deliveries.c.next_at <= NOW)
"""Due, or under way with a lease that has lapsed. In the very words of the index, for SQLite to use it."""
IS_REACHED = or_(*(partners.c.status == status for status in REACHED))
OPENED = breakers.c.until <= NOW
ITS_OWN = deliveries.c.partner_id == partners.c.id
JOINED = partners.outerjoin(breakers)


def under_way() -> Any:
    """How many deliveries to the partner some process holds."""
    held = select(func.count()).select_from(deliveries).where(ITS_OWN, UNDER_WAY, deliveries.c.next_at > NOW)
    return held.scalar_subquery()


def oldest(*limits: Any) -> Select[Any]:
    """What is due to a partner, in the order in which it became so."""
    query = select(deliveries.c.id).where(ITS_OWN, READY).order_by(deliveries.c.next_at, deliveries.c.id)
    return query.limit(*limits)


def flowing() -> Select[Any]:
    """The partners to which deliveries flow, those after the last one served first."""
    turn = case((partners.c.id > bindparam("after", type_=Serial), 0), else_=1)
    room = func.coalesce(breakers.c.width, WIDTH) - under_way()
    return (
        select(partners.c.id, room.label("room"))
        .select_from(JOINED)
        .where(IS_REACHED, breakers.c.until.is_(None))
        .order_by(turn, partners.c.id)
    )


def taking(chosen: Any) -> Any:
    taken = {"state": LEASED, "lease": LEASE, "next_at": UNTIL, "attempts": deliveries.c.attempts + 1}
    return update(deliveries).where(deliveries.c.id.in_(chosen)).values(taken).returning(*COLUMNS)


COLUMNS = (
    deliveries.c.id,
    deliveries.c.partner_id,
    deliveries.c.module,
    deliveries.c.document,
    deliveries.c.wanted_rev,
    deliveries.c.acked_rev,
    deliveries.c.attempts,
    deliveries.c.ambiguous,
    deliveries.c.reason,
)


def at_once() -> Any:
    """PostgreSQL claims for all partners in one statement, and passes over what another process claims."""
    line = flowing().cte("flowing")
    own = (
        select(deliveries.c.id)
        .where(deliveries.c.partner_id == line.c.id, READY)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(func.greatest(line.c.room, 0))
        .with_for_update(skip_locked=True)
        .lateral("own")
    )
    return taking(select(own.c.id).select_from(line.join(own, true())).limit(MOST))


TAKE_AT_ONCE = Prepared(postgresql=at_once())
TAKE_OF = Prepared(
    every=taking(
        select(deliveries.c.id)
        .where(deliveries.c.partner_id == bindparam("partner", type_=Serial), READY)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
)
LINES = Prepared(every=flowing().where(oldest(1).exists()))
PROBES = Prepared(
    every=select(partners.c.id).select_from(JOINED).where(IS_REACHED, OPENED, oldest(1).exists()).limit(MOST)
)
PROBE = Prepared(
    every=update(breakers)
    .where(
        breakers.c.partner_id.in_(
            select(breakers.c.partner_id)
            .where(breakers.c.partner_id == bindparam("partner", type_=Serial), OPENED)
            .with_for_update(skip_locked=True)
        )
    )
    .values(
        until=UNTIL,
        gate=case((breakers.c.gate == Gate.PARKED, literal(Gate.PARKED.value)), else_=Gate.PROBING.value),
    )
)
HAS_ROOM = func.coalesce(breakers.c.width, WIDTH) > under_way()
"""So that what waits behind deliveries that hang makes nobody open a transaction for nothing."""
ANYTHING = Prepared(
    every=select(partners.c.id)
    .select_from(JOINED)
    .where(IS_REACHED, or_(and_(breakers.c.until.is_(None), HAS_ROOM), OPENED), oldest(1).exists())
    .limit(1)
)


def anything_due(unit: Unit | Glance) -> bool:
    """A look that takes no lock, so that an idle hub writes nothing."""
    return ANYTHING.first(unit, now=unit.now) is not None


def claim(unit: Unit, turn: Turn) -> list[Mark]:
    """Take what is due. A partner that was left alone is sent one delivery, to see whether it is back."""
    probes = [mark for partner in waking(unit, turn) for mark in of_partner(unit, partner, turn, 1)]
    left = turn.most - len(probes)
    return probes + (CLAIMS[unit.dialect.name](unit, turn, left) if left > 0 else [])


def waking(unit: Unit, turn: Turn) -> list[int]:
    """The partners whose pause is over, each for the one process that was first to say so."""
    found = [row.id for row in PROBES.all(unit, now=unit.now, most=turn.most)]
    return [each for each in found if PROBE.run(unit, partner=each, now=unit.now, until=turn.until)]


def claim_at_once(unit: Unit, turn: Turn, most: int) -> list[Mark]:
    given = {"now": unit.now, "lease": turn.lease, "until": turn.until, "after": turn.after, "most": most}
    return marks(TAKE_AT_ONCE.all(unit, **given), turn)


def claim_by_partner(unit: Unit, turn: Turn, most: int) -> list[Mark]:
    """SQLite has no LATERAL, and no other writer meanwhile."""
    taken: list[Mark] = []
    for line in LINES.all(unit, now=unit.now, after=turn.after):
        if len(taken) >= most:
            break
        taken += of_partner(unit, line.id, turn, min(line.room, most - len(taken)))
    return taken


CLAIMS: Mapping[str, Callable[[Unit, Turn, int], list[Mark]]] = {
    "postgresql": claim_at_once,
    "sqlite": claim_by_partner,
}


def of_partner(unit: Unit, partner: int, turn: Turn, most: int) -> list[Mark]:
    if most <= 0:
        return []
    given = {"partner": partner, "now": unit.now, "lease": turn.lease, "until": turn.until, "most": most}
    return marks(TAKE_OF.all(unit, **given), turn)


def marks(rows: list[Any], turn: Turn) -> list[Mark]:
    return [Mark(**row._asdict(), lease=turn.lease, until=turn.until) for row in rows]
