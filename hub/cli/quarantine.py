"""`hub quarantine`: objects of partners' lists that could not be kept, and why."""

from typing import Any

import click

from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.limits import cut, limit_option
from hub.cli.opening import as_json_option, found, with_hub
from hub.cli.tables import show_facts, show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.ocpi.errors import OcpiError
from hub.parties import registry
from hub.store import audit
from hub.store import quarantine as entries
from hub.store.quarantine import Entry
from hub.store.unit import Unit
from hub.sync import quarantine as rereading

HEADINGS = ("ID", "Partner", "Module", "Object", "Times", "Last", "Error")
identity_argument = click.argument("identity", metavar="ID", type=int)


@click.group(cls=Group, example="hub quarantine list --partner 'EV Mobile'")
def quarantine() -> None:
    """See the objects that stood in partners' lists and could not be kept, and have them read again.

    After `hub partner quirk` they are read again by themselves within minutes.
    """


@quarantine.command("list", example="hub quarantine list --module locations")
@click.option("--partner", metavar="NAME", help="Only those of this partner; its name, or a party as NL/EMS.")
@click.option("--module", help="Only those of this module.")
@limit_option()
@as_json_option
@with_hub
def list_(hub: Hub, partner: str | None, module: str | None, limit: int, as_json: bool) -> None:
    """Show what is in quarantine, what came last first."""
    with hub.store.reading() as unit:
        wanted: dict[str, Any] = {} if module is None else {"module": module}
        if partner is not None:
            wanted["partner_id"] = found(unit, partner).id
        latest = cut(entries.latest(unit, limit + 1, **wanted), limit, "newest")
        told = [described(unit, each) for each in latest]
    if as_json:
        show_json(told)
        return
    columns = ("partner", "module", "object_key", "times", "seen_at", "error")
    show_table(HEADINGS, [(str(each["id"]), *(each[name] for name in columns)) for each in told])


@quarantine.command(example="hub quarantine show 3")
@identity_argument
@as_json_option
@with_hub
def show(hub: Hub, identity: int, as_json: bool) -> None:
    """Show an object as it came, with every fault."""
    with hub.store.reading() as unit:
        entry = one(unit, identity)
        told = described(unit, entry)
    if as_json:
        show_json(told | {"raw": entry.raw.decode("utf-8", "replace")})
        return
    show_facts(told | {"fields": None} | dict(entry.fields))
    click.echo(entry.raw.decode("utf-8", "replace"))


@quarantine.command(example="hub quarantine retry 3")
@identity_argument
@with_hub
def retry(hub: Hub, identity: int) -> None:
    """Read an object once more, as its partner is read now."""
    with hub.store.reading() as unit:
        entry = one(unit, identity)
    if entry.cut:
        raise CommandFailed("it was too long to be kept whole. `hub sync pull --whole` asks for it again.")
    try:
        kept = rereading.again(hub.store, entry)
    except OcpiError as refused:
        faults = "; ".join(f"{path}: {fault}" for path, fault in refused.fields.items())
        raise CommandFailed(f"it stays: {refused.message}" + (f" ({faults})" if faults else "")) from refused
    with hub.store.unit() as unit:
        audit.record(unit, at_the_terminal(), "retry", f"quarantine/{entry.module}/{entry.object_key}")
    click.echo(f"{entry.module} {entry.object_key}: {kept}.")


def one(unit: Unit, identity: int) -> Entry:
    entry = entries.one(unit, identity)
    if entry is None:
        raise CommandFailed(f"there is no entry {identity}. `hub quarantine list` shows those there are.")
    return entry


def described(unit: Unit, entry: Entry) -> Json:
    partner = registry.by_id(unit, entry.partner_id)
    return {
        "id": entry.id,
        "partner": partner and partner.name,
        "module": entry.module,
        "object_key": entry.object_key,
        "edition": entry.edition,
        "error": entry.error,
        "fields": dict(entry.fields),
        "cut": entry.cut,
        "times": entry.times,
        "first_at": instants.text(entry.first_at),
        "seen_at": instants.text(entry.seen_at),
    }
