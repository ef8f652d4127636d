"""What an operator writes on the command line about a rule: what it matches, and what it gives."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from hub.cli.moments import MomentType
from hub.ocpi.document import Party
from hub.prices.rules import matching
from hub.prices.rules.drafts import Draft
from hub.prices.rules.faults import InvalidRule
from hub.prices.rules.rules import WEEKDAYS, Kind, Match, Per

FROM = "2026-11-30 06:00 Europe/Berlin"


class AmountType(click.ParamType[Decimal]):
    """A number, exact to its last digit."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no number; write it as -0.05.", param, ctx)
        if not found.is_finite():
            self.fail(f"{value!r} is no number; write it as -0.05.", param, ctx)
        return found


AMOUNT = AmountType()
MATCHES: tuple[tuple[str, str, str, str], ...] = (
    ("partner", "--partner", "NL/EMS", "The eMSP whose token it is."),
    ("contract", "--contract", "ID", "A contract; or how it begins and *, in quotes, as 'NL-EMS-*'."),
    ("group_id", "--group", "ID", "The driver group of the token, or of `hub membership add group`."),
    ("plan", "--plan", "NAME", "The plan of the contract: `hub membership add plan`."),
    ("tier", "--tier", "NAME", "The loyalty tier of the contract: `hub membership add tier`."),
    ("campaign", "--campaign", "CODE", "A campaign that the contract is in: `hub membership add campaign`."),
    ("connector_id", "--connector", "ID", "One connector, together with --evse."),
    ("evse_uid", "--evse", "UID", "One EVSE."),
    ("location_id", "--location", "ID", "One location."),
    ("location_group", "--location-group", "NAME", "A group of locations: `hub location-group add`."),
    ("country", "--country", "NLD", "The country of the location, three letters."),
    ("current", "--current", "AC|DC", "What the connector gives."),
    ("standard", "--standard", "NAME", "The connector's standard, as IEC_62196_T2_COMBO."),
    ("token_type", "--token-type", "NAME", "As RFID, APP_USER, AD_HOC_USER."),
    ("tariff_type", "--tariff-type", "NAME", "REGULAR; AD_HOC_PAYMENT for those who have no contract."),
)
"""Field of the match, option, what is written there, help."""


def match_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every option that says what a rule matches, in the order in which they count."""
    more = (
        click.option(
            "--power-from", type=AMOUNT, metavar="KW", help="Connectors that can give this or more."
        ),
        click.option("--power-below", type=AMOUNT, metavar="KW", help="Connectors that give less than this."),
        click.option(
            "--weekday",
            "weekdays",
            multiple=True,
            type=click.Choice(WEEKDAYS, case_sensitive=False),
            metavar="MONDAY",
            help="Sessions that begin on this day, where they are; may be given again.",
        ),
        click.option(
            "--hours", metavar="22:00-06:00", help="Sessions that begin in these hours, local time."
        ),
    )
    for option in reversed(more):
        command = option(command)
    for name, flag, metavar, told in reversed(MATCHES):
        command = click.option(flag, name, metavar=metavar, help=told)(command)
    return command


def match_of(told: dict[str, Any]) -> Match:
    """The match of the options; they are taken out of `told`."""
    low, high = told.pop("power_from"), told.pop("power_below")
    fields: dict[str, Any] = {name: told.pop(name) for name, *_ in MATCHES}
    fields["weekdays"] = list(told.pop("weekdays")) or None
    fields["hours"] = told.pop("hours")
    fields["power_kw"] = None if low is None and high is None else [low, high]
    return matching.read(fields)


GIVES: tuple[tuple[str, Kind], ...] = (
    ("tariff", Kind.TARIFF),
    ("percent", Kind.PERCENT),
    ("per_kwh", Kind.PER_KWH),
    ("free_kwh", Kind.FREE_KWH),
    ("free_minutes", Kind.FREE_MINUTES),
    ("monthly_cap", Kind.MONTHLY_CAP),
)


def give_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a rule gives, and since when: one of the first six."""
    options = (
        click.option("--tariff", metavar="ID", help="This tariff of the party."),
        click.option(
            "--percent", type=AMOUNT, metavar="-10", help="So much on the price; below zero: off it."
        ),
        click.option("--per-kwh", type=AMOUNT, metavar="-0.05", help="So much on each kWh, before taxes."),
        click.option("--free-kwh", type=AMOUNT, metavar="30", help="The first kWh are free."),
        click.option("--free-minutes", type=AMOUNT, metavar="30", help="The first minutes are free."),
        click.option(
            "--monthly-cap", type=AMOUNT, metavar="50", help="A month costs at most this, before taxes."
        ),
        click.option(
            "--per",
            type=click.Choice([each.lower() for each in Per]),
            help="What is free, is so in each.  [default: month for kWh, session for minutes]",
        ),
        click.option("--currency", metavar="EUR", help="Of an amount."),
        click.option(
            "--priority", type=int, default=0, show_default=True, help="Among equals the higher wins."
        ),
        click.option(
            "--from", "valid_from", type=MomentType(), metavar="WHEN", help=f"As '{FROM}'.  [default: now]"
        ),
        click.option(
            "--until", "valid_to", type=MomentType(), metavar="WHEN", help="Where it ends, if it does."
        ),
        click.option("--private", is_flag=True, help="Nobody but the partner sees the tariff."),
        click.option(
            "--reach-back",
            is_flag=True,
            help="With --from in the past: prices sessions that nothing else prices, as those that are held.",
        ),
        click.option(
            "--reason", default="", metavar="TEXT", help="Why; it stands on bills beside adjustments."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def draft_of(party: Party, told: dict[str, Any]) -> Draft:
    """The rule that the options ask for."""
    match = match_of(told)
    given = [(kind, value) for name, kind in GIVES if (value := told.pop(name)) is not None]
    if len(given) != 1:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name, _ in GIVES)
        raise click.UsageError(f"Say what the rule gives, by one of {flags}.")
    ((kind, value),) = given
    per, currency = told.pop("per"), told.pop("currency")
    value = {"tariff_id": value} if kind is Kind.TARIFF else {"value": value}
    more = {
        "per": Per(per.upper()) if per else PER.get(kind),
        "currency": currency and currency.upper(),
        **value,
    }
    if currency is None and kind in (Kind.PER_KWH, Kind.MONTHLY_CAP):
        raise InvalidRule("currency", "say in which currency the amount is, as --currency EUR")
    return Draft(party, kind, match, **more, **told)


PER = {Kind.FREE_KWH: Per.MONTH, Kind.FREE_MINUTES: Per.SESSION}
