"""What one partner is shown of prices, if that is not what everybody is shown.

    view = showing.view(unit, partner, "2.2.1")    # None: it sees what everybody sees
    view.changes("locations", row)                 # whether this document must be parsed at all
    view.body(wire, document, around)              # the document in the partner's edition

A tariff that it may not read is named nowhere. Where a rule gives it another tariff by partner and place
alone, connectors name that one. If it only pulls tariffs, and its edition has validity dates, it is told what
is to come. Of its sessions and CDRs it sees the tariffs that it could read when they began: those are its own
prices, whoever reads them today. When all this changes is known to `hub.prices.shown.turning`.
"""

from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, bindparam, select

from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.parties.partner import Partner
from hub.prices.shown import coming, placed, readers, sightings
from hub.prices.shown.view import Own, View
from hub.store import readers as tables
from hub.store.prepared import Prepared
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings

HEARD_BY = MODULES["tariffs"].heard_by
OWNS: WeakKeyDictionary[Dialect, dict[tuple[Party, ...], Own]] = WeakKeyDictionary()
"""Of each database that this process has open, by the parties of a partner."""
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
    return View(unit, parties, owned, own, book.less(hidden, owned), StoreSurroundings(unit))


def own_of(unit: Unit, parties: tuple[Party, ...]) -> Own:
    """What is costly in a view, kept by each process as long as neither readers nor rules have changed."""
    known = touched, ruled = sightings.state(unit), placed.states(unit)
    kept = OWNS.setdefault(unit.dialect, {})
    found = kept.get(parties)
    if found is None or found.states != known:
        some = touched is not None and readers.any_for_some(unit)
        hidden = readers.hidden_spans(unit, parties) if some else {}
        found = kept[parties] = Own(known, some, hidden, placed.of(unit, ruled, parties))
    return found


def is_fresh(unit: Unit, view: View) -> bool:
    """Whether neither readers nor rules have changed since the view was made: in PostgreSQL every statement
    sees the latest, so that documents may be newer than the view they were to be seen through."""
    return view.own.states == (sightings.state(unit), placed.states(unit))
