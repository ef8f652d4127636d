"""`hub session`: what was charged, what it was billed, and what holds it up."""

from collections.abc import Sequence

import click

from hub.billing import rating
from hub.billing.holding import EnergyZero
from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.limits import cut, limit_option
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.session_views import WAITING, everything, show_list, show_one, summary
from hub.cli.tables import show_json, text
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.wire import fold
from hub.store import audit, billed, charges
from hub.store.billed import Billed
from hub.store.unit import Unit

WAIVED = (EnergyZero.code,)
party_argument = click.argument("party", metavar="PARTY", type=PartyType())
id_argument = click.argument("identity", metavar="ID")


@click.group(cls=Group, example="hub session list --held")
def session() -> None:
    """See the sessions, what each was billed, and what holds it up.

    PARTY is the CPO as NL/CPO, ID the session's id.
    """


@session.command("list", example="hub session list --held --party NL/CPO")
@click.option("--held", is_flag=True, help="Only those that are completed and cannot be billed yet.")
@click.option("--party", type=PartyType(), help="Only those of this CPO, as NL/CPO.")
@limit_option()
@as_json_option
@with_hub
def list_(hub: Hub, held: bool, party: Party | None, limit: int, as_json: bool) -> None:
    """Show sessions, the newest first: what each was billed, or why it is held and what to do."""
    with hub.store.reading() as unit:
        found = cut(billed.latest(unit, party, held=held, limit=limit + 1), limit, "newest")
        told = [summary(unit, each) for each in found]
    if as_json:
        show_json(told)
    else:
        show_list(told)


@session.command(example="hub session show NL/CPO SESSION-1")
@party_argument
@id_argument
@as_json_option
@with_hub
def show(hub: Hub, party: Party, identity: str, as_json: bool) -> None:
    """Show one session: how it was priced line by line and its CDR, or why it is held and what to do."""
    with hub.store.reading() as unit:
        told = everything(unit, known(unit, party, identity))
    if as_json:
        show_json(told)
    else:
        show_one(told)


@session.command(example="hub session rate NL/CPO SESSION-1")
@party_argument
@id_argument
@click.option(
    "--accept",
    type=click.Choice(WAIVED),
    multiple=True,
    help="Bill it in spite of this, which somebody has looked at.",
)
@with_hub
def rate(hub: Hub, party: Party, identity: str, accept: Sequence[str]) -> None:
    """Try to bill a held session now.

    It happens by itself when a location, a tariff or an assignment rule of the CPO changes.
    """
    with hub.store.unit() as unit:
        check_billable(unit, known(unit, party, identity))
        rating.bill(unit, known(unit, party, identity).session.document, accept)
        waived = {"accepted": list(accept)} if accept else None
        audit.record(unit, at_the_terminal(), "rate", f"session/{party}/{identity}", None, waived)
    with hub.store.reading() as unit:
        told = summary(unit, known(unit, party, identity))
    if told["billing"] == charges.HELD:
        raise CommandFailed(f"{identity} is still held: {told['code']}: {told['reason']} {told['remedy']}")
    net = text(told["before_taxes"])
    click.echo(f"Billed {net} {told['currency']} before taxes by CDR {told['cdr_id']}.")


def known(unit: Unit, party: Party, identity: str) -> Billed:
    found = billed.one(unit, party, fold(identity))
    if found is None:
        raise CommandFailed(f"{party} has no session {identity}. `hub session list` shows those there are.")
    return found


def check_billable(unit: Unit, found: Billed) -> None:
    document, charge = found.session.document, found.charge
    if charge is not None and charge.state != charges.HELD:
        raise CommandFailed(f"it is not held but {charge.state}. See `hub session show`.")
    status = document.newest["status"]
    if status != "COMPLETED":
        raise CommandFailed(f"it is {status}. Only a completed session is billed.")
    if not rating.hub_issues(unit, document.owner):
        raise CommandFailed(
            f"it is {WAITING['COMPLETED']}. `hub partner quirk set NAME cdrs=hub` changes that."
        )
