"""That a party sees an object otherwise from now on, though the object did not change: who, and what.

A sighting is three things at once: partners that pull find the object in their window, because its
`last_updated` is for them no earlier than the sighting; partners with a Receiver are owed the object again
(`hub.sync.outbox`, at the end of the transaction); and it says since when. The time of the object itself is
left alone: its owner's next word would be taken for an older one, and everybody else would read it in vain.
"""

import uuid
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import or_, select

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold
from hub.prices.shown import naming
from hub.store.base import INSERTS
from hub.store.documents import TABLES
from hub.store.parties import partner_roles
from hub.store.prepared import Prepared
from hub.store.readers import reader_state, sightings
from hub.store.unit import Unit

STATE = Prepared(every=select(reader_state.c.state))
ROWS = 5000
"""Written at a time."""


def hearing(unit: Unit) -> frozenset[Party]:
    """The parties that hear of tariffs at all, of every partner there is."""
    roles = sorted(MODULES["tariffs"].heard_by)
    query = select(partner_roles.c.party).where(or_(*(partner_roles.c.role == role for role in roles)))
    return frozenset(map(Party.of_code, unit.connection.execute(query).scalars()))


def tariff(unit: Unit, owner: Party, key: str, parties: Collection[Party]) -> None:
    """These parties see the tariff, and what names it, otherwise from now on."""
    known = seen(unit, owner, key)
    if known is not None and known.deleted_at is None:
        note(unit, "tariffs", [known.seq], parties)
    naming_it(unit, owner, {key}, parties)


def seen(unit: Unit, owner: Party, key: str) -> Any:
    """The row of a tariff that partners may have seen; None while there is none, or only since this very
    transaction."""
    table = TABLES["tariffs"]
    before = or_(table.c.rev > 1, table.c.received_at < unit.now)
    query = select(table.c.seq, table.c.deleted_at).where(table.c.owner == owner.code, table.c.key == key)
    return unit.connection.execute(query.where(before)).first()


def naming_it(unit: Unit, owner: Party, keys: AbstractSet[str], parties: Collection[Party]) -> None:
    """These parties see the locations that name one of these tariffs otherwise."""
    if parties:
        locations(unit, owner, parties, lambda body: not keys.isdisjoint(map(fold, naming.ids_in(body))))


def locations(unit: Unit, owner: Party, parties: Collection[Party], chosen: Callable[[bytes], bool]) -> None:
    """These parties see the chosen locations of an owner otherwise; chosen by what is stored of them."""
    table = TABLES["locations"]
    mine = (table.c.owner == owner.code) & table.c.deleted_at.is_(None)
    query = select(table.c.seq, table.c.sent).where(mine).order_by(table.c.seq)
    with unit.connection.execute(query) as rows:
        found = [row.seq for row in rows.yield_per(1000) if chosen(row.sent)]
    note(unit, "locations", found, parties)


def of_locations(unit: Unit, owner: Party, keys: Iterable[str], parties: Collection[Party]) -> None:
    """The same of locations that are known by their keys."""
    table = TABLES["locations"]
    mine = (table.c.owner == owner.code) & table.c.deleted_at.is_(None)
    query = select(table.c.seq).where(mine, table.c.key.in_(sorted(keys))).order_by(table.c.seq)
    note(unit, "locations", list(unit.connection.execute(query).scalars()), parties)


def note(unit: Unit, module: str, documents: Collection[int], parties: Collection[Party]) -> None:
    """Write it down; partners are owed these documents when the transaction ends."""
    codes = sorted(party.code for party in parties)
    rows = [
        {"module": module, "document": seq, "party": code, "changed_at": unit.now}
        for code in codes
        for seq in documents
    ]
    if not rows:
        return
    statement = INSERTS[unit.dialect.name](sightings)
    fresh = {"changed_at": statement.excluded.changed_at}
    statement = statement.on_conflict_do_update(index_elements=["module", "party", "document"], set_=fresh)
    for first in range(0, len(rows), ROWS):
        unit.connection.execute(statement, rows[first : first + ROWS])
    unit.sighted = True
    touch(unit)


def touch(unit: Unit) -> None:
    """What somebody sees of prices changes: nobody may use what he has cached. From now on partners may have
    views of their own (`hub.parties.rows`). Whoever else changes that waits here."""
    fresh = {"state": uuid.uuid4().hex}
    row = INSERTS[unit.dialect.name](reader_state).values(id=1, **fresh)
    unit.connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=fresh))


def state(unit: Unit) -> str | None:
    """The name of all this as it is now; None when everybody has always seen the same."""
    row = STATE.first(unit)
    return None if row is None else str(row.state)
