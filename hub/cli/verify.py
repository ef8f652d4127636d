"""`hub verify`: whether a CDR costs what its tariff says, whether it contradicts itself, and why."""

from collections.abc import Sequence
from pathlib import Path

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.partner_words import time_zone as known_zone
from hub.cli.price_files import objects_in, read_tariffs
from hub.cli.tables import console, show_json, show_table
from hub.ocpi.document import Json
from tariffs import PricingError, Tariff, read_session
from tariffs.verify import Background, Difference, Verification
from tariffs.verify import verify as verified

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
HEADINGS = ("Cost", "Side", "Claimed", "Computed", "Difference", "")


def checked_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else known_zone(value)


@click.command(cls=Command, example="hub verify --cdr cdr.json --tariff tariff.json")
@click.option("--cdr", type=FILE, required=True, metavar="FILE", help="A CDR of any OCPI version.")
@click.option(
    "--tariff",
    "tariff_files",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="The tariff it should have been priced with, or a list; again for each.  [default: those it holds]",
)
@click.option(
    "--other",
    "other_files",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="Another version that may have been used by mistake: tried as the cause of a difference.",
)
@click.option("--original", type=FILE, metavar="FILE", help="The CDR that this one credits.")
@click.option(
    "--time-zone",
    callback=checked_zone,
    help="Where the session took place, as Europe/Amsterdam.  [default: as its location says, else UTC]",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts; numbers are exact.")
def verify(
    cdr: Path,
    tariff_files: Sequence[Path],
    other_files: Sequence[Path],
    original: Path | None,
    time_zone: str | None,
    as_json: bool,
) -> None:
    """Hold a CDR against its tariff and against itself, and name the probable cause of a difference.

    Ends with 1 when an amount differs. Works without a database.
    """
    document, first = single(cdr), None if original is None else single(original)
    background = Background(other_tariffs=tuple(tariffs_of(other_files)), original=first)
    given = tariffs_of(tariff_files)
    using = given[0] if len(given) == 1 else given or None
    try:
        told = time_zone or read_session(document).time_zone
        found = verified(document, using, told, background)
    except PricingError as fault:
        raise CommandFailed(
            f"{cdr}: {fault}. Give the tariff with --tariff FILE, or correct the CDR."
        ) from fault
    if told is None:
        click.echo("hub: the time zone is not known: local times are read as UTC. See --time-zone.", err=True)
    if as_json:
        show_json(found.as_dict())
    else:
        show(found)
    if not found.agrees:
        click.get_current_context().exit(1)


def single(file: Path) -> Json:
    found = objects_in(file)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise CommandFailed(f"{file}: holds {len(found)} objects. Write the one CDR into a file.")
    return found[0]


def tariffs_of(files: Sequence[Path]) -> list[Tariff]:
    return [each for file in files for each in read_tariffs(file)]


def show(found: Verification) -> None:
    """Every claimed amount beside the computed one, the cause, then what else looks wrong."""
    out = console()
    show_table(HEADINGS, [row(one) for one in found.differences])
    if not found.differences:
        out.print("The CDR claims no cost.")
    out.print()
    if found.cause is None:
        out.print(f"The CDR agrees with its tariff, in {found.quote.currency}.", style="green")
    else:
        out.print(
            f"Probable cause: {found.cause.message} [{found.cause.id}]", style="bold red", soft_wrap=True
        )
    for other in found.others:
        out.print(f"Also possible: {other.message} [{other.id}]", soft_wrap=True)
    for remark in found.findings:
        out.print(f"Note: {remark.path}: {remark.message} [{remark.id}]", style="yellow", soft_wrap=True)


def row(one: Difference) -> Sequence[object]:
    computed = "unknown" if one.computed is None else one.computed
    return (
        one.name,
        one.side.replace("_", " "),
        one.claimed,
        computed,
        one.delta,
        "" if one.agrees else "differs",
    )
