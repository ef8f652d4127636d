"""Who may read a tariff: everybody, or the parties it was given to; and who is told when that changes.

A restriction is about parties, not about partners: one that connects later, or through another platform,
reads what its party may read. The owner of a tariff always reads it. A tariff may be restricted before it
exists. Whoever stores a tariff asks for its `audience`, by which lists know it for one that is not for all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, select, update

from hub.ocpi.document import Document, Party
from hub.ocpi.wire import fold
from hub.prices.rules import rows as rule_rows
from hub.prices.shown import sightings
from hub.store import documents
from hub.store.assignments import rules
from hub.store.documents import TABLES
from hub.store.prepared import Prepared
from hub.store.readers import SOME, tariff_readers
from hub.store.unit import Unit

FOR_SOME = Party(SOME, "")
Span = tuple[int, int]
"""From an instant until just before another, in microseconds."""
EVER, FOREVER = 0, 2**62
READ_BY = tariff_readers.c
PRESENT = Prepared(
    every=select(READ_BY.party)
    .where(READ_BY.owner == bindparam("owner"), READ_BY.key == bindparam("key"), READ_BY.until.is_(None))
    .order_by(READ_BY.party)
)


def of(unit: Unit, owner: Party, key: str) -> frozenset[Party] | None:
    """The parties that may read a tariff, besides its owner; None when everybody may."""
    found = {row.party for row in PRESENT.all(unit, owner=owner.code, key=key)}
    return frozenset(map(Party.of_code, found - {SOME})) if found else None


def audience(unit: Unit, tariff: Document) -> Party | None:
    """What is to stand in the column `audience` of a tariff, for `documents.save`."""
    return None if of(unit, tariff.owner, tariff.key) is None else FOR_SOME


def may_read(unit: Unit, owner: Party, key: str, parties: Collection[Party], at: int | None = None) -> bool:
    """Whether one of the parties may read a tariff: now, or as it was at an instant."""
    spans = hidden_spans(unit, parties, owner, key).get(owner.code, {}).get(key, ())
    return owner in parties or not within(spans, unit.now if at is None else at)


def readable(
    unit: Unit, owner: Party, tariff_ids: Sequence[str], party: str | None, at: int
) -> Sequence[str]:
    """Of the tariffs that a connector names, those that a party could read at an instant: it is not billed by
    what is for others. A party that is not known reads what is for all."""
    if not tariff_ids or sightings.state(unit) is None:
        return tariff_ids
    parties = [] if party is None else [Party.of_code(party)]
    hidden = hidden_spans(unit, parties, owner, *map(fold, tariff_ids)).get(owner.code, {})
    return [each for each in tariff_ids if not within(hidden.get(fold(each), ()), at)]


def within(spans: Sequence[Span], at: int) -> bool:
    return any(since <= at < until for since, until in spans)


# Changing it -----------------------------------------------------------------------------------------------


def admit(unit: Unit, owner: Party, key: str, party: Party) -> None:
    """The party may read the tariff too; one that was for everybody is now for this party alone."""
    restrict(unit, owner, key, {party, *(of(unit, owner, key) or ())})


def restrict(unit: Unit, owner: Party, key: str, parties: Collection[Party]) -> None:
    """From now on only these parties read the tariff; with none of them, everybody does again. A tariff that
    nobody has seen yet was never for others.

    Those who lose it are sent a DELETE, those who gain it a PUT, and the locations that name it are owed to
    both. Who has never seen it is told nothing.
    """
    after = frozenset(parties) or None
    if of(unit, owner, key) == after:
        return
    documents.claim(unit, "tariffs", owner, key)  # the tariff first, as everybody who changes prices
    sightings.touch(unit)
    before = of(unit, owner, key)
    close(unit, owner, key, (before or frozenset()) - (after or frozenset()), public=after is None)
    begin(unit, owner, key, (after or frozenset()) - (before or frozenset()), restricted=before is None)
    tariffs = TABLES["tariffs"]
    mine = (tariffs.c.owner == owner.code) & (tariffs.c.key == key)
    unit.connection.execute(update(tariffs).where(mine).values(audience=None if after is None else SOME))
    sightings.tariff(unit, owner, key, affected(unit, before, after))
    giving = rule_rows.listed(unit, rules.c.owner == owner.code, rules.c.tariff_id.is_not(None))
    unit.ruled.extend(rule for rule in giving if fold(str(rule.tariff_id)) == key)  # see `hub.reactions`


def affected(unit: Unit, before: frozenset[Party] | None, after: frozenset[Party] | None) -> set[Party]:
    """The parties that may read it now and could not before, or the other way round."""
    everybody = sightings.hearing(unit)
    return set(everybody if before is None else before) ^ set(everybody if after is None else after)


def close(unit: Unit, owner: Party, key: str, parties: Collection[Party], *, public: bool) -> None:
    codes = [party.code for party in parties] + ([SOME] if public else [])
    mine = (READ_BY.owner == owner.code) & (READ_BY.key == key) & READ_BY.until.is_(None)
    ended = mine & READ_BY.party.in_(codes)
    unit.connection.execute(delete(tariff_readers).where(ended, READ_BY.since == unit.now))  # held never
    unit.connection.execute(update(tariff_readers).where(ended).values(until=unit.now))


def begin(unit: Unit, owner: Party, key: str, parties: Collection[Party], *, restricted: bool) -> None:
    codes = sorted(party.code for party in parties) + ([SOME] if restricted else [])
    never_public = (
        restricted and not ever_restricted(unit, owner, key) and not sightings.seen(unit, owner, key)
    )
    since = EVER if never_public else unit.now
    rows = [{"owner": owner.code, "key": key, "party": code, "since": since} for code in codes]
    if rows:
        unit.connection.execute(insert(tariff_readers), rows)


def ever_restricted(unit: Unit, owner: Party, key: str) -> bool:
    query = select(READ_BY.id).where(READ_BY.owner == owner.code, READ_BY.key == key).limit(1)
    return unit.connection.execute(query).first() is not None


# What is hidden from whom ----------------------------------------------------------------------------------

Hidden = Mapping[str, Mapping[str, Sequence[Span]]]
"""Owner's code -> key of a tariff -> when it was, or is, hidden."""


def any_for_some(unit: Unit) -> bool:
    """Whether any tariff is, or ever was, for some only."""
    return unit.connection.execute(select(READ_BY.id).limit(1)).first() is not None


def hidden_spans(unit: Unit, parties: Collection[Party], owner: Party | None = None, *keys: str) -> Hidden:
    """The tariffs that were or are hidden from all of these parties, with the times; those of their own are
    in it too. With an owner only these keys of it are looked at."""
    query = select(READ_BY.owner, READ_BY.key, READ_BY.party, READ_BY.since, READ_BY.until)
    query = query.where(READ_BY.party.in_([SOME, *(party.code for party in parties)]))
    if owner is not None:
        query = query.where(READ_BY.owner == owner.code, READ_BY.key.in_(keys))
    spans: defaultdict[tuple[str, str], tuple[list[Span], list[Span]]] = defaultdict(lambda: ([], []))
    for row in unit.connection.execute(query):
        closed, opened = spans[row.owner, row.key]
        span = (row.since, FOREVER if row.until is None else row.until)
        (closed if row.party == SOME else opened).append(span)
    hidden: defaultdict[str, dict[str, Sequence[Span]]] = defaultdict(dict)
    for (code, each), (closed, opened) in spans.items():
        if left := list(less(sorted(closed), sorted(opened))):
            hidden[code][each] = left
    return dict(hidden)


def less(closed: Sequence[Span], opened: Sequence[Span]) -> Iterator[Span]:
    """The times in which it was for some only, without those in which one of the parties was among them."""
    for since, until in closed:
        for begun, ended in opened:
            if begun < until and ended > since:
                if since < begun:
                    yield since, begun
                since = max(since, ended)  # noqa: PLW2901 (what is left of the span)
        if since < until:
            yield since, until
