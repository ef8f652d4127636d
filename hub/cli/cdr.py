"""`hub cdr`: which CDRs are wrong and why, and what becomes of them."""

import functools
from collections.abc import Callable
from typing import Any

import click

from hub.clearing import clerk, deciding, differences
from hub.clearing.deciding import Decided, Decision, Filter
from hub.clearing.explaining import explained, summary
from hub.clearing.states import NoSuchTransition, State
from hub.cli import cdr_views as views
from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.limits import cut, limit_option
from hub.cli.moments import MomentType
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import key_of
from hub.store.unit import Unit

party_argument = click.argument("party", metavar="PARTY", type=PartyType())
id_argument = click.argument("identity", metavar="ID")
reason_option = click.option(
    "--reason", metavar="TEXT", help="Why; kept with the CDR and in the audit trail."
)

FILTERS = (
    click.option("--owner", type=PartyType(), metavar="NL/CPO", help="Only those of this CPO."),
    click.option("--emsp", type=PartyType(), metavar="DE/EMS", help="Only those that this eMSP pays."),
    click.option(
        "--state",
        type=click.Choice([state.lower() for state in State], case_sensitive=False),
        help="Only those in this state.",
    ),
    click.option("--code", metavar="CODE", help="Only those with this code; see `hub check list`."),
    click.option("--cause", metavar="NAME", help="Only those whose amount differs for this cause."),
    click.option("--currency", metavar="EUR", help="Only those in this currency."),
    click.option("--since", type=MomentType(), metavar="WHEN", help="Only those that ended then or later."),
    click.option("--until", type=MomentType(), metavar="WHEN", help="Only those that ended before."),
)


def filtered(run: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which CDRs are meant, handed in as one Filter."""

    @functools.wraps(run)
    def command(*arguments: Any, **told: Any) -> Any:
        names = ("owner", "emsp", "state", "code", "cause", "currency", "since", "until")
        values = {name: told.pop(name) for name in names}
        state = values["state"]
        values["state"] = None if state is None else State(state.upper())
        return run(*arguments, wanted=Filter(**values), **told)

    for option in reversed(FILTERS):
        command = option(command)
    return command


@click.group(cls=Group, example="hub cdr list --state held")
def cdr() -> None:
    """See which CDRs are wrong and why, and decide what becomes of them.

    PARTY is the CPO as NL/CPO, ID the CDR's id. Every CDR is checked soon after it came; what is right is
    RATED and goes onto the next statement, what is not is HELD until somebody decides.
    """


@cdr.command("list", example="hub cdr list --state held --emsp DE/EMS")
@filtered
@limit_option()
@as_json_option
@with_hub
def list_(hub: Hub, wanted: Filter, limit: int, as_json: bool) -> None:
    """Show CDRs in the order in which they came: their state, what was found, what they should cost."""
    with hub.store.reading() as unit:
        found = cut(deciding.listed(unit, wanted, limit + 1), limit)
        told = [summary(row) for row in found]
    if as_json:
        show_json(told)
    else:
        views.show_list(told)


@cdr.command(example="hub cdr explain NL/CPO CDR-1")
@party_argument
@id_argument
@as_json_option
@with_hub
def explain(hub: Hub, party: Party, identity: str, as_json: bool) -> None:
    """Tell everything of one CDR: what it costs and why, what was found, every state, what it stands on."""
    with hub.store.reading() as unit:
        told = explained(unit, known(unit, party, identity))
    if as_json:
        show_json(told)
    else:
        views.show_one(told)


@cdr.command(example="hub cdr show NL/CPO CDR-1 --json")
@party_argument
@id_argument
@as_json_option
@with_hub
def show(hub: Hub, party: Party, identity: str, as_json: bool) -> None:
    """Show one CDR in short: its state, its amounts, what was found."""
    with hub.store.reading() as unit:
        told = summary(known(unit, party, identity))
    if as_json:
        show_json(told)
    else:
        views.show_summary(told)


def known(unit: Unit, party: Party, identity: str) -> Any:
    found = deciding.listed(unit, Filter(owner=party, cdr=key_of(MODULES["cdrs"], identity, None)))
    if not found:
        raise CommandFailed(f"{party} has no CDR {identity}, or it waits to be cleared. See `hub cdr list`.")
    return found[0]


def decision(name: Decision, does: str) -> Callable[..., Any]:
    """A command that decides one CDR, or all that a filter means."""

    @cdr.command(
        name.value, example=f"hub cdr {name.value} NL/CPO CDR-1 --reason 'agreed by phone'", help=does
    )
    @click.argument("party", metavar="[PARTY]", type=PartyType(), required=False)
    @click.argument("identity", metavar="[ID]", required=False)
    @filtered
    @click.option("--all", "everything", is_flag=True, help="All that the options mean, instead of one.")
    @reason_option
    @as_json_option
    @with_hub
    def command(
        hub: Hub,
        party: Party | None,
        identity: str | None,
        wanted: Filter,
        everything: bool,
        reason: str | None,
        as_json: bool,
    ) -> None:
        if everything == (identity is not None):
            raise click.UsageError("Name one CDR as PARTY ID, or give --all with options that say which.")
        if everything and wanted == Filter() and name is not Decision.CHECK:
            raise click.UsageError(
                f"--all alone would {name} whatever is held; if you mean that: --state held."
            )
        with hub.store.unit() as unit:
            if party is not None and identity is not None:
                decided = one(unit, known(unit, party, identity), name, reason)
            else:
                held = wanted if wanted.state or name is Decision.CHECK else with_state(wanted)
                decided = deciding.decide_all(unit, held, name, at_the_terminal(), reason)
        views.show_decided(decided, as_json=as_json)

    return command


def with_state(wanted: Filter) -> Filter:
    """Only what is held is decided upon."""
    return Filter(**{name: getattr(wanted, name) for name in Filter.__slots__} | {"state": State.HELD})


def one(unit: Unit, row: Any, name: Decision, reason: str | None) -> Decided:
    try:
        after = deciding.decide(unit, row, name, at_the_terminal(), reason)
    except NoSuchTransition as fault:
        raise CommandFailed(str(fault)) from fault
    return Decided({after: 1}, ())


decision(Decision.ACCEPT, "Pay it as it is: it is RATED and goes onto the next statement.")
decision(Decision.DROP, "Neither pay it nor ask any more.")
decision(Decision.REJECT, "Refuse to pay it; it stands in the file of rejected CDRs for its CPO.")
decision(Decision.CHECK, "Check it once more with what is known now, also when it was dropped or rejected.")


@cdr.command(example="hub cdr clear")
@with_hub
def clear(hub: Hub) -> None:
    """Clear all CDRs that wait, now; a running worker does it by itself."""
    count = clerk.everything(hub.store)
    click.echo(f"{count} CDR{'' if count == 1 else 's'} cleared.")


@cdr.command(example="hub cdr report --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z")
@filtered
@as_json_option
@with_hub
def report(hub: Hub, wanted: Filter, as_json: bool) -> None:
    """Sum up what CDRs claim beside what they should cost: by partner, tariff, cause and week."""
    with hub.store.reading() as unit:
        told = [each.as_dict() for each in differences.report(unit, wanted)]
    if as_json:
        show_json(told)
    else:
        views.show_report(told)
