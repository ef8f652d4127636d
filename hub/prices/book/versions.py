"""The versions of tariffs, read: what there is, what held at an instant, what changes and when.

An interval is half-open, in microseconds UTC: a version holds from `valid_from` until just before `valid_to`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from hub.ocpi import strictjson
from hub.ocpi.document import Document, Party
from hub.store.base import Instant
from hub.store.prepared import Prepared
from hub.store.pricebook import tariff_ends, tariff_versions
from hub.store.unit import Unit

ALWAYS = 2**62
"""After every instant there is: who looks from there knows all that was recorded."""


@dataclass(frozen=True)
class Version:
    """One version of a tariff; see `hub.store.pricebook`. What it says never changes.

    valid_to  where it ends, by all that is known now: at the next version or at an end; None when open
    """

    id: int
    owner: str
    key: str
    number: int
    edition: str
    content_hash: str
    valid_from: int
    valid_to: int | None
    recorded_at: int
    author: str
    reason: str | None
    supersedes: int | None
    origin: str
    withdrawn_at: int | None
    taken_at: int | None
    sent: bytes
    newest: bytes | None

    @property
    def party(self) -> Party:
        return Party.of_code(self.owner)

    @cached_property
    def document(self) -> Document:
        """As it would lie in `tariffs`, its `last_updated` as it was written."""
        sent = strictjson.reread(self.sent)
        newest = sent if self.newest is None else strictjson.reread(self.newest)
        return Document("tariffs", self.party, self.key, self.edition, sent, newest)

    def holds_at(self, instant: int) -> bool:
        ended = self.valid_to is not None and self.valid_to <= instant
        return self.withdrawn_at is None and self.valid_from <= instant and not ended


@dataclass(frozen=True, slots=True)
class End:
    """Where a version ends, unless another one begins before that."""

    id: int
    owner: str
    key: str
    number: int
    at: int
    recorded_at: int
    author: str
    reason: str | None
    origin: str
    withdrawn_at: int | None
    taken_at: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a tariff that there was before does not hold; `until` None when no version follows."""

    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What changes at an instant: `before` held until then, `after` holds from then on; one may be None."""

    at: int
    owner: str
    key: str
    before: Version | None
    after: Version | None


# How they are read -----------------------------------------------------------------------------------------

VERSION = tuple(name for name in Version.__annotations__ if name != "valid_to")
END = tuple(End.__annotations__)
SEEN = bindparam("seen", type_=Instant)
OWNER: BindParameter[str] = bindparam("owner", type_=String)
KEY: BindParameter[str] = bindparam("key", type_=String)


def known(table: FromClause, seen: ColumnElement[int]) -> ColumnElement[bool]:
    """What stood in the book at the instant `seen`: recorded, and not withdrawn by then."""
    return and_(table.c.recorded_at <= seen, or_(table.c.withdrawn_at.is_(None), table.c.withdrawn_at > seen))


def timeline(seen: ColumnElement[int]) -> Select[Any]:
    """Every version with the two instants of which the earlier is its end, as was known at `seen`."""
    version, later, end = tariff_versions, tariff_versions.alias("later"), tariff_ends.alias("end_of_it")
    same = [later.c.owner == version.c.owner, later.c.key == version.c.key]
    of_it = [end.c.owner == version.c.owner, end.c.key == version.c.key, end.c.number == version.c.number]
    following = select(func.min(later.c.valid_from)).where(
        *same, later.c.valid_from > version.c.valid_from, known(later, seen)
    )
    ended = select(func.min(end.c.at)).where(*of_it, known(end, seen))
    return select(
        *(version.c[name] for name in VERSION),
        following.scalar_subquery().label("next_from"),
        ended.scalar_subquery().label("ended_at"),
    )


def of_one(seen: ColumnElement[int]) -> Select[Any]:
    return timeline(seen).where(tariff_versions.c.owner == OWNER, tariff_versions.c.key == KEY)


BY_NUMBER = tariff_versions.c.number
STANDING = tariff_versions.c.withdrawn_at.is_(None)
START = bindparam("start", type_=Instant)
ALL_OF_ONE = Prepared(every=of_one(SEEN).order_by(BY_NUMBER))
LAST_BEGUN = Prepared(
    every=of_one(SEEN)
    .where(known(tariff_versions, SEEN), tariff_versions.c.valid_from <= START)
    .order_by(tariff_versions.c.valid_from.desc())
    .limit(1)
)
FIRST = Prepared(
    every=of_one(SEEN)
    .where(STANDING, tariff_versions.c.valid_from <= bindparam("now", type_=Instant))
    .order_by(tariff_versions.c.valid_from)
    .limit(1)
)
BY_ID = Prepared(every=timeline(SEEN).where(tariff_versions.c.id == bindparam("id")))
BY_ITS_NUMBER = Prepared(every=of_one(SEEN).where(bindparam("number") == BY_NUMBER))
LATEST = Prepared(
    every=select(func.max(BY_NUMBER).label("number")).where(
        tariff_versions.c.owner == OWNER, tariff_versions.c.key == KEY
    )
)
ENDS_OF_ONE = Prepared(
    every=select(*(tariff_ends.c[name] for name in END))
    .where(tariff_ends.c.owner == OWNER, tariff_ends.c.key == KEY)
    .order_by(tariff_ends.c.at, tariff_ends.c.id)
)


def version(row: Any) -> Version:
    ends = [each for each in (row.next_from, row.ended_at) if each is not None]
    return Version(**{name: getattr(row, name) for name in VERSION}, valid_to=min(ends, default=None))


def versions_of(rows: Iterable[Any]) -> list[Version]:
    return [version(row) for row in rows]


# What others ask -------------------------------------------------------------------------------------------


def of_tariff(unit: Unit, owner: Party, key: str) -> list[Version]:
    """Every version of a tariff, the oldest first; also those withdrawn, which never held."""
    return versions_of(ALL_OF_ONE.all(unit, owner=owner.code, key=key, seen=ALWAYS))


def ends_of(unit: Unit, owner: Party, key: str) -> list[End]:
    """Every end that was ever set, withdrawn ones too; one after the next version began ends nothing."""
    rows = ENDS_OF_ONE.all(unit, owner=owner.code, key=key)
    return [End(**{name: getattr(row, name) for name in END}) for row in rows]


def by_id(unit: Unit, identity: int) -> Version | None:
    row = BY_ID.first(unit, id=identity, seen=ALWAYS)
    return None if row is None else version(row)


def by_number(unit: Unit, owner: Party, key: str, number: int) -> Version | None:
    row = BY_ITS_NUMBER.first(unit, owner=owner.code, key=key, number=number, seen=ALWAYS)
    return None if row is None else version(row)


def latest(unit: Unit, owner: Party, key: str) -> int:
    """The highest number a version of the tariff has; 0 when there is none."""
    return int(LATEST.first(unit, owner=owner.code, key=key).number or 0)


def in_force(unit: Unit, owner: Party, key: str, start: int, seen: int | None = None) -> Version | None:
    """What held at `start`, for somebody who knew what had been recorded until `seen` (all of it by default).

    A session that became known at `seen` is pinned so: nothing recorded later changes its price. When the hub
    learned of the tariff only after that, or after the start, its first version is the best there is. None
    when the tariff did not hold then: not yet, not any more, or in a gap.
    """
    pinned = ALWAYS if seen is None else seen
    row = LAST_BEGUN.first(unit, owner=owner.code, key=key, start=start, seen=pinned)
    if row is not None:
        found = version(row)
        return found if found.valid_to is None or start < found.valid_to else None
    row = FIRST.first(unit, owner=owner.code, key=key, now=unit.now, seen=ALWAYS)
    return version(row) if row is not None and row.recorded_at > min(start, pinned) else None


def identities(unit: Unit, owner: Party | None = None, limit: int | None = None) -> list[tuple[Party, str]]:
    """The tariffs of the book, of one party or of all, in the order of party and id."""
    table = tariff_versions
    query = select(table.c.owner, table.c.key).distinct().order_by(table.c.owner, table.c.key).limit(limit)
    if owner is not None:
        query = query.where(table.c.owner == owner.code)
    return [(Party.of_code(row.owner), row.key) for row in unit.connection.execute(query)]


def gaps(unit: Unit, owner: Party, key: str) -> list[Gap]:
    """The times after its first version in which the tariff does not hold, the last one included."""
    return list(gaps_among(of_tariff(unit, owner, key)))


def gaps_among(versions: Iterable[Version]) -> Iterator[Gap]:
    held = in_order(versions)
    for each, following in pairwise([*held, None]):
        assert each is not None
        until = None if following is None else following.valid_from
        if each.valid_to is not None and each.valid_to != until:
            yield Gap(each.valid_to, until)


def in_order(versions: Iterable[Version]) -> list[Version]:
    """Those that hold at some time, in the order in which they do."""
    return sorted((each for each in versions if each.withdrawn_at is None), key=lambda each: each.valid_from)


def changes_between(unit: Unit, since: int, until: int, owner: Party | None = None) -> list[Turn]:
    """What takes force or ends from `since` until just before `until`, in order."""
    found = [
        turn
        for (code, key), mine in groupby(touched(unit, since, until, owner), lambda row: (row.owner, row.key))
        for turn in turns(code, key, in_order(versions_of(mine)))
        if since <= turn.at < until
    ]
    return sorted(found, key=lambda turn: (turn.at, turn.owner, turn.key))


def touched(unit: Unit, since: int, until: int, owner: Party | None) -> list[Any]:
    """Of every tariff with a beginning or an end in this time, all versions, those of one tariff together."""
    identities = [
        select(table.c.owner, table.c.key).where(at >= since, at < until, table.c.withdrawn_at.is_(None))
        for table, at in (
            (tariff_versions, tariff_versions.c.valid_from),
            (tariff_ends, tariff_ends.c.at),
        )
    ]
    wanted = identities[0].union(identities[1]).subquery()
    same = and_(wanted.c.owner == tariff_versions.c.owner, wanted.c.key == tariff_versions.c.key)
    query = timeline(bindparam("seen", ALWAYS, type_=Instant)).join(wanted, same).where(STANDING)
    if owner is not None:
        query = query.where(tariff_versions.c.owner == owner.code)
    return list(unit.connection.execute(query.order_by(tariff_versions.c.owner, tariff_versions.c.key)))


def turns(owner: str, key: str, held: list[Version]) -> Iterator[Turn]:
    """Each beginning and each end of the versions of one tariff."""
    before: Version | None = None
    for each, following in pairwise([*held, None]):
        assert each is not None
        yield Turn(each.valid_from, owner, key, before, each)
        before = each
        if each.valid_to is not None and (following is None or each.valid_to != following.valid_from):
            yield Turn(each.valid_to, owner, key, each, None)
            before = None
