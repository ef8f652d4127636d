"""`hub check`: the checks of CDRs, how bad each is, and by which limits it goes."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from hub.clearing import rule_sets
from hub.clearing.checks import RULES, Setting, Settings, limits_of, severity_of
from hub.clearing.rule import Rule, Severity
from hub.clearing.rule_sets import NoSuchCheck, NoSuchLimit
from hub.cli.acting import at_the_terminal, reason_option
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.ocpi import table
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType, warn_of_stranger
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.ocpi.module import Role

HEADINGS = ("Code", "Severity", "Says", "Limits", "What to do")
party_option = click.option(
    "--party", type=PartyType(), metavar="NL/CPO", help="Of the CDRs of this CPO alone.  [default: of all]"
)


@click.group(cls=Group, example="hub check list")
def check() -> None:
    """See and set how CDRs are checked: for everybody, or for the CDRs of one CPO."""


@check.command("list", example="hub check list --party NL/CPO")
@party_option
@as_json_option
@with_hub
def list_(hub: Hub, party: Party | None, as_json: bool) -> None:
    """Show every check: what it finds, how bad that is, its limits, and what to do then."""
    with hub.store.reading() as unit:
        settings = rule_sets.settings_for(unit, rule_sets.EVERYBODY if party is None else party.code)
    told = [described(rule, settings) for rule in RULES]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, list(map(row, told)))


@check.command("table", example="hub check table")
def table_() -> None:
    """Show every check as it usually is, as a table of Markdown."""
    click.echo(checks_table())


def checks_table() -> str:
    rows = ((rule.code, f"`{rule.severity}`", rule.says, limits_told(rule), rule.remedy) for rule in RULES)
    return table(HEADINGS, rows)


def limits_told(rule: Rule) -> str:
    return ", ".join(f"{name} {value}" for name, value in rule.limits.items())


def described(rule: Any, settings: Settings) -> Json:
    return {
        "code": rule.code,
        "severity": severity_of(rule, settings),
        "usual_severity": rule.severity,
        "says": rule.says,
        "limits": dict(limits_of(rule, settings)),
        "remedy": rule.remedy,
    }


def row(told: Json) -> Sequence[Any]:
    limits = ", ".join(f"{name} {value}" for name, value in told["limits"].items())
    return told["code"], told["severity"], told["says"], limits, told["remedy"]


@check.command("set", example="hub check set C4 --limit ac_hours=48 --party NL/CPO")
@click.argument("code")
@click.option(
    "--severity",
    type=click.Choice([each.lower() for each in Severity], case_sensitive=False),
    help="How bad it is; off: it is not made.",
)
@click.option("--limit", "limits", multiple=True, metavar="NAME=NUMBER", help="By which number it goes.")
@party_option
@reason_option
@with_hub
def set_(
    hub: Hub,
    code: str,
    severity: str | None,
    limits: Sequence[str],
    party: Party | None,
    reason: str | None,
) -> None:
    """Change a check, for CDRs that come from now on and for held ones when they are looked at again."""
    if severity is None and not limits:
        raise click.UsageError("Say what is to change: --severity, --limit.")
    told = dict(number(limit) for limit in limits)
    setting = Setting(None if severity is None else Severity(severity.upper()), told)
    try:
        with hub.store.unit() as unit:
            rule_sets.put(unit, party, code_of(code), setting, at_the_terminal(), reason)
            warn_of_stranger(unit, party, Role.CPO)
    except (NoSuchCheck, NoSuchLimit) as fault:
        raise CommandFailed(str(fault)) from fault
    click.echo(f"{code} is set for {party or 'everybody'}.")


def code_of(text: str) -> str:
    """As it is written in the table, whatever case it was given in."""
    return next((rule.code for rule in RULES if rule.code.lower() == text.lower()), text)


def number(text: str) -> tuple[str, Decimal]:
    name, _, value = text.partition("=")
    try:
        return name, Decimal(value)
    except InvalidOperation:
        raise click.BadParameter(f"{text!r}: write it as hours=12", param_hint="--limit") from None


@check.command(example="hub check reset C4 --party NL/CPO")
@click.argument("code")
@party_option
@reason_option
@with_hub
def reset(hub: Hub, code: str, party: Party | None, reason: str | None) -> None:
    """Let a check be as usual again."""
    with hub.store.unit() as unit:
        changed = rule_sets.reset(unit, party, code_of(code), at_the_terminal(), reason)
    click.echo(f"{code} is as usual for {party or 'everybody'}." if changed else f"{code} was not set.")
