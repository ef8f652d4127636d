"""How a CPO rounds: the way that fits most of its last CDRs, priced by the tariffs that they carry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select

import tariffs
from hub.clearing.rows import CREDIT
from hub.clearing.states import State
from hub.ocpi.document import Json, Party
from hub.store import documents
from hub.store.clearings import clearings
from hub.store.unit import Unit
from tariffs import PricingError, Rounding
from tariffs.rounding import to_places

LAST = 500
PLACES = (2, 3, 4, 1, 0)
LEVELS = ("TOTAL", "LINE")
"""Whether the total is rounded, or each of its parts, which then make it up."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to round."""

    mode: Rounding
    places: int
    level: str


WAYS = tuple(Way(mode, places, level) for places in PLACES for level in LEVELS for mode in Rounding)


@dataclass(frozen=True, slots=True)
class Profile:
    """What was found.

    looked_at  how many CDRs could be priced exactly; telling: those whose amount depends on the way at all
    fits       for each way, how many CDRs it fits, the best first; ways that fit equally many cannot be told
               apart by what was seen
    """

    party: Party
    looked_at: int
    telling: int
    fits: tuple[tuple[Way, int], ...]

    @property
    def best(self) -> tuple[Way, ...]:
        """The ways that fit most; none when nothing tells."""
        most = self.fits[0][1] if self.fits and self.telling else 0
        return tuple(way for way, count in self.fits if count == most) if most else ()

    def as_dict(self) -> Json:
        return {
            "party": str(self.party),
            "looked_at": self.looked_at,
            "telling": self.telling,
            "best": [plain(way) for way in self.best],
            "fits": [plain(way) | {"cdrs": count} for way, count in self.fits],
        }


def plain(way: Way) -> Json:
    return {"mode": str(way.mode), "decimals": way.places, "level": way.level}


def profile(unit: Unit, party: Party, last: int = LAST) -> Profile:
    """Of the last CDRs that a CPO issued itself; those that differ otherwise fit no way, and do no harm."""
    counts: dict[Way, int] = dict.fromkeys(WAYS, 0)
    looked_at = telling = 0
    for net, amounts in priced(issued(unit, party, last)):
        looked_at += 1
        telling += len(set(amounts.values())) > 1
        for way, amount in amounts.items():
            counts[way] += amount == net
    fits = sorted(counts.items(), key=lambda each: -each[1])
    return Profile(party, looked_at, telling, tuple((way, count) for way, count in fits if count))


def issued(unit: Unit, party: Party, last: int) -> Iterator[Json]:
    """The newest first; what was rejected tells nothing of how its CPO rounds."""
    mine = [clearings.c.owner == party.code, clearings.c.kind != CREDIT, clearings.c.state != State.REJECTED]
    query = select(clearings.c.cdr_seq).where(*mine).order_by(clearings.c.ended_at.desc()).limit(last)
    for seq in unit.connection.execute(query).scalars().all():
        stored = documents.by_seq(unit, "cdrs", seq)
        assert stored is not None, "CDRs are never deleted"
        yield stored.document.newest


def priced(cdrs: Iterable[Json]) -> Iterator[tuple[Decimal, Mapping[Way, Decimal]]]:
    """What each claims, and what each way makes of its exact price; limits leave no parts."""
    for cdr in cdrs:
        try:
            quote = tariffs.quoted(tariffs.read_subject(cdr))
        except PricingError:
            continue
        if quote.limits:
            continue
        parts = [cost.net for cost in quote.shares.values() if cost is not None]
        claimed = Decimal(cdr["total_cost"]["before_taxes"])
        yield claimed, {way: amount(way, quote.total.net, parts) for way in WAYS}


def amount(way: Way, total: Fraction, parts: Iterable[Fraction]) -> Decimal:
    if way.level == "TOTAL":
        return to_places(total, 1, way.places, way.mode)
    return sum((to_places(part, 1, way.places, way.mode) for part in parts), Decimal(0))
