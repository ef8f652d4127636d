"""Partners that only pull tariffs are told of versions before these take force, whenever that changes."""

from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.prices.shown import coming, readers, sightings
from hub.store.unit import Unit

HEARD_BY = MODULES["tariffs"].heard_by


def announce(unit: Unit, owner: Party, key: str) -> None:
    """The tariff has another future: it, and the locations that name it, are another for them."""
    told = parties(unit, owner, key)
    if told:
        sightings.tariff(unit, owner, key, told)


def taken(unit: Unit, owner: Party, key: str) -> None:
    """A version of it has taken force or ended: locations do not name that one beside it any more."""
    told = parties(unit, owner, key)
    if told:
        sightings.naming_it(unit, owner, {key}, told)


def parties(unit: Unit, owner: Party, key: str) -> frozenset[Party]:
    """Those who only pull, and may read the tariff."""
    pulling = coming.parties_that_pull(unit, HEARD_BY)
    may_read = readers.of(unit, owner, key) if pulling else None
    return pulling if may_read is None else pulling & may_read
