"""`hub price`: what a session costs under a tariff, with the reason of every line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import tariffs
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.partner_words import time_zone
from hub.cli.price_files import Charged, read_charged, read_tariffs, tariff_of
from hub.cli.quote_views import show_quote
from hub.cli.tables import show_json
from tariffs import PricingError, Quote, Tariff

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
UTC = "UTC"


def checked_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else time_zone(value)


@click.command(
    cls=Command, example="hub price --tariff tariff.json --cdr cdr.json --time-zone Europe/Amsterdam"
)
@click.option(
    "--tariff",
    "tariff_files",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A tariff of any OCPI version, or a list of them; again for each further file. One alone prices the "
    "whole session; of several, each prices the periods that name it.  [default: those that the CDR holds]",
)
@click.option(
    "--cdr",
    "cdr_file",
    type=FILE,
    required=True,
    metavar="FILE",
    help="A CDR or a session of any OCPI version, or plain segments.",
)
@click.option(
    "--time-zone",
    callback=checked_zone,
    help="Where the session took place, as Europe/Amsterdam.  [default: as its location says, else UTC]",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, for scripts; numbers are exact.")
def price(tariff_files: Sequence[Path], cdr_file: Path, time_zone: str | None, as_json: bool) -> None:
    """Price a session: totals before and after taxes, and a line for every stretch with its reason.

    Works without a database. Plain segments are as
    {"start": "2025-06-02T08:00:00Z", "segments": [{"hours": 1, "kwh": 20}, {"kind": "PARKING", "hours": 2}]}
    """
    charged = read_charged(cdr_file)
    given = [each for file in tariff_files for each in read_tariffs(file)]
    using = given[0] if len(given) == 1 else given or embedded(cdr_file, charged)  # A38
    told: dict[str, Any] = quoted(cdr_file, using, charged, time_zone).as_dict()
    if as_json:
        show_json(told)
    else:
        show_quote(told)


def embedded(file: Path, charged: Charged) -> Sequence[Tariff]:
    """What the CDR was priced with, as it says itself (CDR-17)."""
    if not isinstance(charged.embedded, list) or not charged.embedded:
        raise click.UsageError(f"{file} holds no tariff of its own. Give one with --tariff FILE.")
    return [tariff_of(file, each, number) for number, each in enumerate(charged.embedded)]


def quoted(file: Path, given: Tariff | Sequence[Tariff], charged: Charged, zone: str | None) -> Quote:
    where = zone or charged.session.time_zone
    if where is None:
        click.echo("hub: the time zone is not known: local times are read as UTC. See --time-zone.", err=True)
    try:
        return tariffs.price(given, charged.session, where or UTC)
    except PricingError as fault:
        raise CommandFailed(f"{file}: {fault}") from fault
