"""Whether a curve is right wherever its tariff is used: restrictions are of the local clock of each place."""

from collections.abc import Iterator

from sqlalchemy import select

from hub.ocpi.document import Party
from hub.ocpi.wire import fold
from hub.prices.shown.naming import ids_in
from hub.store.documents import TABLES, stored
from hub.store.unit import Unit
from tariffs import TimeZoneError
from tariffs.clock import DAY, clock

Span = tuple[int, int]
"""From an instant until another, in microseconds."""


def strays(unit: Unit, owner: Party, key: str, time_zone: str, span: Span) -> list[str]:
    """A remark when connectors name the tariff where clocks show other times than the curve was made for."""
    found = [(place, zone) for place, zone in places(unit, owner, key) if differs(time_zone, zone, span)]
    if not found:
        return []
    place, zone = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    named = f"Location {place}{more} names the tariff and is in {zone}, not in {time_zone}"
    return [f"{named}: prices change there at other moments; give it a tariff of its own"]


def places(unit: Unit, owner: Party, key: str) -> Iterator[tuple[str, str]]:
    """The locations whose connectors name the tariff, with their time zones."""
    table = TABLES["locations"]
    living = (table.c.owner == owner.code) & table.c.deleted_at.is_(None)
    for row in unit.connection.execute(select(table).where(living).order_by(table.c.seq)):
        if any(fold(each) == key for each in ids_in(row.newest or row.sent)):
            location = stored("locations", row).document.newest
            yield str(location["id"]), str(location["time_zone"])


def differs(one: str, other: str, span: Span) -> bool:
    """Whether two zones ever show different times in the span; one that nobody knows cannot be priced in."""
    first, last = span[0] - DAY, span[1] + DAY
    try:
        return one != other and stretches(one, first, last) != stretches(other, first, last)
    except TimeZoneError:
        return True


def stretches(zone: str, first: int, last: int) -> list[tuple[int, int, int]]:
    """Those of one offset; the boundaries of chunks in which a clock is surveyed are no changes."""
    found: list[tuple[int, int, int]] = []
    for start, end, offset in clock(zone).stretches(first, last):
        if found and found[-1][2] == offset:
            found[-1] = (found[-1][0], end, offset)
        else:
            found.append((start, end, offset))
    return found
