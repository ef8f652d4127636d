"""`hub partner`: who may connect, who is connected, and what is noted of each."""

import json
from collections.abc import Sequence
from typing import Any

import click

from hub.cli.acting import at_the_terminal, reason_option
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, found, look_up, name_argument, with_hub
from hub.cli.partner_quirk import quirk
from hub.cli.partner_views import parties_of, print_table, show_one, since, summary
from hub.cli.partner_words import FileType, HostType, PartyType, roles_of
from hub.hub import Hub
from hub.net.pinning import Trust
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import EDITIONS
from hub.ocpi.module import Role
from hub.parties import connections, introduction, quirk_table, registration, registry
from hub.parties.partner import Partner
from hub.parties.registration import Wish
from hub.parties.tokens import vault
from hub.store import audit
from hub.store.unit import Unit

VERSION = click.Choice([each.version for each in EDITIONS])
ROLE = click.Choice([str(role) for role in Role])
LONGEST_NAME = 100


@click.group(cls=Group, example="hub partner invite --name 'EV Mobile' --role EMSP --party NL/EMS")
def partner() -> None:
    """Invite partners, register with them, note what is odd about each.

    NAME may also be a party, as NL/EMS.
    """


partner.add_command(quirk)


@partner.command(
    example="hub partner invite --name 'EV Mobile' --role EMSP --party NL/EMS --version 2.2.1 --json"
)
@click.option("--name", required=True, help="What you call the partner.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=ROLE,
    help="A role that the partner may announce; again for each further role.",
)
@click.option(
    "--party",
    "parties",
    multiple=True,
    required=True,
    type=PartyType(),
    help="The party in that role, as NL/EMS; once for each role, or once for all.",
)
@click.option(
    "--version", type=VERSION, help="Let it register in this OCPI version only.  [default: it chooses]"
)
@as_json_option
@with_hub
def invite(
    hub: Hub, *, name: str, roles: Sequence[str], parties: Sequence[Party], version: str | None, as_json: bool
) -> None:
    """Make a token A and the URL with which a partner can register itself.

    Give both to the partner over a channel you trust. The token registers once; inviting again makes a new
    one and voids the old. The partner can announce no party that is not invited.
    """
    held = roles_of(roles, parties)
    if any(party == hub.settings.party for _, party in held):
        raise CommandFailed(
            f"{hub.settings.party} is the hub itself. Choose another --party, or set HUB_PARTY."
        )
    with hub.store.unit() as unit:
        token = registry.invite(unit, name, held, version)
        noted(unit, "invite", name, after={"roles": [str(each) for each in registry.named(unit, name).roles]})
    invitation = {"token": token, "versions_url": introduction.versions_url(hub.settings)}
    if as_json:
        click.echo(json.dumps(invitation))
    else:
        click.echo(f"Versions URL: {invitation['versions_url']}\nToken A:      {token}")


@partner.command(
    example="hub partner register --versions-url https://cpo.example.com/ocpi/versions --token TOKEN_A"
)
@click.option("--versions-url", required=True, help="The partner's versions URL, as its operator gave it.")
@click.option("--token", required=True, help="The token A that its operator gave with it.")
@click.option("--version", type=VERSION, help="The OCPI version to speak.  [default: the highest]")
@click.option("--name", help="What you call the partner.  [default: the host of its versions URL]")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=ROLE,
    help="Only for 2.1.1: its role, which that version cannot say.",
)
@click.option(
    "--allow-host", "hosts", multiple=True, type=HostType(), help="As the quirk; see `hub partner quirk`."
)
@click.option("--ca-file", type=FileType(quirk_table.authorities), metavar="FILE", help="As the quirk.")
@click.option(
    "--client-certificate", type=FileType(quirk_table.certificate), metavar="FILE", help="As the quirk."
)
@as_json_option
@with_hub
def register(
    hub: Hub,
    *,
    roles: Sequence[str],
    hosts: Sequence[str],
    ca_file: str | None,
    client_certificate: str | None,
    as_json: bool,
    **wished: Any,
) -> None:
    """Register the hub with a partner that has invited it.

    The highest OCPI version that both speak is taken unless you name one. The partner must be able to reach
    the running hub meanwhile, at HUB_PUBLIC_URL.
    """
    trust = Trust(ca_file, client_certificate)
    wish = Wish(roles=tuple(map(Role, roles)), hosts=frozenset(hosts), trust=trust, **wished)
    registered = registration.register(hub, wish)
    with hub.store.unit() as unit:
        noted(unit, "register", registered.name, after={"version": registered.version})
    show_one(hub, registered, as_json)


@partner.command("list", example="hub partner list --json")
@as_json_option
@with_hub
def list_(hub: Hub, as_json: bool) -> None:
    """Show every partner: its status, OCPI version and parties."""
    with hub.store.reading() as unit:
        partners = registry.everyone(unit)
    if as_json:
        click.echo(json.dumps([summary(each) for each in partners], indent=2))
        return
    rows = [(each.name, each.status, each.version, parties_of(each), since(each)) for each in partners]
    print_table(("Name", "Status", "OCPI", "Parties", "Registered"), rows)


@partner.command(example="hub partner show 'EV Mobile'")
@name_argument
@as_json_option
@with_hub
def show(hub: Hub, name: str, as_json: bool) -> None:
    """Show all that is known of a partner: endpoints, settings, and what was mended of its objects."""
    show_one(hub, look_up(hub, name), as_json)


@partner.command(example="hub partner suspend 'EV Mobile'")
@name_argument
@reason_option
@with_hub
def suspend(hub: Hub, name: str, reason: str | None) -> None:
    """Shut a partner out at once, and send it nothing. `resume` undoes it."""
    with hub.store.unit() as unit:
        partner = found(unit, name)
        registry.suspend(unit, partner)
        status_noted(unit, "suspend", partner, reason)
    click.echo(f"{name} is suspended.")


@partner.command(example="hub partner resume 'EV Mobile'")
@name_argument
@reason_option
@with_hub
def resume(hub: Hub, name: str, reason: str | None) -> None:
    """Let a suspended partner in again, with the tokens it has."""
    with hub.store.unit() as unit:
        partner = found(unit, name)
        registry.resume(unit, partner)
        status_noted(unit, "resume", partner, reason)
    click.echo(f"{name} is resumed.")


@partner.command(example="hub partner rename 'EV Mobile' 'EV Mobility'")
@name_argument
@click.argument("new", metavar="NEW")
@with_hub
def rename(hub: Hub, name: str, new: str) -> None:
    """Call a partner otherwise here, as in `/metrics`; the partner itself does not notice."""
    if not 0 < len(new.strip()) <= LONGEST_NAME:
        raise click.BadParameter(f"A name has 1 to {LONGEST_NAME} characters.", param_hint="NEW")
    with hub.store.unit() as unit:
        partner = found(unit, name)
        connections.rename(unit, partner.id, new)
        noted(unit, "rename", partner.name, {"name": partner.name}, {"name": new})
    click.echo(f"{partner.name} is now {new}.")


@partner.command(example="hub partner update 'EV Mobile' --version 2.3.0")
@name_argument
@click.option("--version", type=VERSION, help="The OCPI version to change to.  [default: stay]")
@as_json_option
@with_hub
def update(hub: Hub, name: str, version: str | None, as_json: bool) -> None:
    """Exchange new tokens with a partner, and look again at what it offers.

    Monthly, at any suspicion that a token is known to others, or to change to another OCPI version.
    """
    before = look_up(hub, name)
    updated = registration.update(hub, before, version)
    with hub.store.unit() as unit:
        noted(unit, "update", updated.name, {"version": before.version}, {"version": updated.version})
    show_one(hub, updated, as_json)


@partner.command(example="hub partner unregister 'EV Mobile'")
@name_argument
@reason_option
@with_hub
def unregister(hub: Hub, name: str, reason: str | None) -> None:
    """End a connection or an invitation, and tell the partner. Its objects stay; it can be invited again."""
    partner = look_up(hub, name)
    heard = registration.unregister(hub, partner)
    with hub.store.unit() as unit:
        status_noted(unit, "unregister", partner, reason)
    click.echo(f"{name} is unregistered" + ("." if heard else ", but could not be told."))


@partner.command(example='HUB_SECRET_KEY="new key ...,old key ..." hub partner reseal')
@with_hub
def reseal(hub: Hub) -> None:
    """Seal all tokens with the first of several secret keys, so that the others can be taken away."""
    with hub.store.unit() as unit:
        count = connections.reseal(unit, vault(hub.settings.sealing_key))
        audit.record(unit, at_the_terminal(), "reseal", "partners")
    click.echo(f"{count} tokens are sealed with the first key.")


def noted(unit: Unit, action: str, name: str, before: Json | None = None, after: Json | None = None) -> None:
    """In the audit trail."""
    audit.record(unit, at_the_terminal(), action, f"partner/{name}", before, after)


def status_noted(unit: Unit, action: str, before: Partner, reason: str | None) -> None:
    """The same for what changes whether it may come in."""
    was, now = ({"status": str(each.status)} for each in (before, registry.named(unit, before.name)))
    audit.record(unit, at_the_terminal(), action, f"partner/{before.name}", was, now, reason)
