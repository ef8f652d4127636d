"""The assignment rules: which tariff holds for whom, what comes off it, and why."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, and_, or_, select

from hub.billing.learning import learned
from hub.billing.place import place_of
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Anything,
    Because,
    Instant,
    ListQuery,
    PartyField,
    WholeNumber,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import Figure, owned
from hub.operator.problems import NotFound
from hub.operator.resources import objects
from hub.operator.section import ID, Located, Section
from hub.operator.supposing import Supposed, supposed
from hub.prices.rules import book as rule_book
from hub.prices.rules import matching, resolving, situation
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.adjustments import MILLIONTHS
from hub.prices.rules.drafts import Draft
from hub.prices.rules.resolving import Resolution
from hub.prices.rules.rules import Kind, Per, Rule, legible, party
from hub.prices.rules.situation import Situation
from hub.store.assignments import balances
from hub.store.assignments import rules as table

section = Section("rules", "Which tariff holds for whom, and what comes off its price.")

ONE = f"/rules/<int(max={ID}):rule_id>"
KINDS = tuple(kind.value for kind in Kind)
MATCH = (
    "What a session must be: partner, contract, group_id, plan, tier, campaign, connector_id, evse_uid,"
    " location_id, location_group, country, power_kw, current, standard, token_type, tariff_type, weekdays,"
    " hours. What is left out may be anything. Of two rules the one wins that names the earliest of these."
)


class RuleSchema(Schema):
    id = fields.Integer(required=True)
    party = PartyField(required=True, metadata={"description": "The CPO whose prices they are."})
    kind = word(*KINDS, required=True)
    match = Anything(required=True, metadata={"description": MATCH})
    tariff_id = fields.String(**MAYBE)
    value = Figure(**MAYBE)
    per = word(*(per.value for per in Per), **MAYBE)
    currency = fields.String(**MAYBE)
    priority = fields.Integer(required=True)
    valid_from = Instant(required=True)
    valid_to = Instant(**MAYBE)
    private = fields.Boolean(required=True)
    author = fields.String(required=True)
    reason = fields.String(required=True)
    recorded_at = Instant(required=True)
    replaces = fields.Integer(**MAYBE)
    ended_at = Instant(**MAYBE, metadata={"description": "When its end was set."})
    ended_by = fields.String(**MAYBE)
    end_reason = fields.String(**MAYBE)


class RuleQuery(ListQuery):
    sort = sorting("-id", "valid_from")
    party = PartyField(metadata={"description": "Only those of this CPO."})
    kind = word(*KINDS)
    tariff_id = text(80)
    at = Instant(metadata={"description": "Only those that hold at this instant."})


class NewRule(Because):
    party = PartyField(required=True)
    kind = word(*KINDS, required=True)
    match = Anything(load_default=dict, metadata={"description": MATCH})
    tariff_id = text(80, metadata={"description": "Of kind TARIFF."})
    value = Figure(
        metadata={"description": "Of the other kinds: percent, money per kWh, kWh, minutes, a cap."}
    )
    per = word(*(per.value for per in Per), metadata={"description": "Of what is free."})
    currency = text(3)
    priority = WholeNumber(load_default=0, validate=validate.Range(-(10**6), 10**6))
    valid_from = Instant(metadata={"description": "Now, if left out."})
    valid_to = Instant()
    private = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    reach_back = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class End(Because):
    at = Instant(metadata={"description": "Now, if left out."})


class Balance(Schema):
    contract = fields.String(required=True)
    month = fields.String(required=True, metadata={"description": "Where the sessions took place."})
    used = Figure(required=True, metadata={"description": "Of what the rule gives."})


class Asked(Supposed):
    session_id = text(36, metadata={"description": "A session that there is; then nothing else is needed."})


class Considered(Schema):
    rule = fields.Integer(required=True)
    kind = word(*KINDS, required=True)
    match = Anything(required=True)
    holds = fields.Boolean(required=True)
    why_not = fields.String(**MAYBE)


class Resolved(Schema):
    tariff_id = fields.String(**MAYBE)
    version = fields.Integer(**MAYBE)
    rule = fields.Integer(**MAYBE, metadata={"description": "null: the tariff is the connector's own."})
    adjustments = fields.List(fields.Integer(), required=True)
    fault = fields.String(**MAYBE, metadata={"description": "Why nothing resolves; it would be held so."})
    session = Anything(required=True, metadata={"description": "What rules look at."})
    considered = fields.List(fields.Nested(Considered), required=True)


# Rules -----------------------------------------------------------------------------------------------------


@section.get("/rules", "list", query=RuleQuery, answers=listed(RuleSchema))
def list_(call: Call) -> Listing:
    """List the rules, ended ones too."""

    def of_row(row: Row[Any]) -> Json:
        return told(rule_rows.rule(row))

    return Listing(select(table).where(*wanted(call)), of_row, table.c.id, {"valid_from": table.c.valid_from})


def wanted(call: Call) -> list[ColumnElement[bool]]:
    query, at = call.query, call.query.get("at")
    found = [table.c.owner == each.code for each in (call.only, query.get("party")) if each]
    found += [table.c[name] == query[name] for name in ("kind", "tariff_id") if name in query]
    if at is not None:
        lasting = or_(table.c.valid_to.is_(None), table.c.valid_to > at)
        found.append(and_(table.c.valid_from <= at, lasting))
    return found


@section.get(ONE, "show", answers=RuleSchema)
def show(call: Call, rule_id: int) -> Json:
    """Show a rule. None is ever edited: it ends, or is replaced."""
    return told(known(call, rule_id))


@section.get(f"{ONE}/balances", "balances", query=ListQuery, answers=listed(Balance))
def balances_(call: Call, rule_id: int) -> Listing:
    """List what contracts have used of an allowance or cap, by month."""
    rule = known(call, rule_id)
    ident = balances.c.month + "|" + balances.c.holder

    def of_row(row: Row[Any]) -> Json:
        return {"contract": row.holder, "month": row.month, "used": row.used / MILLIONTHS}

    return Listing(select(balances).where(balances.c.rule_id == rule.id), of_row, ident)


@section.post("/rules", "create", takes=NewRule, answers=RuleSchema, status=201)
def create(call: Call) -> Located:
    """Make a rule. One that could be as good as another for some session is refused, with an example."""
    made = rule_book.add(call.unit, draft(call), call.actor)
    return Located(told(made), f"/api/v1/rules/{made.id}")


@section.post(f"{ONE}/end", "end", takes=End, answers=RuleSchema, current=show)
def end(call: Call, rule_id: int) -> Json:
    """Let a rule end, now or later. What began before is priced with it."""
    known(call, rule_id)
    rule_book.end(call.unit, rule_id, call.body.get("at"), call.actor, call.reason or "")
    return show(call, rule_id)


@section.post(f"{ONE}/replace", "replace", takes=NewRule, answers=RuleSchema, status=201, current=show)
def replace_(call: Call, rule_id: int) -> Located:
    """End a rule and make another in its place, at the same instant."""
    known(call, rule_id)
    made = rule_book.replace_by(call.unit, rule_id, draft(call), call.actor)
    return Located(told(made), f"/api/v1/rules/{made.id}")


def draft(call: Call) -> Draft:
    body = call.body
    names = ("tariff_id", "value", "currency", "priority", "valid_from", "valid_to", "private", "reach_back")
    return Draft(
        owned(call, body["party"]),
        Kind(body["kind"]),
        matching.read(body["match"]),
        per=Per(body["per"]) if "per" in body else None,
        reason=call.reason or "",
        **{name: body[name] for name in names if name in body},
    )


def known(call: Call, rule_id: int) -> Rule:
    found = rule_rows.one(call.unit, rule_id)
    if found is None or not call.sees(found.owner):
        raise NotFound(f"There is no rule {rule_id}.", remedy="GET /api/v1/rules lists them.")
    return found


def told(rule: Rule) -> Json:
    plain_fields = {name: getattr(rule, name) for name in Rule.__annotations__}
    return plain_fields | {"party": rule.owner, "match": legible(rule.match)}


# Why -------------------------------------------------------------------------------------------------------


@section.post("/rules/resolve", "resolve", takes=Asked, answers=Resolved, asks=True)
def resolve(call: Call) -> Json:
    """Tell which tariff and which adjustments a session has, and why no other rule holds.

    The session is one that there is, or one that might be: where, by whom, when.
    """
    resolution = of_session(call) if "session_id" in call.body else of_supposed(call)
    return {
        "tariff_id": resolution.tariff_id,
        "version": resolution.version and resolution.version.number,
        "rule": resolution.rule and resolution.rule.id,
        "adjustments": [each.id for each in resolution.adjustments],
        "fault": None if resolution.fault is None else str(resolution.fault),
        "session": of_situation(resolution.here),
        "considered": [
            {
                "rule": rule.id,
                "kind": rule.kind,
                "match": legible(rule.match),
                "holds": why is None,
                "why_not": why,
            }
            for rule, why in resolution.considered
        ],
    }


def of_session(call: Call) -> Resolution:
    owner = owned(call, call.body["party"])
    path = {"country_code": owner.country_code, "party_id": owner.party_id}
    document = objects.known(call, "sessions", path | {"object_id": call.body["session_id"]}).document
    session = document.newest
    place = place_of(call.unit, owner, session, instants.micros(session["start_date_time"]))
    here = situation.of(call.unit, owner, session, (place.location, place.evse, place.connector))
    return resolving.resolve(call.unit, here, learned(call.unit, document))


def of_supposed(call: Call) -> Resolution:
    return resolving.resolve(call.unit, supposed(call, owned(call, call.body["party"])).here)


def of_situation(here: Situation) -> Json:
    told = {name: getattr(here, name) for name in Situation.__annotations__}
    partner = None if here.partner is None else party(here.partner)
    instant = instants.text(here.start)
    return {name: shown(value) for name, value in told.items()} | {"partner": partner, "start": instant}


def shown(value: Any) -> Any:
    if isinstance(value, Party):
        return str(value)
    return sorted(value) if isinstance(value, frozenset) else value
