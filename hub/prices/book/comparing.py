"""Two versions of a tariff side by side, in words and in money."""

from sqlalchemy import select

import tariffs
from hub.ocpi.document import Json, Party
from hub.prices.book.versions import Version
from hub.store.documents import TABLES, stored
from hub.store.unit import Unit
from tariffs import Comparison, Tariff, TariffError

UTC = "UTC"


def compared(old: Version, new: Version, time_zone: str) -> Comparison | None:
    """What changes from one to the other; None when one of them cannot be priced."""
    return between(old.document.newest, new.document.newest, time_zone)


def between(old: Json, new: Json, time_zone: str) -> Comparison | None:
    before, after = readable(old), readable(new)
    return None if before is None or after is None else tariffs.diff(before, after, time_zone)


def readable(newest: Json) -> Tariff | None:
    """A CPO may have put what cannot be priced; an operator cannot have published it."""
    try:
        return tariffs.read_tariff(newest)
    except TariffError:
        return None


def time_zone_of(unit: Unit, owner: Party) -> str:
    """Where the prices of a CPO are local: the zone of its newest location; UTC when it has none."""
    locations = TABLES["locations"]
    living = (locations.c.owner == owner.code) & locations.c.deleted_at.is_(None)
    row = unit.connection.execute(
        select(locations).where(living).order_by(locations.c.seq.desc()).limit(1)
    ).first()
    return UTC if row is None else str(stored("locations", row).document.newest["time_zone"])
