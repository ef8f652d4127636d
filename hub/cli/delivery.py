"""`hub delivery`: what partners are owed, what they refused, and how to try again."""

from dataclasses import fields
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
from hub.ocpi.modules import MODULES
from hub.store import attempts, audit
from hub.store.attempts import Attempt
from hub.store.unit import Unit
from hub.sync import watching
from hub.sync.outcomes import DONE, Outcome
from hub.sync.watching import Filter, Owed

HEADINGS = ("ID", "Partner", "Module", "Object", "State", "Tries", "Since", "Next try", "Last answer")
TRIES = ("Try", "At", "ms", "Revision", "Outcome", "Status", "Correlation ID", "Answer")
INSTANTS = ("owed_at", "next_at", "done_at")

whose = click.option("--partner", metavar="NAME", help="Only those of this partner; a name, or a party.")
of_module = click.option("--module", type=click.Choice(sorted(MODULES)), help="Only those of this module.")
for_reason = click.option(
    "--reason",
    type=click.Choice([each.value for each in Outcome]),
    help="Only those whose last try ended so.",
)


class InstantType(click.ParamType[int]):
    """An OCPI DateTime, as microseconds."""

    name = "INSTANT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return instants.micros(value)
        except ValueError:
            self.fail(f"{value!r} is not an instant such as 2026-03-01T12:00:00Z.", param, ctx)


since_then = click.option("--since", type=InstantType(), help="Only those that are so since then, or later.")


@click.group(cls=Group, example="hub delivery list --state dead")
def delivery() -> None:
    """See what partners are owed, and have it tried again.

    A delivery is due until it is done. It is withheld when the partner's OCPI version cannot say the object,
    and dead when the partner has refused it for good: those two wait for you, or for the object to change.
    """


@delivery.command("list", example="hub delivery list --partner 'EV Mobile' --state dead")
@whose
@of_module
@click.option("--state", type=click.Choice(watching.STATES), help="Only those in this state.")
@for_reason
@since_then
@limit_option()
@as_json_option
@with_hub
def list_(hub: Hub, limit: int, as_json: bool, **wanted: Any) -> None:
    """Show deliveries, the newest first: the object, the partner, the state, and what was answered last."""
    with hub.store.reading() as unit:
        latest = cut(watching.latest(unit, filter_of(unit, **wanted), limit + 1), limit, "newest")
        told = [described(each) for each in latest]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, list(map(row, told)))


def filter_of(unit: Unit, partner: str | None, **wanted: Any) -> Filter:
    return Filter(None if partner is None else found(unit, partner).id, **wanted)


@delivery.command(example="hub delivery show 17")
@click.argument("identity", metavar="ID", type=int)
@click.option("--tries", type=click.IntRange(0), default=20, show_default=True, help="How many at most.")
@as_json_option
@with_hub
def show(hub: Hub, identity: int, tries: int, as_json: bool) -> None:
    """Show all that is known of one delivery, and its last tries: when, how each ended, what was answered.

    A partner finds a try in its own log by the correlation id, which is its header X-Correlation-ID.
    """
    with hub.store.reading() as unit:
        told = described(known(unit, identity))
        history = [tried(each) for each in attempts.of_delivery(unit, identity, tries)]
    if as_json:
        show_json(told | {"tries": history})
        return
    show_facts(told)
    click.echo()
    show_table(TRIES, [tuple(each.values()) for each in history])


def tried(attempt: Attempt) -> Json:
    """As JSON can hold it, in the order of the columns."""
    status = f"{attempt.http}/{attempt.ocpi or '-'}" if attempt.http else None
    return {
        "number": attempt.number,
        "at": instants.text(attempt.at),
        "millis": attempt.millis,
        "rev": attempt.rev,
        "outcome": attempt.outcome,
        "status": status,
        "correlation_id": attempt.correlation_id,
        "answer": attempt.answer,
    }


@delivery.command(
    example="hub delivery replay 17\nhub delivery replay --partner 'EV Mobile' --reason refused"
)
@click.argument("identities", metavar="[ID]...", type=int, nargs=-1)
@whose
@of_module
@for_reason
@since_then
@click.option("--done", is_flag=True, help="Send again what the partner has confirmed; it has lost its data.")
@click.option("--all", "everything", is_flag=True, help="All that waits, whoever it is for.")
@with_hub
def replay(hub: Hub, identities: tuple[int, ...], done: bool, everything: bool, **wanted: Any) -> None:
    """Have deliveries tried at once, as if for the first time: dead and withheld ones, and those that wait.

    Name them by their ids, or choose them by partner, module, reason, or the instant since which they are so.
    The present state of each object is sent, whatever it was then.
    """
    chosen = any(value is not None for value in wanted.values())
    if bool(identities) == (chosen or everything) or (identities and done):
        raise click.UsageError("Name either ids, or what to choose by; --all chooses all that waits.")
    with hub.store.unit() as unit:
        if identities:
            told = [replayed(unit, each) for each in identities]
        else:
            state = DONE if done else None
            count = watching.replay(unit, filter_of(unit, state=state, **wanted))
            told = [f"{count} deliveries are due."]
            given = {name: str(value) for name, value in wanted.items() if value is not None}
            audit.record(unit, at_the_terminal(), "replay", "deliveries", None, given)
    click.echo("\n".join(told))


def replayed(unit: Unit, identity: int) -> str:
    owed = known(unit, identity)
    if not watching.replay_one(unit, identity):
        raise CommandFailed(f"delivery {identity} is {owed.state}: there is nothing to try again.")
    audit.record(unit, at_the_terminal(), "replay", f"delivery/{identity}")
    return f"{owed.module} {owed.owner} {owed.object_id} is due to {owed.partner}."


def known(unit: Unit, identity: int) -> Owed:
    owed = watching.one(unit, identity)
    if owed is None:
        raise CommandFailed(f"there is no delivery {identity}. `hub delivery list` shows those there are.")
    return owed


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
