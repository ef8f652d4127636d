"""`hub export`: files of a month for finance, now or each night into a folder."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json, show_table
from hub.closing.exports import scheduled
from hub.closing.exports.kinds import FORMATS, KINDS, FormatMissing, FormatUnfit
from hub.closing.exports.scheduled import NoSuchSchedule
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, Watch, Written, write
from hub.closing.problems import NoSuchMonth
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party

kind_argument = click.argument("kind", type=click.Choice(tuple(KINDS)), metavar="KIND")
out_option = click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder that gets the file; it is made where it is missing.",
)
NARROWING = (
    click.option("--agreement", type=int, metavar="ID", help="Only what falls under this agreement."),
    click.option("--cpo", type=PartyType(), metavar="NL/CPO", help="Only what this CPO gets."),
    click.option("--emsp", type=PartyType(), metavar="DE/EMS", help="Only what this eMSP pays."),
    click.option(
        "--format",
        "form",
        type=click.Choice(tuple(FORMATS)),
        default="csv",
        show_default=True,
        help="How it is written; beancount is for the journal.",
    ),
    click.option("--bom", "mark", is_flag=True, help="Begin a CSV with the mark that older Excels need."),
)


def narrowed(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(NARROWING):
        command = option(command)
    return command


@click.group(cls=Group, example="hub export cdr_reconciliation --period 2026-10 --format xlsx --out exports")
def export() -> None:
    """Write files of a month for finance, whose sums are those of the database and the ledger.

    Beside each file lies another one, that ends in .json: how many rows, the sums by currency, the SHA-256.
    The same books give the same bytes.
    """


def exporting(kind: str) -> None:
    """The command of one kind."""

    example = f"hub export {kind} --period 2026-10 --out exports"

    @export.command(kind, example=example, help=KINDS[kind].says)
    @click.option("--period", required=True, metavar="MONTH", help="The month, as 2026-10.")
    @out_option
    @narrowed
    @as_json_option
    @with_hub
    def command(
        hub: Hub,
        period: str,
        folder: Path,
        agreement: int | None,
        cpo: Party | None,
        emsp: Party | None,
        form: str,
        mark: bool,
        as_json: bool,
    ) -> None:
        order = Order(kind, form, asked(period, agreement, cpo, emsp), mark)
        written = done(hub, order, folder)
        if as_json:
            show_json(written.told | {"path": str(written.file)})
        else:
            show(written)


def asked(period: str, agreement: int | None, cpo: Party | None, emsp: Party | None) -> Wanted:
    try:
        return Wanted(period, agreement, cpo, emsp)
    except NoSuchMonth as fault:
        raise click.BadParameter(str(fault), param_hint="--period") from fault


def done(hub: Hub, order: Order, folder: Path) -> Written:
    try:
        with progress(order.kind) as watch:
            return write(hub.store, hub.settings.party, order, folder, watch)
    except (FormatMissing, FormatUnfit) as fault:
        raise CommandFailed(str(fault)) from fault
    except OSError as fault:
        raise CommandFailed(f"{fault.filename or folder}: {fault.strerror}. Nothing was written.") from fault


@contextmanager
def progress(kind: str) -> Iterator[Watch]:
    """A bar on a terminal, nothing elsewhere."""
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(kind, total=None)
        yield lambda rows, total: bar.update(task, completed=rows, total=total)


def show(written: Written) -> None:
    told = written.told
    click.echo(f"{written.file}: {told['rows']} row{'' if told['rows'] == 1 else 's'}.")
    sums = told["sums"]
    if sums:
        names = list(next(iter(sums.values())))
        show_table(
            ("Currency", *names),
            [line(currency, found) for currency, found in sums.items()],
        )
    for currency, steps in told.get("ledger", {}).items():
        click.echo()
        show_table(
            (f"{currency}: from the rows to the ledger", "Rows", "Net", "Gross"),
            [line(step.pop("what"), step) for step in map(dict, steps)],
        )
    click.echo(f"SHA-256 {told['sha256']}")


def line(says: str, told: Mapping[str, Any]) -> tuple[Any, ...]:
    """With amounts as numbers, which tables write to the right."""
    rows, *amounts = told.values()
    return (says, rows, *(None if each is None else Decimal(each) for each in amounts))


for name in KINDS:
    exporting(name)


@export.command("columns", example="hub export columns cdr_reconciliation")
@kind_argument
@as_json_option
def columns(kind: str, as_json: bool) -> None:
    """Tell what each column of a kind of export means, in the order in which they stand."""
    found = KINDS[kind].columns
    if as_json:
        show_json([{"name": each.name, "kind": each.kind, "meaning": each.meaning} for each in found])
    else:
        show_table(
            ("Column", "Kind", "Meaning"), [(each.name, each.kind.lower(), each.meaning) for each in found]
        )


# By themselves ---------------------------------------------------------------------------------------------


@export.group("schedule", example="hub export schedule add journal --out /srv/exports")
def schedule() -> None:
    """Exports that a worker writes into a folder each night, of the month before."""


@schedule.command("add", example="hub export schedule add journal --format jsonl --out /srv/exports")
@kind_argument
@out_option
@narrowed
@click.option("--running", is_flag=True, help="Write the month under way too.")
@with_hub
def add(
    hub: Hub,
    kind: str,
    folder: Path,
    agreement: int | None,
    cpo: Party | None,
    emsp: Party | None,
    form: str,
    mark: bool,
    running: bool,
) -> None:
    """Have an export written each night at four, UTC; the first one at once."""
    order = Order(kind, form, Wanted("2000-01", agreement, cpo, emsp), mark)
    try:
        with hub.store.unit() as unit:
            made = scheduled.add(unit, order, folder, running=running, actor=at_the_terminal())
    except FormatUnfit as fault:
        raise CommandFailed(str(fault)) from fault
    click.echo(f"Export {made}: {kind} into {folder.absolute()} each night.")


@schedule.command("list", example="hub export schedule list")
@as_json_option
@with_hub
def list_(hub: Hub, as_json: bool) -> None:
    """Show what is written into which folder, and what came of it last."""
    with hub.store.reading() as unit:
        told = [told_of(row) for row in scheduled.listed(unit)]
    if as_json:
        show_json(told)
        return
    names = ("id", "kind", "format", "folder", "only", "written_at", "told")
    show_table([name.capitalize() for name in names], [[each[name] for name in names] for each in told])


def told_of(row: Any) -> Json:
    told = dict(row._mapping)  # noqa: SLF001
    order = Order(row.kind, row.format, scheduled.wanted(row, "2000-01"))
    moments = {
        name: None if told[name] is None else instants.text(told[name])
        for name in ("added_at", "next_at", "written_at")
    }
    only = " ".join(f"{name} {value}" for name, value in order.wanted.labels.items())
    return told | moments | {"only": only or None}


@schedule.command("remove", example="hub export schedule remove 1")
@click.argument("identity", metavar="ID", type=int)
@with_hub
def remove(hub: Hub, identity: int) -> None:
    """Write no more of it; what was written stays."""
    try:
        with hub.store.unit() as unit:
            scheduled.remove(unit, identity, at_the_terminal())
    except NoSuchSchedule as fault:
        raise CommandFailed(str(fault)) from fault
    click.echo(f"Export {identity} is not written any more.")


@schedule.command("run", example="hub export schedule run")
@with_hub
def run(hub: Hub) -> None:
    """Write those whose time has come now; a running worker does it by itself."""
    count = scheduled.write_due(hub)
    click.echo(f"{count} export{'' if count == 1 else 's'} written.")
    with hub.store.reading() as unit:
        failing = scheduled.failing(unit)
    if failing:
        told = "\n".join(f"Export {row.id} into {row.folder}: {row.told}" for row in failing)
        raise CommandFailed(f"{told}\nMend that; it is tried again by itself.")
