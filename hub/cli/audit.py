"""`hub audit`: who changed what, and whether the trail of it is whole."""

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.limits import cut, limit_option
from hub.cli.opening import as_json_option, with_hub
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.store import audit as trail
from hub.store.audit import Event, audit_events

HEADINGS = ("No", "At", "Who", "Via", "Action", "What", "Changed", "Reason")


@click.group(cls=Group, example="hub audit list --what tariff/NL/EXA")
def audit() -> None:
    """See who changed what, over the API or the command line, and check that nobody has tampered with it.

    The database refuses to change or delete an event. Each holds the hash of the one before it, so whoever
    gets around that is found by `verify`.
    """


@audit.command("list", example="hub audit list --actor ann --limit 20")
@click.option("--actor", metavar="NAME", help="Only what this user has done.")
@click.option("--what", metavar="OBJECT", help="Only of what begins so, as partner/ or tariff/NL/EXA.")
@limit_option()
@as_json_option
@with_hub
def list_(hub: Hub, actor: str | None, what: str | None, limit: int, as_json: bool) -> None:
    """Show what was changed, the last change first."""
    columns = audit_events.c
    wanted = [] if actor is None else [columns.actor == actor]
    wanted += [] if what is None else [columns.what.startswith(what, autoescape=True)]
    with hub.store.reading() as unit:
        found = cut(trail.listed(unit, *wanted, limit=limit + 1), limit, "newest")
        told = [described(each) for each in found]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, list(map(row, told)))


@audit.command(example="hub audit verify --head 17:3f1c...")
@click.option(
    "--head",
    metavar="NO:HASH",
    help="An end of the trail that was told earlier: it must still be in it, or the end was cut off.",
)
@as_json_option
@with_hub
def verify(hub: Hub, head: str | None, as_json: bool) -> None:
    """Reckon every hash again. Exit code 1 when an event was changed, or is missing.

    Keep what it tells of the last event somewhere else: with --head it also shows that no end was cut off.
    """
    with hub.store.reading() as unit:
        found = trail.verify(unit)
        cut = head is not None and not is_there(trail.listed(unit, limit=1, number=number_of(head)), head)
    breaks = [f"event {each.id}: {each.fault}" for each in found.breaks]
    breaks += [f"event {head} was in the trail, and is not any more"] if cut else []
    if as_json:
        show_json({"events": found.count, "head": f"{found.last}:{found.head}", "breaks": breaks})
    if breaks:
        raise CommandFailed(f"the trail is broken: {'; '.join(breaks)}. Compare it with a backup.")
    if not as_json:
        click.echo(f"All {found.count} events hold. The last one is {found.last}:{found.head}")


def number_of(head: str) -> int:
    number, _, _ = head.partition(":")
    if not number.isdigit():
        raise click.BadParameter(
            "write it as `hub audit verify` tells it, as 17:3f1c...", param_hint="--head"
        )
    return int(number)


def is_there(found: list[Event], head: str) -> bool:
    wanted = head.partition(":")[2]
    return any(each.hash == wanted for each in found) or (not found and wanted == trail.BEGINNING)


def described(event: Event) -> Json:
    plain: Json = {name: getattr(event, name) for name in Event.__annotations__}
    return plain | {"at": instants.text(event.at), "fields": list(event.fields)}


def row(told: Json) -> tuple[str | None, ...]:
    names = ("at", "actor", "via", "action", "what")
    return (
        str(told["id"]),
        *(told[name] for name in names),
        ", ".join(told["fields"]),
        told["reason"],
    )
