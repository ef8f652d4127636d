"""`hub sync`: how the hub stands with every partner, and what is missing between them."""

from dataclasses import dataclass
from typing import Any

import click

from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.pull import check, pull
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.observing import standing
from hub.observing.standing import Standing
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.store.unit import Unit
from hub.sync import overdue

SECOND = 1_000_000
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
HEADINGS = (
    "Partner",
    "OCPI",
    "Status",
    "Deliveries",
    "Owed",
    "Oldest",
    "Delivered",
    "Heard",
    "Pulled",
    "Dead",
)


@click.group(cls=Group, example="hub sync status")
def sync() -> None:
    """See how the hub stands with its partners, read their lists now, find what is missing."""


sync.add_command(pull)
sync.add_command(check)


@dataclass(frozen=True, slots=True)
class Picture:
    """All partners at one instant; `dead` and `delivered` by the id of the partner."""

    now: int
    partners: list[Standing]
    dead: dict[int, int]
    delivered: dict[int, int]
    held_sessions: int


@sync.command(example="hub sync status --json")
@as_json_option
@with_hub
def status(hub: Hub, as_json: bool) -> None:
    """Show of each partner whether deliveries flow, what it is owed and for how long, and when it was heard.

    Oldest, Delivered, Heard and Pulled are ages: of what it has waited for longest, and since it last took
    something, asked or sent something, and had one of its lists read to the end. Dead is what it has refused.
    """
    with hub.store.reading() as unit:
        picture = taken(unit)
    if as_json:
        show_json(described(picture))
        return
    show_table(HEADINGS, [row(picture, each) for each in picture.partners])
    for line in remarks(picture):
        click.echo(line)


def taken(unit: Unit) -> Picture:
    return Picture(
        unit.now,
        standing.standings(unit),
        standing.given_up(unit),
        standing.last_delivered(unit),
        standing.held_sessions(unit),
    )


def described(picture: Picture) -> Json:
    """As JSON can hold it, instants as OCPI writes them."""
    return {
        "at": instants.text(picture.now),
        "held_sessions": picture.held_sessions,
        "partners": [
            {
                "name": each.name,
                "version": each.version,
                "status": each.status,
                "deliveries": each.gate,
                "until": text(each.until),
                "error": each.error,
                "backlog": each.backlog,
                "oldest": text(each.oldest),
                "overdue_hours": overdue.hours(picture.now - each.oldest) if each.oldest else 0,
                "dead": picture.dead.get(each.id, 0),
                "last_delivered": text(picture.delivered.get(each.id)),
                "last_heard": text(each.heard_at),
                "last_pulled": {module: text(at) for module, at in each.pulls.items()},
            }
            for each in picture.partners
        ],
    }


def text(at: int | None) -> str | None:
    return None if at is None else instants.text(at)


def row(picture: Picture, each: Standing) -> tuple[Any, ...]:
    def age(at: int | None) -> str | None:
        return None if at is None else ago(picture.now - at)

    return (
        each.name,
        each.version,
        each.status,
        each.gate,
        each.backlog,
        age(each.oldest),
        age(picture.delivered.get(each.id)),
        age(each.heard_at),
        age(max(each.pulls.values(), default=None)),
        picture.dead.get(each.id, 0),
    )


def ago(micros: int) -> str:
    """How long, to one unit: an operator asks whether it is seconds or days."""
    seconds = max(0, micros) // SECOND
    for length, unit in UNITS:
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def remarks(picture: Picture) -> list[str]:
    """What is not as it should be, with the command that shows more."""
    told = [
        f"{each.name}: {each.gate}" + (f", {each.error}" if each.error else "")
        for each in picture.partners
        if each.gate != standing.CLOSED
    ]
    late = [(each, overdue.hours(picture.now - each.oldest)) for each in picture.partners if each.oldest]
    told += [f"{each.name}: has waited for more than {hours} h" for each, hours in late if hours]
    if any(picture.dead.values()):
        told.append("Partners have refused objects: see `hub delivery list --state dead`.")
    if picture.held_sessions:
        told.append(
            f"Sessions that cannot be billed yet: {picture.held_sessions}; see `hub session list --held`."
        )
    return told
