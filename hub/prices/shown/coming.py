"""What a partner that only pulls tariffs is told of the versions that are still to come.

Nobody can push it a tariff at the instant at which that takes force, so it gets both beforehand: the present
version with the end of its validity, and every later one as a tariff of its own, which is named like the
tariff with ".v" and the number of the version behind it. At its instant a version takes the place and the
name of the present one. 2.1.1 cannot say when a tariff is valid: its partners see what is in force, no more.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Select, and_, or_, select

from hub.ocpi import instants
from hub.ocpi.aliases import alias
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.wire import fold
from hub.parties.partner import Partner
from hub.prices.book import versions
from hub.prices.book.versions import Turn, Version
from hub.store.parties import endpoints, partner_roles, partners
from hub.store.pricebook import WAITS, tariff_ends, tariff_versions
from hub.store.unit import Unit

NO_DATES = frozenset({"2.1.1"})
"""The editions that cannot say when a tariff is valid."""
FIRST_SEQ = 2**48
"""In lists they come behind all tariffs that there are."""
ID_LENGTH = 36
Named = tuple[str, str]
"""Owner's code, key of the tariff."""


@dataclass(frozen=True, slots=True)
class Future:
    """A version to come, as it is listed: `seq` orders it, `body` is in the newest edition."""

    seq: int
    owner: str
    last_updated: int
    body: Json

    @property
    def document(self) -> Document:
        owner, key = Party.of_code(self.owner), fold(str(self.body["id"]))
        return Document("tariffs", owner, key, "", self.body, self.body)


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to come, for one partner.

    ends     when the present version of a tariff ends
    futures  the versions to come, in the order of their instants
    """

    ends: Mapping[Named, int]
    futures: Mapping[Named, Sequence[Future]]

    @property
    def owners(self) -> frozenset[str]:
        return frozenset(owner for owner, _ in self.futures)

    def __bool__(self) -> bool:
        return bool(self.ends or self.futures)

    def named(self, owner: str, ids: Sequence[str]) -> list[str]:
        """The tariffs that a connector names, each followed by its versions to come."""
        both = [
            [each, *(future.body["id"] for future in self.futures.get((owner, fold(each)), ()))]
            for each in ids
        ]
        return list(dict.fromkeys(name for names in both for name in names))

    def less(self, hidden: Collection[Named], owned: Collection[str]) -> "Coming":
        """Without what the partner may not read, and what is its own."""
        keep = {each for each in {*self.ends, *self.futures} if each not in hidden and each[0] not in owned}
        return Coming(
            {name: end for name, end in self.ends.items() if name in keep},
            {name: found for name, found in self.futures.items() if name in keep},
        )

    def listed(self, owner: str | None, since: int | None, until: int | None) -> list[Future]:
        """The versions to come that belong into a list, in its order."""
        return sorted(
            (
                each
                for found in self.futures.values()
                for each in found
                if owner in (None, each.owner)
                and (since is None or each.last_updated >= since)
                and (until is None or each.last_updated < until)
            ),
            key=lambda each: each.seq,
        )


NOTHING = Coming({}, {})


def for_partner(unit: Unit, partner: Partner, edition: str) -> Coming:
    """What is to come; nothing for one that tariffs are pushed to, or whose edition has no validity dates."""
    if edition in NO_DATES or not anything(unit) or not pulls_only(unit, partner):
        return NOTHING
    ends: dict[Named, int] = {}
    futures: dict[Named, list[Future]] = {}
    changes = sorted(versions.changes_between(unit, unit.now + 1, versions.ALWAYS), key=named)
    for name, mine in groupby(changes, key=named):
        turns = sorted(mine, key=lambda turn: turn.at)
        if turns[0].before is not None:
            ends[name] = turns[0].at
        if found := list(told(turns)):
            futures[name] = found
    return Coming(ends, futures)


def named(turn: Turn) -> Named:
    return turn.owner, turn.key


def told(turns: Sequence[Turn]) -> Iterator[Future]:
    """Each version that begins. It changes for its readers when the one that ends it is recorded."""
    for place, turn in enumerate(turns):
        if turn.after is None:
            continue
        following = turns[place + 1].after if place + 1 < len(turns) else None
        recorded = max(each.recorded_at for each in (turn.after, following) if each is not None)
        yield future(turn.after, recorded)


def future(version: Version, recorded: int) -> Future:
    tariff = version.document.newest
    body = tariff | {
        "id": shown_id(str(tariff["id"]), version.number),
        "start_date_time": instants.text(version.valid_from),
        "last_updated": instants.text(recorded),
    }
    return Future(FIRST_SEQ + version.id, version.owner, recorded, body | ending(body, version.valid_to))


def shown_id(tariff_id: str, number: int) -> str:
    return alias(f"{tariff_id}.v{number}", ID_LENGTH)


def ending(tariff: Json, end: int | None) -> Json:
    """The end of its validity, unless it says itself that it ends sooner."""
    said = tariff.get("end_date_time")
    if end is None or (said is not None and instants.micros(said) <= end):
        return {}
    return {"end_date_time": instants.text(end)}


def anything(unit: Unit) -> bool:
    waiting = [select(table.c.id).where(WAITS).limit(1) for table in (tariff_versions, tariff_ends)]
    return any(unit.connection.execute(query).first() is not None for query in waiting)


# Who is told -----------------------------------------------------------------------------------------------


def pulls_only(unit: Unit, partner: Partner) -> bool:
    """Whether tariffs are not pushed to it: it has no Receiver for them, or the operator says so."""
    if "tariffs" in partner.settings.pull_only:
        return True
    return unit.connection.execute(receiver().where(endpoints.c.partner_id == partner.id)).first() is None


def receiver() -> Select[tuple[int]]:
    return select(endpoints.c.partner_id).where(
        endpoints.c.module == "tariffs", endpoints.c.role == "RECEIVER"
    )


def parties_that_pull(unit: Unit, roles: Collection[str]) -> frozenset[Party]:
    """The parties of the partners that are told of what is to come."""
    quirk = partners.c.settings.like('%"pull_only": [%"tariffs"%')  # may find too many, who are told in vain
    without = receiver().where(endpoints.c.partner_id == partners.c.id)
    query = (
        select(partner_roles.c.party)
        .join(partners, partners.c.id == partner_roles.c.partner_id)
        .where(and_(partners.c.registered_at.is_not(None), partners.c.version.not_in(sorted(NO_DATES))))
        .where(partner_roles.c.role.in_(sorted(roles)), or_(~without.exists(), quirk))
    )
    return frozenset(map(Party.of_code, unit.connection.execute(query).scalars()))
