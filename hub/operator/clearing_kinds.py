"""The long work of clearing and closing: one decision upon many CDRs, a month of all agreements, a closed
month once more, what CDRs differ by."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from hub.clearing import deciding, differences
from hub.clearing.deciding import Decision, Filter
from hub.clearing.states import MovedMeanwhile, NoSuchTransition, State
from hub.closing import periods, replay
from hub.closing.periods import Closed
from hub.closing.problems import ClosingProblem
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.operator.fields import exact
from hub.operator.problems import Conflict
from hub.store.audit import Actor
from hub.store.clearings import clearings
from hub.store.unit import Unit

Watch = Callable[[int, int], None]
DECIDABLE = (State.HELD.value, State.REJECTED.value, State.DROPPED.value)
BATCH = 50
"""So many are decided in one transaction, so that nobody who writes waits for long."""
NAMED = 100
"""So many that could not be decided, or that differ, are named."""
PARTIES = ("owner", "emsp")


@dataclass(frozen=True, slots=True)
class Seen(Filter):
    """Those, as far as they are for this user to see: a bound one sees the CDRs that its party is paid for,
    and those that it pays."""

    only: Party | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        meant = Filter.conditions(self)
        if self.only is None:
            return meant
        return [*meant, or_(clearings.c.owner == self.only.code, clearings.c.emsp == self.only.code)]


def wanted_of(told: Mapping[str, Any]) -> Json:
    """What is meant, as the input of a job keeps it."""
    return {name: str(value) if name in PARTIES else value for name, value in told.items()}


def filter_of(wanted: Json, only: str | None = None) -> Seen:
    """The opposite; of what a user of one party sees."""
    parties = {name: party(wanted[name]) for name in PARTIES if name in wanted}
    state = {"state": State(wanted["state"])} if "state" in wanted else {}
    return Seen(**wanted | parties | state, only=None if only is None else party(only))


def party(told: str) -> Party:
    return Party.of(*told.split("/"))


def decide(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """A decision upon all that are meant, some in a transaction; what is done stays done when the job is left
    off, and is not meant any more when it begins again."""
    asked, through, payer = filter_of(wanted["wanted"]), wanted["through"], wanted["payer"]
    conditions = [*asked.conditions(), clearings.c.id <= through]
    conditions += [] if payer is None else [clearings.c.emsp == party(payer).code]
    with hub.store.reading() as unit:
        total = unit.connection.execute(select(func.count()).where(*conditions)).scalar_one()
    counts: Counter[str] = Counter()
    refused: list[Json] = []
    done, after = 0, 0
    while True:
        progress(done, total)
        with hub.store.unit() as unit:
            meant = select(clearings).where(*conditions, clearings.c.id > after).order_by(clearings.c.id)
            rows = unit.connection.execute(meant.limit(BATCH)).all()
            for row in rows:
                tried(unit, row, wanted, counts, refused)
        if not rows:
            return {"counts": dict(counts), "refused": len(refused), "first_refused": refused[:NAMED]}
        done, after = done + len(rows), rows[-1].id


def tried(unit: Unit, row: Any, wanted: Json, counts: Counter[str], refused: list[Json]) -> None:
    """One of them; nothing of it is left when it cannot be."""
    try:
        with unit.connection.begin_nested():
            actor = Actor(wanted["by"], "JOB")
            state = deciding.decide(unit, row, Decision(wanted["decision"]), actor, wanted["reason"])
    except (NoSuchTransition, MovedMeanwhile) as fault:
        refused.append({"party": str(Party.of_code(row.owner)), "id": row.cdr_key, "fault": str(fault)})
    else:
        counts[state.value] += 1


def close_month(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """A month is closed for every agreement, each in a transaction; what is closed already stays so."""
    with hub.store.reading() as unit:
        total = len(periods.meant_by(unit, wanted["agreement"]))
    closed: list[Json] = []
    try:
        for each in periods.close_all(
            hub.store, wanted["period"], Actor(wanted["by"], "JOB"), wanted["agreement"]
        ):
            closed.append(told(each))
            progress(len(closed), total)
    except ClosingProblem as fault:
        raise Conflict(str(fault)) from fault
    return {"closed": closed}


def sum_differences(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """What CDRs claim beside what they should cost, however many they are; amounts as texts."""
    with hub.store.reading() as unit:
        found = differences.report(unit, filter_of(wanted["wanted"], wanted["only"]))
    return {"items": [in_words(each.as_dict()) for each in found]}


def in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_words(inner) for name, inner in value.items()}
    return exact(value) if isinstance(value, Decimal) else value


def replay_month(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """Every figure of the statements of a month once more; nothing is written."""
    with hub.store.reading() as unit:
        total, done = replay.size(unit, wanted["period"]), 0

        def tick(lines: int) -> None:
            nonlocal done
            done += lines
            progress(done, total)

        found = replay.replay(unit, wanted["period"], tick)
    return {
        "statements": found.statements,
        "lines": found.lines,
        "differences": len(found.differences),
        "first_differences": [
            {name: getattr(each, name) for name in ("statement", "where", "stands", "computed")}
            for each in found.differences[:NAMED]
        ],
    }


def told(closed: Closed) -> Json:
    return {
        "id": closed.period.id,
        "period": closed.period.month,
        "agreement": closed.agreement.id,
        "statement": None if closed.statement is None else closed.statement.id,
        "carried": closed.carried,
        "fresh": closed.fresh,
    }
