"""How rules, and what they come to for a session, are shown: as tables, or as JSON for scripts."""

from collections.abc import Sequence
from typing import Any

from hub.cli.moments import shown, shown_in_full
from hub.cli.tables import console, show_facts, show_table, text
from hub.ocpi.document import Json, Party
from hub.prices.rules import book as rule_book
from hub.prices.rules.resolving import Resolution
from hub.prices.rules.rules import Kind, Rule, legible
from hub.prices.rules.situation import Situation
from tariffs import Adjustment

HEADINGS = ("ID", "Party", "Gives", "Where", "Priority", "From (UTC)", "Until", "Reason")
CONSIDERED = ("ID", "Gives", "Where", "Priority", "Why not")
UTC = "UTC"


def gives(rule: Rule) -> str:
    """What a rule gives, in a few words."""
    value, currency = "" if rule.value is None else text(rule.value.normalize()), rule.currency or ""
    signed = value if value.startswith("-") else f"+{value}"
    return {
        Kind.TARIFF: f"tariff {rule.tariff_id}",
        Kind.PERCENT: f"{signed} %",
        Kind.PER_KWH: f"{signed} {currency} per kWh",
        Kind.FREE_KWH: f"{value} kWh free a {str(rule.per).lower()}",
        Kind.FREE_MINUTES: f"{value} minutes free a {str(rule.per).lower()}",
        Kind.MONTHLY_CAP: f"at most {value} {currency} a month",
    }[rule.kind]


def where(rule: Rule) -> str:
    """What a rule matches, in the words of its fields."""
    told = [f"{name.replace('_', ' ')} {written(value)}" for name, value in legible(rule.match).items()]
    return ", ".join(told) or "everywhere"


def sentence(rule: Rule, zone: str) -> str:
    """All that a rule does, in a line."""
    until = "" if rule.valid_to is None else f" until {shown(rule.valid_to, zone)}"
    private = "; nobody else sees the tariff" if rule.private else ""
    since = shown_in_full(rule.valid_from, zone)
    return f"{gives(rule)}; {where(rule)}; from {since}{until}{private}."


def written(value: Any) -> str:
    if isinstance(value, list):
        return "/".join("..." if each is None else text(each) for each in value)
    return str(value)


def show_list(rules: Sequence[Rule]) -> None:
    show_table(HEADINGS, [row(rule) for rule in rules])


def row(rule: Rule) -> tuple[Any, ...]:
    return (
        str(rule.id),
        str(rule.owner),
        gives(rule),
        where(rule),
        rule.priority,
        shown(rule.valid_from, UTC),
        shown(rule.valid_to, UTC),
        rule.reason,
    )


def show_one(rule: Rule) -> None:
    show_facts(
        {
            "rule": rule.id,
            "party": rule.owner,
            "gives": gives(rule),
            "where": where(rule),
            "priority": rule.priority,
            "from (UTC)": shown(rule.valid_from, UTC),
            "until": shown(rule.valid_to, UTC),
            "private": "nobody but the partner sees the tariff" if rule.private else None,
            "made": f"{shown(rule.recorded_at, UTC)} by {rule.author}",
            "reason": rule.reason or None,
            "replaces": rule.replaces and f"rule {rule.replaces}",
            "ended": rule.ended_at and f"{shown(rule.ended_at, UTC)} by {rule.ended_by}",
            "why": rule.end_reason or None,
        }
    )


# What holds for a session


def of_resolution(found: Resolution, left: Sequence[Adjustment]) -> Json:
    """As JSON can hold it."""
    version = found.version
    return {
        "tariff_id": found.tariff_id,
        "tariff_version": None if version is None else version.number,
        "rule": found.rule and rule_book.described(found.rule),
        "code": found.fault and found.fault.code,
        "detail": found.fault and found.fault.detail,
        "adjustments": [
            {"rule_id": int(each.id), "kind": each.deal, "value": each.value, "reason": each.reason}
            for each in left
        ],
        "considered": [
            {"rule": rule_book.described(rule), "why_not": why_not} for rule, why_not in found.considered
        ],
        "situation": described(found.here),
    }


def described(here: Situation) -> Json:
    told = {name: getattr(here, name) for name in here.__slots__}
    plainer = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in told.items()}
    return plainer | {"owner": str(here.owner), "start": shown(here.start, UTC)}


def show_resolution(found: Resolution, left: Sequence[Adjustment]) -> None:
    """What holds, then every rule that was considered."""
    by = "the connector names it" if found.rule is None else f"rule {found.rule.id}"
    version = found.version
    show_facts(
        {
            "session": f"{shown(found.here.start, found.here.time_zone)} {found.here.time_zone}",
            "where": place(found.here),
            "who": who(found.here),
            "tariff": None if version is None else f"{found.tariff_id}, version {version.number}",
            "by": None if version is None else by,
            "none": found.fault and f"{found.fault.code} ({found.fault.detail})".replace(" ()", ""),
            "then": "; ".join(adjusts(found, each) for each in left) or None,
        }
    )
    if found.considered:
        console().print()
        show_table(CONSIDERED, [considered(rule, why_not) for rule, why_not in found.considered])


def place(here: Situation) -> str:
    groups = f" ({', '.join(sorted(here.location_group))})" if here.location_group else ""
    named = " / ".join(filter(None, (here.location_id, here.evse_uid, here.connector_id)))
    power = "" if here.power_kw is None else f", {text(here.power_kw.normalize())} kW {here.current}"
    return f"{named}{groups}{power}"


def who(here: Situation) -> str:
    told = (
        here.partner and str(Party.of_code(here.partner)),
        here.contract,
        here.token_type,
        here.group_id and f"group {here.group_id}",
        here.plan and f"plan {here.plan}",
        here.tier and f"tier {here.tier}",
        f"campaign {', '.join(sorted(here.campaign))}" if here.campaign else None,
    )
    return ", ".join(filter(None, told)) or "anybody"


def adjusts(found: Resolution, left: Adjustment) -> str:
    rule = next(each for each in found.adjustments if str(each.id) == left.id)
    remains = "" if left.value == rule.value else f", {text(left.value)} left"
    return f"{gives(rule)} by rule {rule.id}{remains}"


def considered(rule: Rule, why_not: str | None) -> tuple[Any, ...]:
    return str(rule.id), gives(rule), where(rule), rule.priority, why_not or "it holds"
