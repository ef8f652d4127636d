"""The disputes: who says that a CDR is wrong, what both sides say to it, and how each ended."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, or_, select

from hub.clearing import disputes
from hub.clearing.disputes import REASONS, Claim, Evidence, Outcome, Remedy, Word
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Anything, Because, ListQuery, Money, PartyField, listed, sorting
from hub.operator.fields import line as one_line
from hub.operator.fields import text as prose
from hub.operator.fields import word as one_of
from hub.operator.paging import Listing
from hub.operator.pricing import Figure
from hub.operator.problems import Forbidden, NotFound
from hub.operator.resources import clearing
from hub.operator.resources.crediting import WAYS, in_its_place, refuse_several
from hub.operator.section import ID, Located, Section
from hub.store.disputes import disputes as table

section = Section(
    "disputes",
    "Who says that a CDR is wrong, what both sides say to it, and how each ended. A user of one party opens"
    " disputes over what it pays, answers for its party, and accepts what is claimed from it.",
)

ONE = f"/disputes/<int(max={ID}):dispute_id>"
CLAIMS = " ".join(f"{name}: {means}" for name, means in REASONS.items())


class DisputeQuery(ListQuery):
    sort = sorting("-id", "due_at")
    party = PartyField(metadata={"description": "Only those of this CPO or eMSP."})
    claim = one_of(*REASONS)
    open = fields.Boolean(metadata={"description": "Only those that are open; false: that are closed."})


class DisputeSchema(Schema):
    id = fields.Integer(required=True)
    cpo = fields.String(required=True)
    emsp = fields.String(required=True)
    cdr = fields.String(required=True)
    opened_by = fields.String(required=True, metadata={"description": "The party whose claim it is."})
    claim = one_of(*REASONS, required=True, attribute="reason", metadata={"description": CLAIMS})
    claimed = Money(**MAYBE, metadata={"description": "Net, too much; null: all of it."})
    currency = fields.String(required=True)
    opened_at = fields.String(required=True, metadata={"format": "date-time"})
    due_at = fields.String(required=True, metadata={"format": "date-time"})
    days_left = fields.Integer(**MAYBE)
    outcome = one_of(*(each.value for each in Outcome), **MAYBE, metadata={"description": "null: open."})
    closed_at = fields.String(**MAYBE, metadata={"format": "date-time"})
    closed_by = fields.String(**MAYBE)
    why = fields.String(**MAYBE)
    credit = fields.String(**MAYBE, metadata={"description": "The CDR that takes it back."})
    replacement = fields.String(**MAYBE, metadata={"description": "The CDR in its place."})
    adjustment = fields.Integer(**MAYBE, metadata={"description": "The line that gives something back."})


class Message(Schema):
    at = fields.String(required=True, metadata={"format": "date-time"})
    party = fields.String(**MAYBE, metadata={"description": "null: the hub."})
    by = fields.String(required=True)
    text = fields.String(required=True)
    file = fields.String(**MAYBE)
    sha256 = fields.String(**MAYBE)


class DisputeDetails(DisputeSchema):
    state = fields.String(required=True, metadata={"description": "Of the CDR."})
    net = Money(required=True)
    gross = Money(**MAYBE)
    expected_net = Money(**MAYBE)
    messages = fields.List(fields.Nested(Message), required=True)


class EvidenceSent(Schema):
    """A file, which stays with who has it."""

    name = one_line(200, required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class Said(Because):
    text = prose(4000, required=True)
    party = PartyField(metadata={"description": "Who says it; a user of one party speaks for that one."})
    evidence = fields.Nested(EvidenceSent)


class NewDispute(Said):
    owner = PartyField(required=True, metadata={"description": "The CPO of the CDR."})
    cdr = prose(39, required=True, metadata={"description": "Its id."})
    claim = one_of(*REASONS, required=True, metadata={"description": CLAIMS})
    amount = Figure(0, metadata={"description": "Net, too much; all of it, if left out."})


class Accept(Because):
    amount = Figure(0, metadata={"description": "Take back only so much, net, by a line."})
    goodwill = Figure(0, metadata={"description": "Leave the CDR, and give so much for the trouble."})
    by_line = fields.Boolean(truthy={True}, falsy={False}, load_default=False)
    anew = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Rate its session anew, and issue another CDR."},
    )
    replacement = Anything(metadata={"description": "The CDR in its place, as OCPI 2.3.0 has it."})


class Decline(Because):
    reason = prose(2000, required=True, metadata={"description": "Why; the parties read it."})


# Reading ---------------------------------------------------------------------------------------------------


@section.get("/disputes", "list", query=DisputeQuery, answers=listed(DisputeSchema))
def list_(call: Call) -> Listing:
    """List disputes, closed ones too, with the days that are left to decide each."""

    def of_row(row: Row[Any]) -> Json:
        return disputes.told(call.unit, row)

    return Listing(select(table).where(*wanted(call)), of_row, table.c.id, {"due_at": table.c.due_at})


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query = call.query
    found = [
        or_(table.c.cpo == each.code, table.c.emsp == each.code)
        for each in (call.only, query.get("party"))
        if each is not None
    ]
    found += [table.c.reason == query["claim"]] if "claim" in query else []
    return found + ([table.c.outcome.is_(None) == query["open"]] if "open" in query else [])


@section.get(ONE, "show", answers=DisputeDetails)
def show(call: Call, dispute_id: int) -> Json:
    """Show a dispute with all that was said."""
    known(call, dispute_id)
    return disputes.shown(call.unit, dispute_id)


def known(call: Call, dispute_id: int) -> Any:
    """Its row; NotFound also when it is not this user's to see."""
    row = call.unit.connection.execute(select(table).where(table.c.id == dispute_id)).first()
    if row is None or not call.sees(Party.of_code(row.cpo), Party.of_code(row.emsp)):
        raise NotFound(f"There is no dispute {dispute_id}.", remedy="GET /api/v1/disputes lists them.")
    return row


# Saying ----------------------------------------------------------------------------------------------------


@section.post("/disputes", "open", takes=NewDispute, answers=DisputeDetails, status=201)
def open_(call: Call) -> Located:
    """Dispute a CDR that is on its way to being paid, or paid; it comes onto no new statement meanwhile."""
    body = call.body
    owner: Party = body["owner"]
    path = {"country_code": owner.country_code, "party_id": owner.party_id, "object_id": body["cdr"]}
    row = clearing.known(call, path)
    if call.only is not None and call.only.code != row.emsp:
        raise Forbidden(f"{call.user.name} is bound to {call.only}, which does not pay this CDR.")
    claim = Claim(body["claim"], body.get("amount"))
    made = disputes.open_(call.unit, row, claim, said(call), call.actor)
    return Located(disputes.shown(call.unit, made), f"/api/v1/disputes/{made}")


def said(call: Call) -> Word:
    """What the body says, by the party it names; a bound user speaks for its own."""
    party = call.body.get("party", call.only)
    if call.only is not None and party != call.only:
        raise Forbidden(f"{call.user.name} is bound to {call.only} and speaks for no other.")
    file = call.body.get("evidence")
    return Word(call.body["text"], party, file and Evidence(file["name"], file["sha256"]))


@section.post(f"{ONE}/answer", "answer", takes=Said, answers=DisputeDetails, current=show)
def answer(call: Call, dispute_id: int) -> Json:
    """Add something to what was said, with evidence."""
    known(call, dispute_id)
    disputes.answer(call.unit, dispute_id, said(call), call.actor)
    return show(call, dispute_id)


@section.post(f"{ONE}/accept", "accept", takes=Accept, answers=DisputeDetails, current=show)
def accept(call: Call, dispute_id: int) -> Json:
    """The claim is right: a credit CDR and, where wanted, another in its place; or a part, or goodwill.

    A user of one party accepts what others claim from it.
    """
    found = known(call, dispute_id)
    if call.only is not None and call.only.code == found.opened_by:
        raise Forbidden(f"{call.only} has opened dispute {dispute_id}; the other side accepts it.")
    disputes.accept(call.unit, dispute_id, remedy(call.body), call.actor, call.reason)
    return show(call, dispute_id)


def remedy(body: Json) -> Remedy:
    refuse_several(body, ("goodwill", *WAYS))
    return Remedy(body.get("amount"), body.get("goodwill"), body["by_line"], in_its_place(body))


@section.post(f"{ONE}/decline", "decline", takes=Decline, answers=DisputeDetails, current=show)
def decline(call: Call, dispute_id: int) -> Json:
    """The claim is wrong: the CDR is owed as before."""
    known(call, dispute_id)
    disputes.decline(call.unit, dispute_id, call.actor, call.reason or "")
    return show(call, dispute_id)
