"""Many sessions under one tariff at once, with NumPy: whole numbers, in chunks, with a bound on each sum.

What a session's columns or 64 bits cannot do is priced the general way, one session at a time: reservations,
periods of both charging and parking, prices that change inside a period to be split, amounts at which a limit
of the tariff sets in, and numbers too large. So the amounts are always those of `price`.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np

from tariffs.batch_chunk import Chunk
from tariffs.batch_runner import MOST, Flags, Runner
from tariffs.columns import Columns, Whole
from tariffs.errors import MismatchError
from tariffs.model import Tariff
from tariffs.policy import DEFAULT, Policy
from tariffs.prepared import Prepared, prepare
from tariffs.pricing import price
from tariffs.timetable import UnevenClockError

CHUNK = 10_000


@dataclass(frozen=True, eq=False)
class Amounts:
    """What each session costs in 10**-places of the currency, each amount rounded once by the policy.

    `after_taxes` stands for something only where `known` (A21). `general` is how many were priced one by one.
    """

    currency: str
    places: int
    before_taxes: Whole
    after_taxes: Whole
    known: Flags
    general: int


def price_columns(
    tariff: Tariff, columns: Columns, time_zone: str, policy: Policy = DEFAULT, *, chunk: int = CHUNK
) -> Amounts:
    """What `price` comes to for each session, in arrays; `chunk` sessions at a time bound the memory.

    MismatchError when the currency is not the tariff's, TimeZoneError when the zone is not known.
    """
    if columns.currency and columns.currency.upper() != tariff.currency:
        message = f"tariffs and sessions differ: {tariff.currency}, {columns.currency}"
        raise MismatchError("currency", "currency", message)
    runner = _runner(prepare(tariff, time_zone, policy))
    count = len(columns)
    net, gross = np.zeros(count, np.int64), np.zeros(count, np.int64)
    known, odd = np.ones(count, np.bool_), np.ones(count, np.bool_)
    if runner.able:
        for first in range(0, count, chunk):
            last = min(first + chunk, count)
            span = slice(first, last)
            _fill(runner, columns.part(first, last), (net[span], gross[span]), known[span], odd[span])
    for place in np.flatnonzero(odd).tolist():
        quote = price(tariff, columns.session(place), time_zone, policy)
        one_net, one_gross = quote.whole_amounts(policy.decimals)
        net[place], gross[place], known[place] = one_net, one_gross or 0, one_gross is not None
    return Amounts(tariff.currency, policy.decimals, net, gross, known, int(odd.sum()))


@lru_cache(maxsize=64)
def _runner(prepared: Prepared) -> Runner:
    return Runner(prepared)


def _fill(runner: Runner, part: Columns, amounts: tuple[Whole, Whole], known: Flags, odd: Flags) -> None:
    """Fill in what the sessions of a part cost; `odd` stays for those that it cannot tell."""
    if not len(part.start):
        return
    try:
        found = Chunk(runner, part)
        strange = found.odd()
        base, taxed = found.amounts()
    except UnevenClockError:
        return
    rounded = _rounded(base, runner.net_scale)
    after = rounded if runner.same_gross else _rounded(taxed, runner.gross_scale)
    net, gross = amounts
    net[:], gross[:] = rounded, after
    if runner.prepared.scale.open:
        known[:] = base == 0
        gross[~known] = 0
    if runner.prepared.scale.limited:
        strange = strange | _limited(runner, base, taxed)
    odd[:] = strange


def _limited(runner: Runner, base: Whole, taxed: Whole) -> Flags:
    """Where a limit of the tariff may set in (rounded to whole units, so rather too often)."""
    tariff = runner.prepared.tariff
    found = np.zeros(len(base), np.bool_)
    unit = 10**runner.policy.decimals
    for limit, sign in ((tariff.min_price, 1), (tariff.max_price, -1)):
        for side in () if limit is None else (limit.before_taxes, limit.after_taxes):
            for amount, scale in ((base, runner.net_scale), (taxed, runner.gross_scale)):
                if side is not None:
                    edge = ceil(side * unit) * sign
                    found |= _rounded(amount, scale) * sign <= min(max(edge + 1, -MOST), MOST)
    return found


def _rounded(amount: Whole, scale: tuple[int, int]) -> Whole:
    """amount * above / below, halves away from zero."""
    above, below = scale
    if not len(amount) or amount.min() >= 0:
        return (amount * (2 * above) + below) // (2 * below)
    up = (np.abs(amount) * (2 * above) + below) // (2 * below)
    return np.where(amount < 0, -up, up)
