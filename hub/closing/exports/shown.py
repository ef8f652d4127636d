"""What exports show besides the books, as values that are others whenever any of it is: names of parties,
agreements, places, groups of drivers, what is looked at again while it is held, what was taken back.

All of it is told by counts and sums that lie in indexes, or is little: nothing here grows with the CDRs.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import case, func, select

from hub.closing.exports.books import FROM_ROW, GROUP, from_row
from hub.closing.exports.cdrs import in_month, narrowed
from hub.closing.exports.snapshot import Snapshot
from hub.closing.exports.wanted import Wanted
from hub.store.agreements import agreements
from hub.store.assignments import memberships
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import tariff_ends, tariff_versions

SECOND = 1_000_000


def shown(snapshot: Snapshot, wanted: Wanted) -> list[Any]:
    """As values that can be compared as text."""
    return [[tuple(map(str, row)) for row in snapshot.raw(query)] for query in queries(wanted)]


def queries(wanted: Wanted) -> Iterator[Any]:
    same, role = partner_roles.c.partner_id == partners.c.id, partner_roles.c
    yield (
        select(role.party, role.role, role.business_details, partners.c.name)
        .where(same)
        .order_by(role.party, role.role, partners.c.id)
    )
    yield select(agreements.c.id, agreements.c.terms).order_by(agreements.c.id)
    place = TABLES["locations"].c
    yield select(func.count(), *summed(place.last_updated)).select_from(TABLES["locations"])
    member = memberships.c
    groups = select(func.count(member.id), func.max(member.id), *summed(member.valid_to))
    yield groups.where(member.kind == GROUP)
    held = clearings.c.state == "HELD", in_month(wanted), *narrowed(wanted)
    yield select(*from_row(FROM_ROW)).where(*held).order_by(clearings.c.id)
    for table in (tariff_versions, tariff_ends):
        stands = case((table.c.withdrawn_at.is_(None), 1))
        yield select(func.count(), func.count(stands)).select_from(table)


def summed(column: Any) -> tuple[Any, Any]:
    """Sums of many instants, which would not fit into one number."""
    return func.sum(column // SECOND), func.sum(column % SECOND)
