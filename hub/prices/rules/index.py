"""The rules of one owner, found by what they match: looking one up costs the same for ten and ten thousand.

Rules that name the same fields are equally specific, and lie on one shelf; on it, those that name the same
values lie in one drawer. For a session there is one drawer a shelf to look into (one more for each further
campaign of its contract, or group of its location), and the most specific shelf comes first. How many shelves
there are depends on which fields the owner names together, not on how many rules there are.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from hub.prices.rules.rules import ORDER, Kind, Rank, Rule, rank
from hub.prices.rules.situation import Situation, in_time, within

FOREVER = 2**62
Key = tuple[str, ...]


class Dated(NamedTuple):
    """A rule with the time in which this index has it."""

    since: int
    until: int
    rule: Rule


class Drawer:
    """Rules that match the same but for their times, bands and hours; the higher priority first."""

    __slots__ = ("edges", "holding")

    def __init__(self, dated: Sequence[Dated]) -> None:
        self.edges = sorted({edge for each in dated for edge in (each.since, each.until)})
        self.holding = [
            sorted(
                (each.rule for each in dated if each.since <= edge < each.until),
                key=lambda rule: -rule.priority,
            )
            for edge in self.edges
        ]

    def first(self, here: Situation) -> Rule | None:
        place = bisect_right(self.edges, here.start) - 1
        if place < 0:
            return None
        return next((rule for rule in self.holding[place] if narrowly(rule, here)), None)


def narrowly(rule: Rule, here: Situation) -> bool:
    """Whether what no drawer is named by holds too: the band of power, the time of the week."""
    match = rule.match
    return (match.power_kw is None or within(here.power_kw, match.power_kw)) and in_time(match, here)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The rules that name the same fields, by their values.

    names    the fields, without the band of power
    prefix   how long the prefix of the contract is; 0 where the contract is exact, or none is named
    """

    names: tuple[str, ...]
    prefix: int
    drawers: Mapping[Key, Drawer]

    def first(self, here: Situation) -> Rule | None:
        """The rule of the highest priority that holds."""
        keys: Iterable[Key] = product(*(self.values(name, here) for name in self.names))
        drawers = (self.drawers.get(key) for key in keys)
        found = [rule for drawer in drawers if drawer and (rule := drawer.first(here))]
        return max(found, key=lambda rule: rule.priority, default=None)

    def values(self, name: str, here: Situation) -> Sequence[str]:
        if name == "contract" and self.prefix:
            return () if here.contract is None else (here.contract[: self.prefix] + "*",)
        return here.values(name)


class Index:
    """All rules of an owner: by kind, the most specific shelf first."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        every = tuple(rules)
        self.rules = every
        self.usual = shelves(dated for dated in map(usually, every) if dated.since < dated.until)
        self.late = shelves(dated for dated in map(reaching_back, every) if dated.since < dated.until)

    def first(self, kind: Kind, here: Situation) -> Rule | None:
        """The rule of a kind that wins."""
        return first_of(self.usual[kind], here)

    def first_late(self, here: Situation) -> Rule | None:
        """The tariff rule that wins among those made after the session had begun."""
        return first_of(self.late[Kind.TARIFF], here)


def first_of(found: Sequence[Shelf], here: Situation) -> Rule | None:
    return next((rule for shelf in found if (rule := shelf.first(here)) is not None), None)


def usually(rule: Rule) -> Dated:
    """A rule changes nothing that began before it was made."""
    return Dated(max(rule.valid_from, rule.recorded_at), ending(rule), rule)


def reaching_back(rule: Rule) -> Dated:
    return Dated(rule.valid_from, min(rule.recorded_at, ending(rule)), rule)


def ending(rule: Rule) -> int:
    return FOREVER if rule.valid_to is None else rule.valid_to


def shelves(dated: Iterable[Dated]) -> Mapping[Kind, Sequence[Shelf]]:
    sorted_out: dict[Kind, dict[Rank, dict[Key, list[Dated]]]] = {kind: {} for kind in Kind}
    for each in dated:
        of_rank = sorted_out[each.rule.kind].setdefault(rank(each.rule.match), defaultdict(list))
        of_rank[key_of(each.rule)].append(each)
    return {kind: list(in_order(ranks)) for kind, ranks in sorted_out.items()}


def in_order(ranks: Mapping[Rank, Mapping[Key, Sequence[Dated]]]) -> Iterator[Shelf]:
    for _, drawers in sorted(ranks.items(), key=lambda item: item[0], reverse=True):
        some = next(iter(drawers.values()))[0].rule
        made = {key: Drawer(dated) for key, dated in drawers.items()}
        yield Shelf(names_of(some), prefix_of(some), made)


def names_of(rule: Rule) -> tuple[str, ...]:
    """The fields by which it is found."""
    return tuple(name for name in ORDER if name != "power_kw" and getattr(rule.match, name) is not None)


def key_of(rule: Rule) -> Key:
    return tuple(getattr(rule.match, name) for name in names_of(rule))


def prefix_of(rule: Rule) -> int:
    contract = rule.match.contract or ""
    return len(contract) - 1 if contract.endswith("*") else 0
