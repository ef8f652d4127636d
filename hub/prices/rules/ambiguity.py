"""Whether two rules could both win: refused when a rule or a membership is saved, naming an example session.

Two rules are equal when they name the same fields and have the same priority. They meet when some session
could match both while both hold: where they name the same values, or groups with a member in common.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from hub.ocpi import instants
from hub.prices.rules import memberships
from hub.prices.rules.faults import Ambiguous
from hub.prices.rules.index import FOREVER, ending
from hub.prices.rules.memberships import Kind, Membership
from hub.prices.rules.rules import ORDER, WEEKDAYS, Band, Rule, party
from hub.prices.rules.situation import among
from hub.store.unit import Unit

SHARED = {"campaign": Kind.CAMPAIGN, "location_group": Kind.LOCATION}
"""The fields of which a session may have several values."""


class Window(NamedTuple):
    """From an instant until just before another."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Example:
    """A session that two rules would both match."""

    start: int
    values: Mapping[str, object]

    def __str__(self) -> str:
        said = ", ".join(f"{name} {value}" for name, value in self.values.items())
        return f"a session from {instants.text(self.start)}{', ' if said else ''}{said}"


def refuse(unit: Unit, rule: Rule, others: Iterable[Rule]) -> None:
    """Ambiguous when the rule is equal to one of the others, and could meet it."""
    rivals = [other for other in others if other.id != rule.id and equal(rule, other)]
    known = members(unit, [rule, *rivals])
    for other in rivals:
        example = meeting(rule, other, known)
        if example is not None:
            raise Ambiguous(
                f"rule {other.id} is as specific and has the same priority {rule.priority}: {example} would "
                "match both. Give one a higher priority, or end one before the other begins.",
                (other.id,),
                {"start": instants.text(example.start), **example.values},
            )


def equal(one: Rule, other: Rule) -> bool:
    """Whether neither comes before the other, and nothing that they name keeps them apart for ever."""
    return (
        one.kind is other.kind
        and one.order == other.order
        and all(
            getattr(one.match, name) == getattr(other.match, name)
            for name in ORDER
            if name not in SHARED and name != "power_kw"
        )
    )


Members = Mapping[tuple[Kind, str], Mapping[str, Sequence[Window]]]
"""Of each group, its members with the times in which they belong to it."""


def members(unit: Unit, rules: Sequence[Rule]) -> Members:
    """Of the groups that are not the same in all of these rules."""
    found: dict[tuple[Kind, str], dict[str, list[Window]]] = {}
    for name, kind in SHARED.items():
        named = {getattr(rule.match, name) for rule in rules} - {None}
        if len(named) > 1:
            for each in memberships.members_of(unit, rules[0].owner, kind, named):
                windows = found.setdefault((kind, each.name), {}).setdefault(each.member, [])
                windows.append(window_of(each))
    return found


def window_of(held: Membership | Rule) -> Window:
    until = ending(held) if isinstance(held, Rule) else held.valid_to
    return Window(held.valid_from, FOREVER if until is None else until)


def meeting(one: Rule, other: Rule, known: Members) -> Example | None:
    """A session that matches both of two equal rules; None when there is none."""
    shared = bands_meet(one.match.power_kw, other.match.power_kw)
    moment = time_of_week(one, other)
    if shared is None or moment is None:
        return None
    together: list[Sequence[tuple[str, str, Sequence[Window]]]] = []
    for name, kind in SHARED.items():
        mine, theirs = getattr(one.match, name), getattr(other.match, name)
        if mine != theirs:
            together.append([*in_both(kind, known.get((kind, mine), {}), known.get((kind, theirs), {}), one)])
    for choice in product(*together):
        for windows in product(*(windows for _, _, windows in choice)):
            window = overlap([window_of(one), window_of(other), *windows])
            if window is not None:
                members = {field: member for field, member, _ in choice}
                return example(one, members | shared, window, moment)
    return None


def in_both(
    kind: Kind, mine: Mapping[str, Sequence[Window]], theirs: Mapping[str, Sequence[Window]], rule: Rule
) -> Iterator[tuple[str, str, Sequence[Window]]]:
    """The members of both groups that the rules can be about, with the times in which they are in both."""
    for member in sorted(mine.keys() & theirs.keys()):
        field, fits = ("location_id", fits_location) if kind is Kind.LOCATION else ("contract", fits_contract)
        windows = [
            window for pair in product(mine[member], theirs[member]) if (window := overlap(pair)) is not None
        ]
        if windows and fits(rule, member):
            yield field, member, windows


def fits_location(rule: Rule, member: str) -> bool:
    return rule.match.location_id in (None, member)


def fits_contract(rule: Rule, member: str) -> bool:
    wanted = rule.match.contract
    if wanted is None or not wanted.endswith("*"):
        return wanted in (None, member)
    return member.startswith(wanted[:-1])


def overlap(windows: Iterable[Window]) -> Window | None:
    since, until = -FOREVER, FOREVER
    for window in windows:
        since, until = max(since, window.since), min(until, window.until)
    return Window(since, until) if since < until else None


def bands_meet(one: Band | None, other: Band | None) -> dict[str, object] | None:
    """The least power that both bands have; nothing to say without bands, None when they do not meet."""
    if one is None or other is None:
        return {}
    low = max(one[0] or Decimal(0), other[0] or Decimal(0))
    highs = [high for high in (one[1], other[1]) if high is not None]
    return {"power_kw": low} if all(low < high for high in highs) else None


def time_of_week(one: Rule, other: Rule) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The weekdays, and the minutes of the day at which both begin to hold; None when they never do."""
    days = tuple(
        day for day in range(7) if all(day in (each.match.weekdays or range(7)) for each in (one, other))
    )
    minutes = tuple(
        minute
        for minute in sorted({0, *(each.match.hours[0] for each in (one, other) if each.match.hours)})
        if all(each.match.hours is None or among(minute, each.match.hours) for each in (one, other))
    )
    return (days, minutes) if days and minutes else None


def example(
    rule: Rule, more: Mapping[str, object], window: Window, moment: tuple[tuple[int, ...], tuple[int, ...]]
) -> Example:
    """A session in this time; where rules name weekdays or hours, those are told in the location's time."""
    named = {name: getattr(rule.match, name) for name in ORDER if name not in SHARED and name != "power_kw"}
    values = {name: value for name, value in named.items() if value is not None} | dict(more)
    if rule.match.partner is not None:
        values["partner"] = party(rule.match.partner)
    days, minutes = moment
    start = max(window.since, 0)
    if len(days) < 7 or minutes[0]:
        values["at"] = f"{WEEKDAYS[days[0]]} {minutes[0] // 60:02}:{minutes[0] % 60:02} local time"
        start = next(iter(moments(start, days, minutes[0])), start)
        start = start if start < window.until else max(window.since, 0)
    return Example(start, values)


def moments(since: int, days: tuple[int, ...], minute: int) -> Iterator[int]:
    """The first such time of the week from an instant on, in UTC."""
    begun = instants.moment(since)
    midnight = begun.replace(hour=0, minute=0, second=0, microsecond=0)
    for later in range(9):
        at = midnight + timedelta(days=later, minutes=minute)
        if at >= begun and at.weekday() in days:
            yield instants.instant(at)
