"""The checks of CDRs: what each finds, how bad that is, and by which limits it goes."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from hub.clearing import rule_sets
from hub.clearing.checks import BY_CODE, RULES, Setting, Settings, limits_of, severity_of
from hub.clearing.rule import Rule, Severity
from hub.clearing.rule_sets import NoSuchCheck, Set
from hub.ocpi.document import Json, Party
from hub.operator.call import Call
from hub.operator.fields import MAYBE, Because, Instant, PartyField, listed, text, word
from hub.operator.pricing import Figure, owned
from hub.operator.problems import NotFound, Unfit
from hub.operator.section import Section

section = Section("checks", "How CDRs are checked: for everybody, or for the CDRs of one CPO.")

ONE = "/checks/<code>"
SEVERITIES = tuple(severity.value for severity in Severity)


class CheckQuery(Schema):
    party = PartyField(metadata={"description": "Of the CDRs of this CPO alone; of all, if left out."})


class ResetQuery(CheckQuery, Because):
    pass


class CheckSetting(Schema):
    severity = word(*SEVERITIES, **MAYBE, metadata={"description": "null: as usual."})
    limits = fields.Dict(keys=fields.String(), values=Figure(), required=True)
    author = fields.String(required=True)
    changed_at = Instant(required=True)


class CheckSchema(Schema):
    code = fields.String(required=True)
    severity = word(*SEVERITIES, required=True, metadata={"description": "REJECT and HOLD hold the CDR."})
    usual_severity = word(*SEVERITIES, required=True)
    says = fields.String(required=True)
    remedy = fields.String(required=True)
    limits = fields.Dict(keys=fields.String(), values=Figure(), required=True)
    usual_limits = fields.Dict(keys=fields.String(), values=Figure(), required=True)
    set = fields.Nested(
        CheckSetting,
        **MAYBE,
        metadata={"description": "What was set for this party, or for all."},
    )


class ChangeCheck(Because):
    severity = word(*SEVERITIES)
    limits = fields.Dict(
        keys=text(40), values=Figure(0), metadata={"description": "Those that are to be other ones."}
    )


@section.get("/checks", "list", query=CheckQuery, answers=listed(CheckSchema))
def list_(call: Call) -> Json:
    """List every check as it is made: what it finds, how bad that is, its limits, and what to do then."""
    party = scope(call)
    settings, sets = effective(call, party), set_for(call, party)
    items = [told(rule, settings, sets.get(rule.code)) for rule in RULES]
    return {"items": items, "total": len(items), "next": None}


@section.get(ONE, "show", query=CheckQuery, answers=CheckSchema)
def show(call: Call, code: str) -> Json:
    """Show one check as it is made."""
    party, rule = scope(call), known(code)
    return told(rule, effective(call, party), set_for(call, party).get(code))


@section.patch(ONE, "set", query=CheckQuery, takes=ChangeCheck, answers=CheckSchema, current=show)
def set_(call: Call, code: str) -> Json:
    """Change a check, for CDRs that come from now on and for held ones when they are looked at again.

    What is left out stays as it was set.
    """
    severity, limits = call.body.get("severity"), call.body.get("limits", {})
    if severity is None and not limits:
        raise Unfit("Nothing is to change.", fields={"severity": "neither this nor limits is given"})
    setting = Setting(None if severity is None else Severity(severity), limits)
    rule_sets.put(call.unit, call.query.get("party"), known(code).code, setting, call.actor, call.reason)
    return show(call, code)


@section.delete(ONE, "reset", query=ResetQuery, answers=CheckSchema, current=show)
def reset(call: Call, code: str) -> Json:
    """Let a check be as usual again; for a CPO, as it is for all."""
    party = call.query.get("party")
    if not rule_sets.reset(call.unit, party, known(code).code, call.actor, call.reason):
        raise NotFound(f"{code} was not set for {party or 'everybody'}.", remedy="It is as usual.")
    return show(call, code)


def scope(call: Call) -> Party | None:
    """Whose CDRs are meant; None: of all. NotFound when it is another party than a bound user's."""
    party: Party | None = call.query.get("party")
    return None if party is None else owned(call, party)


def known(code: str) -> Rule:
    if code not in BY_CODE:
        raise NoSuchCheck(f"There is no check {code!r}.")
    return BY_CODE[code]


def effective(call: Call, party: Party | None) -> Settings:
    return rule_sets.settings_for(call.unit, rule_sets.EVERYBODY if party is None else party.code)


def set_for(call: Call, party: Party | None) -> Mapping[str, Set]:
    return {each.code: each for each in rule_sets.listed(call.unit) if each.party == party}


def told(rule: Rule, settings: Settings, own: Set | None) -> Json:
    return {
        "code": rule.code,
        "severity": severity_of(rule, settings),
        "usual_severity": rule.severity,
        "says": rule.says,
        "remedy": rule.remedy,
        "limits": limits_of(rule, settings),
        "usual_limits": rule.limits,
        "set": None if own is None else told_of_set(own),
    }


def told_of_set(own: Set) -> dict[str, Any]:
    names = ("author", "changed_at")
    setting = {"severity": own.setting.severity, "limits": own.setting.limits}
    return setting | {name: getattr(own, name) for name in names}
