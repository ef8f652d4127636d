"""CDRs are taken back: by a credit CDR as the text has it, or, where none can be, by a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hub.billing import rating
from hub.billing.holding import Held
from hub.clearing import clear, offsetting, partial, rows, states
from hub.clearing.costs import rest
from hub.clearing.facts import Cost, facts_of
from hub.clearing.states import State
from hub.ocpi import instants
from hub.ocpi.aliases import alias
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.errors import OcpiError
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import ID_LENGTH, fold
from hub.parties import agreements, registry
from hub.parties.terms import Terms
from hub.store import adjustments, audit, charges, documents
from hub.store.adjustments import Line
from hub.store.audit import Actor
from hub.store.charges import Charge
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings
from hub.sync import taking_back

CDRS = rating.CDRS
USUAL = Terms()
PAID = frozenset({State.RATED, State.DISPUTED, State.STATED, State.SETTLED})
"""In these states a CDR is paid, or will be."""


class CannotBeCredited(Exception):
    """A CDR cannot be taken back so; the argument says why, and what can be done instead."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What comes in the place of a CDR: a CDR as its JSON, or, with None, its session rated anew."""

    cdr: Json | None = None


@dataclass(frozen=True, slots=True)
class Credited:
    """What came of it: the key of the credit CDR or the number of the line, and the key of the replacement.

    None of the first two where nobody was to pay the CDR and its eMSP takes no credits.
    """

    credit_key: str | None = None
    adjustment_id: int | None = None
    replacement_key: str | None = None

    def as_dict(self) -> Json:
        return {
            "credit": self.credit_key,
            "adjustment": self.adjustment_id,
            "replacement": self.replacement_key,
        }


def credit(
    unit: Unit, row: Any, actor: Actor, why: str | None = None, replacement: Replacement | None = None
) -> Credited:
    """Take back a CDR that the hub issued, and owe its eMSP the credit and what comes in its place.

    row  of `clearings`; CannotBeCredited, and then nothing may be committed of this unit
    """
    row = creditable(unit, row)
    charge = issued_by_hub(unit, row)
    if charge is None:
        raise CannotBeCredited(
            f"{Party.of_code(row.owner)} issued {row.cdr_key}, so the credit CDR must come from it. Ask it "
            "for one, or take the amount back by a line of the next statement (--line)"
        )
    if takes_credits(unit, row) and not in_parts(unit, row):
        done = Credited(by_cdr(unit, row, actor.name, why))
    else:
        taking_back.unbill(unit, row.owner, row.cdr_key)
        done = by_line(unit, row, actor.name, why)
    if replacement is not None:
        done = Credited(done.credit_key, done.adjustment_id, replace(unit, row, charge, replacement))
    record(unit, row, actor, "credit", done, why)
    return done


def credit_by_line(unit: Unit, row: Any, actor: Actor, why: str | None = None) -> Credited:
    """The same by a line alone, whoever issued the CDR: its CPO may bill the session anew."""
    row = creditable(unit, row)
    if State(row.state) not in PAID:
        raise CannotBeCredited(
            f"{row.cdr_key} is {row.state}: nobody is to pay it. Drop or reject it instead"
        )
    if issued_by_hub(unit, row) and takes_credits(unit, row) and not in_parts(unit, row):
        raise CannotBeCredited(f"the hub issued {row.cdr_key}, and its eMSP takes credit CDRs: credit it")
    taking_back.unbill(unit, row.owner, row.cdr_key)
    done = by_line(unit, row, actor.name, why)
    record(unit, row, actor, "credit", done, why)
    return done


def record(  # noqa: PLR0913, PLR0917 (what the trail tells)
    unit: Unit, row: Any, actor: Actor, action: str, done: Credited, why: str | None
) -> None:
    before = {"state": row.state, "credited_by": row.credited_by}
    what = f"cdr/{Party.of_code(row.owner)}/{row.cdr_key}"
    after = {"state": rows.again(unit, row).state, **done.as_dict()}
    audit.record(unit, actor, action, what, before, after, why)


# Whether it can be -----------------------------------------------------------------------------------------


def creditable(unit: Unit, row: Any) -> Any:
    """The row as it is now, locked until the commit."""
    row = rows.locked(unit, row.owner, row.cdr_key)
    if row.kind in rows.CREDITS:
        raise CannotBeCredited(f"{row.cdr_key} is a credit itself")
    if row.state in {State.RECEIVED, State.CHECKED}:
        raise CannotBeCredited(f"{row.cdr_key} waits to be cleared; try again in a minute")
    if row.state == State.CREDITED or row.credited_by or credited_by_line(unit, row):
        raise CannotBeCredited(f"{row.cdr_key} is credited already")
    return row


def credited_by_line(unit: Unit, row: Any) -> bool:
    return any(each.kind == adjustments.CREDIT for each in adjustments.of_cdr(unit, row.owner, row.cdr_key))


def issued_by_hub(unit: Unit, row: Any) -> Charge | None:
    """The charge that this CDR bills, when the hub issued it."""
    found = None if row.session_key is None else charges.seen(unit, row.owner, row.session_key)
    own = found is not None and found.state == charges.RATED and found.cdr_key == row.cdr_key
    return found if own else None


def takes_credits(unit: Unit, row: Any) -> bool:
    """Whether the eMSP can be sent a credit CDR: by its terms, its quirks and its version (CDR-06)."""
    if terms_of(unit, row).credits == "NONE":
        return False
    mute = MODULES["cdrs"].unsaid
    partners = registry.of_party(unit, Party.of_code(row.emsp), Role.EMSP)
    return all(each.settings.credit_cdrs and each.version not in mute for each in partners)


def in_parts(unit: Unit, row: Any) -> bool:
    """Whether its CPO has credited a part of it: no credit CDR can be of the whole then, and a line takes
    back the rest."""
    return bool(partial.credits_of(unit, row.owner, row.cdr_key))


def terms_of(unit: Unit, row: Any) -> Terms:
    return USUAL if row.agreement_id is None else agreements.by_id(unit, row.agreement_id).terms


# By a CDR --------------------------------------------------------------------------------------------------


def by_cdr(unit: Unit, row: Any, by: str, why: str | None) -> str:
    """Store the credit, which is owed to the eMSP like any CDR, and clear it; its key."""
    original = whole(unit, row)
    body = credit_of(original.newest, instants.text(unit.now))
    document = CDRS.lift(CDRS.check(body), original.owner, StoreSurroundings(unit))
    try:
        taking_back.undo_bill(unit, document)
    except OcpiError as fault:
        raise CannotBeCredited(fault.message) from fault
    mine = entered(unit, document)
    judged = clear.judge(unit, mine)
    states.move(unit, mine, State.CHECKED, by, why, judged.found, **judged.columns)
    offsetting.rate(unit, rows.again(unit, mine), by, why, judged.found)
    return document.key


def credit_of(cdr: Json, at: str) -> Json:
    """All of the CDR, and only its total negated (CDR-06); a new id, which has three characters more room."""
    total = cdr["total_cost"]
    taken: Json = {"before_taxes": negated(total["before_taxes"])}
    if total.get("taxes") is not None:
        taken["taxes"] = [tax | {"amount": negated(tax["amount"])} for tax in total["taxes"]]
    return cdr | {
        "id": alias(f"{cdr['id']}-C", ID_LENGTH),
        "credit": True,
        "credit_reference_id": cdr["id"],
        "total_cost": total | taken,
        "last_updated": at,
    }


def negated(number: int | Decimal) -> int | Decimal:
    """With all its digits, and without a sign at nought."""
    if not number:
        return number
    return -number if isinstance(number, int) else number.copy_negate()


def whole(unit: Unit, row: Any) -> Document:
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    return stored.document


def entered(unit: Unit, document: Document) -> Any:
    """A CDR of the hub's is stored and has its row at once."""
    heard_by = CDRS.module.heard_by_one
    audience = heard_by and heard_by(document.newest)
    if documents.claim(unit, "cdrs", document.owner, document.key) is not None:
        raise CannotBeCredited(f"there is a CDR {document.key} already")
    documents.save(unit, document, None, audience=audience, source=None)
    return row_of(unit, document.owner, document.key)


def row_of(unit: Unit, owner: Party, key: str) -> Any:
    stored = documents.find(unit, "cdrs", owner, key)
    assert stored is not None, "it was stored in this unit"
    rows.enter(unit, stored, facts_of(stored.document.newest))
    return rows.one(unit, owner.code, key)


# By a line -------------------------------------------------------------------------------------------------


def by_line(unit: Unit, row: Any, by: str, why: str | None) -> Credited:
    """For those who take no credit CDRs, or where the CPO sends none; nothing where nobody was to pay."""
    if State(row.state) not in PAID:
        offsetting.unpaid(unit, row, None, by)
        return Credited()
    parts = partial.by_cdrs(unit, partial.credits_of(unit, row.owner, row.cdr_key))
    total = rest(partial.told(unit, row), parts)
    line = line_about(row, by, why, f"credit/{row.owner}/{row.cdr_key}")
    number = adjustments.add(unit, Line(kind=adjustments.CREDIT, **line, **minus(total)))
    offsetting.taken_back(unit, row, None, by, f"credited by line {number}")
    return Credited(adjustment_id=number)


def line_about(row: Any, by: str, why: str | None, key: str) -> dict[str, Any]:
    """What a line tells of the CDR it is about."""
    return {
        "key": key,
        "cpo": row.owner,
        "emsp": row.emsp,
        "currency": row.currency,
        "service_at": row.ended_at,
        "by": by,
        "why": why,
        "agreement_id": row.agreement_id,
        "cdr_key": row.cdr_key,
    }


def minus(cost: Cost) -> Mapping[str, Any]:
    """The amounts of a line that takes back this cost, at the six places that tables have."""
    gross = None if cost.gross is None else rows.rounded(cost.gross)
    return {
        "net": 0 - rows.rounded(cost.net),
        "gross": None if gross is None else 0 - gross,
        "taxes": tuple((rate, 0 - rows.rounded(amount)) for rate, amount in cost.taxes),
    }


# In its place ----------------------------------------------------------------------------------------------


def replace(unit: Unit, row: Any, charge: Charge, wanted: Replacement) -> str:
    """Issue another CDR for the session of one that was credited; its key."""
    session = documents.find(unit, "sessions", Party.of_code(row.owner), charge.session_key)
    if wanted.cdr is not None:
        made = as_given(unit, row, charge, wanted.cdr)
    elif session is None:
        raise CannotBeCredited(f"its session {charge.session_key} is not known, so it cannot be rated anew")
    else:
        try:
            rating.issue(unit, session.document, rating.rated_session(unit, session.document), row.cdr_key)
        except Held as held:
            raise CannotBeCredited(f"its session cannot be rated anew: {held.message}") from held
        billed = charges.seen(unit, row.owner, charge.session_key)
        assert billed is not None
        assert billed.cdr_key is not None
        made = billed.cdr_key
    new = row_of(unit, Party.of_code(row.owner), made)
    rows.link(unit, row, new)
    return made


SAME = ("country_code", "party_id", "session_id", "cdr_token", "currency")


def as_given(unit: Unit, row: Any, charge: Charge, body: Json) -> str:
    """A CDR that an operator has written, in the newest edition; of the same session, token and currency."""
    original = whole(unit, row)
    told = body | {"last_updated": instants.text(unit.now)}
    try:
        document = CDRS.lift(CDRS.check(told), original.owner, StoreSurroundings(unit))
    except OcpiError as fault:
        faults = "; ".join(f"{name}: {says}" for name, says in fault.fields.items())
        raise CannotBeCredited(f"the CDR in its place cannot be: {fault.message} {faults}".strip()) from fault
    differing = [name for name in SAME if told.get(name) != original.newest.get(name)]
    if differing or told.get("credit") or document.key in {fold(original.newest["id"]), row.cdr_key}:
        named = ", ".join(differing) or "id or credit"
        raise CannotBeCredited(f"the CDR in its place must be a new one of the same session: look at {named}")
    billed = Charge(row.owner, charge.session_key, charges.RATED, cdr_key=document.key)
    if not charges.keep(unit, billed):
        raise CannotBeCredited("its session is billed already")
    entered(unit, document)
    return document.key
