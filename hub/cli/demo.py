"""`hub demo`: see a hub at work, with nothing to set up."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.demo import story
from hub.demo.month import telling
from hub.demo.month.telling import InTheWay, Wanted


@click.command(cls=Command, example="hub demo --once\nhub demo --month 2026-10 --database month.sqlite")
@click.option("--once", is_flag=True, help="End when the story is told, with exit code 0 if it went well.")
@click.option(
    "--month",
    is_flag=False,
    flag_value="",
    metavar="[YYYY-MM]",
    help="Instead, play a month with wrong CDRs, to try the clearing.  [default: the last full one]",
)
@click.option(
    "--sessions",
    type=click.IntRange(0, 100_000),
    default=600,
    show_default=True,
    help="With --month: how many right charges there are besides the wrong ones.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("demo-month.sqlite"),
    show_default=True,
    help="With --month: the SQLite file that is made, and stays.",
)
@click.pass_context
def demo(ctx: click.Context, once: bool, month: str | None, sessions: int, database: Path) -> int:
    """Watch sessions become priced CDRs.

    A hub, a CPO in OCPI 2.2.1 and two eMSPs in 2.1.1 and 2.3.0 start as processes of their own on this
    machine and talk OCPI over HTTP. All goes on running, with addresses to explore, until Ctrl-C.

    With --month two CPOs and three eMSPs live through a month in which everything goes wrong that the checks
    of clearing find. It ends by itself; the database stays, to find the wrong CDRs, decide upon them, close
    the month and export it.
    """
    if month is None:
        return story.run(once)
    known = ctx.parent.command if ctx.parent else None
    names = frozenset(known.commands) if isinstance(known, click.Group) else frozenset()
    try:
        return telling.run(Wanted(full(month), sessions, database.absolute()), names)
    except InTheWay as fault:
        raise CommandFailed(str(fault)) from fault


def full(month: str) -> str:
    """The month that is meant, which must be over; without one the last."""
    now = datetime.now(UTC)
    last = f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"
    if not month:
        return last
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII) or month > last:
        raise click.BadParameter(
            f"{month!r} is no month that is over; write it as {last}", param_hint="--month"
        )
    return month
