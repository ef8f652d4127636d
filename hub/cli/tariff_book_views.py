"""How the price book is shown to a person, and as JSON."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.text import Text

from hub.cli.moments import shown, shown_in_full
from hub.cli.tables import console, show_facts, show_table
from hub.cli.tariff_views import show_diff
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.prices.book import comparing, versions
from hub.prices.book.publishing import NoChange
from hub.prices.book.versions import Turn, Version
from tariffs.explain import explain

PLANNED, IN_FORCE, PAST, WITHDRAWN = "planned", "in force", "past", "withdrawn"
INSTANTS = ("valid_from", "valid_to", "recorded_at", "withdrawn_at", "taken_at")
PLAIN = ("number", "supersedes", "origin", "author", "reason", "edition", "content_hash")
EVERYBODY = "everybody"
COLOURS = {IN_FORCE: "green", PLANNED: "cyan", PAST: "dim", WITHDRAWN: "dim strike"}


class Standing(NamedTuple):
    """A tariff of the book as it stands at `now`.

    readers  the parties it is for besides its owner; None for everybody
    """

    owner: Party
    versions: Sequence[Version]
    readers: Sequence[Party] | None
    now: int

    @property
    def identity(self) -> str:
        """The id as it is written, which the key is not."""
        return str(self.versions[-1].document.newest["id"])

    @property
    def present(self) -> Version | None:
        return next((each for each in self.versions if each.holds_at(self.now)), None)

    @property
    def next(self) -> int | None:
        """When something of it changes next."""
        edges = (at for each in versions.in_order(self.versions) for at in (each.valid_from, each.valid_to))
        return min((at for at in edges if at is not None and at > self.now), default=None)

    @property
    def for_whom(self) -> str:
        return EVERYBODY if self.readers is None else ", ".join(map(str, self.readers))


def state(version: Version, now: int) -> str:
    if version.withdrawn_at is not None:
        return WITHDRAWN
    if version.valid_from > now:
        return PLANNED
    return IN_FORCE if version.holds_at(now) else PAST


# As JSON ---------------------------------------------------------------------------------------------------


def of_version(version: Version, now: int) -> Json:
    """All but what it says; instants as OCPI writes them."""
    times = {name: told(getattr(version, name)) for name in INSTANTS}
    return {name: getattr(version, name) for name in PLAIN} | times | {"state": state(version, now)}


def told(instant: int | None) -> str | None:
    return None if instant is None else instants.text(instant)


def of_standing(standing: Standing, limit: int | None = None) -> Json:
    """With its newest versions; all of them without a limit."""
    present = standing.present
    return {
        "party": str(standing.owner),
        "id": standing.identity,
        "in_force": None if present is None else present.number,
        "next_change": told(standing.next),
        "readers": None if standing.readers is None else list(map(str, standing.readers)),
        "versions": [of_version(each, standing.now) for each in newest(standing, limit)],
        "gaps": [
            {"since": told(each.since), "until": told(each.until)}
            for each in versions.gaps_among(standing.versions)
        ],
    }


def newest(standing: Standing, limit: int | None) -> Sequence[Version]:
    return standing.versions if limit is None else standing.versions[-limit:]


def of_turn(turn: Turn) -> Json:
    present = turn.after or turn.before
    assert present is not None
    return {
        "at": told(turn.at),
        "party": str(Party.of_code(turn.owner)),
        "id": present.document.newest["id"],
        "before": turn.before and turn.before.number,
        "after": turn.after and turn.after.number,
        "author": present.author if turn.after else None,
        "reason": present.reason if turn.after else None,
    }


# For people ------------------------------------------------------------------------------------------------


def show_list(found: Sequence[Standing], zone: str) -> None:
    headings = ("Party", "ID", "Version", f"Since ({zone})", "Until", "Next change", "Currency", "For")
    show_table(headings, [row_of(each, zone) for each in found])


def row_of(standing: Standing, zone: str) -> tuple[Any, ...]:
    present = standing.present
    held: tuple[Any, ...] = (None, None, None)
    if present is not None:
        held = (present.number, shown(present.valid_from, zone), shown(present.valid_to, zone))
    currency = standing.versions[-1].document.newest["currency"]
    following = shown(standing.next, zone)
    return (str(standing.owner), standing.identity, *held, following, currency, standing.for_whom)


def show_one(standing: Standing, zone: str, limit: int) -> None:
    present = standing.present
    show_facts(
        {
            "Tariff": f"{standing.owner} {standing.identity}",
            "In force": "nothing" if present is None else f"version {present.number}",
            "For": standing.for_whom,
            "Next change": None if standing.next is None else shown_in_full(standing.next, zone),
        }
    )
    out = console()
    out.print()
    headings = ("Version", f"From ({zone})", "Until", "State", "By", "Over", "Reason", "Recorded")
    show_table(headings, [version_row(each, standing.now, zone) for each in newest(standing, limit)])
    for gap in list(versions.gaps_among(standing.versions))[-limit:]:
        until = "" if gap.until is None else f" until {shown(gap.until, zone)}"
        out.print(Text(f"Nothing holds from {shown(gap.since, zone)}{until}.", style="yellow"))


def version_row(version: Version, now: int, zone: str) -> tuple[Any, ...]:
    return (
        version.number,
        shown(version.valid_from, zone),
        None if version.withdrawn_at else shown(version.valid_to, zone),
        coloured(state(version, now)),
        version.author,
        version.origin,
        version.reason,
        shown(version.recorded_at, zone),
    )


def coloured(state: str) -> Text:
    return Text(state, COLOURS[state])


def show_version(standing: Standing, version: Version, zone: str) -> None:
    """One version, in plain words."""
    supersedes = None if version.supersedes is None else f"version {version.supersedes}"
    show_facts(
        {
            "Tariff": f"{standing.owner} {standing.identity}",
            "Version": version.number,
            "State": state(version, standing.now),
            "From": shown_in_full(version.valid_from, zone),
            "Until": None if version.valid_to is None else shown_in_full(version.valid_to, zone),
            "Instead of": supersedes,
            "By": f"{version.author} ({version.origin}, OCPI {version.edition})",
            "Reason": version.reason,
            "Content": version.content_hash,
        }
    )
    console().print()
    tariff = comparing.readable(version.document.newest)
    if tariff is None:
        console().print(Text("It cannot be priced: sessions under it are held.", style="bold red"))
    else:
        console().print(explain(tariff, zone).text(), soft_wrap=True)


def show_schedule(found: Sequence[Turn], zone: str) -> None:
    headings = (f"At ({zone})", "Party", "ID", "What", "By", "Reason")
    show_table(headings, [turn_row(each, zone) for each in found])


def turn_row(turn: Turn, zone: str) -> tuple[Any, ...]:
    plain = of_turn(turn)
    return (
        shown(turn.at, zone),
        plain["party"],
        plain["id"],
        what(turn),
        plain["author"],
        plain["reason"],
    )


def what(turn: Turn) -> str:
    """What happens at it."""
    if turn.after is None:
        return f"version {turn.before.number if turn.before else '?'} ends"
    if turn.before is None:
        return f"version {turn.after.number} begins"
    return f"version {turn.before.number} -> {turn.after.number}"


def show_changes(found: Sequence[Turn], zone: str) -> None:
    """Each change with what it means for prices."""
    out = console()
    for number, turn in enumerate(found):
        plain = of_turn(turn)
        out.print(
            Text.assemble(
                ("" if number == 0 else "\n"),
                (f"{shown(turn.at, zone)}  {plain['party']} {plain['id']}: {what(turn)}", "bold"),
            ),
            soft_wrap=True,
        )
        if turn.before is not None and turn.after is not None:
            changes = comparing.compared(turn.before, turn.after, zone)
            if changes is not None:
                show_diff(changes)


def published(name: str, made: Version | NoChange, zone: str) -> str:
    """What was done, in a line."""
    if isinstance(made, NoChange):
        return f"{name}: version {made.version.number} says the same; nothing was published."
    until = "" if made.valid_to is None else f" until {shown(made.valid_to, zone)}"
    instead = "" if made.supersedes is None else f", instead of version {made.supersedes}"
    return f"{name}: version {made.number} holds from {shown_in_full(made.valid_from, zone)}{until}{instead}."
