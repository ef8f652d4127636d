"""Many sessions under one tariff at once, with NumPy: whole numbers, in chunks, with a bound on each sum.

What a session's columns or 64 bits cannot do is priced the general way, one session at a time: reservations,
periods of both charging and parking, limits of the tariff that contradict each other, numbers too large, and
what a period that is split leaves in doubt. So the amounts are always those of `price`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context
from functools import lru_cache
from math import ceil
from types import MappingProxyType

import numpy as np

from tariffs.batch_chunk import Chunk
from tariffs.batch_limits import Limit, limits_of
from tariffs.batch_runner import MOST, Flags, Runner
from tariffs.batch_split import chunk_of
from tariffs.columns import Columns, Whole
from tariffs.errors import MismatchError, PricingError, SessionError
from tariffs.model import Tariff
from tariffs.policy import DEFAULT, Policy
from tariffs.prepared import Prepared, prepare
from tariffs.pricing import price
from tariffs.quote import Quote
from tariffs.timetable import UnevenClockError

CHUNK = 10_000
EXACT = Context(prec=40)


@dataclass(frozen=True, eq=False)
class Share:
    """Of each session's net what one component costs, as `Quote.nets` tells it; it says something only where
    the component was `used`."""

    net: Whole
    used: Flags


@dataclass(frozen=True, eq=False)
class Amounts:
    """What each session costs in 10**-places of the currency, each amount rounded once by the policy.

    `after_taxes` stands for something only where `known` (A21). `general` is how many were priced one by one.
    `shares` has the components that some session used, by the names of `Quote.nets`.
    """

    currency: str
    places: int
    before_taxes: Whole
    after_taxes: Whole
    known: Flags
    general: int
    shares: Mapping[str, Share] = field(default_factory=dict)


def price_columns(
    tariff: Tariff,
    columns: Columns,
    time_zone: str,
    policy: Policy = DEFAULT,
    *,
    chunk: int = CHUNK,
) -> Amounts:
    """What `price` comes to for each session, in arrays; `chunk` sessions at a time bound the memory.

    MismatchError when the currency is not the tariff's, TimeZoneError when the zone is not known.
    """
    if columns.currency and columns.currency.upper() != tariff.currency:
        told = ", ".join(sorted((tariff.currency, columns.currency.upper())))
        raise MismatchError("currency", "currency", f"tariffs and session differ: {told}")
    amounts, refused = attempt_columns(tariff, columns, time_zone, policy, chunk)
    if refused:
        raise next(iter(refused.values()))
    return amounts


def attempt_columns(
    tariff: Tariff, columns: Columns, time_zone: str, policy: Policy, chunk: int = CHUNK
) -> tuple[Amounts, dict[int, PricingError]]:
    """The same, with what is wrong with the sessions, by place, that cannot be priced: they cost nothing."""
    if columns.currency and columns.currency.upper() != tariff.currency:
        told = ", ".join(sorted((tariff.currency, columns.currency.upper())))
        raise MismatchError("currency", "currency", f"tariffs and session differ: {told}")
    found = _Found(len(columns), policy.decimals)
    runner = _runner(prepare(tariff, time_zone, policy))
    if runner.able:
        for first in range(0, len(columns), chunk):
            last = min(first + chunk, len(columns))
            found.fill(runner, columns.part(first, last), slice(first, last))
    refused: dict[int, PricingError] = {}
    for place in np.flatnonzero(found.odd).tolist():
        try:
            found.put(place, price(tariff, columns.session(place), time_zone, policy))
        except OverflowError:
            refused[place] = SessionError("", "too-large", "costs more than 64 bits can count")
        except PricingError as error:
            refused[place] = error
    for place in refused:
        found.clear(place)
    return found.amounts(tariff.currency), refused


@lru_cache(maxsize=64)
def _limits(runner: Runner) -> tuple[Limit, ...] | None:
    return limits_of(runner)


@lru_cache(maxsize=64)
def _runner(prepared: Prepared) -> Runner:
    return Runner(prepared)


class _Found:
    """The arrays that are filled in; what stays `odd` is priced one by one."""

    def __init__(self, count: int, places: int) -> None:
        self.places = places
        self.net, self.gross = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.known, self.odd = np.ones(count, np.bool_), np.ones(count, np.bool_)
        self.shares: dict[str, Share] = {}

    def fill(self, runner: Runner, part: Columns, span: slice) -> None:
        """What the sessions of a part cost, as far as the arrays can tell it."""
        if not len(part.start):
            return
        try:
            found = chunk_of(runner, part)
            base, taxed = found.amounts()
        except UnevenClockError:
            return
        rounding = _Rounding(runner, found)
        self.net[span] = rounded = rounding.net(base)
        self.gross[span] = rounded if runner.same_gross else rounding.gross(taxed)
        if runner.prepared.scale.open:
            if found.unsure is not None:
                found.strange |= (found.unsure > 0) & (np.abs(base) <= found.unsure)
            self.known[span] = base == 0
            self.gross[span][base != 0] = 0
        if runner.prepared.scale.limited:
            self._bound(runner, found, (base, taxed), span)
        for group, (net, used) in found.shares.items():
            share = self.share(group)
            share.net[span] = rounded if len(found.shares) == 1 else rounding.net(net)
            share.used[span] = used
        self.odd[span] = found.strange

    def _bound(self, runner: Runner, chunk: Chunk, amounts: tuple[Whole, Whole], span: slice) -> None:
        """Within the limits of the tariff."""
        limits = _limits(runner)
        if limits is None:
            chunk.strange |= _limited(runner, self.net[span], self.gross[span])
        for limit in limits or ():
            limit.apply(runner, chunk, amounts, (self.net[span], self.gross[span]))

    def put(self, place: int, quote: Quote) -> None:
        """What one session costs."""
        net, gross = quote.whole_amounts(self.places)
        self.clear(place)
        self.net[place], self.gross[place], self.known[place] = net, gross or 0, gross is not None
        for name, amount in quote.nets(self.places).items():
            share = self.share(name)
            share.net[place], share.used[place] = int(amount.scaleb(self.places, EXACT)), True

    def clear(self, place: int) -> None:
        """Nothing is known of a session."""
        self.net[place] = self.gross[place] = 0
        for share in self.shares.values():
            share.used[place] = False

    def share(self, name: str) -> Share:
        """The arrays of a component, made when the first session has used it."""
        if name not in self.shares:
            count = len(self.net)
            self.shares[str(name)] = Share(np.zeros(count, np.int64), np.zeros(count, np.bool_))
        return self.shares[name]

    def amounts(self, currency: str) -> Amounts:
        """All that was found."""
        shares = {name: share for name, share in self.shares.items() if share.used.any()}
        for share in shares.values():
            share.net[~share.used] = 0
        return Amounts(
            currency,
            self.places,
            self.net,
            self.gross,
            self.known,
            int(self.odd.sum()),
            MappingProxyType(shares),
        )


class _Rounding:
    """Amounts of a chunk in whole units; a session where cuts may turn the last digit is strange."""

    def __init__(self, runner: Runner, chunk: Chunk) -> None:
        self.runner = runner
        self.chunk = chunk

    def net(self, amount: Whole) -> Whole:
        return self._to(amount, self.runner.net_scale)

    def gross(self, amount: Whole) -> Whole:
        return self._to(amount, self.runner.gross_scale)

    def _to(self, amount: Whole, scale: tuple[int, int]) -> Whole:
        above, below = scale
        found = _rounded(amount, (above, below * self.chunk.grain))
        unsure = self.chunk.unsure
        if unsure is not None:
            ends = (_rounded(amount + sign * unsure, (above, below * self.chunk.grain)) for sign in (-1, 1))
            for end in ends:
                self.chunk.strange |= end != found
        return found


def _limited(runner: Runner, net: Whole, gross: Whole) -> Flags:
    """Where a limit of the tariff may set in (rounded to whole units, so rather too often)."""
    tariff = runner.prepared.tariff
    found = np.zeros(len(net), np.bool_)
    unit = 10**runner.policy.decimals
    for limit, sign in ((tariff.min_price, 1), (tariff.max_price, -1)):
        for side in () if limit is None else (limit.before_taxes, limit.after_taxes):
            for amount in (net, gross):
                if side is not None:
                    edge = ceil(side * unit) * sign
                    found |= amount * sign <= min(max(edge + 1, -MOST), MOST)
    return found


def _rounded(amount: Whole, scale: tuple[int, int]) -> Whole:
    """amount * above / below, halves away from zero."""
    above, below = scale
    if not len(amount) or amount.min() >= 0:
        return (amount * (2 * above) + below) // (2 * below)
    up = (np.abs(amount) * (2 * above) + below) // (2 * below)
    return np.where(amount < 0, -up, up)
