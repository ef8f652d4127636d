"""What one partner is shown of prices, if that is not what everybody is shown; and when that changes.

    view = showing.view(unit, partner, "2.2.1")    # None: it sees what everybody sees
    view.changes("locations", row)                 # whether this document must be parsed at all
    view.body(wire, document, around)              # the document in the partner's edition

A tariff that it may not read is named nowhere. Where a rule gives it another tariff by partner and place
alone, connectors name that one. If it only pulls tariffs, and its edition has validity dates, it is told what
is to come. Of its sessions and CDRs it sees the tariffs that it could read when they began: those are its own
prices, whoever reads them today. A partner sees a change of all this at the instant of the change, as a later
`last_updated`: see `hub.prices.sightings`.
"""

from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, bindparam, or_, select

from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.parties.partner import Partner
from hub.prices import (
    coming,
    memberships,
    placed,
    readers,
    resolving,
    rule_rows,
    sightings,
    taking_force,
    versions,
)
from hub.prices.rule_index import FOREVER, ending
from hub.prices.rules import Rule
from hub.prices.view import Own, View
from hub.store import readers as tables
from hub.store.assignments import memberships as memberships_table
from hub.store.assignments import rules as rules_table
from hub.store.prepared import Prepared
from hub.store.unit import Unit

HEARD_BY = MODULES["tariffs"].heard_by
OWNS: WeakKeyDictionary[Dialect, dict[tuple[Party, ...], tuple[Any, Own]]] = WeakKeyDictionary()
"""Of each database that this process has open, by the parties of a partner, with the states they are of."""
SIGHTED = Prepared(
    every=select(tables.sightings.c.document).where(tables.sightings.c.party == bindparam("party")).limit(1)
)


def view(unit: Unit, partner: Partner, edition: str) -> View | None:
    """What the partner sees otherwise than everybody, in an edition; None when that is nothing."""
    parties = partner.parties(*sorted(HEARD_BY))
    if not partner.prices_vary or not parties:
        return None
    own, book = own_of(unit, parties), coming.for_partner(unit, partner, edition)
    if not (own.some or own.rules or book or any(SIGHTED.first(unit, party=each.code) for each in parties)):
        return None
    owned = frozenset(party.code for party in partner.parties(Role.CPO))
    hidden = {
        (owner, key)
        for owner, found in own.hidden.items()
        for key, spans in found.items()
        if readers.within(spans, unit.now)
    }
    return View(unit, parties, owned, own, book.less(hidden, owned))


def own_of(unit: Unit, parties: tuple[Party, ...]) -> Own:
    """What is costly in a view, kept by each process as long as neither readers nor rules have changed."""
    known = readers.state(unit), placed.states(unit)
    kept = OWNS.setdefault(unit.dialect, {})
    found = kept.get(parties)
    if found is None or found[0] != known:
        hidden = {} if known[0] is None else readers.hidden_spans(unit, parties)
        made = Own(known[0] is not None, hidden, placed.of(unit, known[1], parties))
        found = kept[parties] = (known, made)
    return found[1]


# When it changes -------------------------------------------------------------------------------------------


def owe_changes(unit: Unit, since: int, until: int) -> None:
    """What begins or ends from `since` until just before `until` is shown to those whom it concerns: rules,
    the groups of locations that they name, and versions of which a partner was told beforehand."""
    everybody = sightings.hearing(unit)
    for rule in turning(unit, since, until):
        owe_rule(unit, rule, everybody)
    owe_groups(unit, since, until, everybody)
    pulling = coming.parties_that_pull(unit, HEARD_BY)
    if pulling:
        for turn in versions.changes_between(unit, since, until):
            sightings.naming_it(unit, Party.of_code(turn.owner), {turn.key}, pulling)


def owe_ruled(unit: Unit, rule: Rule) -> None:
    """A reaction: a rule was made or ended, or other locations come under it. What it changes at a later
    instant is owed then, by the job that takes prices into force."""
    if not placed.may_show(rule):
        return
    edges = max(rule.valid_from, rule.recorded_at), ending(rule)
    if edges[0] <= unit.now:
        owe_rule(unit, rule, sightings.hearing(unit))
    for edge in edges:
        if unit.now < edge < FOREVER:
            taking_force.wake(unit, edge)


def announced(unit: Unit, owner: Party, key: str) -> None:
    """The price book of a tariff has another future: who only pulls tariffs is told of it beforehand."""
    pulling = coming.parties_that_pull(unit, HEARD_BY)
    may_read = readers.of(unit, owner, key)
    told = pulling if may_read is None else pulling & may_read
    if told:
        sightings.tariff(unit, owner, key, told)


def turning(unit: Unit, since: int, until: int) -> list[Rule]:
    """The rules that show at connectors and begin or end in this time."""
    row = rules_table.c
    edges = row.valid_from, row.recorded_at, row.valid_to
    found = rule_rows.listed(unit, or_(*(edge.between(since, until - 1) for edge in edges)))
    return [
        rule
        for rule in found
        if placed.may_show(rule)
        and any(since <= edge < until for edge in (max(rule.valid_from, rule.recorded_at), ending(rule)))
    ]


def owe_rule(unit: Unit, rule: Rule, everybody: Collection[Party]) -> None:
    """The locations that a rule may be about are owed to those whom it may concern."""
    match = rule.match
    partner = None if match.partner is None else Party.of_code(match.partner)
    parties = [each for each in everybody if partner in (None, each)]
    if match.location_id is not None:
        sightings.of_locations(unit, rule.owner, [match.location_id], parties)
    elif match.location_group is not None:
        kind = memberships.Kind.LOCATION
        found = memberships.members_of(unit, rule.owner, kind, [match.location_group])
        sightings.of_locations(unit, rule.owner, {each.member for each in found}, parties)
    else:
        sightings.locations(unit, rule.owner, parties, lambda _: True)


def owe_groups(unit: Unit, since: int, until: int, everybody: Collection[Party]) -> None:
    """A location that comes into a group, or leaves it, is owed to those whom rules of the group concern."""
    row = memberships_table.c
    turned = or_(row.valid_from.between(since, until - 1), row.valid_to.between(since, until - 1))
    for each in memberships.listed(unit, row.kind == memberships.Kind.LOCATION, turned):
        for rule in resolving.index_of(unit, each.owner).rules:
            if placed.may_show(rule) and rule.match.location_group == each.name:
                partner = None if rule.match.partner is None else Party.of_code(rule.match.partner)
                parties = [party for party in everybody if partner in (None, party)]
                sightings.of_locations(unit, each.owner, [each.member], parties)
