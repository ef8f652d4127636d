"""Which CDRs and adjustments go onto the statement of a period, and which are carried forward, and why."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, literal, or_, select, update

from hub.clearing.states import State
from hub.parties.agreements import Agreement
from hub.store import bulk
from hub.store.adjustments import adjustments
from hub.store.agreements import agreements
from hub.store.bulk import TOGETHER, streamed
from hub.store.clearings import clearings
from hub.store.statements import period_carried
from hub.store.unit import Unit

READY = (State.RATED, State.CREDITED)
"""What was credited goes onto a statement with its credit, where both make nought."""
CARRIED: dict[State, str] = {
    State.RECEIVED: "it waits to be checked",
    State.CHECKED: "it waits to be checked",
    State.HELD: "it is held until somebody decides",
    State.DISPUTED: "the eMSP disputes it",
}


@dataclass(frozen=True, slots=True)
class Ready:
    """CDRs that go onto a statement, in the order of their lines, by the number of their clearing: nine bytes
    each."""

    ids: "array[int]"
    states: "array[int]"

    def page(self, begin: int) -> dict[State, list[int]]:
        """Some of them, by their state."""
        found: dict[State, list[int]] = {}
        for place in range(begin, min(begin + TOGETHER, len(self.ids))):
            found.setdefault(READY[self.states[place]], []).append(self.ids[place])
        return found


def ready(unit: Unit, agreement: Agreement, until: int) -> Ready:
    """All that ended before `until` and is on no statement, late ones too."""
    query = unstated(select(clearings.c.id, clearings.c.state), agreement, until)
    found = Ready(array("q"), array("B"))
    for identity, state in streamed(unit, query.where(clearings.c.state.in_(READY))):
        found.ids.append(identity)
        found.states.append(READY.index(state))
    return found


def adjusted(unit: Unit, agreement: Agreement, until: int) -> Sequence[Any]:
    """The adjustments that no statement has, locked until the commit."""
    return list(unit.connection.execute(unadjusted(agreement, until).with_for_update()))


def keep(unit: Unit, taken: Sequence[Any], statement: int) -> None:
    """These adjustments are on a statement now."""
    for ids in bulk.pages([row.id for row in taken]):
        mine = update(adjustments).where(bulk.among(adjustments.c.id, unit.dialect.name))
        unit.connection.execute(mine.values(statement_id=statement), {"ids": bulk.listed(unit, ids)})


def carry(unit: Unit, agreement: Agreement, period: Any) -> int:
    """Write down what must wait for a later statement, and why; how many CDRs."""
    why = case(dict(CARRIED), value=clearings.c.state)
    names = ("owner", "cdr_key", "state", "net")
    columns = [clearings.c.id, *(clearings.c[name] for name in names), why]
    told = waiting(select(literal(period.id), *columns), agreement, period.ends_at)
    into = insert(period_carried).from_select(["period_id", "clearing_id", *names, "why"], told)
    return bulk.insert_from(unit, into)


@dataclass(frozen=True, slots=True)
class Coming:
    """What the statement of an open month would have by now; carried: rows of `clearings` that would wait."""

    lines: int
    net: Decimal
    carried: Sequence[Any]


def coming(unit: Unit, agreement: Agreement, until: int) -> Coming:
    """Without locking anything."""
    money = clearings.c.net.type
    mine = unstated(select(clearings.c.net), agreement, until).where(clearings.c.state.in_(READY))
    count, net = 0, Decimal(0)
    for each in (mine, unadjusted(agreement, until).with_only_columns(adjustments.c.net)):
        some = each.order_by(None).subquery()
        query = select(func.count(), func.sum(some.c.net, type_=money))
        lines, sum_ = unit.connection.execute(query).one()
        count, net = count + lines, net + (sum_ or 0)
    return Coming(count, net, list(unit.connection.execute(waiting(select(clearings), agreement, until))))


def is_any(unit: Unit, agreement: Agreement, until: int) -> bool:
    """Whether there is anything to state or to carry forward."""
    every = unstated(select(clearings.c.id), agreement, until)
    mine = every.where(clearings.c.state.in_([*READY, *CARRIED]))
    return any(
        unit.connection.execute(each.order_by(None).limit(1)).first() is not None
        for each in (mine, unadjusted(agreement, until))
    )


def waiting(query: Select[Any], agreement: Agreement, until: int) -> Select[Any]:
    return unstated(query, agreement, until).where(clearings.c.state.in_(list(CARRIED)))


def unstated(query: Select[Any], agreement: Agreement, until: int) -> Select[Any]:
    mine = and_(of_agreement(agreement), clearings.c.statement_id.is_(None), clearings.c.ended_at < until)
    return query.where(mine).order_by(clearings.c.ended_at, clearings.c.id)


def of_agreement(agreement: Agreement) -> ColumnElement[bool]:
    """Its CDRs; also those that were cleared before it was entered, and accepted nevertheless."""
    return or_(
        clearings.c.agreement_id == agreement.id,
        and_(
            clearings.c.agreement_id.is_(None),
            clearings.c.owner == agreement.pair.cpo.code,
            clearings.c.emsp == agreement.pair.emsp.code,
            clearings.c.currency == agreement.pair.currency,
            during(clearings.c.started_at, agreement),
        ),
    )


def of_none(unit: Unit) -> int:
    """How many CDRs wait that are of no agreement, and so come onto no statement, accepted or not."""
    one = agreements.c
    theirs = select(one.id).where(
        one.cpo == clearings.c.owner,
        one.emsp == clearings.c.emsp,
        one.currency == clearings.c.currency,
        one.valid_from <= clearings.c.started_at,
        or_(one.valid_to.is_(None), clearings.c.started_at < one.valid_to),
    )
    query = select(func.count()).where(
        clearings.c.agreement_id.is_(None),
        clearings.c.statement_id.is_(None),
        clearings.c.state.in_([*READY, State.HELD, State.DISPUTED]),
        ~theirs.exists(),
    )
    found: int = unit.connection.execute(query).scalar_one()
    return found


def during(instant: Any, agreement: Agreement) -> ColumnElement[bool]:
    began: ColumnElement[bool] = instant >= agreement.valid_from
    return began if agreement.valid_to is None else and_(began, instant < agreement.valid_to)


def unadjusted(agreement: Agreement, until: int) -> Select[Any]:
    """Adjustments that no statement has: of the agreement, or of its pair and currency."""
    table = adjustments.c
    nobodys = and_(
        table.agreement_id.is_(None),
        table.cpo == agreement.pair.cpo.code,
        table.emsp == agreement.pair.emsp.code,
        table.currency == agreement.pair.currency,
        during(table.service_at, agreement),
    )
    mine = or_(table.agreement_id == agreement.id, nobodys)
    query = select(adjustments).where(mine, table.statement_id.is_(None), table.service_at < until)
    return query.order_by(table.service_at, table.id)
