"""What locations and contracts belong to, since when and until when: groups, plans, tiers, campaigns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update

from hub.ocpi.document import Party
from hub.store.assignments import memberships
from hub.store.base import Instant
from hub.store.prepared import Prepared
from hub.store.unit import Unit


class Kind(StrEnum):
    """To what: LOCATION is a group of locations, the others are of contracts."""

    LOCATION = "LOCATION"
    GROUP = "GROUP"
    PLAN = "PLAN"
    TIER = "TIER"
    CAMPAIGN = "CAMPAIGN"


ONE_AT_A_TIME = frozenset({Kind.GROUP, Kind.PLAN, Kind.TIER})
"""A contract has one plan, one tier and one driver group; of campaigns it may be in several, as a location
may be in several groups."""

NAMED_BY = {
    Kind.LOCATION: "location_group",
    Kind.GROUP: "group_id",
    Kind.PLAN: "plan",
    Kind.TIER: "tier",
    Kind.CAMPAIGN: "campaign",
}
"""Which field of a rule's match names it."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One row: `member` belongs to `name` from `valid_from` until just before `valid_to`."""

    id: int
    owner: Party
    kind: Kind
    name: str
    member: str
    valid_from: int
    valid_to: int | None
    author: str
    reason: str
    recorded_at: int


ROW = memberships.c
OF_MEMBERS = Prepared(
    every=select(ROW.kind, ROW.name, ROW.member)
    .where(ROW.owner == bindparam("owner"), ROW.member.in_([bindparam("first"), bindparam("second")]))
    .where(ROW.valid_from <= bindparam("at", type_=Instant))
    .where(or_(ROW.valid_to.is_(None), ROW.valid_to > bindparam("at", type_=Instant)))
)


def of(unit: Unit, owner: Party, location: str, contract: str, at: int) -> dict[str, frozenset[str]]:
    """What a location and a contract belong to at an instant, by the field of a match that names it."""
    found: dict[str, set[str]] = {field: set() for field in NAMED_BY.values()}
    for row in OF_MEMBERS.all(unit, owner=owner.code, first=location, second=contract, at=at):
        if row.member == (location if row.kind == Kind.LOCATION else contract):
            found[NAMED_BY[Kind(row.kind)]].add(row.name)
    return {field: frozenset(names) for field, names in found.items()}


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Membership]:
    """Those that fulfil these conditions, by name, then by member."""
    query = select(memberships).where(*wanted).order_by(ROW.owner, ROW.kind, ROW.name, ROW.member, ROW.id)
    return [membership(row) for row in unit.connection.execute(query)]


def members_of(unit: Unit, owner: Party, kind: Kind, names: Iterable[str]) -> list[Membership]:
    """Everything that ever belonged to one of these."""
    wanted = ROW.owner == owner.code, ROW.kind == kind, ROW.name.in_(sorted(names))
    return listed(unit, *wanted)


def standing(unit: Unit, owner: Party, kind: Kind, member: str, since: int) -> list[Membership]:
    """What a member belongs to at some time from `since` on."""
    lasting = or_(ROW.valid_to.is_(None), ROW.valid_to > since)
    return listed(unit, ROW.owner == owner.code, ROW.kind == kind, ROW.member == member, lasting)


def keep(unit: Unit, made: Sequence[Membership]) -> list[Membership]:
    """Write new rows; the same with the ids that the database gave them."""
    rows = [
        {
            "owner": each.owner.code,
            "kind": each.kind,
            "name": each.name,
            "member": each.member,
            "valid_from": each.valid_from,
            "valid_to": each.valid_to,
            "author": each.author,
            "reason": each.reason,
            "recorded_at": each.recorded_at,
        }
        for each in made
    ]
    if not rows:
        return []
    adding = insert(memberships).returning(ROW.id, sort_by_parameter_order=True)
    ids = unit.connection.execute(adding, rows).scalars().all()
    return [replace(each, id=identity) for each, identity in zip(made, ids, strict=True)]


def end(unit: Unit, ending: Sequence[Membership], at: int) -> None:
    """Set the end of these."""
    ids = [each.id for each in ending]
    unit.connection.execute(update(memberships).where(ROW.id.in_(ids)).values(valid_to=at))


def membership(row: Any) -> Membership:
    told = {name: getattr(row, name) for name in Membership.__annotations__}
    return Membership(**told | {"owner": Party.of_code(row.owner), "kind": Kind(row.kind)})
