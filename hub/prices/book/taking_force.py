"""What takes force at its instant: the versions and ends of the price book that have begun go into `tariffs`.

What a session costs never waits for this: `versions.in_force` reads the book. It is how partners and lists
come to see it. Each tariff is one transaction that judges anew by the book under the tariff's lock, so any
number of workers may do it, and one that dies leaves nothing half done.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Table, select, update

from hub.ocpi.document import Party
from hub.prices.book import entries
from hub.store.engine import Store
from hub.store.pricebook import tariff_ends, tariff_versions
from hub.store.schedules import schedules
from hub.store.unit import Unit

JOB = "prices"
"""The name of the job that calls `all_due`, in `schedules`."""
WAITING: tuple[tuple[Table, ColumnElement[int]], ...] = (
    (tariff_versions, tariff_versions.c.valid_from),
    (tariff_ends, tariff_ends.c.at),
)


def all_due(store: Store) -> int:
    """Take into force whatever is due; how many tariffs there were."""
    count = 0
    for owner, key in due(store):
        with store.unit() as unit:
            take(unit, owner, key)
        count += 1
    return count


def due(store: Store) -> Iterator[tuple[Party, str]]:
    """The tariffs of which something is due, those of the earliest instant first."""
    with store.reading() as unit:
        found = [
            (row.at, row.owner, row.key)
            for table, at in WAITING
            for row in unit.connection.execute(
                select(at.label("at"), table.c.owner, table.c.key).where(waits(table), at <= unit.now)
            )
        ]
    yield from dict.fromkeys((Party.of_code(owner), key) for _, owner, key in sorted(found))


def take(unit: Unit, owner: Party, key: str) -> None:
    """Bring `tariffs` to what the book says of one tariff; done already, nothing happens."""
    entries.settle(entries.opened(unit, owner, key))


def waits(table: Table) -> ColumnElement[bool]:
    return table.c.taken_at.is_(None) & table.c.withdrawn_at.is_(None)


def next_due(unit: Unit) -> int | None:
    """The instant of the next entry that waits."""
    found = [
        unit.connection.execute(select(at).where(waits(table)).order_by(at).limit(1)).scalar()
        for table, at in WAITING
    ]
    return min((at for at in found if at is not None), default=None)


def wake(unit: Unit, at: int | None) -> None:
    """See to it that the job is run at this instant, if not sooner."""
    if at is not None:
        later = (schedules.c.job == JOB) & (schedules.c.next_at > at)
        unit.connection.execute(update(schedules).where(later).values(next_at=at))


def wake_for_next(unit: Unit) -> None:
    """The same, for whatever comes next."""
    wake(unit, next_due(unit))
