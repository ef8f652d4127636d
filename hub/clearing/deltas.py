"""By how much each amount that a CDR claims differs from what its tariff makes: the whole, each dimension."""

from decimal import Decimal
from typing import Any

import tariffs
from hub.clearing import rows
from hub.ocpi.document import Json, Party
from hub.ocpi.editions.v2_1_1 import places
from hub.ocpi.wire import fold
from hub.prices.book import versions
from hub.prices.book.by_connector import readable
from hub.store import documents
from hub.store.unit import Unit
from tariffs import PricingError, Tariff
from tariffs.verify import Difference


def of_cdr(unit: Unit, row: Any, cdr: Json) -> list[Json]:
    """By the tariff that held at its start, else by those that it carries; empty where neither can be priced,
    and of a credit, which repeats the amounts of what it takes back."""
    if row.kind in rows.CREDITS:
        return []
    try:
        found = tariffs.verify(cdr, held(unit, row), zone(unit, row, cdr)).differences
    except PricingError:
        return []
    return with_taxes([told(each) for each in found])


def with_taxes(sides: list[Json]) -> list[Json]:
    """After the two sides of an amount what lies between them."""
    made: list[Json] = []
    for before, each in zip([None, *sides], sides, strict=False):
        made.append(each)
        if before is not None and before["amount"] == each["amount"]:
            numbers = {name: between(before[name], each[name]) for name in ("claimed", "recomputed", "delta")}
            agrees = before["agrees"] and each["agrees"]
            made.append({"amount": each["amount"], "side": "taxes", **numbers, "agrees": agrees})
    return made


def between(net: Decimal | None, gross: Decimal | None) -> Decimal | None:
    return None if net is None or gross is None else gross - net


def held(unit: Unit, row: Any) -> list[Tariff] | None:
    version = None if row.tariff_version_id is None else versions.by_id(unit, row.tariff_version_id)
    return None if version is None else [readable(version)]


def zone(unit: Unit, row: Any, cdr: Json) -> str | None:
    """Of its location; where that is not known, of its country, or of the nearest city there."""
    place = cdr["cdr_location"]
    location = documents.find(unit, "locations", Party.of_code(row.owner), fold(place["id"]))
    if location is not None:
        return str(location.document.newest["time_zone"])
    spot = place["coordinates"]
    return places.time_zone(place["country"], spot["latitude"], spot["longitude"])


def told(each: Difference) -> Json:
    return {
        "amount": each.name,
        "side": each.side,
        "claimed": each.claimed,
        "recomputed": each.computed,
        "delta": each.delta,
        "agrees": each.agrees,
    }
