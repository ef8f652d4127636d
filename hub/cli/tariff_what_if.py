"""`hub tariff what-if`: what the sessions of past months would have cost under a draft."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.opening import with_hub
from hub.cli.partner_words import PartyType
from hub.cli.price_files import read_tariffs
from hub.cli.tables import show_json
from hub.cli.what_if_views import show
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.prices.past import history
from hub.prices.past.history import Wanted, Watch
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.rules import Kind, Rule
from tariffs import Tariff, Terms
from tariffs.what_if import GROUPS

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_NAMED = 5
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
EXAMPLE = "hub tariff what-if night.json --owner NL/EXA --period 2026-10 --partner DE/MSP"


def checked_months(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if MONTH.fullmatch(value) is None:
            raise click.BadParameter(f"{value!r} is no month; write it as 2026-10.")
    return values


@click.command("what-if", cls=Command, example=EXAMPLE)
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--owner", type=PartyType(), metavar="NL/EXA", required=True, help="The CPO of the sessions.")
@click.option(
    "--period",
    "months",
    required=True,
    multiple=True,
    callback=checked_months,
    metavar="MONTH",
    help="In which they began, by the clock of the place, as 2026-10; again for more.",
)
@click.option(
    "--tariff",
    "used",
    metavar="ID",
    multiple=True,
    help="Sessions that this tariff has priced; again for more.  [default: the one of the draft's id]",
)
@click.option("--all", "whatever", is_flag=True, help="Sessions whatever tariff has priced them.")
@click.option(
    "--partner",
    "partners",
    type=PartyType(),
    metavar="DE/MSP",
    multiple=True,
    help="Only of this eMSP; again for more.",
)
@click.option(
    "--location", "locations", metavar="ID", multiple=True, help="Only at this location; again for more."
)
@click.option("--by", type=click.Choice(GROUPS), multiple=True, help="Only this grouping; again for more.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts; numbers are exact.")
@with_hub
def what_if(
    hub: Hub,
    file: Path,
    owner: Party,
    months: Sequence[str],
    used: Sequence[str],
    whatever: bool,
    partners: Sequence[Party],
    locations: Sequence[str],
    by: Sequence[str],
    as_json: bool,
) -> None:
    """Price the sessions of past months under the draft in FILE, and sum up what changes, before taxes.

    Compared is with what they have cost by their tariff; credited CDRs do not count. What rules take off or
    add after that, as percentages and allowances, is on neither side. Nothing is stored or sent.
    """
    draft = single(file)
    names = () if whatever else used or (draft.id,)
    wanted = Wanted(months, names, [str(partner) for partner in partners], locations)
    with bar() as watch:
        found = history.what_if(hub.store, owner, Terms(draft), wanted, watch)
    with hub.store.reading() as unit:
        adjusting = [each for each in rule_rows.of_owner(unit, owner) if each.kind is not Kind.TARIFF]
    if as_json:
        show_json(found.as_dict())
    else:
        show(found, by or GROUPS)
        left_out(adjusting)
    if not found.total.count:
        raise CommandFailed(nothing_found(owner, months, names))


def left_out(adjusting: Sequence[Rule]) -> None:
    """Say so where something was left out."""
    if adjusting:
        names = ", ".join(str(each.id) for each in adjusting[-MOST_NAMED:])
        click.echo(f"\nWhat rules take off or add after the tariff is on neither side (rule {names}).")


def single(file: Path) -> Tariff:
    found = read_tariffs(file)
    if len(found) != 1:
        raise CommandFailed(f"{file}: holds {len(found)} tariffs. Write the draft into a file of its own.")
    return found[0]


def nothing_found(owner: Party, months: Sequence[str], names: Sequence[str]) -> str:
    by = f" that tariff {', '.join(names)} has priced" if names else ""
    hint = " --all takes those of every tariff." if names else ""
    return f"No session of {owner} in {', '.join(months)}{by} could be priced.{hint}"


@contextmanager
def bar() -> Iterator[Watch]:
    """How far it is, where somebody watches."""
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Pricing", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
