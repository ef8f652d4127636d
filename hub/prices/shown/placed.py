"""The assignment rules that show at the connectors: those that depend on partner and place alone.

A rule that also asks for a contract, a driver group, a plan, a token or the time of the week gives one driver
another price than the next at the same connector; OCPI has no words for that, so connectors keep naming what
holds for everybody else, and the CDR names what held.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from sqlalchemy import select

from hub.ocpi.document import Party
from hub.prices.rules import resolving
from hub.prices.rules.index import Index
from hub.prices.rules.rules import Kind, Match, Rule
from hub.store.assignments import rule_states
from hub.store.prepared import Prepared
from hub.store.unit import Unit

PLACE = frozenset(
    {
        "partner",
        "connector_id",
        "evse_uid",
        "location_id",
        "location_group",
        "country",
        "power_kw",
        "current",
        "standard",
    }
)
STATES = Prepared(every=select(rule_states.c.owner, rule_states.c.state).order_by(rule_states.c.owner))
States = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """The rules of one owner that may show at its connectors.

    keys     the only locations that any of them is about; None when one is not about certain locations
    grouped  whether one asks for a group of locations
    """

    index: Index
    keys: frozenset[str] | None
    grouped: bool

    def concerns(self, key: str) -> bool:
        return self.keys is None or key in self.keys


def states(unit: Unit) -> States:
    """The name of every owner's rules as they are now."""
    return tuple((row.owner, row.state) for row in STATES.all(unit))


def of(unit: Unit, known: States, parties: Collection[Party]) -> Mapping[str, Placed]:
    """By owner, the rules that show for these parties now or later."""
    codes = {party.code for party in parties}
    found = {
        owner: [rule for rule in resolving.index_of(unit, Party.of_code(owner)).rules if shows(rule, codes)]
        for owner, _ in known
    }
    coming = {
        owner: [rule for rule in rules if rule.valid_to is None or rule.valid_to > unit.now]
        for owner, rules in found.items()
    }
    return {owner: placed(rules) for owner, rules in coming.items() if rules}


def placed(rules: Collection[Rule]) -> Placed:
    named = {rule.match.location_id for rule in rules}
    keys = frozenset(key for key in named if key is not None)
    grouped = any(rule.match.location_group for rule in rules)
    return Placed(Index(rules), None if None in named else keys, grouped)


def shows(rule: Rule, codes: Collection[str]) -> bool:
    """Whether a rule may show at connectors, for one of these parties."""
    return may_show(rule) and (rule.match.partner is None or rule.match.partner in codes)


def may_show(rule: Rule) -> bool:
    """Whether a rule gives a tariff by partner and place alone."""
    return rule.kind is Kind.TARIFF and named(rule.match) <= PLACE


def named(match: Match) -> set[str]:
    return {field.name for field in fields(match) if getattr(match, field.name) is not None}
