"""`hub period`: months are closed, and what each close has made and has carried forward."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from hub.clearing import clerk
from hub.cli.acting import at_the_terminal
from hub.cli.bars import Tick, bars
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.statement_views import written
from hub.cli.tables import show_json, show_table
from hub.closing import candidates, months, periods, statements
from hub.closing.candidates import CARRIED
from hub.closing.periods import Closed
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.store.unit import Unit

HEADINGS = (
    "Month",
    "Agreement",
    "CPO",
    "eMSP",
    "State",
    "Statement",
    "Lines",
    "Net",
    "VAT",
    "Gross",
    "",
    "Waiting",
)
CARRIED_HEADINGS = ("Agreement", "CPO", "CDR", "Net", "", "Was", "Why")
MONTH = click.argument("month", metavar="MONTH", callback=lambda _ctx, _param, text: months.read(text))
agreement_option = click.option("--agreement", "only", type=int, metavar="ID", help="Only of this agreement.")


@click.group(cls=Group, example="hub period close 2026-10")
def period() -> None:
    """Close months: each agreement gets one statement of all that ended by then.

    A closed month never changes. What comes late goes onto the statement of the next, with the month in
    which it ended; what is held or disputed is carried forward.
    """


@period.command("close", example="hub period close 2026-10")
@MONTH
@agreement_option
@as_json_option
@with_hub
def close(hub: Hub, month: str, only: int | None, as_json: bool) -> None:
    """Close a month for every agreement. Whoever does it again gets the same statements."""
    clerk.everything(hub.store)
    told = []
    with bars() as begin:
        for closed in periods.close_all(hub.store, month, at_the_terminal(), only, watching(begin)):
            with hub.store.reading() as unit:
                told.append(told_of(unit, closed))
    show(told, as_json=as_json)
    if not told and not as_json:
        click.echo(f"No agreement held in {month}. See `hub agreement list`.")


def watching(begin: Callable[[str, int], Tick]) -> periods.Watch:
    """A bar for each agreement."""
    return lambda agreement, total: begin(f"Agreement {agreement.id}: {agreement.pair}", total)


@period.command("list", example="hub period list")
@click.option("--period", "month", metavar="MONTH", help="Only this month.")
@as_json_option
@with_hub
def list_(hub: Hub, month: str | None, as_json: bool) -> None:
    """Show the months that are closed, with what each came to."""
    with hub.store.reading() as unit:
        found = periods.closed_in(unit, None if month is None else months.read(month))
        told = [told_of(unit, closed) for closed in found]
    show(told, as_json=as_json)
    if not told and not as_json:
        click.echo("No month is closed. `hub period close 2026-10` closes one.")


@period.command("show", example="hub period show 2026-10")
@MONTH
@agreement_option
@as_json_option
@with_hub
def show_(hub: Hub, month: str, only: int | None, as_json: bool) -> None:
    """Show a month for every agreement: closed or open, and what waits and why."""
    with hub.store.reading() as unit:
        found = [
            detailed(unit, agreement, month)
            for agreement in periods.meant_by(unit, only)
            if agreement.valid_from < periods.ends(agreement, month)
            and periods.holds_in(unit, agreement, month)
        ]
        nobodys = 0 if only else candidates.of_none(unit)
    if as_json:
        show_json(found)
        return
    if not found:
        raise CommandFailed(f"No agreement held in {month}. See `hub agreement list`.")
    show(found, as_json=False)
    waiting = [line for each in found for line in carried_lines(each)]
    if waiting:
        click.echo("\nOn no statement")
        show_table(CARRIED_HEADINGS, waiting)
    if nobodys:
        click.echo(
            f"\nCDRs of no agreement, of any month: {nobodys}. They come onto no statement, accepted or not, "
            "before one is added. See `hub cdr list --code E9`."
        )


def detailed(unit: Unit, agreement: Any, month: str) -> Json:
    """One agreement's month, with the CDRs that are on no statement."""
    if periods.of(unit, agreement.id, month) is not None:
        closed = periods.made_before(unit, agreement, month)
        told = told_of(unit, closed)
        return told | {"carried": [carried(row) for row in periods.carried_of(unit, closed.period.id)]}
    coming = candidates.coming(unit, agreement, periods.ends(agreement, month))
    waiting = [
        carried(row) | {"state": row.state, "why": CARRIED[row.state]}  # as the close would tell it
        for row in coming.carried
    ]
    return {
        **named(agreement, month),
        "state": "OPEN",
        "statement": None,
        "lines": coming.lines,
        "net": coming.net,
        "waiting": len(waiting),
        "carried": waiting,
    }


def carried(row: Any) -> Json:
    why = getattr(row, "why", None)
    return {
        "cpo": str(Party.of_code(row.owner)),
        "cdr": row.cdr_key,
        "net": row.net,
        "state": row.state,
        "why": why,
    }


def carried_lines(told: Json) -> Iterator[tuple[Any, ...]]:
    for each in told["carried"]:
        values = (each["cpo"], each["cdr"], each["net"], told["currency"], each["state"], each["why"])
        yield told["agreement"], *values


def told_of(unit: Unit, closed: Closed) -> Json:
    """A closed month, for people and scripts; amounts are those of the statement now."""
    statement, told = closed.statement, named(closed.agreement, closed.period.month)
    told |= {
        "state": "CLOSED",
        "closed_at": instants.text(closed.period.closed_at),
        "closed_by": closed.period.closed_by,
        "waiting": closed.carried,
        "statement": None,
    }
    if statement is None:
        return told
    sums = statements.sums_of(unit, [statement])[statement.id]
    figures = {name: getattr(sums, name) for name in ("lines", "net", "tax", "gross", "fee")}
    checksum = statements.revisions_of(unit, statement.id)[0].checksum
    return (
        told
        | {"statement": statement.id, "statement_state": statement.state}
        | figures
        | {"checksum": checksum}
    )


def named(agreement: Any, month: str) -> Json:
    pair = agreement.pair
    return {
        "period": month,
        "agreement": agreement.id,
        "cpo": str(pair.cpo),
        "emsp": str(pair.emsp),
        "currency": pair.currency,
    }


def show(told: Iterable[Json], *, as_json: bool) -> None:
    if as_json:
        show_json(list(told))
    else:
        show_table(HEADINGS, [row(each) for each in told])


def row(told: Json) -> tuple[Any, ...]:
    names = ("period", "agreement", "cpo", "emsp", "state", "statement", "lines", "net", "tax", "gross")
    told = written(told, told["currency"])
    return *(told.get(name) for name in names), told["currency"], told["waiting"]
