"""What charging costs before it is so: drafts, words, previews, and the past under other prices."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

import tariffs
from hub.billing import cdr, rating
from hub.billing.rating import Circumstances, Rated
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Anything, Because, Exactly, Instant, Money, PartyField, text
from hub.operator.pricing import Figure, owned, read, zone
from hub.operator.problems import NotFound, Unfit
from hub.operator.resources.jobs import Job
from hub.operator.resources.rules import of_situation
from hub.operator.section import Located, Section
from hub.operator.supposing import Charged, Supposition, metered, session_of, supposed
from hub.prices.book import comparing, drafts, versions
from hub.prices.book.drafting import drafted
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import Version
from hub.prices.rules import adjustments, resolving
from tariffs import Conditions, Quote, Tariff
from tariffs.preview import KWH, MINUTES

section = Section("prices", "What charging costs, before it is so.")

MONTH = r"\d{4}-(0[1-9]|1[0-2])\Z"
USUAL_POWER = Decimal(11)
HOURS = 24


class Document(Because):
    tariff = Anything(metadata={"description": "A Tariff of OCPI 2.1.1, 2.2.1 or 2.3.0."})
    time_zone = zone()


class Draft(Document):
    tariff = Anything(required=True, metadata={"description": "A Tariff of OCPI 2.1.1, 2.2.1 or 2.3.0."})
    party = PartyField(required=True, metadata={"description": "Whose tariff it is to be."})
    valid_from = Instant()
    valid_to = Instant()


class Findings(Schema):
    publishable = fields.Boolean(required=True)
    time_zone = fields.String(required=True)
    refusals = fields.List(fields.Dict(), required=True, metadata={"description": "Why it would be refused."})
    lint = fields.List(fields.Dict(), required=True)
    notices = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "Partners that would know of it later than was agreed."},
    )
    replaces = fields.Integer(**MAYBE, metadata={"description": "The version it would take the place of."})
    same = fields.Boolean(required=True, metadata={"description": "Whether that says the same already."})
    valid_from = fields.String(**MAYBE)
    valid_to = fields.String(**MAYBE)
    changes = Exactly(**MAYBE, metadata={"description": "In words and in money."})
    preview = Exactly(**MAYBE, metadata={"description": "Its first 168 hours, and usual sessions."})


class Linted(Schema):
    findings = fields.List(fields.Dict(), required=True)
    errors = fields.Integer(required=True)


class OneTariff(Document):
    party = PartyField(metadata={"description": "With tariff_id: whose tariff it is."})
    tariff_id = text(80, metadata={"description": "One of the price book, instead of `tariff`."})


class History(Because):
    party = PartyField(required=True, metadata={"description": "Whose sessions they are."})
    tariff = Anything(required=True, metadata={"description": "The draft."})
    months = fields.List(
        fields.String(validate=validate.Regexp(MONTH, error="not a month, such as 2026-10")),
        required=True,
        validate=validate.Length(1, 120),
    )
    tariffs = fields.List(
        text(80),
        metadata={"description": "Only sessions that these have priced; that of the draft, if left out."},
    )
    all = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Sessions whatever tariff has priced them."},
    )
    partners = fields.List(PartyField(), metadata={"description": "Only those of these eMSPs."})
    locations = fields.List(text(36), metadata={"description": "Only those at these locations."})


class Explained(Schema):
    text = fields.String(required=True)
    markdown = fields.String(required=True)
    explanation = Anything(required=True)


class Wanted(Charged):
    tariff = Anything(metadata={"description": "A draft that is to be priced, instead of what holds."})
    tariff_id = text(80, metadata={"description": "A tariff of the price book, instead of what holds there."})
    time_zone = zone()
    power_kw = Figure(Decimal("0.1"), 10_000, metadata={"description": "For the table; 11 if left out."})


class Cell(Schema):
    kwh = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    before_taxes = Money(**MAYBE)
    after_taxes = Money(**MAYBE)


class Preview(Schema):
    currency = fields.String(required=True)
    before_taxes = Money(required=True)
    taxes = fields.List(Exactly(), required=True)
    after_taxes = Money(**MAYBE, metadata={"description": "null: somebody else adds the taxes."})
    tariff_id = fields.String(required=True)
    version = fields.Integer(**MAYBE)
    rule = fields.Integer(**MAYBE)
    adjustments = fields.List(fields.Integer(), required=True)
    time_zone = fields.String(required=True)
    session = Anything(required=True, metadata={"description": "What rules look at."})
    quote = Exactly(required=True, metadata={"description": "Every line, with its reason."})
    table = fields.List(fields.Nested(Cell), required=True)
    prices = fields.List(fields.Dict(), required=True, metadata={"description": "Per unit, over 24 hours."})


@section.post("/prices/examine", "examine", takes=Draft, answers=Findings, asks=True)
def examine(call: Call) -> Json:
    """Say of a draft all that can be said before it is published; nothing is written.

    Whether it can be read and priced, what the linter finds, what the price book and the agreed notice say,
    how it differs from what it would replace, what a week of it costs.
    """
    body = call.body
    edit = Edit(call.actor, call.reason, body.get("valid_from"), body.get("valid_to"))
    owner = owned(call, body["party"])
    found = drafts.examine(call.unit, body["tariff"], owner, edit, body.get("time_zone"))
    return found.as_dict() | {"publishable": not found.refusals}


@section.post("/prices/lint", "lint", takes=Document, answers=Linted, asks=True)
def lint(call: Call) -> Json:
    """Say what looks wrong in a tariff, and what to do about it."""
    if "tariff" not in call.body:
        raise Unfit("There is nothing to look at.", fields={"tariff": "is needed"})
    today = instants.moment(call.unit.now).date()
    found = tariffs.lint(call.body["tariff"], call.body.get("time_zone"), today)
    errors = sum(each.severity is tariffs.Severity.ERROR for each in found)
    return {"findings": [each.as_dict() for each in found], "errors": errors}


@section.post("/prices/explain", "explain", takes=OneTariff, answers=Explained, asks=True)
def explain(call: Call) -> Json:
    """Tell a tariff in plain words: prices by time of day and weekday, fees, steps, limits, taxes."""
    body = call.body
    if "tariff" in body:
        tariff, place = read(body["tariff"]), body.get("time_zone", "UTC")
    else:
        owner = owned(call, needed(body, "party"))
        tariff = read(held(call, owner, needed(body, "tariff_id"), call.unit.now).document.newest)
        place = body.get("time_zone") or comparing.time_zone_of(call.unit, owner)
    found = tariffs.explain(tariff, place)
    return {"text": found.text(), "markdown": found.markdown(), "explanation": found.as_dict()}


@section.post("/prices/what-if", "what-if", takes=History, answers=Job, status=202)
def what_if(call: Call) -> Located:
    """Price the sessions of past months again under a draft: a job.

    Its result tells what they have cost, what they would have cost, and the difference by partner, location,
    hour of the day and component. What rules take off or add after the tariff is on neither side.
    """
    body = call.body
    owner = owned(call, body["party"])
    document = drafted(call.unit, body["tariff"], owner, call.unit.now).newest
    wanted = {
        "party": str(owner),
        "tariff": document,
        "months": body["months"],
        "tariffs": [] if body["all"] else body.get("tariffs", [document["id"]]),
        "partners": [str(each) for each in body.get("partners", ())],
        "locations": body.get("locations", []),
    }
    job = call.submit("what-if", wanted)
    return Located(job, f"/api/v1/jobs/{job['id']}")


# A session that might be -----------------------------------------------------------------------------------


@section.post("/prices/preview", "preview", takes=Wanted, answers=Preview, asks=True)
def preview(call: Call) -> Json:
    """Price a session that might be, by the very function that bills.

    At a connector, for a driver: the tariff and the adjustments that would hold there and then. Or under a
    draft, or under one tariff of the price book, wherever that is used.
    """
    owner = owned(call, call.body["party"])
    if "tariff" in call.body or "tariff_id" in call.body:
        return of_tariff(call, owner)
    return of_place(call, owner, supposed(call, owner))


def of_place(call: Call, owner: Party, where: Supposition) -> Json:
    """What holds for this driver at this connector."""
    bare = session_of(call, owner) | {"currency": currency_at(call, where)}
    found = Circumstances(where.place, where.here, None)

    def rated(kwh: Decimal, minutes: int, parked: int) -> Rated:
        session = metered(bare, kwh, minutes, parked)
        return rating.rated_at(call.unit, session, found, adjustments.left)

    asked = rated(*asked_for(call))
    first, rule = asked.versions[0], asked.rule
    return told(call, asked.quote, where.here.time_zone) | {
        "tariff_id": first.document.newest["id"],
        "version": first.number,
        "rule": None if rule is None else rule.id,
        "adjustments": [each.id for each in asked.adjusted_by],
        "session": of_situation(where.here),
        "table": [cell(each, rated(*each[1:]).quote) for each in cells(call)],
        "prices": coming(read(first.document.newest), where.here.time_zone, where.here.start),
    }


def currency_at(call: Call, where: Supposition) -> str:
    """That of the tariff that holds there; when none does, whatever, since nothing will be priced."""
    version = resolving.resolve(call.unit, where.here).version
    return "EUR" if version is None else str(version.document.newest["currency"])


def of_tariff(call: Call, owner: Party) -> Json:
    """A draft, or a tariff of the book, wherever it is used and without adjustments."""
    body, version = call.body, None
    bare = session_of(call, owner)
    start = instants.micros(bare["start_date_time"])
    if "tariff" in body:
        document = drafted(call.unit, body["tariff"], owner, start).newest
    else:
        version = held(call, owner, body["tariff_id"], start)
        document = version.document.newest
    tariff, place = read(document), body.get("time_zone") or comparing.time_zone_of(call.unit, owner)

    def priced(kwh: Decimal, minutes: int, parked: int) -> Quote:
        session = cdr.metered(metered(bare, kwh, minutes, parked), document["id"], alone=True)
        return tariffs.price(tariff, tariffs.read_session(session), place)

    return told(call, priced(*asked_for(call)), place) | {
        "tariff_id": document["id"],
        "version": version and version.number,
        "rule": None,
        "adjustments": [],
        "session": {"start": bare["start_date_time"]},
        "table": [cell(each, priced(*each[1:])) for each in cells(call)],
        "prices": coming(tariff, place, start),
    }


def asked_for(call: Call) -> tuple[Decimal, int, int]:
    body = call.body
    if body["parked_minutes"] > body["minutes"]:
        fault = "is longer than the whole session"
        raise Unfit("The session parks for longer than it lasts.", fields={"parked_minutes": fault})
    return body["kwh"], body["minutes"], body["parked_minutes"]


Case = tuple[int, Decimal, int, int]
"""The kWh as a whole number; then kWh, minutes, and those of them parked."""


def cells(call: Call) -> Iterator[Case]:
    """Usual sessions: charging for as long as the energy takes at the power, then parked."""
    power = call.body.get("power_kw", USUAL_POWER)
    for kwh in KWH:
        for minutes in MINUTES:
            charging = min(-(-kwh * 60 // power), minutes)
            yield kwh, Decimal(kwh), minutes, minutes - int(charging)


def cell(case: Case, quote: Quote) -> Json:
    shown = {"kwh": case[0], "minutes": case[2]}
    return shown | {"before_taxes": quote.before_taxes, "after_taxes": quote.after_taxes}


def told(call: Call, quote: Quote, place: str) -> Json:
    return {
        "currency": quote.currency,
        "before_taxes": quote.before_taxes,
        "after_taxes": quote.after_taxes,
        "taxes": [tax.as_dict() for tax in quote.taxes],
        "time_zone": place,
        "quote": quote.as_dict(),
    }


def coming(tariff: Tariff, place: str, start: int) -> list[dict[str, object]]:
    begin: datetime = instants.moment(start)
    return [step.as_dict() for step in tariffs.preview(tariff, place, begin, HOURS, Conditions()).steps]


def held(call: Call, owner: Party, tariff_id: str, at: int) -> Version:
    found = versions.in_force(call.unit, owner, fold(tariff_id), at)
    if found is None:
        raise NotFound(
            f"{owner} has no tariff {tariff_id!r} that holds at {instants.text(at)}.",
            remedy="GET /api/v1/tariffs lists those there are.",
        )
    return found


def needed(body: Json, name: str) -> Any:
    if name not in body:
        raise Unfit("There is no tariff to tell of.", fields={name: "is needed, or give `tariff`"})
    return body[name]
