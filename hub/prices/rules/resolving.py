"""Which tariff holds for a session, which adjustments, and why no other rule does.

    resolution = resolving.resolve(unit, situation.of(unit, owner, session, place))
    resolution.version, resolution.rule, resolution.adjustments
    resolution.considered          # every rule of the owner, with why it did not win

A rule holds for sessions that begin in its window, and not before it was made. Where none does, the tariff is
that of the connector; where that gives none either, a rule made later may reach back (see `rule_book`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.prices.book import by_connector
from hub.prices.book.by_connector import Unresolved
from hub.prices.book.versions import Version
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.index import Index
from hub.prices.rules.rules import ADJUSTMENTS, Kind, Rule
from hub.prices.rules.situation import Situation, why_not
from hub.prices.shown import readers
from hub.store.unit import Unit

NO_RULES = Index(())
INDEXES: WeakKeyDictionary[Dialect, dict[Party, tuple[str, Index]]] = WeakKeyDictionary()
"""Of each database that this process has open, the indexes of owners, with the state they were made of."""


@dataclass(frozen=True)
class Resolution:
    """What holds for a session.

    rule         that gives the tariff; None when it is the connector's own, or there is none
    version      of the tariff; None when nothing resolves
    fault        why nothing does
    adjustments  the rules that change what the tariff comes to, in the order in which they are applied
    """

    here: Situation
    rule: Rule | None
    version: Version | None
    adjustments: tuple[Rule, ...] = ()
    fault: Unresolved | None = None
    index: Index = field(default=NO_RULES, repr=False, compare=False)

    @property
    def reached_back(self) -> bool:
        """Whether the rule was made after the session had begun, and holds because nothing else does."""
        return self.rule is not None and self.here.start < self.rule.recorded_at

    @property
    def tariff_id(self) -> str | None:
        """As the rule names it, or as the version does."""
        if self.rule is not None:
            return self.rule.tariff_id
        return None if self.version is None else str(self.version.document.newest["id"])

    @cached_property
    def considered(self) -> tuple[tuple[Rule, str | None], ...]:
        """Every rule of the owner, the most specific first, with why it does not hold; None where it does."""
        rules = sorted(self.index.rules, key=lambda rule: (*rule.order, -rule.id), reverse=True)
        return tuple((rule, self.lost(rule)) for rule in rules)

    def lost(self, rule: Rule) -> str | None:
        """Why a rule does not hold; None when it does."""
        if rule == self.rule or rule in self.adjustments:
            return None
        return (
            next(windows(rule, self.here.start), None) or why_not(rule.match, self.here) or self.beaten(rule)
        )

    def beaten(self, rule: Rule) -> str:
        """Why a rule that matches does not win."""
        winners = filter(None, (self.rule, *self.adjustments))
        winner = next((each for each in winners if each.kind is rule.kind), None)
        late = self.here.start < rule.recorded_at
        if winner is None or (late and winner.recorded_at <= self.here.start):
            return f"it was made at {instants.text(rule.recorded_at)}, when the session had begun"
        if winner.rank == rule.rank:
            return f"rule {winner.id} has the higher priority, {winner.priority} before {rule.priority}"
        return f"rule {winner.id} is more specific"


def resolve(unit: Unit, here: Situation, seen: int | None = None) -> Resolution:
    """What holds for a session that became known at `seen` (by default now)."""
    index = index_of(unit, here.owner)
    adjustments = tuple(found for kind in ADJUSTMENTS if (found := index.first(kind, here)))
    rule = index.first(Kind.TARIFF, here)
    if rule is not None:
        return Resolution(here, rule, *of_rule(unit, rule, here, seen, adjustments), index)
    try:
        chosen = of_connector(unit, here, seen)
    except Unresolved as fault:
        late = index.first_late(here)
        if late is None:
            return Resolution(here, None, None, adjustments, fault, index)
        return Resolution(here, late, *of_rule(unit, late, here, seen, adjustments), index)
    return Resolution(here, None, chosen, adjustments, None, index)


def of_connector(unit: Unit, here: Situation, seen: int | None) -> Version:
    """Of the tariffs that the connector names, those that are for others do not count."""
    ids = readers.readable(unit, here.owner, here.tariff_ids, here.partner, here.start)
    if here.tariff_ids and not ids:
        raise Unresolved("TARIFF_FOR_OTHERS", ", ".join(here.tariff_ids))
    return by_connector.choose(unit, here.owner, ids, here.tariff_type, (here.start, seen))


def of_rule(
    unit: Unit, rule: Rule, here: Situation, seen: int | None, adjustments: tuple[Rule, ...]
) -> tuple[Version | None, tuple[Rule, ...], Unresolved | None]:
    """A rule whose tariff is not there resolves to nothing, never to a less specific one."""
    assert rule.tariff_id is not None
    try:
        found = by_connector.pinned(unit, rule.owner, rule.tariff_id, here.start, seen)
        refuse_what_is_for_others(unit, rule, here)
        return by_connector.valid(found, here.start), adjustments, None
    except Unresolved as fault:
        detail = f"rule {rule.id}, tariff {rule.tariff_id}"
        return None, adjustments, Unresolved(CODES.get(fault.code, fault.code), detail)


def refuse_what_is_for_others(unit: Unit, rule: Rule, here: Situation) -> None:
    """By who could read the tariff at the start; of a rule that reaches back, when it was made."""
    assert rule.tariff_id is not None
    at = max(here.start, rule.recorded_at)
    if not readers.readable(unit, rule.owner, [rule.tariff_id], here.partner, at):
        raise Unresolved("TARIFF_FOR_OTHERS")


CODES = {
    "TARIFF_UNKNOWN": "RULE_TARIFF_UNKNOWN",
    "TARIFF_NOT_IN_FORCE": "RULE_TARIFF_NOT_IN_FORCE",
    "TARIFF_FOR_OTHERS": "RULE_TARIFF_FOR_OTHERS",
}


def best_rule(unit: Unit, here: Situation, kind: Kind = Kind.TARIFF) -> Rule | None:
    """The rule of a kind that wins, whatever its tariff."""
    return index_of(unit, here.owner).first(kind, here)


def index_of(unit: Unit, owner: Party) -> Index:
    """The owner's rules; read again only when they have changed."""
    state = rule_rows.state(unit, owner)
    if state is None:
        return NO_RULES
    indexes = INDEXES.setdefault(unit.dialect, {})
    cached = indexes.get(owner)
    if cached is None or cached[0] != state:
        cached = indexes[owner] = (state, Index(rule_rows.of_owner(unit, owner)))
    return cached[1]


def windows(rule: Rule, start: int) -> Iterator[str]:
    if start < rule.valid_from:
        yield f"it holds from {instants.text(rule.valid_from)} on"
    if rule.valid_to is not None and start >= rule.valid_to:
        yield f"it ended at {instants.text(rule.valid_to)}"
