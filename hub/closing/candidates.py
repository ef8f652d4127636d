"""Which CDRs and adjustments go onto the statement of a period, and which are carried forward, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from hub.clearing.states import State
from hub.parties.agreements import Agreement
from hub.store.adjustments import adjustments
from hub.store.clearings import clearings
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
class Chosen:
    """rows: of `clearings`, adjusted: of `adjustments`, carried: of `clearings` that must wait."""

    rows: Sequence[Any]
    adjusted: Sequence[Any]
    carried: Sequence[Any]


def chosen(unit: Unit, agreement: Agreement, until: int) -> Chosen:
    """All that ended before `until` and is on no statement, late ones too."""
    return Chosen(
        list(unit.connection.execute(ready(agreement, until))),
        list(unit.connection.execute(adjusted(agreement, until))),
        list(unit.connection.execute(waiting(agreement, until))),
    )


def taken(unit: Unit, agreement: Agreement, until: int) -> Chosen:
    """The same, locked until the commit: nobody credits or disputes them meanwhile."""
    return Chosen(
        list(unit.connection.execute(ready(agreement, until).with_for_update())),
        list(unit.connection.execute(adjusted(agreement, until).with_for_update())),
        list(unit.connection.execute(waiting(agreement, until))),
    )


def ready(agreement: Agreement, until: int) -> Select[Any]:
    return unstated(agreement, until).where(clearings.c.state.in_(READY))


def waiting(agreement: Agreement, until: int) -> Select[Any]:
    return unstated(agreement, until).where(clearings.c.state.in_(list(CARRIED)))


def unstated(agreement: Agreement, until: int) -> Select[Any]:
    mine = and_(of_agreement(agreement), clearings.c.statement_id.is_(None), clearings.c.ended_at < until)
    return select(clearings).where(mine).order_by(clearings.c.ended_at, clearings.c.id)


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


def during(instant: Any, agreement: Agreement) -> ColumnElement[bool]:
    began: ColumnElement[bool] = instant >= agreement.valid_from
    return began if agreement.valid_to is None else and_(began, instant < agreement.valid_to)


def adjusted(agreement: Agreement, until: int) -> Select[Any]:
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
