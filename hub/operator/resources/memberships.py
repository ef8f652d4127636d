"""What rules name besides parties and places: groups of locations, driver groups, plans, tiers, campaigns."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Row, select

from hub.ocpi.document import Json
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Because, Instant, ListQuery, PartyField, listed, sorting, text, word
from hub.operator.paging import Listing
from hub.operator.pricing import owned
from hub.operator.section import Section
from hub.prices.rules import membership_book
from hub.prices.rules import memberships as store
from hub.prices.rules.membership_book import Belonging
from hub.prices.rules.memberships import Kind, Membership
from hub.store.assignments import memberships as table

section = Section(
    "memberships",
    "Which locations are a group (kind LOCATION); which contracts have which driver group, plan or tier, or"
    " are in which campaign. Rules name them.",
)
KINDS = tuple(kind.value for kind in Kind)
MOST = 1000


class MembershipSchema(Schema):
    id = fields.Integer(required=True)
    party = PartyField(required=True, metadata={"description": "The CPO whose rules may name it."})
    kind = word(*KINDS, required=True)
    name = fields.String(required=True)
    member = fields.String(required=True, metadata={"description": "A location's id, or a contract's."})
    valid_from = Instant(required=True)
    valid_to = Instant(**MAYBE)
    author = fields.String(required=True)
    reason = fields.String(required=True)
    recorded_at = Instant(required=True)


class MembershipQuery(ListQuery):
    sort = sorting("id", "name")
    party = PartyField()
    kind = word(*KINDS)
    name = text(80)
    member = text(80)


class Belongs(Because):
    party = PartyField(required=True)
    kind = word(*KINDS, required=True)
    name = text(80, required=True)
    members = fields.List(text(80), required=True, validate=validate.Length(1, MOST))
    valid_from = Instant(metadata={"description": "Now, if left out."})


class Joins(Belongs):
    valid_to = Instant()


class Made(Schema):
    items = fields.List(fields.Nested(MembershipSchema), required=True)


@section.get("/memberships", "list", query=MembershipQuery, answers=listed(MembershipSchema))
def list_(call: Call) -> Listing:
    """List what belongs to what, what did and what will."""
    query = call.query
    wanted = [table.c.owner == each.code for each in (call.only, query.get("party")) if each]
    wanted += [table.c.kind == query["kind"]] if "kind" in query else []
    wanted += [table.c[name] == fold(query[name]) for name in ("name", "member") if name in query]

    def of_row(row: Row[Any]) -> Json:
        return told(store.membership(row))

    return Listing(select(table).where(*wanted), of_row, table.c.id, {"name": table.c.name})


@section.post("/memberships", "add", takes=Joins, answers=Made, status=201)
def add(call: Call) -> Json:
    """Let members belong; those that do already are left as they are."""
    return {"items": list(map(told, membership_book.add(call.unit, asked(call), call.actor)))}


@section.post("/memberships/remove", "remove", takes=Belongs, answers=Made)
def remove(call: Call) -> Json:
    """Let members leave, at `valid_from` or now. Sessions that began before are priced as they were."""
    return {"items": list(map(told, membership_book.remove(call.unit, asked(call), call.actor)))}


def asked(call: Call) -> Belonging:
    body = call.body
    return Belonging(
        owned(call, body["party"]),
        Kind(body["kind"]),
        body["name"],
        body["members"],
        body.get("valid_from"),
        body.get("valid_to"),
        call.reason or "",
    )


def told(membership: Membership) -> Json:
    plain = {name: getattr(membership, name) for name in Membership.__annotations__}
    return plain | {"party": membership.owner}
