"""`hub statement`: what eMSPs owe CPOs, month by month, and each step until it is settled."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from hub.clearing.disputes import REASONS, DisputeProblem
from hub.cli import statement_views as views
from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json
from hub.closing import lifecycle, months, statements
from hub.closing.lifecycle import STEPS, Step
from hub.closing.telling import listed, told_of
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import key_of
from hub.store.statements import statements as table

name_argument = click.argument("name", metavar="STATEMENT")
reason_option = click.option("--reason", metavar="TEXT", help="Why; kept with it and in the audit trail.")


@click.group(cls=Group, example="hub statement list --period 2026-10")
def statement() -> None:
    """See what eMSPs owe CPOs, and take each step until it is settled.

    STATEMENT is its id, or its number as NLCPO-2026-000001 once it has one. The steps: a close makes a DRAFT;
    approve, send, accept or contest, finalise.
    """


@statement.command("list", example="hub statement list --period 2026-10 --state draft")
@click.option("--period", "month", metavar="MONTH", help="Only of this month.")
@click.option("--party", type=PartyType(), metavar="NL/CPO", help="Only those of this CPO or eMSP.")
@click.option(
    "--state",
    type=click.Choice([step.lower() for step in Step], case_sensitive=False),
    help="Only those in this state.",
)
@as_json_option
@with_hub
def list_(hub: Hub, month: str | None, party: Party | None, state: str | None, as_json: bool) -> None:
    """Show statements: from whom to whom, where they stand, what they come to."""
    wanted = [] if month is None else [table.c.month == months.read(month)]
    if party is not None:
        wanted.append((table.c.cpo == party.code) | (table.c.emsp == party.code))
    if state is not None:
        wanted.append(table.c.state == state.upper())
    with hub.store.reading() as unit:
        told = listed(unit, statements.listed(unit, *wanted))
    if as_json:
        show_json(told)
    else:
        views.show_list(told)
    if not told and not as_json:
        click.echo("There is no such statement. `hub period close 2026-10` makes those of a month.")


@statement.command("show", example="hub statement show 1 --lines")
@name_argument
@click.option("--lines", "with_lines", is_flag=True, help="With every line.")
@as_json_option
@with_hub
def show(hub: Hub, name: str, with_lines: bool, as_json: bool) -> None:
    """Show one: totals by VAT, the fee, how far it is from what it should be, its steps and postings."""
    with hub.store.reading() as unit:
        told = told_of(unit, statements.named(unit, name), with_lines=with_lines)
    if as_json:
        show_json(told)
    else:
        views.show_one(told)


def say(made: Any, as_json: bool) -> None:
    if as_json:
        show_json({"id": made.id, "number": made.number, "state": made.state, "revision": made.revision})
        return
    number = "" if made.number is None else f" ({made.number})"
    click.echo(f"Statement {made.id}{number} is {made.state}.")


@statement.command("approve", example="hub statement approve 1")
@name_argument
@click.option("--anyway", is_flag=True, help="Also when it differs by more than was agreed.")
@reason_option
@as_json_option
@with_hub
def approve(hub: Hub, name: str, anyway: bool, reason: str | None, as_json: bool) -> None:
    """It is right: give it its number."""
    with hub.store.unit() as unit:
        made = lifecycle.approve(unit, name, at_the_terminal(), reason, anyway=anyway)
    say(made, as_json)


def step(to: Step, does: str) -> Callable[..., Any]:
    """A command that takes a step which needs nothing but who and why."""

    @statement.command(lifecycle.COMMANDS[to], example=f"hub statement {lifecycle.COMMANDS[to]} 1", help=does)
    @name_argument
    @reason_option
    @as_json_option
    @with_hub
    def command(hub: Hub, name: str, reason: str | None, as_json: bool) -> None:
        with hub.store.unit() as unit:
            made = STEPS[to](unit, name, at_the_terminal(), reason)
        say(made, as_json)

    return command


step(Step.SENT, "Both parties have it; from now on the days run in which it is to be paid.")
step(Step.ACCEPTED, "The eMSP pays it.")


@statement.command(
    "contest", example="hub statement contest 1 CDR-7 --because WRONG_PRICE --reason 'too dear'"
)
@name_argument
@click.argument("cdrs", metavar="CDR...", nargs=-1, required=True)
@click.option(
    "--because",
    type=click.Choice(list(REASONS), case_sensitive=False),
    default="OTHER",
    show_default=True,
    help="The reason of the disputes that are opened.",
)
@click.option("--reason", metavar="TEXT", required=True, help="What is wrong, in words.")
@as_json_option
@with_hub
def contest(hub: Hub, name: str, cdrs: Sequence[str], because: str, reason: str, as_json: bool) -> None:
    """The lines of these CDRs leave it and are disputed; the rest stands, with new totals."""
    keys = {key_of(MODULES["cdrs"], each, None) for each in cdrs}
    try:
        with hub.store.unit() as unit:
            made = lifecycle.contest(unit, name, keys, at_the_terminal(), (because, reason))
    except DisputeProblem as problem:
        raise CommandFailed(f"{problem}.") from problem
    say(made, as_json)


step(Step.FINAL, "Settle it: its CDRs are SETTLED, and nothing about it changes any more.")
