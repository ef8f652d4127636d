"""Disputes over CDRs: one party claims that a CDR is wrong, both talk, and it is credited, in part, or stays.

While a dispute is open its CDR is on no new statement. It has a term: who does not answer in time finds it
expired, and the CDR is owed as before, so that no claim can hold a payment up for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement

from hub.clearing import crediting, goodwill, offsetting, partial, rows, states
from hub.clearing.crediting import Credited, Replacement
from hub.clearing.states import State
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.parties.agreements import Signed
from hub.store import audit, disputes
from hub.store.audit import Actor
from hub.store.clearings import clearings
from hub.store.disputes import disputes as table
from hub.store.unit import Unit

DAY = 86_400_000_000
BY_ITSELF = Actor("the hub", "JOB")

REASONS: Mapping[str, str] = {
    "DUPLICATE": "The session is billed by another CDR.",
    "NOT_OUR_DRIVER": "The token or the contract is not the eMSP's, or was blocked at the time.",
    "NO_SESSION": "The session never took place.",
    "WRONG_ENERGY": "It bills other energy than was charged.",
    "WRONG_TIME": "It bills other times than those of the session.",
    "WRONG_PRICE": "It does not go by the tariff that held.",
    "WRONG_TAX": "The taxes are not those agreed.",
    "NOT_AGREED": "No agreement covers it, or it comes too late.",
    "SIGNED_DATA": "The signed meter values are missing or do not fit.",
    "CHARGER_FAULT": "The charger failed, and the driver did not get what is billed.",
    "OTHER": "As its first message says.",
}
"""Why a CDR can be disputed."""


class Outcome(StrEnum):
    """How a dispute has ended."""

    ACCEPTED = offsetting.ACCEPTED
    PARTIAL = offsetting.IN_PART
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class DisputeProblem(Exception):
    """What cannot be done with a dispute; the argument says why, and what can be done instead."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that proves something: its name and hash. The file itself stays with who has it."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Word:
    """Something said: by a party, or with None by the hub."""

    text: str
    party: Party | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed: a reason of REASONS, and the net amount that is too much; with None all of it."""

    reason: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is done when a dispute is accepted: without anything else, a credit CDR.

    part         so much of the net amount is taken back instead; the rest stays owed
    goodwill     so much is given besides the CDR, which stays owed as it is
    by_line      a line of the statement instead of a credit CDR, for CDRs that their CPO issued
    replacement  what comes in the CDR's place
    """

    part: Decimal | None = None
    goodwill: Decimal | None = None
    by_line: bool = False
    replacement: Replacement | None = None


def open_(unit: Unit, row: Any, claim: Claim, word: Word, actor: Actor) -> int:
    """Dispute a CDR; the number of the dispute.

    row  of `clearings`; DisputeProblem when it cannot be disputed
    """
    row = rows.locked(unit, row.owner, row.cdr_key)
    refuse(unit, row, claim, word)
    days = crediting.terms_of(unit, row).dispute_days
    party = Party.of_code(row.emsp) if word.party is None else word.party
    identity = disputes.add(
        unit,
        clearing_id=row.id,
        cpo=row.owner,
        emsp=row.emsp,
        cdr_key=row.cdr_key,
        opened_by=party.code,
        reason=claim.reason,
        claimed=claim.amount,
        currency=row.currency,
        opened_at=unit.now,
        due_at=unit.now + days * DAY,
        by=actor.name,
    )
    disputes.say(unit, identity, **columns(word, actor))
    if row.state == State.RATED:
        states.move(unit, row, State.DISPUTED, actor.name, f"dispute {identity}: {claim.reason}")
    audit.record(
        unit, actor, "open", f"dispute/{identity}", None, told(unit, by_id(unit, identity)), word.text
    )
    return identity


def refuse(unit: Unit, row: Any, claim: Claim, word: Word) -> None:
    if claim.reason not in REASONS:
        raise DisputeProblem(f"{claim.reason} is no reason; there are {', '.join(REASONS)}")
    if row.credited_by or crediting.credited_by_line(unit, row):
        raise DisputeProblem(f"{row.cdr_key} is credited already, so there is nothing to dispute")
    if row.kind in rows.CREDITS or row.state not in crediting.PAID:
        raise DisputeProblem(
            f"{row.cdr_key} is {row.kind.lower()} and {row.state}; only what is to be paid can be disputed"
        )
    left = partial.left(unit, row)
    if claim.amount is not None and not 0 < claim.amount <= left:
        raise DisputeProblem(f"what is claimed must be more than 0 and at most {left} {row.currency}")
    if word.party is not None and word.party.code not in {row.owner, row.emsp}:
        raise DisputeProblem(f"{word.party} is neither CPO nor eMSP of {row.cdr_key}")
    if open_over(unit, row):
        raise DisputeProblem(f"{row.cdr_key} is disputed already; see `hub dispute list`")


def open_over(unit: Unit, row: Any) -> list[Any]:
    return disputes.listed(unit, table.c.clearing_id == row.id, table.c.outcome.is_(None))


def columns(word: Word, actor: Actor) -> dict[str, Any]:
    return {
        "party": None if word.party is None else word.party.code,
        "by": actor.name,
        "text": word.text,
        "file": None if word.evidence is None else word.evidence.name[:200],
        "sha256": None if word.evidence is None else word.evidence.sha256,
    }


def answer(unit: Unit, identity: int, word: Word, actor: Actor) -> None:
    """Say something in the thread of an open dispute."""
    found = still_open(unit, identity)
    if word.party is not None and word.party.code not in {found.cpo, found.emsp}:
        raise DisputeProblem(f"{word.party} is neither CPO nor eMSP of dispute {identity}")
    disputes.say(unit, identity, **columns(word, actor))
    said = {"text": word.text, "sha256": None if word.evidence is None else word.evidence.sha256}
    audit.record(unit, actor, "answer", f"dispute/{identity}", None, said)


# How it ends -----------------------------------------------------------------------------------------------


def accept(unit: Unit, identity: int, remedy: Remedy, actor: Actor, why: str | None = None) -> Credited:
    """The claim is right: what came of it. DisputeProblem, CannotBeCredited: nothing may be committed."""
    found = still_open(unit, identity)
    row = rows.locked(unit, found.cpo, found.cdr_key)
    because = why or f"dispute {identity}: {found.reason}"
    if remedy.part is not None or remedy.goodwill is not None:
        done = stays(unit, found, row, remedy, Signed(actor, because))
    else:
        close(unit, found, Outcome.ACCEPTED, actor, why)
        done = taken_back(unit, row, remedy, Signed(actor, because))
    linked = {"adjustment_id": done.adjustment_id, "replacement_key": done.replacement_key}
    disputes.link(unit, identity, credit_key=done.credit_key, **linked)
    ended(unit, found, actor, why)
    return done


def taken_back(unit: Unit, row: Any, remedy: Remedy, signed: Signed) -> Credited:
    if remedy.by_line:
        return crediting.credit_by_line(unit, row, signed.actor, signed.reason)
    return crediting.credit(unit, row, signed.actor, signed.reason, remedy.replacement)


def stays(unit: Unit, found: Any, row: Any, remedy: Remedy, signed: Signed) -> Credited:
    """The CDR is owed as it is, and a line gives something back."""
    if remedy.part is not None:
        number = goodwill.give_part(unit, row, remedy.part, signed.actor, signed.reason)
    else:
        assert remedy.goodwill is not None
        number = goodwill.give(unit, row, remedy.goodwill, signed.actor, signed.reason)
    close(unit, found, Outcome.PARTIAL, signed.actor, signed.reason)
    owed_again(unit, found, signed.actor.name, f"dispute {found.id}: line {number}")
    return Credited(adjustment_id=number)


def decline(unit: Unit, identity: int, actor: Actor, why: str) -> None:
    """The claim is wrong: the CDR is owed as before."""
    found = still_open(unit, identity)
    close(unit, found, Outcome.DECLINED, actor, why)
    owed_again(unit, found, actor.name, f"dispute {identity} declined: {why}")
    ended(unit, found, actor, why)


def expire(unit: Unit) -> int:
    """Those that nobody has decided in time; how many."""
    late = disputes.listed(unit, table.c.outcome.is_(None), table.c.due_at <= unit.now)
    for each in late:
        found = disputes.locked(unit, each.id)
        if found.outcome is None:
            why = f"nobody has decided until {instants.text(found.due_at)}"
            close(unit, found, Outcome.EXPIRED, BY_ITSELF, why)
            owed_again(unit, found, BY_ITSELF.name, f"dispute {found.id} expired")
            ended(unit, found, BY_ITSELF, why)
    return len(late)


def close(unit: Unit, found: Any, outcome: Outcome, actor: Actor, why: str | None) -> None:
    disputes.close(unit, table.c.id == found.id, outcome=outcome, closed_by=actor.name, why=why)


def owed_again(unit: Unit, found: Any, by: str, why: str) -> None:
    row = rows.locked(unit, found.cpo, found.cdr_key)
    if row.state == State.DISPUTED:
        states.move(unit, row, State.RATED, by, why)


def ended(unit: Unit, before: Any, actor: Actor, why: str | None) -> None:
    after = told(unit, by_id(unit, before.id))
    verb = str(after["outcome"]).lower()
    audit.record(unit, actor, verb, f"dispute/{before.id}", told(unit, before), after, why)


# Reading ---------------------------------------------------------------------------------------------------


def by_id(unit: Unit, identity: int) -> Any:
    found = disputes.listed(unit, table.c.id == identity)
    if not found:
        raise DisputeProblem(f"there is no dispute {identity}; see `hub dispute list`")
    return found[0]


def still_open(unit: Unit, identity: int) -> Any:
    """One that is open, with its CDR and itself locked until the commit, in this order."""
    seen = by_id(unit, identity)
    rows.locked(unit, seen.cpo, seen.cdr_key)
    found = disputes.locked(unit, identity)
    if found.outcome is not None:
        raise DisputeProblem(f"dispute {identity} is closed: {found.outcome}")
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which disputes are meant; None is any. `cdr` is a key."""

    party: Party | None = None
    reason: str | None = None
    is_open: bool | None = None
    cdr: str | None = None


def listed(unit: Unit, wanted: Wanted) -> list[Json]:
    """Those that are meant, as JSON, the first first."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.party is not None:
        conditions.append((table.c.cpo == wanted.party.code) | (table.c.emsp == wanted.party.code))
    if wanted.reason is not None:
        conditions.append(table.c.reason == wanted.reason)
    if wanted.is_open is not None:
        conditions.append(table.c.outcome.is_(None) == wanted.is_open)
    if wanted.cdr is not None:
        conditions.append(table.c.cdr_key == wanted.cdr)
    return [told(unit, row) for row in disputes.listed(unit, *conditions)]


def told(unit: Unit, row: Any) -> Json:
    """A dispute without its thread; `days_left` until its term, negative when that is past."""
    still = row.outcome is None
    return {
        "id": row.id,
        "cpo": str(Party.of_code(row.cpo)),
        "emsp": str(Party.of_code(row.emsp)),
        "cdr": row.cdr_key,
        "opened_by": str(Party.of_code(row.opened_by)),
        "reason": row.reason,
        "claimed": row.claimed,
        "currency": row.currency,
        "opened_at": instants.text(row.opened_at),
        "due_at": instants.text(row.due_at),
        "days_left": (row.due_at - unit.now) // DAY if still else None,
        "outcome": row.outcome,
        "closed_at": None if row.closed_at is None else instants.text(row.closed_at),
        "closed_by": row.closed_by,
        "why": row.why,
        "credit": row.credit_key,
        "replacement": row.replacement_key,
        "adjustment": row.adjustment_id,
    }


def shown(unit: Unit, identity: int) -> Json:
    """A dispute with its thread, and the amounts of its CDR."""
    row = by_id(unit, identity)
    found = unit.connection.execute(clearings.select().where(clearings.c.id == row.clearing_id)).one()
    return {
        **told(unit, row),
        "means": REASONS.get(row.reason),
        "state": found.state,
        "net": found.net,
        "gross": found.gross,
        "expected_net": found.expected_net,
        "messages": [
            {
                "at": instants.text(each.at),
                "party": None if each.party is None else str(Party.of_code(each.party)),
                "by": each.by,
                "text": each.text,
                "file": each.file,
                "sha256": each.sha256,
            }
            for each in disputes.messages(unit, identity)
        ],
    }
