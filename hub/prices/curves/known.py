"""The prices of a market that are known of a tariff: each file adds some, and the later word counts."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlalchemy import delete, insert, select

from hub.ocpi.document import Party
from hub.prices.curves.curves import Stretch
from hub.store.curves import curve_prices
from hub.store.unit import Unit

KEPT = 3 * 86400 * 1_000_000
"""For so long after they have passed: nobody bills by them, the versions made of them stay."""


def known(unit: Unit, owner: Party, key: str) -> list[Stretch]:
    """In order; per kWh before taxes."""
    mine = (curve_prices.c.owner == owner.code, curve_prices.c.key == key)
    rows = unit.connection.execute(select(curve_prices).where(*mine).order_by(curve_prices.c.since))
    return [Stretch(row.since, row.until, Decimal(row.price)) for row in rows]


def together(before: Sequence[Stretch], added: Sequence[Stretch]) -> list[Stretch]:
    """What was known, and the later word from the first to the last moment of what is added."""
    since, until = added[0].start, added[-1].end
    kept = [part for each in before for part in outside(each, since, until)]
    return sorted([*kept, *added], key=lambda each: each.start)


def outside(each: Stretch, since: int, until: int) -> Iterator[Stretch]:
    if each.start < min(each.end, since):
        yield Stretch(each.start, min(each.end, since), each.price)
    if max(each.start, until) < each.end:
        yield Stretch(max(each.start, until), each.end, each.price)


def remember(unit: Unit, owner: Party, key: str, curve: Sequence[Stretch]) -> None:
    """This is all that is known, less what has passed long ago."""
    mine = (curve_prices.c.owner == owner.code, curve_prices.c.key == key)
    unit.connection.execute(delete(curve_prices).where(*mine))
    rows = [
        {"owner": owner.code, "key": key, "since": each.start, "until": each.end, "price": f"{each.price:f}"}
        for each in curve
        if each.end > unit.now - KEPT
    ]
    unit.connection.execute(insert(curve_prices), rows)
