"""`hub tariff`: whether a tariff is sound, what it says, what charging will cost, how two of them differ.

What stands in the price book is looked at and changed by the commands of `hub.cli.tariff_book`.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import opened
from hub.cli.partner_words import time_zone as known_zone
from hub.cli.price_files import objects_in, tariff_of
from hub.cli.tables import show_json
from hub.cli.tariff_book import COMMANDS as BOOK
from hub.cli.tariff_book import referred
from hub.cli.tariff_views import show_diff, show_findings, show_preview
from hub.cli.tariff_what_if import what_if
from hub.ocpi.document import Party
from hub.settings import Settings
from tariffs import PricingError, Tariff, read_tariff
from tariffs.diff import diff as compared
from tariffs.drawing import PicturesMissing
from tariffs.explain import explain as explained
from tariffs.lint import Finding, Severity, lint_together
from tariffs.lint import lint as linted
from tariffs.pictures import picture
from tariffs.preview import LEAST_HOURS, MOST_HOURS, Preview
from tariffs.preview import preview as previewed
from tariffs.spot import Conditions, zone_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
UTC_ZONE = "UTC"
VERSION = re.compile(r"([A-Za-z]{2})/([A-Za-z0-9]{3})/(.+?)(?:@([1-9][0-9]{0,8}))?")


def checked_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else known_zone(value)


def checked_power(ctx: click.Context, param: click.Parameter, value: str) -> Decimal:
    try:
        power = Decimal(value)
    except ArithmeticError:
        power = Decimal(0)
    if not power.is_finite() or not 0 < power <= 10_000:
        raise click.BadParameter(f"{value!r} is no power in kW; write it as 11 or 3.7.")
    return power


files_argument = click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts; numbers are exact.")
zone_option = click.option(
    "--time-zone",
    callback=checked_zone,
    help="Where the tariff is used, as Europe/Amsterdam.  [default: UTC]",
)


@click.group(
    cls=Group, example="hub tariff publish night.json --from '2026-11-30 06:00 Europe/Berlin' --dry-run"
)
def tariff() -> None:
    """See and change the price book; check, explain, preview and compare tariffs from files.

    PARTY is the CPO as NL/EXA, ID the tariff's id. FILE holds a tariff of any OCPI version, a list of them,
    or either in the envelope of an OCPI answer; lint, explain, preview and diff of files need no database.
    """


for command in (*BOOK, what_if):
    tariff.add_command(command)


@tariff.command(example="hub tariff lint tariff.json --time-zone Europe/Amsterdam")
@files_argument
@click.option(
    "--together", is_flag=True, help="The tariffs are those of one connector: look at their validity."
)
@zone_option
@json_option
def lint(files: Sequence[Path], together: bool, time_zone: str | None, as_json: bool) -> None:
    """Say what looks wrong in tariffs, and what to do about it.

    With a time zone the nights on which clocks change are looked at too. Ends with 1 when there are errors.
    """
    documents = [(name, each) for file in files for name, each in documents_in(file)]
    found = [(name, one) for name, each in documents for one in linted(each, time_zone, today())]
    if together:
        found += [(placed(one, documents), one) for one in among(documents)]
    errors = sum(one.severity is Severity.ERROR for _, one in found)
    if as_json:
        show_json([{"tariff": name, **one.as_dict()} for name, one in found])
    else:
        show_findings(found, len(documents), errors)
    if errors:
        click.get_current_context().exit(1)


@tariff.command(example="hub tariff explain tariff.json --time-zone Europe/Amsterdam")
@files_argument
@zone_option
@click.option("--markdown", is_flag=True, help="As Markdown.")
@json_option
def explain(files: Sequence[Path], time_zone: str | None, markdown: bool, as_json: bool) -> None:
    """Tell tariffs in plain words: prices by time of day and weekday, fees, steps, limits, taxes."""
    told = [explained(each, time_zone or UTC_ZONE) for each in read(files)]
    if as_json:
        show_json([each.as_dict() for each in told])
        return
    click.echo("\n".join(each.markdown() if markdown else each.text() for each in told), nl=False)


@tariff.command(
    example="hub tariff preview tariff.json --time-zone Europe/Amsterdam --hours 48 --svg prices.svg"
)
@files_argument
@zone_option
@click.option("--from", "start", help="When it begins, as 2026-03-28T12:00 in local time.  [default: now]")
@click.option(
    "--hours",
    type=click.IntRange(LEAST_HOURS, MOST_HOURS),
    default=24,
    show_default=True,
    help="How far it looks ahead.",
)
@click.option(
    "--power",
    default="11",
    show_default=True,
    callback=checked_power,
    help="The kW at which is charged, for prices that depend on it and for the sessions of the table.",
)
@click.option("--svg", type=NEW_FILE, metavar="FILE", help="Draw the prices into this file.")
@click.option("--png", type=NEW_FILE, metavar="FILE", help="The same as PNG; needs the extra `pictures`.")
@json_option
def preview(
    files: Sequence[Path],
    time_zone: str | None,
    start: str | None,
    hours: int,
    power: Decimal,
    svg: Path | None,
    png: Path | None,
    as_json: bool,
) -> None:
    """Show what charging will cost: the prices at each change, and usual sessions that begin now.

    Of several tariffs, the one that is in force for a REGULAR session counts at each moment.
    """
    zone = time_zone or UTC_ZONE
    begin = now() if start is None else local_instant(start, zone)
    found = computed(read(files), zone, (begin, hours), Conditions(power))
    draw(found, svg, png)
    if as_json:
        show_json(found.as_dict())
    else:
        show_preview(found)


@tariff.command(example="hub tariff diff NL/EXA/NIGHT@2 NL/EXA/NIGHT@3 --time-zone Europe/Amsterdam")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@zone_option
@json_option
def diff(old: str, new: str, time_zone: str | None, as_json: bool) -> None:
    """Compare two tariffs: what changed in words, where prices differ, and which sessions feel it most.

    Each is a file, or a version in the price book: NL/EXA/NIGHT@3, or NL/EXA/NIGHT for what is in force.
    """
    one, other = map(file_or_version, (old, new))
    found = compared(one, other, time_zone or UTC_ZONE)
    if as_json:
        show_json(found.as_dict())
    else:
        show_diff(found)


def now() -> datetime:
    """The present full minute."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def today() -> date:
    return now().date()


def local_instant(text: str, zone: str) -> datetime:
    """A local time of the place, or one with its own offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise click.BadParameter(f"--from: {text!r} is no time; write it as 2026-03-28T12:00.") from fault
    placed = found if found.tzinfo else found.replace(tzinfo=zone_of(zone))
    return placed.astimezone(UTC)


def documents_in(file: Path) -> Iterator[tuple[str, Any]]:
    """The tariffs of a file with the names by which they are told apart."""
    found = objects_in(file)
    for number, each in enumerate(found):
        known = each.get("id") if isinstance(each, dict) else None
        yield (f"{known or file.name}" if len(found) == 1 or known else f"{file.name} [{number}]"), each


def read(files: Sequence[Path]) -> list[Tariff]:
    found = [(file, objects_in(file)) for file in files]
    return [
        tariff_of(file, each, None if len(held) == 1 else number)
        for file, held in found
        for number, each in enumerate(held)
    ]


def file_or_version(text: str) -> Tariff:
    """What a file or the price book has under this name."""
    file, version = Path(text), VERSION.fullmatch(text)
    if file.is_file():
        return single(file)
    if version is None:
        raise CommandFailed(f"{text}: is no file, and no version as NL/EXA/NIGHT@3.")
    with opened(Settings.from_environment()) as hub, hub.store.reading() as unit:
        found = referred(unit, Party.of(*version.group(1, 2)), *version.group(3, 4))
    try:
        return read_tariff(found.document.newest)
    except PricingError as fault:
        raise CommandFailed(f"{text}: {fault}") from fault


def single(file: Path) -> Tariff:
    found = read([file])
    if len(found) != 1:
        raise CommandFailed(f"{file}: holds {len(found)} tariffs. Write the one to be compared into a file.")
    return found[0]


def among(documents: Sequence[tuple[str, Any]]) -> Sequence[Finding]:
    try:
        return lint_together([each for _, each in documents])
    except PricingError as fault:
        raise CommandFailed(
            f"{fault}. Correct it first: --together needs tariffs that can be read."
        ) from fault


def placed(found: Finding, documents: Sequence[tuple[str, Any]]) -> str:
    """The name of the tariff that a finding among several is about."""
    return documents[int(found.path.partition("[")[2].partition("]")[0])][0]


def computed(
    given: Sequence[Tariff], zone: str, span: tuple[datetime, int], conditions: Conditions
) -> Preview:
    try:
        return previewed(given[0] if len(given) == 1 else given, zone, *span, conditions)
    except PricingError as fault:
        raise CommandFailed(f"{fault}. Preview tariffs of one connector, in one currency.") from fault


def draw(found: Preview, svg: Path | None, png: Path | None) -> None:
    """Pictures into the files that were asked for."""
    if svg is not None:
        svg.write_text(picture(found).svg(), encoding="utf-8")
    if png is not None:
        try:
            png.write_bytes(picture(found).png())
        except PicturesMissing as fault:
            raise CommandFailed(str(fault)) from fault
    for file in (svg, png):
        if file is not None:
            click.echo(f"hub: drawn into {file}.", err=True)
