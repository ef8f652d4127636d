"""`hub reprice`: what many CDRs would cost under another tariff or policy, and who would pay more or less."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.partner_words import time_zone as known_zone
from hub.cli.price_files import LARGEST, read_tariffs
from hub.cli.reprice_columns import Watch, packed, priced, read, refuse_several
from hub.cli.tables import console, show_json
from hub.cli.what_if_views import show, show_several
from hub.ocpi import strictjson
from hub.ocpi.errors import OcpiError
from tariffs import DEFAULT, Flat, Hours, Packed, Policy, PricingError, Rounding, Split, Step, UnknownLoad
from tariffs.policy import Dialect, Rounded
from tariffs.what_if import GROUPS, Case, Terms, WhatIf, read_case, what_if

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CHOICES: Mapping[str, type[StrEnum]] = {
    "step": Step,
    "hours": Hours,
    "flat": Flat,
    "split": Split,
    "unknown_load": UnknownLoad,
    "rounding": Rounding,
    "rounded": Rounded,
    "dialect": Dialect,
}


def checked_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else known_zone(value)


def checked_policy(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> Policy:
    """The default policy with what NAME=VALUE changes."""
    policy = DEFAULT
    for value in values:
        name, _, choice = value.partition("=")
        if name not in CHOICES:
            raise click.BadParameter(f"{name!r} is none of {', '.join(CHOICES)}.")
        members = {str(member).casefold(): member for member in CHOICES[name]}
        if choice.casefold() not in members:
            raise click.BadParameter(
                f"{name} is one of {', '.join(members)}; write it as {name}={next(iter(members))}."
            )
        policy = replace(policy, **{name: members[choice.casefold()]})  # type: ignore[arg-type]
    return policy


@click.command(cls=Command, example="hub reprice --cdrs june.jsonl --tariff new.json")
@click.option(
    "--cdrs",
    type=FILE,
    metavar="FILE",
    help="CDRs or sessions of any OCPI version, one in each line.",
)
@click.option(
    "--columns",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --cdrs: keep them there, packed. Without: those that were kept, at a hundredth of the time.",
)
@click.option(
    "--tariff",
    "drafts",
    type=FILE,
    required=True,
    multiple=True,
    metavar="FILE",
    help="The tariff to price them with; again to try several.",
)
@click.option(
    "--before",
    type=FILE,
    metavar="FILE",
    help="The tariff to compare with.  [default: what the CDRs claim to cost]",
)
@click.option(
    "--policy",
    multiple=True,
    callback=checked_policy,
    metavar="NAME=VALUE",
    help=f"Read an open point otherwise, as step=off; of {', '.join(CHOICES)}. Again for each.",
)
@click.option(
    "--time-zone", callback=checked_zone, help="Where a CDR's location names no zone.  [default: UTC]"
)
@click.option("--by", type=click.Choice(GROUPS), multiple=True, help="Only this grouping; again for more.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts; numbers are exact.")
def reprice(
    cdrs: Path | None,
    columns: Path | None,
    drafts: Sequence[Path],
    before: Path | None,
    policy: Policy,
    time_zone: str | None,
    by: Sequence[str],
    as_json: bool,
) -> None:
    """Price many CDRs again and sum up what changes, before taxes, by partner, place, hour and component.

    Nothing is stored or sent. What cannot be read or priced is counted, named, and in none of the sums.
    """
    after = [Terms(tariffs_in(file), policy) for file in drafts]
    reference = None if before is None else Terms(tariffs_in(before))
    unreadable: list[tuple[str, str]] = []
    if cdrs is not None and columns is None and len(after) == 1:
        cases = (case for _, case in numbered(cdrs, time_zone, unreadable))
        found = [what_if(cases, after[0], reference)]
    else:
        terms = zip((*drafts, before), (*after, reference), strict=True)
        refuse_several((file, one) for file, one in terms if file and one)
        parts = kept(columns) if cdrs is None else packed(numbered(cdrs, time_zone, unreadable), columns)
        found = priced(parts, after, reference)
    for one in found:
        for name, reason in unreadable:
            one.refuse(name, reason)
    show_all(drafts, found, by or GROUPS, as_json=as_json)
    if not any(one.total.count for one in found):
        raise CommandFailed(f"{cdrs or columns}: none of its CDRs could be priced. See the reasons above.")


def kept(columns: Path | None) -> Iterator[Packed]:
    """Those of a file of columns, with the bar."""
    if columns is None:
        raise click.UsageError("Which CDRs? Give --cdrs FILE, or --columns FILE of those that were kept.")
    if not columns.exists():
        raise CommandFailed(
            f"{columns}: there is no such file. Make it with --cdrs FILE --columns {columns}."
        )
    with bar(columns) as step:
        yield from read(columns, step)


def show_all(drafts: Sequence[Path], found: Sequence[WhatIf], axes: Sequence[str], *, as_json: bool) -> None:
    """Of several drafts, a line for each before the groups of each."""
    if len(found) == 1:
        show_json(found[0].as_dict()) if as_json else show(found[0], axes)
        return
    named = list(zip(map(str, drafts), found, strict=True))
    if as_json:
        show_json([{"tariff": name} | one.as_dict() for name, one in named])
        return
    show_several(named)
    for name, one in named:
        console().print(f"\n{name}", style="bold")
        show(one, axes)


def tariffs_in(file: Path) -> Any:
    found = read_tariffs(file)
    if not found:
        raise CommandFailed(f"{file}: holds no tariff. Write one into it.")
    return found[0] if len(found) == 1 else tuple(found)


@contextmanager
def bar(file: Path) -> Iterator[Watch]:
    """How much of a file has been read, where somebody watches."""
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Pricing", total=file.stat().st_size)
        yield lambda size: progress.update(task, advance=size)


def numbered(file: Path, zone: str | None, unreadable: list[tuple[str, str]]) -> Iterator[tuple[int, Case]]:
    """The lines of a file, with their numbers."""
    with file.open("rb") as lines, bar(file) as step:
        for number, line in enumerate(lines, start=1):
            step(len(line))
            if line.strip():
                yield from ((number, one) for one in case(f"line {number}", line, zone, unreadable))


def case(name: str, line: bytes, zone: str | None, unreadable: list[tuple[str, str]]) -> Iterator[Case]:
    try:
        yield read_case(strictjson.read(line, LARGEST), zone)
    except OcpiError as fault:
        unreadable.append((name, fault.message))
    except PricingError as fault:
        unreadable.append((name, str(fault)))
