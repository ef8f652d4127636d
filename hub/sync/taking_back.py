"""Whether a credit CDR can be, and what it means for the bill of the session that it takes back (CDR-06).

OCPI knows credits of the whole alone. Where the agreement of both parties lets CDRs be credited in part, a
credit may take back less; the CDR stays owed for the rest, and all parts together are never more than it.
"""

from collections.abc import Sequence
from decimal import Decimal

from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.wire import fold
from hub.parties import agreements
from hub.parties.agreements import Pair
from hub.prices.rules import adjustments
from hub.store import charges, documents
from hub.store.documents import Stored
from hub.store.unit import Unit

IN_PART = "PARTIAL"
NOUGHT = Decimal(0)


def undo_bill(unit: Unit, credit: Document) -> None:
    """Once all of a CDR is credited, its session may be billed anew.

    The CDR is locked until the commit, so that many credits at once come one after the other.
    """
    reference = fold(str(credit.newest["credit_reference_id"]))
    original = documents.find(unit, credit.module, credit.owner, reference, lock=True)
    earlier = documents.where(unit, credit.module, owner=credit.owner.code, credit_reference_id=reference)
    fault = fault_of(unit, credit, original, earlier)
    if fault or original is None:
        raise InvalidParameter(f"This credit cannot be: {fault}", fields={"credit_reference_id": str(fault)})
    if left_of(original, earlier) + net(credit.newest) == 0:
        unbill(unit, credit.owner.code, reference)


def unbill(unit: Unit, owner: str, cdr_key: str) -> None:
    """The session of a CDR taken back may be billed anew; what it took of allowances is there again."""
    for session_key in charges.credit(unit, owner, cdr_key):
        adjustments.give_back(unit, owner, session_key)


def fault_of(unit: Unit, credit: Document, original: Stored | None, earlier: Sequence[Stored]) -> str | None:
    """Why the original cannot be credited so."""
    if original is None:
        return "there is no such CDR"
    body, whole = credit.newest, original.document.newest
    if whole.get("credit"):
        return "that CDR is a credit itself"
    left = left_of(original, earlier)
    if earlier and not left:
        return "that CDR is credited already"
    if any(body[name] != whole[name] for name in ("cdr_token", "currency")):
        return "that CDR has another cdr_token or currency"
    if -net(body) == left == net(whole):
        return None
    return fault_of_part(unit, credit, whole, left)


def fault_of_part(unit: Unit, credit: Document, whole: Json, left: Decimal) -> str | None:
    """The same of a credit that does not take back the whole; `left` of it may be."""
    if not in_part(unit, credit.owner, whole):
        other = "that CDR has another total_cost, of which a credit is the negative"
        return f"{other}; no agreement lets it be credited in part"
    if not 0 < -net(credit.newest) <= left:
        return f"of that CDR {left} {whole['currency']} before taxes are left to be credited"
    return None


def in_part(unit: Unit, owner: Party, cdr: Json) -> bool:
    """Whether both parties have agreed, for when it started, that a CDR may be credited in part."""
    token = cdr["cdr_token"]
    emsp = Party.of(token["country_code"], token["party_id"])
    pair = Pair(owner, emsp, str(cdr["currency"]).upper())
    found = agreements.in_force(unit, pair, instants.micros(cdr["start_date_time"]))
    return found is not None and found.terms.credits == IN_PART


def left_of(original: Stored, earlier: Sequence[Stored]) -> Decimal:
    """What credits have not taken back of it, before taxes."""
    return sum((net(each.document.newest) for each in earlier), net(original.document.newest))


def net(cdr: Json) -> Decimal:
    return Decimal(cdr["total_cost"]["before_taxes"])
