"""A month of an agreement is closed: all that ended by then goes onto one statement, once and for all.

It is one transaction, so that whatever happens on the way, all of it is there or nothing; and whoever closes
a month that is closed already gets what the first close has made.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from hub.closing import candidates, months, sheets, statements
from hub.closing.problems import LaterOneClosed, NotOver
from hub.closing.sheets import Billed, Tick
from hub.closing.statements import DRAFT, Making
from hub.closing.taking import Taking
from hub.ocpi import instants
from hub.parties import agreements as book
from hub.parties.agreements import Agreement
from hub.store import audit
from hub.store.agreements import agreements
from hub.store.audit import Actor
from hub.store.base import INSERTS
from hub.store.engine import Store
from hub.store.errands import Errands
from hub.store.statements import period_carried, periods
from hub.store.statements import statements as table
from hub.store.unit import Unit

Watch = Callable[[Agreement, int], Tick]
"""Asked for a tick when the statement of an agreement is begun, and told how much there is to do."""


def nobody(agreement: Agreement, total: int) -> Tick:
    """Nobody watches."""
    return lambda _: None


@dataclass(frozen=True, slots=True)
class Closed:
    """What a close has made, or had made before: `statement` is None where nothing was to be stated."""

    agreement: Agreement
    period: Any
    statement: Any
    carried: int
    fresh: bool


def close_all(
    store: Store, month: str, actor: Actor, only: int | None = None, watch: Watch = nobody
) -> Iterator[Closed]:
    """Close a month for every agreement that has begun by its end, each in a transaction of its own.

    NotOver where it is not over yet for one of them: then none is closed.
    """
    months.read(month)
    with store.reading() as unit:
        meant = [each for each in meant_by(unit, only) if each.valid_from < ends(each, month)]
        for agreement in meant:
            refuse_unfinished(unit, agreement, month)
        meant = [each for each in meant if holds_in(unit, each, month)]
    for agreement in meant:
        with store.unit() as unit:
            closed = close(unit, agreement.id, month, actor, watch)
        yield closed


def meant_by(unit: Unit, only: int | None) -> Sequence[Agreement]:
    return book.listed(unit) if only is None else [book.by_id(unit, only)]


def ends(agreement: Agreement, month: str) -> int:
    return months.span(month, agreement.terms.time_zone)[1]


def holds_in(unit: Unit, agreement: Agreement, month: str) -> bool:
    """One that ended before the month has a period only for what came late."""
    begin, end = months.span(month, agreement.terms.time_zone)
    if agreement.valid_to is None or agreement.valid_to > begin or of(unit, agreement.id, month) is not None:
        return True
    return candidates.is_any(unit, agreement, end)


def close(unit: Unit, agreement_id: int, month: str, actor: Actor, watch: Watch = nobody) -> Closed:
    """In the transaction of the caller. NotOver, LaterOneClosed."""
    locking = select(agreements.c.id).where(agreements.c.id == agreement_id).with_for_update()
    unit.connection.execute(locking)
    agreement = book.by_id(unit, agreement_id)
    period = begun(unit, agreement, month, actor)
    if period is None:
        return made_before(unit, agreement, month)
    statement = state(unit, agreement, period, actor, watch)
    carried = candidates.carry(unit, agreement, period)  # last: what is stated by then is not said to wait
    closed = Closed(agreement, period, statement, carried, fresh=True)
    told = {"period": month, "statement": None if statement is None else statement.id}
    audit.record(unit, actor, "close", f"period/{agreement_id}/{month}", None, told)
    return closed


def begun(unit: Unit, agreement: Agreement, month: str, actor: Actor) -> Any:
    """The row of a period that nobody has closed before; None when somebody has."""
    if of(unit, agreement.id, month) is None:
        refuse_unfinished(unit, agreement, month)
        refuse_later(unit, agreement, month)
    begin, end = months.span(month, agreement.terms.time_zone)
    row = {
        "agreement_id": agreement.id,
        "month": month,
        "starts_at": begin,
        "ends_at": end,
        "closed_at": unit.now,
        "closed_by": actor.name,
    }
    once = INSERTS[unit.dialect.name](periods).values(row)
    once = once.on_conflict_do_nothing(index_elements=["agreement_id", "month"]).returning(periods)
    return unit.connection.execute(once).first()


def refuse_unfinished(unit: Unit, agreement: Agreement, month: str) -> None:
    end = ends(agreement, month)
    if unit.now < end:
        raise NotOver(
            f"{month} is not over for agreement {agreement.id} ({agreement.pair}): it ends at "
            f"{instants.text(end)}; close it then."
        )


def refuse_later(unit: Unit, agreement: Agreement, month: str) -> None:
    mine = select(func.max(periods.c.month)).where(periods.c.agreement_id == agreement.id)
    last = unit.connection.execute(mine).scalar()
    if last is not None and last > month:
        raise LaterOneClosed(
            f"{last} is closed for agreement {agreement.id}, so {month} cannot be any more; what ended in "
            f"{month} is on that statement, or will be on the one of {months.following(last)}."
        )


def state(unit: Unit, agreement: Agreement, period: Any, actor: Actor, watch: Watch) -> Any:
    """The statement of all that is ready; None when that is nothing."""
    ready = candidates.ready(unit, agreement, period.ends_at)
    adjusted = candidates.adjusted(unit, agreement, period.ends_at)
    if not ready.ids and not adjusted:
        return None
    statement, making = statements.draft(unit, agreement, period), Making(actor.name)
    billed = Billed(statement.currency, agreement.terms, period.month)
    tick = watch(agreement, 2 * (len(ready.ids) + len(adjusted)))
    with Errands(unit) as errands:
        source = Taking(unit, statement, agreement.terms, ready, adjusted, actor.name, errands)
        figures = sheets.drawn(
            source, billed, lambda rows: errands.do(lambda: statements.put(unit, statement, rows)), tick
        )
    statements.record(unit, statement, figures, making)
    statements.note(unit, statement.id, None, DRAFT, making)
    candidates.keep(unit, adjusted, statement.id)
    return statement


def made_before(unit: Unit, agreement: Agreement, month: str) -> Closed:
    period = of(unit, agreement.id, month)
    found = statements.listed(unit, table.c.period_id == period.id)
    mine = select(func.count()).where(period_carried.c.period_id == period.id)
    carried = unit.connection.execute(mine).scalar_one()
    return Closed(agreement, period, found[0] if found else None, carried, fresh=False)


# Reading ---------------------------------------------------------------------------------------------------


def of(unit: Unit, agreement_id: int, month: str) -> Any:
    """The row of a closed month; None while it is open."""
    mine = select(periods).where(periods.c.agreement_id == agreement_id, periods.c.month == month)
    return unit.connection.execute(mine).first()


def closed_in(unit: Unit, month: str | None = None) -> list[Closed]:
    """The closed ones, the earliest first."""
    query = select(periods).order_by(periods.c.month, periods.c.agreement_id)
    if month is not None:
        query = query.where(periods.c.month == month)
    known = {each.id: each for each in book.listed(unit)}
    return [
        made_before(unit, known[row.agreement_id], row.month) for row in unit.connection.execute(query).all()
    ]


def carried_of(unit: Unit, period_id: int) -> list[Any]:
    mine = select(period_carried).where(period_carried.c.period_id == period_id)
    return list(unit.connection.execute(mine.order_by(period_carried.c.id)))
