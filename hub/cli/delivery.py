"""`hub delivery`: what partners are owed, what they refused, and how to try again."""

from dataclasses import fields
from typing import Any

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, found, with_hub
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.store.unit import Unit
from hub.sync import watching
from hub.sync.watching import Owed

HEADINGS = ("ID", "Partner", "Module", "Object", "State", "Tries", "Since", "Next try", "Last answer")
INSTANTS = ("owed_at", "next_at", "done_at")


@click.group(cls=Group, example="hub delivery list --state dead")
def delivery() -> None:
    """See what partners are owed, and have it tried again.

    A delivery is due until it is done. It is withheld when the partner's OCPI version cannot say the object,
    and dead when the partner has refused it.
    """


@delivery.command("list", example="hub delivery list --partner 'EV Mobile' --state dead")
@click.option("--partner", metavar="NAME", help="Only those of this partner; its name, or a party as NL/EMS.")
@click.option("--state", type=click.Choice(watching.STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@as_json_option
@with_hub
def list_(hub: Hub, partner: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """Show deliveries, the newest first: the object, the partner, the state, and what was answered last."""
    with hub.store.reading() as unit:
        told = [described(each) for each in wanted(unit, partner, state, limit)]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, list(map(row, told)))
    if len(told) == limit:
        click.echo(f"hub: these are the newest {limit}; see --limit for more.", err=True)


def wanted(unit: Unit, partner: str | None, state: str | None, limit: int) -> list[Owed]:
    whose = None if partner is None else found(unit, partner).id
    return watching.latest(unit, whose, state, limit)


@delivery.command(example="hub delivery retry 17")
@click.argument("identity", metavar="ID", type=int)
@with_hub
def retry(hub: Hub, identity: int) -> None:
    """Have a delivery tried at once, also one that the partner refused or that was withheld."""
    with hub.store.unit() as unit:
        owed = watching.one(unit, identity)
        if owed is None:
            raise CommandFailed(
                f"there is no delivery {identity}. `hub delivery list` shows those there are."
            )
        if not watching.retry(unit, identity):
            raise CommandFailed(f"delivery {identity} is {owed.state}: there is nothing to try again.")
    click.echo(f"{owed.module} {owed.owner} {owed.object_id} is due to {owed.partner}.")


def described(owed: Owed) -> Json:
    """As JSON can hold it, instants as OCPI writes them."""
    plain: dict[str, Any] = {field.name: getattr(owed, field.name) for field in fields(owed)}
    times = {name: plain[name] and instants.text(plain[name]) for name in INSTANTS}
    return plain | times | {"owner": str(owed.owner)}


def row(told: Json) -> tuple[Any, ...]:
    return (
        str(told["id"]),
        told["partner"],
        told["module"],
        f"{told['owner']} {told['object_id']}",
        told["state"],
        told["attempts"],
        told["owed_at"],
        told["next_at"] if told["state"] in ("due", "leased") else None,
        told["error"] or answered(told),
    )


def answered(told: Json) -> str | None:
    return f"{told['http']}/{told['ocpi']}" if told["http"] else None
