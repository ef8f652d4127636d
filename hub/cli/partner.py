"""`hub partner`: who may connect, who is connected, and what is noted of each."""

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import click

import migrations
from hub.app import create_hub
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group, with_settings
from hub.cli.partner_views import DEFAULTS, parties_of, print_table, show_one, since, summary
from hub.cli.partner_words import NONE, PartyType, host, mend, or_none, percentage, roles_of, time_zone
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.editions import EDITIONS
from hub.ocpi.leniency import MENDS
from hub.ocpi.module import Role
from hub.parties import connections, introduction, registration, registry
from hub.parties.partner import Partner
from hub.parties.problems import NoSuchPartner, PartnerProblem
from hub.parties.registration import Wish
from hub.parties.tokens import vault
from hub.settings import PARTY, Settings
from hub.store.unit import Unit

R = TypeVar("R")

VERSION = click.Choice([each.version for each in EDITIONS])
ROLE = click.Choice([str(role) for role in Role])
as_json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
name_argument = click.argument("name", metavar="NAME")


@contextmanager
def opened(settings: Settings) -> Iterator[Hub]:
    """The hub of these settings; the embedded database is made at first need."""
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        migrations.upgrade(settings.database_url)
    hub = create_hub(settings.with_sealing_key())
    try:
        yield hub
    except PartnerProblem as problem:
        raise CommandFailed(str(problem)) from problem
    finally:
        hub.client.close()
        hub.store.close()


def with_hub(run: Callable[..., R]) -> Callable[..., R]:
    """Hand an open hub to a command as its first argument."""

    def command(settings: Settings, /, **options: Any) -> R:
        with opened(settings) as hub:
            return run(hub, **options)

    return with_settings(functools.wraps(run)(command))


def found(unit: Unit, name: str) -> Partner:
    """The partner of this name, or the only one that has this party."""
    named = registry.by_name(unit, name)
    ids = PARTY.fullmatch(name)
    held = registry.of_party(unit, Party.of(*ids.groups())) if named is None and ids else []
    if len(held) > 1:
        names = ", ".join(partner.name for partner in held)
        raise NoSuchPartner(f"{name} belongs to several partners: {names}; write the name of one")
    return named or (held[0] if held else registry.named(unit, name))


def look_up(hub: Hub, name: str) -> Partner:
    with hub.store.reading() as unit:
        return found(unit, name)


@click.group(cls=Group, example="hub partner invite --name 'EV Mobile' --role EMSP --party NL/EMS")
def partner() -> None:
    """Invite partners, register with them, set what holds for each.

    NAME may also be a party, as NL/EMS.
    """


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
@click.option("--allow-host", "hosts", multiple=True, callback=or_none(host), help="See `hub partner set`.")
@as_json_option
@with_hub
def register(hub: Hub, *, roles: Sequence[str], hosts: Sequence[str], as_json: bool, **wished: Any) -> None:
    """Register the hub with a partner that has invited it.

    The highest OCPI version that both speak is taken unless you name one. The partner must be able to reach
    the running hub meanwhile, at HUB_PUBLIC_URL.
    """
    wish = Wish(roles=tuple(map(Role, roles)), hosts=frozenset(hosts), **wished)
    show_one(hub, registration.register(hub, wish), as_json)


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
@with_hub
def suspend(hub: Hub, name: str) -> None:
    """Shut a partner out at once, and send it nothing. `resume` undoes it."""
    with hub.store.unit() as unit:
        registry.suspend(unit, found(unit, name))
    click.echo(f"{name} is suspended.")


@partner.command(example="hub partner resume 'EV Mobile'")
@name_argument
@with_hub
def resume(hub: Hub, name: str) -> None:
    """Let a suspended partner in again, with the tokens it has."""
    with hub.store.unit() as unit:
        registry.resume(unit, found(unit, name))
    click.echo(f"{name} is resumed.")


@partner.command(example="hub partner update 'EV Mobile' --version 2.3.0")
@name_argument
@click.option("--version", type=VERSION, help="The OCPI version to change to.  [default: stay]")
@as_json_option
@with_hub
def update(hub: Hub, name: str, version: str | None, as_json: bool) -> None:
    """Exchange new tokens with a partner, and look again at what it offers.

    Monthly, at any suspicion that a token is known to others, or to change to another OCPI version.
    """
    show_one(hub, registration.update(hub, look_up(hub, name), version), as_json)


@partner.command(example="hub partner unregister 'EV Mobile'")
@name_argument
@with_hub
def unregister(hub: Hub, name: str) -> None:
    """End a connection or an invitation, and tell the partner. Its objects stay; it can be invited again."""
    heard = registration.unregister(hub, look_up(hub, name))
    click.echo(f"{name} is unregistered" + ("." if heard else ", but could not be told."))


@partner.command("set", example="hub partner set 'EV Mobile' --time-zone Europe/Amsterdam --cdrs cpo")
@name_argument
@click.option(
    "--lenient",
    multiple=True,
    callback=or_none(mend),
    metavar="MEND",
    help="Mend this in what the partner sends, because it cannot change it soon; again for each mend, `none` "
    f"for none. Mends: {', '.join(MENDS)}.",
)
@click.option("--time-zone", callback=or_none(time_zone), help="Of its locations, because 2.1.1 may omit it.")
@click.option(
    "--vat", callback=or_none(percentage), help="Percentage its 2.1.1 prices bear, which it cannot say."
)
@click.option("--postal-code", help="What it gets where there is none, because 2.1.1 demands one.")
@click.option(
    "--cdrs",
    type=click.Choice(["hub", "cpo"]),
    help="Who issues the CDRs of its sessions: the hub prices them, or the CPO does so itself.",
)
@click.option(
    "--counterpart",
    callback=or_none(lambda text: PartyType().convert(text, None, None)),
    help="The eMSP whose drivers a 2.1.1 CPO serves over its connection, because 2.1.1 cannot say.",
)
@click.option(
    "--texts",
    type=click.Choice(["utf8", "ascii"]),
    help="What it can read, because 2.1.1 promises no more than ASCII.",
)
@click.option(
    "--auth-encoding",
    type=click.Choice(["auto", "base64", "raw"]),
    help="How its token is written to it, because some platforms do not do as their version says.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    callback=or_none(host),
    help="Another host where its token may be sent, because its endpoints are not where its versions URL is; "
    "again for each host, `none` for none.",
)
@as_json_option
@with_hub
def set_(hub: Hub, *, name: str, cdrs: str | None, texts: str | None, as_json: bool, **options: Any) -> None:
    """Set what holds for one partner. `none` takes a setting away; settings not named stay."""
    given = {option: value for option, value in options.items() if value is not None and value != ()}
    if cdrs is not None:
        given["hub_issues_cdrs"] = cdrs == "hub"
    if texts is not None:
        given["ascii_only"] = texts == "ascii"
    with hub.store.unit() as unit:
        partner = found(unit, name)
        changes = {option: DEFAULTS[option] if value == NONE else value for option, value in given.items()}
        registry.set_settings(unit, partner.id, replace(partner.settings, **changes))
    show_one(hub, look_up(hub, name), as_json)


@partner.command(example='HUB_SECRET_KEY="new key ...,old key ..." hub partner reseal')
@with_hub
def reseal(hub: Hub) -> None:
    """Seal all tokens with the first of several secret keys, so that the others can be taken away."""
    with hub.store.unit() as unit:
        count = connections.reseal(unit, vault(hub.settings.sealing_key))
    click.echo(f"{count} tokens are sealed with the first key.")
