"""`hub billing`: the ledger's balances, and closed months computed once more."""

import click

from hub.cli.bars import bars
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.tables import show_json, show_table
from hub.closing import ledger, months, replay
from hub.closing.rounding import whole
from hub.hub import Hub


@click.group(cls=Group, example="hub billing replay --period 2026-10")
def billing() -> None:
    """See what is in the ledger, and prove that closed months are what they were."""


@billing.command("balances", example="hub billing balances --period 2026-10")
@click.option("--period", "month", metavar="MONTH", help="Only entries of this month.")
@as_json_option
@with_hub
def balances(hub: Hub, month: str | None, as_json: bool) -> None:
    """Show what every account comes to; in each currency that sums to nought."""
    with hub.store.reading() as unit:
        found = ledger.balances(unit, None if month is None else months.read(month))
    order = sorted(found, key=lambda each: (each[1], each[0]))
    if as_json:
        show_json([{"account": a, "currency": c, "balance": found[a, c]} for a, c in order])
        return
    show_table(("Account", "Balance", ""), [(a, whole(found[a, c], c), c) for a, c in order])
    if not order:
        click.echo("Nothing was posted yet. `hub period close 2026-10` posts what a month comes to.")


@billing.command("replay", example="hub billing replay --period 2026-10")
@click.option("--period", "month", metavar="MONTH", required=True, help="The month, as 2026-10.")
@as_json_option
@with_hub
def replay_(hub: Hub, month: str, as_json: bool) -> None:
    """Compute every figure of a month's statements once more, from CDRs, terms and ledger.

    Ends with 1 and the names of the figures when one differs.
    """
    with hub.store.reading() as unit:
        count = replay.size(unit, months.read(month))
        with bars() as begin:
            found = replay.replay(unit, month, begin("Computing", count))
    if as_json:
        differences = [
            {"statement": e.statement, "where": e.where, "stands": e.stands, "computed": e.computed}
            for e in found.differences
        ]
        show_json({"statements": found.statements, "lines": found.lines, "differences": differences})
    else:
        rows = [(e.statement, e.where, e.stands, e.computed) for e in found.differences]
        show_table(("Statement", "Where", "Stands", "Computed"), rows)
        click.echo(
            f"{month}: {found.statements} statements with {found.lines} lines computed anew, "
            f"{len(found.differences)} differences."
        )
    if found.differences:
        raise CommandFailed(
            f"{len(found.differences)} figures of {month} are not what was computed now. Somebody changed "
            "the database by hand, or another version of the hub reckons otherwise; see `hub audit verify`."
        )
