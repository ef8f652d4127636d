"""When partners begin to see something otherwise: by rules and groups of locations that begin or end, and by
versions of tariffs that take force.

What happens at once is a reaction of the transaction that does it. What happens at a later instant is done by
the job that takes prices into force, which is woken then and remembers until when it has looked.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import func, or_, select

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.prices.book import taking_force
from hub.prices.book import versions as book
from hub.prices.rules import memberships, resolving
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.index import FOREVER, ending
from hub.prices.rules.rules import Rule
from hub.prices.shown import announcing, placed, sightings
from hub.store.assignments import memberships as membership_rows
from hub.store.assignments import rules as rule_table
from hub.store.base import INSERTS
from hub.store.engine import Store
from hub.store.readers import shown
from hub.store.unit import Unit

HEARD_BY = MODULES["tariffs"].heard_by
FIRST_LOOK = 7 * 86400 * 1_000_000
"""How far back a hub that has never looked does so for versions: an old price book has very many."""


def follow(unit: Unit, rule: Rule) -> None:
    """A reaction: a rule was made or ended, or other locations come under it."""
    if not placed.may_show(rule):
        return
    sightings.touch(unit)
    edges = begins(rule), ending(rule)
    if edges[0] <= unit.now:
        owe_rule(unit, rule, sightings.hearing(unit))
    for edge in edges:
        if unit.now < edge < FOREVER:
            taking_force.wake(unit, edge)


def catch_up(store: Store) -> None:
    """What has begun or ended since the last look is owed to those who see it."""
    with store.unit() as unit:
        row = unit.connection.execute(select(shown.c.until).with_for_update()).first()
        owe_changes(unit, 0 if row is None else row.until, unit.now + 1)
        statement = INSERTS[unit.dialect.name](shown).values(id=1, until=unit.now + 1)
        fresh = {"until": statement.excluded.until}
        unit.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh))


def wake_for_next(unit: Unit) -> None:
    """The job is run again at the next instant at which a price takes force or a rule begins or ends."""
    taking_force.wake_for_next(unit)
    for edge in (rule_table.c.valid_from, rule_table.c.valid_to):
        taking_force.wake(
            unit, unit.connection.execute(select(func.min(edge)).where(edge > unit.now)).scalar()
        )


def owe_changes(unit: Unit, since: int, until: int) -> None:
    """What begins or ends from `since` until just before `until` is owed to those who see it."""
    everybody = sightings.hearing(unit)
    for rule in turned(unit, since, until):
        owe_rule(unit, rule, everybody)
    owe_groups(unit, since, until, everybody)
    for turn in book.changes_between(unit, since or until - FIRST_LOOK, until):
        if turn.after is None or turn.after.recorded_at >= turn.at:
            continue  # connectors never named it beside the present version
        announcing.taken(unit, Party.of_code(turn.owner), turn.key)


def begins(rule: Rule) -> int:
    """No rule changes what was before it was made."""
    return max(rule.valid_from, rule.recorded_at)


def later_edges(rule: Rule) -> Iterator[int]:
    """The instants at which it begins and ends, but for those of which a reaction has told already."""
    if rule.valid_from > rule.recorded_at:
        yield rule.valid_from
    if rule.valid_to is not None and rule.valid_to != rule.ended_at:
        yield rule.valid_to


def turned(unit: Unit, since: int, until: int) -> list[Rule]:
    """The rules that show at connectors and begin or end in this time."""
    edges = rule_table.c.valid_from, rule_table.c.valid_to
    found = rule_rows.listed(unit, or_(*(edge.between(since, until - 1) for edge in edges)))
    return [
        rule
        for rule in found
        if placed.may_show(rule) and any(since <= edge < until for edge in later_edges(rule))
    ]


def owe_rule(unit: Unit, rule: Rule, everybody: Collection[Party]) -> None:
    """The locations that a rule may be about are owed to those whom it may concern."""
    match, parties = rule.match, concerned(rule, everybody)
    if match.location_id is not None:
        sightings.of_locations(unit, rule.owner, [match.location_id], parties)
    elif match.location_group is not None:
        kind = memberships.Kind.LOCATION
        found = memberships.members_of(unit, rule.owner, kind, [match.location_group])
        sightings.of_locations(unit, rule.owner, {each.member for each in found}, parties)
    else:
        sightings.locations(unit, rule.owner, parties, lambda _: True)


def concerned(rule: Rule, everybody: Collection[Party]) -> list[Party]:
    partner = None if rule.match.partner is None else Party.of_code(rule.match.partner)
    return [party for party in everybody if partner in (None, party)]


def owe_groups(unit: Unit, since: int, until: int, everybody: Collection[Party]) -> None:
    """A location that comes into a group, or leaves it, is owed to those whom rules of the group concern."""
    row = membership_rows.c
    joins = row.valid_from.between(since, until - 1) & (row.valid_from > row.recorded_at)
    turning = or_(joins, row.valid_to.between(since, until - 1))
    for each in memberships.listed(unit, row.kind == memberships.Kind.LOCATION, turning):
        for rule in resolving.index_of(unit, each.owner).rules:
            if placed.may_show(rule) and rule.match.location_group == each.name:
                parties = concerned(rule, everybody)
                sightings.of_locations(unit, each.owner, [each.member], parties)
