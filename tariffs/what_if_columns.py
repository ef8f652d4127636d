"""Packed sessions under another tariff or policy: the sums that `what_if` finds one by one, from arrays."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from tariffs.batch import Amounts, Share, attempt_columns
from tariffs.batch_runner import Flags
from tariffs.clock import clock
from tariffs.columns import Columns, Whole
from tariffs.errors import MismatchError
from tariffs.lines import Group
from tariffs.model import Tariff
from tariffs.rounding import POWERS
from tariffs.what_if import HOUR_OF_DAY, NOT_CLAIMED, UNTOLD, Terms, WhatIf

LARGE = 2.0**62
EXACT = 2**53
"""Up to here sums of whole numbers are whole in a float too, which NumPy adds up by group much faster."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A name for each session, as a place in `names`: of its partner, or of its location."""

    codes: Whole
    names: Sequence[str]

    def where(self, chosen: Flags) -> "Labels":
        """Those of some sessions."""
        return Labels(self.codes[chosen], self.names)


@dataclass(frozen=True, eq=False)
class Claimed:
    """What sessions are known to cost before taxes, in 10**-places, in all and by component, as their CDRs
    say; it says something only where it is `told`."""

    currency: str
    places: int
    net: Whole
    told: Flags
    shares: Mapping[str, Share] = field(default_factory=dict)

    def where(self, chosen: Flags) -> "Claimed":
        """That of some sessions."""
        shares = {name: Share(share.net[chosen], share.used[chosen]) for name, share in self.shares.items()}
        return Claimed(self.currency, self.places, self.net[chosen], self.told[chosen], shares)


Name = Callable[[int], str]
"""What the session at a place is called, should it be told that it cannot be priced."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Sessions at places of one time zone, with who pays each, and where it was."""

    columns: Columns
    time_zone: str
    partner: Labels
    location: Labels
    name: Name = str


def what_if_columns(
    batch: Batch, after: Terms, before: Terms | Claimed, found: WhatIf | None = None
) -> WhatIf:
    """What the sessions of a batch cost under `after` beside `before`: the figures of `what_if`.

    They are added to those that were `found` in other batches. Only terms of one tariff can price a batch:
    MismatchError for others.
    """
    sums = WhatIf(after.currency) if found is None else found
    was, lost = _outcome(batch, before, after.currency)
    now, also_lost = _outcome(batch, after, after.currency)
    refused = also_lost | lost
    for place, reason in sorted(refused.items()):
        sums.refuse(batch.name(place), reason)
    good = np.ones(len(batch.columns), np.bool_)
    good[list(refused)] = False
    if good.any():
        _Adding(sums, was, now, good).all(batch)
    return sums


def _outcome(batch: Batch, terms: Terms | Claimed, currency: str) -> tuple[Claimed, dict[int, str]]:
    """What each costs, and why some cannot be told."""
    if isinstance(terms, Claimed):
        return terms, dict(_untold(batch, terms, currency))
    if not isinstance(terms.tariffs, Tariff):
        raise MismatchError("tariffs", "one-tariff", "packed sessions name none: give one that prices all")
    try:
        amounts, refused = attempt_columns(terms.tariffs, batch.columns, batch.time_zone, terms.policy)
    except MismatchError as error:
        nothing = np.zeros(len(batch.columns), np.int64)
        return Claimed(currency, 0, nothing, nothing > 0), dict.fromkeys(range(len(nothing)), str(error))
    return _claimed(amounts), {place: str(error) for place, error in refused.items()}


def _claimed(amounts: Amounts) -> Claimed:
    told = np.ones(len(amounts.before_taxes), np.bool_)
    return Claimed(amounts.currency, amounts.places, amounts.before_taxes, told, amounts.shares)


def _untold(batch: Batch, claimed: Claimed, currency: str) -> Iterator[tuple[int, str]]:
    other = claimed.currency != currency
    for place in range(len(claimed.net)) if other else np.flatnonzero(~claimed.told).tolist():
        told = bool(claimed.told[place])
        yield place, f"is in {claimed.currency}, not in {currency}" if told else NOT_CLAIMED


class _Adding:
    """The sessions that both sides can tell, added to sums."""

    def __init__(self, sums: WhatIf, was: Claimed, now: Claimed, good: Flags) -> None:
        self.sums = sums
        self.places = max(was.places, now.places)
        self.was, self.now = self._counted(was, good), self._counted(now, good)
        self.good = good

    def _counted(self, of: Claimed, good: Flags) -> Claimed:
        """In the finer unit of both."""
        factor = POWERS[self.places - of.places]
        found = of if good.all() else of.where(good)
        shares = {name: Share(_times(share.net, factor), share.used) for name, share in found.shares.items()}
        return Claimed(found.currency, self.places, _times(found.net, factor), found.told, shares)

    def all(self, batch: Batch) -> None:
        """On every axis."""
        before, after, sums = self.was.net, self.now.net, self.sums
        sums.total.more(len(before), self._decimal(before.sum()), self._decimal(after.sum()))
        sums.dearer += int((after > before).sum())
        sums.cheaper += int((after < before).sum())
        self._axis("partner", batch.partner)
        self._axis("location", batch.location)
        self._axis("hour", Labels(hours(batch.columns.began, batch.time_zone), HOURS))
        self._components()

    def _axis(self, axis: str, labels: Labels) -> None:
        codes = labels.codes[self.good]
        size = len(labels.names)
        counts = np.bincount(codes, minlength=size)
        before, after = (_by_group(codes, of.net, size) for of in (self.was, self.now))
        for place in np.flatnonzero(counts).tolist():
            self._add(axis, labels.names[place], (counts[place], before[place], after[place]))

    def _components(self) -> None:
        """What no share is told of is one by itself."""
        used: dict[str, Flags] = {}
        for side in (self.was, self.now):
            none = side.net != 0
            for name, share in side.shares.items():
                used[name] = used[name] | share.used if name in used else share.used
                none = none & ~share.used
            used[UNTOLD] = used.get(UNTOLD, False) | none
        for name in (*Group, UNTOLD):
            if name in used and used[name].any():
                sums = (self._share(side, name) for side in (self.was, self.now))
                self._add("component", str(name), (used[name].sum(), *sums))

    def _share(self, side: Claimed, name: str) -> int:
        if name != UNTOLD:
            return int(side.shares[name].net.sum()) if name in side.shares else 0
        alone = np.ones(len(side.net), np.bool_)
        for share in side.shares.values():
            alone &= ~share.used
        return int(side.net[alone].sum())

    def _add(self, axis: str, name: str, counted: tuple[int, int, int]) -> None:
        count, before, after = counted
        self.sums.group(axis, name).more(int(count), self._decimal(before), self._decimal(after))

    def _decimal(self, amount: int) -> Decimal:
        return Decimal(int(amount)).scaleb(-self.places)


HOURS = tuple(f"{hour:02d}:00" for hour in range(24))


def hours(began: Whole, time_zone: str) -> Whole:
    """The local hour of the day in which each session began."""
    found = began.copy()
    if len(began):
        first, last = int(began.min()), int(began.max()) + 1
        for start, end, offset in clock(time_zone).stretches(first, last):
            found[(began >= start) & (began < end)] += offset
    return found // HOUR_OF_DAY % 24


def _times(amounts: Whole, factor: int) -> Whole:
    """As objects, that is as whole numbers of any size, where sums may leave 64 bits."""
    size = float(np.abs(amounts.astype(np.float64)).sum()) * factor
    return (amounts if size < LARGE else amounts.astype(object)) * factor if size else amounts


def _by_group(codes: Whole, amounts: Whole, size: int) -> Whole:
    """The sum of each group."""
    if amounts.dtype != object and float(np.abs(amounts).sum(dtype=np.float64)) < EXACT:
        return np.bincount(codes, amounts, size).astype(np.int64)
    found = np.zeros(size, amounts.dtype)
    np.add.at(found, codes, amounts)
    return found
