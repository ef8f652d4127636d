"""`hub schedule`: what is done again and again, when, and how it went last."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, found, with_hub
from hub.cli.tables import show_facts, show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.ocpi.modules import MODULES
from hub.parties import registry
from hub.store import audit
from hub.store import runs as store_runs
from hub.store.runs import Ran
from hub.store.schedules import schedules
from hub.store.unit import Unit
from hub.sync import schedule as rows
from hub.sync import schedule_adding, schedule_defaults
from hub.sync.jobs import JOBS, Jobs
from hub.sync.schedule import FAILED, Due, Scheduled
from hub.sync.slots import InvalidTimes

HEADINGS = ("ID", "Partner", "Job", "Module", "Every", "Next", "Last", "Outcome", "Told")
INSTANTS = ("next_at", "started_at", "ended_at", "slot", "through")
RUNS = ("Slot", "Through", "Started", "Ended", "Outcome", "Told")
identity_argument = click.argument("identity", metavar="ID", type=int)
times_option = click.option(
    "--every",
    metavar="TIMES",
    help="As 15m, 6h, 7d; or cron in UTC, as '0 3 * * *'.  [default: as it is, or as is usual]",
)
splay_option = click.option(
    "--splay",
    type=click.IntRange(0, 31 * 86400),
    metavar="SECONDS",
    help="Spread partners over so long, each at the same time of its day.  "
    "[default: as it is, or as is usual]",
)


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
@times_option
@splay_option
@with_hub
def set_(hub: Hub, identity: int, every: str | None, splay: int | None) -> None:
    """Change the times of a schedule; they hold from now on."""
    with hub.store.unit() as unit:
        present = one(unit, identity)
        times = every or present.every
        with readable_times():
            rows.set_times(unit, present, times, present.splay if splay is None else splay)
        changed = one(unit, identity)
        noted(unit, present, changed)
    click.echo(f"{changed.name}: every {changed.every}, next at {instants.text(changed.next_at)}.")


@schedule.command(example="hub schedule add pull --partner 'EV Mobile' --module tokens --every 2h")
@click.argument("job", type=click.Choice(sorted(JOBS)), metavar="JOB")
@click.option("--partner", metavar="NAME", help="With which partner; its name, or a party as NL/EMS.")
@click.option("--module", type=click.Choice(sorted(MODULES)), help="Whose list, for pull and crawl.")
@times_option
@splay_option
@with_hub
def add(
    hub: Hub, job: str, partner: str | None, module: str | None, every: str | None, splay: int | None
) -> None:
    """Make a schedule that is missing, as of a list that a partner offers since lately.

    Without times it has the usual ones of its job.
    """
    with hub.store.unit() as unit:
        whose = None if partner is None else found(unit, partner)
        with readable_times():
            due = schedule_adding.usual(unit, job, whose, module)
            times = every or due.every, due.splay if splay is None else splay
            made = schedule_adding.add(unit, whose, Due(job, module, *times))
        audit.record(unit, at_the_terminal(), "create", f"schedule/{made.name}", None, setting(made))
    click.echo(f"{made.id}: {made.name}: every {made.every}, next at {instants.text(made.next_at)}.")


@schedule.command(example="hub schedule remove 17")
@identity_argument
@with_hub
def remove(hub: Hub, identity: int) -> None:
    """Take a schedule away, as of a list that a partner offers no more, with what is known of its runs.

    Schedules that the hub makes by itself can be paused only.
    """
    with hub.store.unit() as unit:
        gone = one(unit, identity)
        schedule_adding.remove(unit, gone)
        audit.record(unit, at_the_terminal(), "remove", f"schedule/{gone.name}", setting(gone), None)
    click.echo(f"{gone.name} is gone.")


def noted(unit: Unit, before: Scheduled, after: Scheduled) -> None:
    """In the audit trail."""
    what = f"schedule/{after.name}"
    audit.record(unit, at_the_terminal(), "change", what, setting(before), setting(after))


def setting(present: Scheduled) -> Json:
    """What an operator has set, for the audit trail."""
    return {name: getattr(present, name) for name in ("every", "splay", "paused")}


@contextmanager
def readable_times() -> Iterator[None]:
    try:
        yield
    except InvalidTimes as fault:
        raise click.BadParameter(str(fault), param_hint="--every") from fault


@schedule.command(example="hub schedule show 17")
@identity_argument
@click.option("--runs", type=click.IntRange(0), default=20, show_default=True, help="How many at most.")
@as_json_option
@with_hub
def show(hub: Hub, identity: int, runs: int, as_json: bool) -> None:
    """Show one schedule, and its last runs: which slots each covered, how it ended, what it told."""
    with hub.store.reading() as unit:
        told = described(one(unit, identity), names(unit))
        history = [ran(each) for each in store_runs.of_schedule(unit, identity, runs)]
    if as_json:
        show_json(told | {"runs": history})
        return
    show_facts(told)
    click.echo()
    show_table(RUNS, [tuple(each.values()) for each in history])


def ran(each: Ran) -> Json:
    """As JSON can hold it, in the order of the columns."""
    times = ("slot", "through", "started_at", "ended_at")
    told = {name: getattr(each, name) and instants.text(getattr(each, name)) for name in times}
    return told | {"outcome": each.outcome, "told": each.told}


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
            audit.record(unit, at_the_terminal(), "run now", f"schedule/{present.name}")
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
        noted(unit, present, one(unit, identity))
    click.echo(f"{present.name} is paused.")


@schedule.command(example="hub schedule resume 17")
@identity_argument
@with_hub
def resume(hub: Hub, identity: int) -> None:
    """Go on with it at its next slot."""
    with hub.store.unit() as unit:
        before = one(unit, identity)
        rows.resume(unit, before)
        present = one(unit, identity)
        noted(unit, before, present)
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
