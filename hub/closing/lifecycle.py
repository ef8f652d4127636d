"""What becomes of a statement: the steps from a draft to what is final, and who took each.

DRAFT      a close has made it; the hub looks at it
APPROVED   it is right, and has its number
SENT       both parties have it
ACCEPTED   the eMSP pays it; CONTESTED: some lines left it for a dispute, the rest stands
FINAL      its CDRs are settled, and nothing about it changes any more
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from hub.clearing import disputes, states
from hub.clearing.disputes import Claim, Word
from hub.clearing.states import State
from hub.closing import accounts, lines, netting, numbers, statements, tolerance
from hub.closing.invoices import issuing
from hub.closing.lines import BESIDE
from hub.closing.problems import NotOnStatement, OutsideTolerance, WrongState
from hub.closing.statements import Making
from hub.ocpi.document import Json, Party
from hub.store import audit
from hub.store.audit import Actor
from hub.store.clearings import clearings
from hub.store.statements import statement_lines
from hub.store.unit import Unit

DAY = 86_400_000_000


class Step(StrEnum):
    """Where a statement stands."""

    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    CONTESTED = "CONTESTED"
    FINAL = "FINAL"


TRANSITIONS: Mapping[Step, frozenset[Step]] = {
    Step.DRAFT: frozenset({Step.APPROVED}),
    Step.APPROVED: frozenset({Step.SENT}),
    Step.SENT: frozenset({Step.ACCEPTED, Step.CONTESTED}),
    Step.ACCEPTED: frozenset({Step.FINAL}),
    Step.CONTESTED: frozenset({Step.CONTESTED, Step.ACCEPTED, Step.FINAL}),
    Step.FINAL: frozenset(),
}
COMMANDS: Mapping[Step, str] = {
    Step.APPROVED: "approve",
    Step.SENT: "send",
    Step.ACCEPTED: "accept",
    Step.CONTESTED: "contest",
    Step.FINAL: "finalise",
}


def approve(unit: Unit, name: str, actor: Actor, why: str | None = None, *, anyway: bool = False) -> Any:
    """It gets its number. OutsideTolerance, unless it is approved anyway."""
    statement = statements.locked(unit, name)
    refuse_step(statement, Step.APPROVED)
    if not anyway:
        refuse_difference(unit, statement)
    number = numbers.next_of(unit, statement, statements.terms_of(statement))
    columns = {"number": number, "approved_at": unit.now}
    return stepped(unit, statement, Step.APPROVED, (actor, why), columns)


def refuse_difference(unit: Unit, statement: Any) -> None:
    found = tolerance.compare(unit, statement)
    if not found.within:
        raise OutsideTolerance(
            f"Statement {statement.id} claims {found.claimed} {statement.currency} where {found.expected} "
            f"would be right, and may differ by {found.allowed:.4f}. See `hub cdr report`; contest or credit "
            "what is wrong, or approve it with --anyway."
        )


def send(unit: Unit, name: str, actor: Actor, why: str | None = None) -> Any:
    """Both parties have it; from now on the days run in which it is to be paid."""
    statement = statements.locked(unit, name)
    refuse_step(statement, Step.SENT)
    due = unit.now + statements.terms_of(statement).payment_days * DAY
    sent = stepped(unit, statement, Step.SENT, (actor, why), {"sent_at": unit.now, "due_at": due})
    issuing.on_sent(unit, sent)
    return sent


def accept(unit: Unit, name: str, actor: Actor, why: str | None = None) -> Any:
    statement = statements.locked(unit, name)
    refuse_step(statement, Step.ACCEPTED)
    return stepped(unit, statement, Step.ACCEPTED, (actor, why), {})


def contest(unit: Unit, name: str, cdrs: Collection[str], actor: Actor, claim: tuple[str, str]) -> Any:
    """The lines of these CDRs leave, and are disputed; the rest has new totals, posted in place of the old.

    cdrs   their keys. NotOnStatement when one of them has no line
    claim  one of `hub.clearing.disputes.REASONS`, and words. DisputeProblem
    """
    because, why = claim
    statement = statements.locked(unit, name)
    refuse_step(statement, Step.CONTESTED)
    told = list(statements.rows_of(unit, statement.id))
    leaving = {row.clearing_id for row in told if row.clearing_id is not None and row.cdr_key in cdrs}
    refuse_strangers(statement, told, cdrs)
    accounts.take_back(unit, statement, actor.name, why)
    revised = statements.change(unit, statement, revision=statement.revision + 1)
    revise(unit, revised, told, leaving, Making(actor.name, why))
    issuing.on_changed(unit, revised)
    rows = rows_of(unit, leaving)
    states.move_all(unit, rows, State.DISPUTED, actor.name, why, statement_id=None)
    for row in rows_of(unit, leaving):
        if not disputes.open_over(unit, row):
            word = Word(why, Party.of_code(statement.emsp))
            disputes.open_(unit, row, Claim(because.upper()), word, actor)
    return stepped(unit, statement, Step.CONTESTED, (actor, why), {"revision": revised.revision})


def refuse_strangers(statement: Any, told: Sequence[Any], cdrs: Collection[str]) -> None:
    known = {row.cdr_key for row in told if row.clearing_id is not None}
    strangers = sorted(set(cdrs) - known)
    if strangers or not cdrs:
        raise NotOnStatement(
            f"Statement {statement.number or statement.id} has no line for "
            f"{', '.join(strangers) or 'nothing'}; see `hub statement show {statement.id} --lines`."
        )


def revise(unit: Unit, statement: Any, told: Sequence[Any], leaving: Collection[int], making: Making) -> None:
    """The lines leave, and those that follow from the others are made anew."""
    gone = {row.id for row in told if row.clearing_id in leaving or row.kind in BESIDE}
    stay = [lines.of_row(row) for row in told if row.id not in gone]
    mine = update(statement_lines).where(statement_lines.c.id.in_(gone))
    unit.connection.execute(mine.values(left_in=statement.revision))
    terms = statements.terms_of(statement)
    sheet = lines.remaining(stay, statement.currency, terms, statement.month)
    statements.write(unit, statement, sheet, making, since=statements.last_number(unit, statement.id))


def finalise(unit: Unit, name: str, actor: Actor, why: str | None = None) -> Any:
    """Its CDRs are settled; what both parties owe each other is set off where they have agreed to."""
    statement = statements.locked(unit, name)
    refuse_step(statement, Step.FINAL)
    mine = select(clearings).where(clearings.c.statement_id == statement.id).order_by(clearings.c.id)
    rows = list(unit.connection.execute(mine.with_for_update()))
    states.move_all(unit, rows, State.SETTLED, actor.name, f"statement {statement.number} is final")
    final = statements.change(unit, statement, state=Step.FINAL, final_at=unit.now)
    netting.set_off(unit, final, actor.name)
    return stepped(unit, statement, Step.FINAL, (actor, why), {})


STEPS: Mapping[Step, Callable[[Unit, str, Actor, str | None], Any]] = {
    Step.APPROVED: approve,
    Step.SENT: send,
    Step.ACCEPTED: accept,
    Step.FINAL: finalise,
}
"""Those that need nothing but who and why."""


def rows_of(unit: Unit, clearing_ids: Collection[int]) -> list[Any]:
    mine = select(clearings).where(clearings.c.id.in_(clearing_ids)).order_by(clearings.c.id)
    return list(unit.connection.execute(mine.with_for_update()))


def refuse_step(statement: Any, to: Step) -> None:
    """WrongState, with the step that is next."""
    here = Step(statement.state)
    if to in TRANSITIONS[here]:
        return
    nexts = [f"`hub statement {COMMANDS[step]} {statement.id}`" for step in Step if step in TRANSITIONS[here]]
    then = f"next is {' or '.join(nexts)}" if nexts else "nothing about it changes any more"
    raise WrongState(f"Statement {statement.number or statement.id} is {here}: {then}.")


def stepped(
    unit: Unit, before: Any, to: Step, signed: tuple[Actor, str | None], columns: Mapping[str, Any]
) -> Any:
    """Its row in the new state, with an event and a line of the audit trail."""
    actor, why = signed
    after = statements.change(unit, before, state=to, **columns)
    statements.note(unit, before.id, before.state, to, Making(actor.name, why))
    what, verb = f"statement/{before.id}", COMMANDS[to]
    audit.record(unit, actor, verb, what, audited(before), audited(after), why)
    return after


def audited(statement: Any) -> Json:
    names = ("state", "revision", "number", "approved_at", "sent_at", "due_at", "final_at")
    return {name: getattr(statement, name) for name in names}
