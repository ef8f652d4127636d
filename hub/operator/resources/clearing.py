"""The clearing of CDRs: which are wrong and why, and what becomes of them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from hub.clearing import deciding, differences, explaining, profile
from hub.clearing.checks import BY_CODE
from hub.clearing.clear import SAYS
from hub.clearing.deciding import Decision
from hub.clearing.states import State
from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.clearing_kinds import DECIDABLE, Seen, wanted_of
from hub.operator.fields import (
    MAYBE,
    Anything,
    Because,
    Exactly,
    Instant,
    ListQuery,
    Money,
    PartyField,
    WholeNumber,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import owned
from hub.operator.problems import Forbidden, NotFound, Unfit
from hub.operator.resources import objects
from hub.operator.resources.jobs import Job
from hub.operator.section import Located, Section
from hub.store.clearings import clearing_events, clearings
from tariffs import Rounding

section = Section(
    "clearing",
    "Which CDRs are wrong and why, and what becomes of them. A user of one party sees those that it is paid"
    " for and those that it pays, and decides upon those that it pays.",
)

ONE = f"/clearing/cdrs/{objects.OWNER}/<object_id>"
CODES = (*SAYS, *BY_CODE)
KINDS = ("NORMAL", "CREDIT", "PARTIAL", "REPLACEMENT")
STATES = tuple(state.value for state in State)
MOST = 200_000
"""Of so many CDRs differences are summed up while somebody waits."""


class Chosen(Schema):
    """Which CDRs."""

    owner = PartyField(metadata={"description": "Only those of this CPO."})
    emsp = PartyField(metadata={"description": "Only those that this eMSP pays."})
    code = word(*CODES, metadata={"description": "Only those in which this check has found something."})
    cause = text(80, metadata={"description": "Only those whose amount differs for this cause."})
    currency = text(3, 3)
    since = Instant(metadata={"description": "Only those whose session ended then or later."})
    until = Instant(metadata={"description": "Only those whose session ended before."})


class ChosenInState(Chosen):
    state = word(*STATES)


class ClearingQuery(ListQuery, ChosenInState):
    sort = sorting("-id", "ended_at", "received_at")


class Clearing(Schema):
    cpo = fields.String(required=True)
    emsp = fields.String(required=True)
    id = fields.String(required=True)
    kind = word(*KINDS, required=True)
    state = word(*STATES, required=True)
    session = fields.String(**MAYBE)
    end = fields.String(required=True, metadata={"format": "date-time"})
    energy = Money(required=True, metadata={"description": "kWh, exact, as a string."})
    currency = fields.String(required=True)
    net = Money(required=True, metadata={"description": "What it claims, before taxes."})
    gross = Money(**MAYBE)
    expected_net = Money(**MAYBE, metadata={"description": "By the tariff known when the session began."})
    expected_gross = Money(**MAYBE)
    carried_net = Money(**MAYBE, metadata={"description": "By the tariff that the CDR carries."})
    carried_gross = Money(**MAYBE)
    cause = fields.String(**MAYBE, metadata={"description": "Why it differs, where that could be named."})
    codes = fields.List(fields.String(), required=True)
    received_at = fields.String(required=True, metadata={"format": "date-time"})
    credits = fields.String(**MAYBE, metadata={"description": "The CDR that this one takes back."})
    credited_by = fields.String(**MAYBE)
    replaced_by = fields.String(**MAYBE)
    statement_id = fields.Integer(**MAYBE)


class ClearingFinding(Schema):
    code = fields.String(required=True)
    severity = fields.String(required=True)
    says = fields.String(required=True)
    detail = fields.String(required=True)
    remedy = fields.String(required=True)


class ClearingDetails(Clearing):
    checks = fields.List(fields.Nested(ClearingFinding), required=True)


class ClearingEvent(Schema):
    at = fields.String(required=True, metadata={"format": "date-time"})
    by = fields.String(required=True)
    before = fields.String(**MAYBE, data_key="from", attribute="from")
    after = fields.String(required=True, data_key="to", attribute="to")
    why = fields.String(**MAYBE)
    codes = fields.List(fields.String(), required=True)


class EventQuery(ListQuery):
    sort = sorting("id")


class AgreementOf(Schema):
    id = fields.Integer(required=True)
    since = fields.String(required=True, metadata={"format": "date-time"})
    billing = fields.String(required=True)
    reason = fields.String(**MAYBE)


class TariffOf(Schema):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    since = fields.String(required=True, metadata={"format": "date-time"})
    until = fields.String(**MAYBE, metadata={"format": "date-time"})
    author = fields.String(**MAYBE)
    reason = fields.String(**MAYBE)
    rules = fields.List(fields.Integer(), required=True, metadata={"description": "Those that gave it."})


class Delta(Schema):
    amount = fields.String(required=True, metadata={"description": "`total`, or a dimension: `energy` ..."})
    side = word("before_taxes", "after_taxes", "taxes", required=True)
    claimed = Money(required=True)
    recomputed = Money(**MAYBE)
    delta = Money(**MAYBE, metadata={"description": "Claimed less recomputed."})
    agrees = fields.Boolean(required=True)


class TakenBackBy(Schema):
    id = fields.String(required=True)
    kind = word(*KINDS, required=True)
    state = word(*STATES, required=True)
    net = Money(required=True, metadata={"description": "Below nought."})
    gross = Money(**MAYBE)
    statement_id = fields.Integer(**MAYBE)


class BilledBy(Schema):
    id = fields.String(required=True, metadata={"description": "The number of the invoice."})
    by = fields.String(required=True)
    record = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})


class Explanation(ClearingDetails):
    states = fields.List(fields.Nested(ClearingEvent), required=True, metadata={"description": "All so far."})
    agreement = fields.Nested(AgreementOf, **MAYBE)
    tariff = fields.Nested(TariffOf, **MAYBE, metadata={"description": "The version that it stands on."})
    quote = Exactly(
        **MAYBE, metadata={"description": "When the hub issued it: every line, its reason, each rounding."}
    )
    differences = fields.List(
        fields.Nested(Delta),
        required=True,
        metadata={"description": "Each amount beside what its tariff makes; none where the hub issued it."},
    )
    taken_back_by = fields.List(
        fields.Nested(TakenBackBy), required=True, metadata={"description": "Credits of it, also of parts."}
    )
    invoices = fields.List(fields.Nested(BilledBy), required=True, metadata={"description": "That bill it."})
    input_hash = fields.String(**MAYBE, metadata={"description": "SHA-256 of the CDR that was checked."})
    policy = Exactly(**MAYBE, metadata={"description": "How it was priced and rounded."})
    cdr = Anything(required=True, metadata={"description": "The CDR of OCPI 2.3.0."})


class DecideMany(Because, Chosen):
    decision = word(*Decision, required=True)
    state = word(*DECIDABLE, load_default=State.HELD.value, metadata={"description": "`check` takes all."})
    everything = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "All in this state: needed when nothing else says which."},
    )


class SumDifferences(Because, ChosenInState):
    pass


class Difference(Schema):
    count = fields.Integer(required=True)
    claimed = Money(required=True)
    expected = Money(required=True)
    delta = Money(required=True)


class Differences(Difference):
    currency = fields.String(required=True)
    recomputed = fields.Integer(required=True, metadata={"description": "How many were compared."})
    by = fields.Dict(
        keys=word(*differences.AXES),
        values=fields.Dict(keys=fields.String(), values=fields.Nested(Difference)),
        required=True,
    )


class DifferencesReport(Schema):
    items = fields.List(fields.Nested(Differences), required=True, metadata={"description": "By currency."})


class RoundingQuery(Schema):
    owner = PartyField(required=True, metadata={"description": "The CPO."})
    last = WholeNumber(
        load_default=profile.LAST,
        validate=validate.Range(1, profile.LAST),
        metadata={"description": "How many CDRs at most are looked at."},
    )


class Way(Schema):
    mode = word(*(each.value for each in Rounding), required=True)
    decimals = fields.Integer(required=True)
    level = word(*profile.LEVELS, required=True, metadata={"description": "What is rounded."})


class Fit(Way):
    cdrs = fields.Integer(required=True, metadata={"description": "How many it fits."})


class RoundingSchema(Schema):
    party = fields.String(required=True)
    looked_at = fields.Integer(required=True, metadata={"description": "How many could be priced exactly."})
    telling = fields.Integer(required=True, metadata={"description": "Whose amount hangs on the way at all."})
    best = fields.List(fields.Nested(Way), required=True, metadata={"description": "[]: nothing tells."})
    fits = fields.List(fields.Nested(Fit), required=True)


# Reading ---------------------------------------------------------------------------------------------------


@section.get("/clearing/cdrs", "list", query=ClearingQuery, answers=listed(Clearing))
def list_(call: Call) -> Listing:
    """List CDRs with what was found in them and what they should cost; `total` is how many are meant."""
    sorts = {name: clearings.c[name] for name in ("ended_at", "received_at")}
    query = select(clearings).where(*chosen(call, call.query).conditions())
    return Listing(query, explaining.summary, clearings.c.id, sorts)


def chosen(call: Call, told: Mapping[str, Any]) -> Seen:
    """What a query means."""
    names = ("owner", "emsp", "state", "code", "cause", "currency", "since", "until")
    return Seen(**{name: told.get(name) for name in names}, only=call.only)


@section.get(ONE, "show", answers=ClearingDetails)
def show(call: Call, **path: str) -> Json:
    """Show a CDR in short: its state, its amounts, and every finding with what can be done about it."""
    row = known(call, path)
    found = [explaining.finding(*each) for each in json.loads(row.codes)]
    return explaining.summary(row) | {"checks": found}


def known(call: Call, path: Json) -> Any:
    """The row of the CDR that a path names; NotFound also when it is not this user's to see."""
    owner, key = objects.key_of(call, path)
    rows = deciding.listed(call.unit, Seen(owner=owner, cdr=key, only=call.only))
    if not rows:
        raise NotFound(
            f"{owner} has no CDR {path['object_id']!r}, or it waits to be cleared.",
            remedy=f"GET /api/v1/clearing/cdrs?owner={owner} lists those it has.",
        )
    return rows[0]


@section.get(f"{ONE}/explanation", "explain", answers=Explanation)
def explain(call: Call, **path: str) -> Json:
    """Tell everything of a CDR: what it costs and why, what was found, every state, what it stands on."""
    return explaining.explained(call.unit, known(call, path))


@section.get(f"{ONE}/states", "states", query=EventQuery, answers=listed(ClearingEvent))
def states_(call: Call, **path: str) -> Listing:
    """List what became of a CDR: who moved it, when, why, and what had been found then."""
    mine = select(clearing_events).where(clearing_events.c.clearing_id == known(call, path).id)
    return Listing(mine, explaining.event, clearing_events.c.id)


@section.get("/clearing/differences", "differences", query=ChosenInState, answers=DifferencesReport)
def differences_(call: Call) -> Json:
    """Sum up what CDRs claim beside what they should cost: by CPO, eMSP, tariff, cause and week."""
    wanted = chosen(call, call.query)
    query = select(func.count()).select_from(clearings).where(*wanted.conditions())
    count = call.unit.connection.execute(query).scalar_one()
    if count > MOST:
        raise Unfit(
            f"{count} CDRs are meant; at most {MOST} are summed up at once.",
            fields={"since": "leave out less"},
            remedy="Name a party or a shorter time; POST sums up any number, as a job.",
        )
    return {"items": [each.as_dict() for each in differences.report(call.unit, wanted)]}


@section.get("/clearing/rounding", "rounding", query=RoundingQuery, answers=RoundingSchema)
def rounding(call: Call) -> Json:
    """Tell how a CPO rounds, by its last CDRs and the tariffs in them: up or to even, to how many decimals,
    the total or each part of it. Ways that fit equally many cannot be told apart."""
    owner = owned(call, call.query["owner"])
    return profile.profile(call.unit, owner, call.query["last"]).as_dict()


@section.post("/clearing/differences", "sum-differences", takes=SumDifferences, answers=Job, status=202)
def sum_differences(call: Call) -> Located:
    """The same of any number of CDRs: a job, whose result has the report of each currency."""
    told = {name: call.body[name] for name in ChosenInState().fields if name in call.body}
    only = None if call.only is None else str(call.only)
    job = call.submit("sum-differences", {"wanted": wanted_of(told), "only": only})
    return Located(job, f"/api/v1/jobs/{job['id']}")


# Deciding --------------------------------------------------------------------------------------------------


def decision(name: Decision, does: str) -> Callable[..., Json]:
    """The operation that decides one CDR."""

    def decide(call: Call, **path: str) -> Json:
        row = known(call, path)
        if call.only is not None and call.only.code != row.emsp:
            raise Forbidden(
                f"{call.user.name} is bound to {call.only}, and who pays a CDR decides upon it.",
                remedy="Have it decided by its eMSP, or by a user of the whole hub.",
            )
        deciding.decide(call.unit, row, name, call.actor, call.reason)
        return show(call, **path)

    decide.__doc__ = does
    declared = section.post(f"{ONE}/{name}", name, takes=Because, answers=ClearingDetails, current=show)
    return declared(decide)


decision(Decision.ACCEPT, "Pay it as it is: it is RATED and goes onto the next statement.")
decision(Decision.DROP, "Neither pay it nor ask any more.")
decision(Decision.REJECT, "Refuse to pay it; it stands in the file of rejected CDRs for its CPO.")
decision(Decision.CHECK, "Check it once more with what is known now, also when it was dropped or rejected.")


@section.post("/clearing/decisions", "decide-many", takes=DecideMany, answers=Job, status=202)
def decide_many(call: Call) -> Located:
    """Decide upon all CDRs that the fields mean, as far as they are held and there by now; a bound user upon
    those that its party pays.

    `GET /clearing/cdrs` with the same fields shows which they are. Each is a decision of its own, in the
    trail with its reason; `result` counts how many went where, and names those that could not.
    """
    body = call.body
    meant = {name: body[name] for name in Chosen().fields if name in body}
    if bool(meant) == body["everything"]:
        fault = "say either which ones, or everything"
        raise Unfit("It is not clear which CDRs are meant.", fields={"everything": fault})
    if body["state"] != State.HELD and body["decision"] != Decision.CHECK:
        raise Unfit("Only what is HELD is decided upon.", fields={"state": "for `check` alone"})
    wanted = wanted_of(meant | {"state": body["state"]})
    told = {"decision": body["decision"], "wanted": wanted, "through": latest(call), "reason": call.reason}
    payer = None if call.only is None else str(call.only)
    job = call.submit("decide-cdrs", told | {"payer": payer, "by": call.user.name})
    return Located(job, f"/api/v1/jobs/{job['id']}")


def latest(call: Call) -> int:
    """The last CDR that there is: what comes later has not been seen by who decides."""
    return int(call.unit.connection.execute(select(func.max(clearings.c.id))).scalar() or 0)
