"""What the commands of the price book are told: whose tariff, when, why, and what was seen of it."""

from collections.abc import Callable
from typing import Any

import click

from hub.cli.moments import MomentType
from hub.cli.partner_words import PartyType
from hub.cli.partner_words import time_zone as known_zone

FROM = "2026-11-30 06:00 Europe/Berlin"


def checked_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else known_zone(value)


party_argument = click.argument("party", metavar="PARTY", type=PartyType())
id_argument = click.argument("identity", metavar="ID")
reason_option = click.option("--reason", metavar="TEXT", help="Why, for the price book and the audit trail.")
expect_option = click.option(
    "--expect",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="The latest version that you have seen: if there is a later one by now, nothing is done.",
)
zone_option = click.option(
    "--time-zone",
    callback=checked_zone,
    help="Of the local times shown, as Europe/Berlin.  [default: that of the party's newest location]",
)
owner_option = click.option("--owner", type=PartyType(), metavar="NL/EXA", help="Only those of this party.")


def when(name: str, what: str) -> Callable[[Any], Any]:
    """An option that takes a moment."""
    return click.option(
        name, "at", type=MomentType(), metavar="WHEN", help=f"{what}, as '{FROM}'.  [default: now]"
    )
