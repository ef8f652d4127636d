"""`hub curve`: prices of a market, hourly or by quarter, become a tariff."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from hub.cli.acting import at_the_terminal
from hub.cli.curve_views import of_plan, of_read, of_source, show_plan, show_sources
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.money import FIGURE
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.partner_words import time_zone as known_zone
from hub.cli.price_files import objects_in
from hub.cli.tables import show_json
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.prices.book.publishing import Edit
from hub.prices.curves import folders as curve_folders
from hub.prices.curves import importing as curve_import
from hub.prices.curves import log as curve_log
from hub.prices.curves.importing import Offered
from hub.prices.curves.log import Source, Wanted
from hub.prices.curves.terms import InvalidTerms, Terms
from hub.store import audit
from hub.store.curves import curve_files
from hub.store.unit import Unit

CURRENT = "current"
IMPORT = "hub curve import day-ahead.csv --tariff SPOT --owner NL/EXA --time-zone Europe/Amsterdam"
F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def zone(ctx: click.Context, param: click.Parameter, value: str) -> str:
    return known_zone(value)


OPTIONS = (
    click.option("--tariff", metavar="ID", required=True, help="The tariff whose energy has these prices."),
    click.option("--owner", type=PartyType(), metavar="NL/EXA", required=True, help="Whose tariff it is."),
    click.option(
        "--template",
        metavar="FILE|current",
        default=CURRENT,
        show_default=True,
        help="A tariff from which all is taken but the price of energy at each moment: fees, parking, limits,"
        " taxes. `current` is what holds now.",
    ),
    click.option(
        "--unit", default="EUR/MWh", show_default=True, help="Of the prices, as EUR/MWh or EUR/kWh."
    ),
    click.option(
        "--time-zone",
        required=True,
        callback=zone,
        help="Of the places where the tariff is used, as Europe/Amsterdam.",
    ),
    click.option(
        "--factor", type=FIGURE, default="1", show_default=True, help="Each price is multiplied by it."
    ),
    click.option("--margin", type=FIGURE, default="0", show_default=True, help="Added to it, per kWh."),
    click.option("--floor", type=FIGURE, default="0", show_default=True, help="The least that a kWh costs."),
    click.option("--no-floor", is_flag=True, help="Let prices be negative."),
    click.option("--cap", type=FIGURE, help="The most that a kWh costs.  [default: no cap]"),
    click.option(
        "--fallback",
        type=FIGURE,
        help="What a kWh costs when no price is known.  [default: the template's price of energy]",
    ),
    click.option("--vat", type=FIGURE, help="Percent of VAT on energy.  [default: that of the template]"),
    click.option(
        "--trust", is_flag=True, help="Take prices that look absurd or like another unit as they are."
    ),
)


def terms_options(command: F) -> F:
    """What is to be made of prices; money is per kWh and before taxes."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.group(
    cls=Group,
    example=IMPORT + " --dry-run",
)
def curve() -> None:
    """Make tariffs of prices over time, such as those of a day-ahead market.

    A file is CSV with the columns start and price (and end), or JSON: a list of objects with these names.
    Instants are in UTC (2026-11-30T00:00Z) or have an offset. Each price becomes

      min(cap, max(floor, price x factor + margin))    per kWh, before taxes, to 4 decimals.

    On the night of 25 hours each of the two hours that clocks show alike has its own price; a session that
    began before both of them and lasts into them pays the lower one.
    """


@curve.command("import", example=IMPORT + " --margin 0.03 --cap 0.80")
@click.argument("file", metavar="FILE", type=FILE)
@terms_options
@click.option("--reason", help="Why, for the price book and the audit trail.")
@click.option("--dry-run", is_flag=True, help="Show what would be published, and publish nothing.")
@as_json_option
@with_hub
def import_(hub: Hub, file: Path, reason: str | None, dry_run: bool, as_json: bool, **told: Any) -> None:
    """Publish the prices of a file, all of them or none.

    What is known of earlier files stays, the later word on a moment counts; versions that an earlier file has
    scheduled make room.
    """
    offered = Offered(
        file.name,
        file.read_bytes(),
        told["owner"],
        told["tariff"],
        terms(told),
        template(told["template"]),
    )
    if dry_run:
        with hub.store.reading() as unit:
            plan, made = curve_import.plan(unit, offered), None
    else:
        with hub.store.unit() as unit:
            edit = Edit(at_the_terminal(), reason or f"prices of {file.name}")
            plan, made = curve_folders.by_hand(unit, offered, edit)
    if as_json:
        show_json(of_plan(plan, made))
    else:
        show_plan(plan, made)


@curve.command(
    example="hub curve add /var/lib/day-ahead --tariff SPOT --owner NL/EXA --time-zone Europe/Amsterdam"
)
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
@terms_options
@with_hub
def add(hub: Hub, folder: Path, **told: Any) -> None:
    """Have the files of a folder imported by themselves, within a minute, each once.

    Files end in .csv or .json. One that is refused is left where it is, and `hub curve list` tells why. The
    folder is that of the machines on which workers run.
    """
    wanted = Wanted(
        told["owner"], told["tariff"], str(folder.absolute()), terms(told), template(told["template"])
    )
    with hub.store.unit() as unit:
        source = curve_log.add(unit, wanted, at_the_terminal().name)
        audited(unit, "create", source)
    click.echo(f"Source {source.id}: files of {source.folder} become {source.owner} {source.tariff}.")


@curve.command("list", example="hub curve list --files 20")
@click.option("--owner", type=PartyType(), metavar="NL/EXA", help="Only those of this party.")
@click.option(
    "--files", type=click.IntRange(0), default=10, show_default=True, help="How many files, the latest first."
)
@as_json_option
@with_hub
def list_(hub: Hub, owner: Party | None, files: int, as_json: bool) -> None:
    """Show the folders that are looked into, and what became of the files."""
    with hub.store.reading() as unit:
        found = curve_log.sources(unit, owner)
        mine = [] if owner is None else [curve_files.c.owner == owner.code]
        reads = curve_log.reads(unit, *mine, limit=files)
    if as_json:
        show_json({"sources": list(map(of_source, found)), "files": list(map(of_read, reads))})
    else:
        show_sources(found, reads)


@curve.command(example="hub curve remove 1")
@click.argument("identity", metavar="ID", type=int)
@with_hub
def remove(hub: Hub, identity: int) -> None:
    """Look into a folder no more; what was published of its files stays."""
    with hub.store.unit() as unit:
        source = curve_log.remove(unit, identity)
        audited(unit, "remove", source)
    click.echo(f"Files of {source.folder} become {source.owner} {source.tariff} no more.")


def terms(told: Json) -> Terms:
    floor: Decimal | None = None if told["no_floor"] else told["floor"]
    same = ("unit", "time_zone", "factor", "margin", "cap", "fallback", "vat")
    try:
        return Terms(floor=floor, trusted=told["trust"], **{name: told[name] for name in same})
    except InvalidTerms as fault:
        raise click.UsageError(str(fault)) from fault


def template(told: str) -> Json | None:
    """The tariff in a file; None for the one that holds."""
    if told == CURRENT:
        return None
    file = Path(told)
    if not file.is_file():
        raise click.BadParameter(f"there is no file {told}; write `current` for what holds now.")
    found: Sequence[Any] = objects_in(file)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise CommandFailed(f"{file}: holds {len(found)} tariffs. Write the one to be taken into a file.")
    return dict(found[0])


def audited(unit: Unit, action: str, source: Source) -> None:
    told = of_source(source)
    gone = action == "remove"
    audit.record(
        unit,
        at_the_terminal(),
        action,
        f"curve-source/{source.id}",
        told if gone else None,
        None if gone else told,
    )
