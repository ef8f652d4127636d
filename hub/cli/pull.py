"""`hub sync pull` and `hub sync check`: a partner's lists read now, and what is missing."""

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.opening import as_json_option, found, with_hub
from hub.cli.schedule import done_here
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.modules import MODULES
from hub.parties import registry
from hub.store import findings
from hub.store.findings import Finding
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync import completeness, counterparts
from hub.sync import schedule as rows
from hub.sync.schedule import FAILED, Scheduled
from hub.sync.schedule_defaults import CRAWL, PULL

HEADINGS = ("Kind", "Partner", "Module", "Owner", "Object", "Detail", "Since")


@click.command(cls=Command, example="hub sync pull --partner 'EV Mobile' --module tokens")
@click.option("--partner", "name", required=True, metavar="NAME", help="Its name, or a party as NL/EMS.")
@click.option("--module", type=click.Choice(sorted(MODULES)), help="Only this list.  [default: all it has]")
@click.option("--whole", is_flag=True, help="All there is, not only what has changed; tells what is missing.")
@with_hub
def pull(hub: Hub, name: str, module: str | None, whole: bool) -> None:
    """Read a partner's lists now, and tell what became of the objects."""
    with hub.store.reading() as unit:
        lists = lists_of(unit, name, module, CRAWL if whole else PULL)
    ended = [done_here(hub, each) for each in lists]
    show_table(("Module", "Outcome", "Told"), [(each.module, each.outcome, each.told) for each in ended])
    if any(each.outcome == FAILED for each in ended):
        raise CommandFailed("not everything could be read. It is tried again by the schedule.")


def lists_of(unit: Unit, name: str, module: str | None, job: str) -> list[Scheduled]:
    chosen = [schedules.c.partner_id == found(unit, name).id, schedules.c.job == job]
    lists = [each for each in rows.listed(unit, *chosen) if module in (None, each.module)]
    if not lists:
        raise CommandFailed(
            f"{name} offers no such list. `hub schedule list --partner` shows what it offers."
        )
    return lists


@click.command(cls=Command, example="hub sync check --partner 'EV Mobile'")
@click.option(
    "--partner", "name", metavar="NAME", help="Only of this partner; its name, or a party as NL/EMS."
)
@as_json_option
@with_hub
def check(hub: Hub, name: str | None, as_json: bool) -> None:
    """Show what should be there and is not; the exit code is 1 when there is anything.

    A session without a CDR after a day, a CDR of an unknown session, an object that its owner's list has no
    more (`hub sync pull --whole` looks anew), and one that could not be read (`hub quarantine list`).
    """
    counterparts.find_again(hub.store)
    with hub.store.unit() as unit:
        whose = None if name is None else found(unit, name).id
        completeness.look(unit, whose)
        names = {partner.id: partner.name for partner in registry.everyone(unit)}
        told = [described(each, names[each.missing.partner_id]) for each in findings.all_of(unit, whose)]
    if as_json:
        show_json(told)
    elif told:
        show_table(HEADINGS, [tuple(each[name] for name in SHOWN) for each in told])
    else:
        click.echo("Nothing is missing.")
    if told:
        click.get_current_context().exit(1)


SHOWN = ("kind", "partner", "module", "owner", "object_key", "detail", "first_at")


def described(found: Finding, partner: str) -> Json:
    missing = found.missing
    return {
        "kind": missing.kind,
        "partner": partner,
        "module": missing.module,
        "owner": str(Party.of_code(missing.owner)),
        "object_key": missing.object_key,
        "detail": missing.detail,
        "first_at": instants.text(found.first_at),
        "last_at": instants.text(found.last_at),
    }
