"""`hub schedule`: what is done again and again, when, and how it went last."""

from typing import Any

import click

from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, found, with_hub
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.parties import registry
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync import schedule as rows
from hub.sync import schedule_defaults
from hub.sync.jobs import JOBS, Jobs
from hub.sync.schedule import FAILED, Scheduled
from hub.sync.slots import InvalidTimes, Slots

HEADINGS = ("ID", "Partner", "Job", "Module", "Every", "Next", "Last", "Outcome", "Told")
INSTANTS = ("next_at", "started_at", "ended_at", "slot", "through")
identity_argument = click.argument("identity", metavar="ID", type=int)


@click.group(cls=Group, example="hub schedule list --partner 'EV Mobile'")
def schedule() -> None:
    """See and set what is done again and again; a running worker takes changes up at once.

    A partner's schedules are made as it connects: its lists are pulled, now and then whole, it is asked
    whether it is there, and its tokens are renewed.
    """


@schedule.command("list", example="hub schedule list --job pull")
@click.option("--partner", metavar="NAME", help="Only those of this partner; its name, or a party as NL/EMS.")
@click.option("--job", type=click.Choice(sorted(JOBS)), help="Only those of this job.")
@as_json_option
@with_hub
def list_(hub: Hub, partner: str | None, job: str | None, as_json: bool) -> None:
    """Show every schedule: its times in UTC, its next and its last run, and how that ended."""
    with hub.store.unit() as unit:
        schedule_defaults.of_hub(unit)
    with hub.store.reading() as unit:
        told = [described(each, names(unit)) for each in wanted(unit, partner, job)]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, list(map(row, told)))


def wanted(unit: Unit, partner: str | None, job: str | None) -> list[Scheduled]:
    chosen = [] if partner is None else [schedules.c.partner_id == found(unit, partner).id]
    return rows.listed(unit, *chosen, *([] if job is None else [schedules.c.job == job]))


def names(unit: Unit) -> dict[int | None, str]:
    return {partner.id: partner.name for partner in registry.everyone(unit)}


@schedule.command("set", example="hub schedule set 17 --every '0 3 * * *'")
@identity_argument
@click.option("--every", metavar="TIMES", help="As 15m, 6h, 7d; or cron in UTC, as '0 3 * * *'.")
@click.option(
    "--splay",
    type=click.IntRange(0, 31 * 86400),
    metavar="SECONDS",
    help="Spread partners over so long, each at the same time of its day.  [default: as it is]",
)
@with_hub
def set_(hub: Hub, identity: int, every: str | None, splay: int | None) -> None:
    """Change the times of a schedule; they hold from now on."""
    with hub.store.unit() as unit:
        present = one(unit, identity)
        times = every or present.every
        try:
            Slots.read(times, 0, present.name)
        except InvalidTimes as fault:
            raise click.BadParameter(str(fault), param_hint="--every") from fault
        rows.set_times(unit, present, times, present.splay if splay is None else splay)
        changed = one(unit, identity)
    click.echo(f"{changed.name}: every {changed.every}, next at {instants.text(changed.next_at)}.")


@schedule.command("run-now", example="hub schedule run-now 17")
@identity_argument
@click.option("--wait", is_flag=True, help="Do it in this process, and tell how it ended.")
@with_hub
def run_now(hub: Hub, identity: int, wait: bool) -> None:
    """Have it done at once, by whichever worker is free."""
    with hub.store.unit() as unit:
        present = one(unit, identity)
        if not wait:
            rows.run_now(unit, present)
            click.echo(f"{present.name} is due.")
            return
    show_run(hub, done_here(hub, present))


def done_here(hub: Hub, present: Scheduled) -> Scheduled:
    """Do it in this process; how it stands then."""
    jobs = Jobs(hub)
    try:
        if not jobs.at_once(present):
            raise CommandFailed(
                f"{present.name}: something is being done with this partner; try again later."
            )
    finally:
        jobs.stop()
    with hub.store.reading() as unit:
        return one(unit, present.id)


def show_run(hub: Hub, ended: Scheduled) -> None:
    if ended.outcome == FAILED:
        raise CommandFailed(f"{ended.name}: {ended.told}")
    click.echo(f"{ended.name}: {ended.outcome}, {ended.told}.")


@schedule.command(example="hub schedule pause 17")
@identity_argument
@with_hub
def pause(hub: Hub, identity: int) -> None:
    """Do it no more until `resume`; what is under way ends as usual."""
    with hub.store.unit() as unit:
        present = one(unit, identity)
        rows.pause(unit, present)
    click.echo(f"{present.name} is paused.")


@schedule.command(example="hub schedule resume 17")
@identity_argument
@with_hub
def resume(hub: Hub, identity: int) -> None:
    """Go on with it at its next slot."""
    with hub.store.unit() as unit:
        rows.resume(unit, one(unit, identity))
        present = one(unit, identity)
    click.echo(f"{present.name} goes on; next at {instants.text(present.next_at)}.")


def one(unit: Unit, identity: int) -> Scheduled:
    present = rows.one(unit, identity)
    if present is None:
        raise CommandFailed(f"there is no schedule {identity}. `hub schedule list` shows those there are.")
    return present


def described(each: Scheduled, named: dict[int | None, str]) -> Json:
    """As JSON can hold it, instants as OCPI writes them."""
    plain: dict[str, Any] = {
        name: getattr(each, name) for name in rows.FIELDS if not name.startswith("lease")
    }
    times = {name: plain[name] and instants.text(plain[name]) for name in INSTANTS}
    return plain | times | {"partner": named.get(each.partner_id), "under_way": each.lease is not None}


def row(told: Json) -> tuple[Any, ...]:
    return (
        str(told["id"]),
        told["partner"] or "(the hub)",
        told["job"],
        told["module"],
        told["every"],
        "paused" if told["paused"] else told["next_at"],
        told["started_at"],
        "under way" if told["under_way"] else told["outcome"],
        told["told"],
    )
