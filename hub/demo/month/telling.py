"""The story of `hub demo --month`: a month is played, cleared and told in a table, with what to type next."""

import json
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from hub.clearing import deciding
from hub.clearing.checks import RULES
from hub.clearing.deciding import Filter
from hub.clearing.rule import Severity
from hub.clearing.states import State
from hub.demo.month import plan as plans
from hub.demo.month.cast import CPOS, EMSPS
from hub.demo.month.plan import Plan
from hub.demo.month.stage import Scene, opened
from hub.ocpi.document import Party

WIDE = 160
PLAIN: Any = {"box": None, "padding": (0, 1), "pad_edge": True}


class InTheWay(Exception):
    """There is a database already; the month wants one of its own. Choose another --database."""


@dataclass(frozen=True)
class Wanted:
    """What month is played, how many right charges there are, and where the hub keeps them."""

    month: str
    sessions: int
    database: Path


def run(wanted: Wanted, commands: frozenset[str]) -> int:
    """Play and tell; InTheWay when the file is there. commands: names of what `hub` can do."""
    if wanted.database.exists():
        raise InTheWay(f"{wanted.database}: {InTheWay.__doc__}")
    console = wide_enough(Console(highlight=False, emoji=False))
    plan = plans.plan(wanted.month, wanted.sessions)
    begin(console, wanted)
    with opened(f"sqlite:///{wanted.database}", plan) as scene:
        play(plan, scene)
        scene.clear(plan.month[1])
        with scene.hub.store.reading() as unit:
            rows = deciding.listed(unit, Filter())
    tell(console, plan, scene, rows)
    next_steps(console, wanted, rows, commands)
    return 0


def wide_enough(console: Console) -> Console:
    """In a pipe or a log nothing is to be wrapped."""
    if not console.is_terminal:
        console.width = WIDE
    return console


def begin(console: Console, wanted: Wanted) -> None:
    parties = ", ".join(f"{each.who.name} ({each.party}, OCPI {each.who.version})" for each in CPOS)
    console.print(f"[bold cyan]{wanted.month} at a hub[/]", soft_wrap=True)
    console.print(f"  Two CPOs: {parties}; the hub issues the CDRs of the first.", soft_wrap=True)
    payers = ", ".join(
        f"{each.who.name} ({each.party}, OCPI {each.who.version}, {each.currency})" for each in EMSPS
    )
    console.print(f"  Three eMSPs: {payers}.", soft_wrap=True)


def play(plan: Plan, scene: Scene) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as bar:
        for event in bar.track(plan.events, description="  The month goes by"):
            scene.tell(event)


# What came of it -------------------------------------------------------------------------------------------


def tell(console: Console, plan: Plan, scene: Scene, rows: Sequence[Any]) -> None:
    sessions = sum(event.module == "sessions" for event in plan.events)
    console.print(f"\n[bold cyan]{sessions} sessions, {len(rows)} CDRs, all cleared[/]")
    console.print(by_pair(rows))
    console.print("\n[bold cyan]What is held, and why[/]  (every code: `hub check list`)")
    console.print(by_code(rows))
    console.print(
        f"\n[bold cyan]{len(scene.refusals)} were refused at the door[/], with the reason told to their CPO:"
    )
    for each in scene.refusals:
        console.print(f"  {each.why}: {each.body.get('status_message')}", soft_wrap=True, style="dim")


def by_pair(rows: Sequence[Any]) -> Table:
    """Counts by state, and what is held and rated, for each CPO, eMSP and currency."""
    states = [state for state in State if any(row.state == state for row in rows)]
    names = ("CPO", "eMSP", "Currency", *(state.capitalize() for state in states), "Net held", "Net rated")
    table = Table(*names, **PLAIN)
    for column in table.columns[3:]:
        column.justify = "right"
    for pair in sorted({(row.owner, row.emsp, row.currency) for row in rows}):
        mine = [row for row in rows if (row.owner, row.emsp, row.currency) == pair]
        counts = Counter(row.state for row in mine)
        told = [str(counts[state] or "") for state in states]
        sums = [
            f"{sum(row.net for row in mine if row.state == state):.2f}" for state in (State.HELD, State.RATED)
        ]
        table.add_row(*(str(Party.of_code(code)) for code in pair[:2]), pair[2], *told, *sums)
    return table


def by_code(rows: Sequence[Any]) -> Table:
    """How many CDRs of each CPO and currency are held for each code."""
    held = [row for row in rows if row.state == State.HELD]
    pairs = sorted({(row.owner, row.currency) for row in held})
    table = Table("Code", *(f"{owner[2:]} {currency}" for owner, currency in pairs), "What it says", **PLAIN)
    for column in table.columns[1:-1]:
        column.justify = "right"
    counts = Counter((code, row.owner, row.currency) for row in held for code in holding(row))
    for rule in RULES:
        told = [counts[rule.code, *pair] for pair in pairs]
        if any(told):
            table.add_row(rule.code, *(str(count or "") for count in told), rule.says)
    return table


def holding(row: Any) -> set[str]:
    """The codes for which it is held; the others are remarks."""
    return {code for code, severity, _ in json.loads(row.codes) if severity != Severity.WARN}


# What to do next -------------------------------------------------------------------------------------------


def next_steps(console: Console, wanted: Wanted, rows: Sequence[Any], commands: frozenset[str]) -> None:
    console.print("\n[bold cyan]The hub is yours[/]: its database stays. Type")
    found = [each for each in steps(wanted, rows) if each[0].split()[1] in commands]
    wide = max((len(command) for command, _ in found), default=0)
    console.print(
        f"  [bold]export HUB_DATABASE_URL=sqlite:///{shlex.quote(str(wanted.database))}[/]", soft_wrap=True
    )
    for command, what in found:
        console.print(f"  [bold]{command:<{wide}}[/]  {what}", soft_wrap=True)


def steps(wanted: Wanted, rows: Sequence[Any]) -> list[tuple[str, str]]:
    """In the order in which a finance clerk works."""
    dear, like, right = with_code(rows, "F6"), with_code(rows, "B4"), right_one(rows)
    return [
        ("hub cdr list --state held", "which are wrong"),
        (f"hub cdr explain {dear}", "why this one is"),
        ("hub cdr report", "what the differences add up to"),
        (f"hub cdr accept {dear} --reason 'agreed by phone'", "pay it all the same"),
        (f"hub cdr drop {like} --reason 'billed before'", "never pay it"),
        (f"hub dispute open {right} --reason charger-fault --text broken", "the eMSP objects"),
        ("hub dispute accept 1 --reason 'the log says so'", "and is right: the CDR is credited"),
        (f"hub period close {wanted.month}", "a statement for each pair"),
        ("hub statement list", "what is to be paid"),
        (f"hub billing replay --period {wanted.month}", "every figure once more, from the CDRs"),
        (
            f"hub export cdr_reconciliation --period {wanted.month} --format xlsx --out exports",
            "to your tools",
        ),
    ]


def with_code(rows: Sequence[Any], code: str) -> str:
    return named(next(row for row in rows if row.state == State.HELD and f'["{code}",' in row.codes))


def right_one(rows: Sequence[Any]) -> str:
    """One that the hub has issued: who issued a CDR credits it."""
    by_hub = {cpo.party for cpo in CPOS if cpo.by_hub}
    rated = (row for row in rows if row.state == State.RATED)
    return named(next(row for row in rated if str(Party.of_code(row.owner)) in by_hub))


def named(row: Any) -> str:
    return f"{Party.of_code(row.owner)} {row.cdr_key}"
