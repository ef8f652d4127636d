"""What a quote comes to after discounts, surcharges and allowances, each a line of its own (A48 to A51).

adjusted = tariffs.adjust(quote, [Adjustment("7", Deal.PERCENT, Decimal(-10), "loyalty")])
adjusted.adjustments           # what each has changed; base total and changes make the total exactly
adjusted.cdr_totals()          # as of any quote; here the subtotals make the total, to the last decimal
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from tariffs.adjusted import Adjusted, AdjustedQuote, Adjustment, Deal, Reckoning, State
from tariffs.exact import HOUR, MILLION, Exact, scaled
from tariffs.lines import Group, Use
from tariffs.model import Dimension
from tariffs.policy import Policy
from tariffs.quote import Quote
from tariffs.taxes import Cost, total
from tariffs.walked import share_of

MINUTE = HOUR // 60


def adjust(quote: Quote, adjustments: Iterable[Adjustment]) -> Quote:
    """The quote after the adjustments, in the order of `Deal`; itself when none changes it.

    Each takes off what is left at most: nothing falls below zero. Where nothing is owed, nothing changes.
    """
    in_order = sorted(adjustments, key=lambda one: list(Deal).index(one.deal))
    if not in_order:
        return quote
    state = State(spread(quote), tuple(sorted(quote.reckoned.uses, key=lambda use: use.start)))
    done: list[Adjusted] = []
    for one in in_order:
        after, used = applied(state, one, quote.policy) if state.total.net > 0 else (state, Fraction(0))
        after = not_below_zero(state, after)
        change = difference(after.total, state.total)
        if change.net or change.taxes or used:
            done.append(Adjusted(one, change, used))
        state = after
    return AdjustedQuote(Reckoning(quote.reckoned, state), quote, tuple(done)) if done else quote


def applied(state: State, one: Adjustment, policy: Policy) -> tuple[State, Fraction]:
    """The price after one adjustment, and the quantity that it concerned."""
    value = Fraction(one.value)
    if one.deal is Deal.PERCENT:
        return times(state, 1 + value / 100), Fraction(0)
    if one.deal is Deal.CAP:
        owed = state.total.net
        return (times(state, max(value, Fraction(0)) / owed) if owed > value else state), Fraction(0)
    if one.deal is Deal.PER_KWH:
        return per_kwh(state, value)
    unit = MILLION if one.deal is Deal.FREE_KWH else MINUTE
    dimensions = ENERGY if one.deal is Deal.FREE_KWH else TIMES
    after, taken = freed(state, dimensions, scaled(one.value, unit), policy)
    return after, Fraction(taken) / unit


ENERGY = {Group.ENERGY: Dimension.ENERGY}
TIMES = {Group.TIME: Dimension.TIME, Group.PARKING: Dimension.PARKING_TIME}


def times(state: State, factor: Fraction) -> State:
    """Every part in proportion."""
    factor = max(factor, Fraction(0))
    return replace(state, parts={group: scaled_cost(part, factor) for group, part in state.parts.items()})


def per_kwh(state: State, value: Fraction) -> tuple[State, Fraction]:
    """More or less for each kWh that is paid for; its taxes in proportion (A49)."""
    paid = Fraction(sum(volume(use) for use in state.uses if paid_for(use, ENERGY)), MILLION)
    part = state.parts.get(Group.ENERGY)
    if part is None or part.net <= 0 or not paid:
        return state, Fraction(0)
    factor = max(part.net + value * paid, Fraction(0)) / part.net
    return replace(state, parts={**state.parts, Group.ENERGY: scaled_cost(part, factor)}), paid


def freed(
    state: State, dimensions: Mapping[Group, Dimension], free: Exact, policy: Policy
) -> tuple[State, Exact]:
    """The first of what has a price is not paid for, in order of time (A49)."""
    left = max(free, 0)
    uses: list[Use] = []
    for use in state.uses:
        taken = min(left, volume(use)) if paid_for(use, dimensions) else 0
        left -= taken
        uses.append(without(use, taken) if taken else use)
    parts = dict(state.parts)
    for group in dimensions:
        before, after = share_of(state.uses, group, policy), share_of(uses, group, policy)
        if before and after and before != after and group in parts:
            parts[group] = lowered(parts[group], before, after)
    return State(parts, tuple(uses)), max(free, 0) - left


def volume(use: Use) -> Exact:
    return use.volume + use.surplus


def paid_for(use: Use, dimensions: Mapping[Group, Dimension]) -> bool:
    return use.candidate.rate > 0 and dimensions.get(use.group) is use.candidate.dimension


def without(use: Use, taken: Exact) -> Use:
    left = volume(use) - taken
    return Use(use.plan, use.candidate, use.group, use.start, left)


def lowered(part: Cost, before: Cost, after: Cost) -> Cost:
    """A part after the tariff's own price of it went from `before` to `after`, each tax by itself."""
    if before.net <= 0:
        return part
    factor = max(after.net / before.net, Fraction(0))
    taxes_after = dict(after.taxes)
    if any(amount <= 0 for _, amount in before.taxes) or any(amount < 0 for amount in taxes_after.values()):
        return scaled_cost(part, factor)
    ratios = {rate: taxes_after.get(rate, Fraction(0)) / amount for rate, amount in before.taxes}
    taxes = tuple((rate, amount * ratios.get(rate, factor)) for rate, amount in part.taxes)
    return summed(part.net * factor, taxes, known=part.gross is not None)


def scaled_cost(part: Cost, factor: Fraction) -> Cost:
    taxes = tuple((rate, amount * factor) for rate, amount in part.taxes)
    return summed(part.net * factor, taxes, known=part.gross is not None)


def summed(net: Fraction, taxes: tuple[tuple[Decimal | None, Fraction], ...], *, known: bool) -> Cost:
    """Of nothing, the taxes are known (A21)."""
    gross = net + sum((amount for _, amount in taxes), Fraction(0))
    return Cost(net, taxes, gross if known or not net else None)


def not_below_zero(before: State, after: State) -> State:
    """Where some of a tariff's prices are below zero, a change goes only as far as nothing is owed."""
    was, now = before.total, after.total
    pairs = [(was.net, now.net)]
    if was.gross is not None and now.gross is not None:
        pairs.append((was.gross, now.gross))
    part = min((old / (old - new) for old, new in pairs if new < 0 <= old), default=None)
    if part is None:
        return after
    parts = {group: between(before.parts[group], after.parts[group], part) for group in before.parts}
    return State(parts, after.uses)


def between(old: Cost, new: Cost, part: Fraction) -> Cost:
    taxes_new = dict(new.taxes)
    taxes = tuple((rate, tax + (taxes_new.get(rate, Fraction(0)) - tax) * part) for rate, tax in old.taxes)
    return summed(old.net + (new.net - old.net) * part, taxes, known=old.gross is not None)


def difference(after: Cost, before: Cost) -> Cost:
    """What was added."""
    taxes = {rate: -amount for rate, amount in before.taxes}
    for rate, amount in after.taxes:
        taxes[rate] = taxes.get(rate, Fraction(0)) + amount
    changed = tuple((rate, amount) for rate, amount in taxes.items() if amount)
    known = after.gross is not None and before.gross is not None
    net = after.net - before.net
    return Cost(net, changed, net + sum((tax for _, tax in changed), Fraction(0)) if known else None)


def spread(quote: Quote) -> dict[Group, Cost]:
    """The subtotals that make the total: what a limit has changed is shared in proportion (A50)."""
    given = {group: quote.reckoned.share(group) for group in Group}
    parts = {group: cost for group, cost in given.items() if cost is not None}
    whole, unlimited = quote.total, total(parts.values())
    if whole == unlimited:
        return parts
    if unlimited.net == 0:
        return {**parts, Group.FIXED: whole}
    factor = whole.net / unlimited.net
    bases, wanted = dict(unlimited.taxes), dict(whole.taxes)
    found = {}
    for group, part in parts.items():
        mine = dict(part.taxes)
        taxes = tuple(
            (rate, share_of_tax(amount, (mine.get(rate), bases.get(rate)), part.net / unlimited.net))
            for rate, amount in wanted.items()
        )
        found[group] = summed(part.net * factor, taxes, known=whole.gross is not None)
    return found


def share_of_tax(
    amount: Fraction, own: tuple[Fraction | None, Fraction | None], weight: Fraction
) -> Fraction:
    """As the tax was shared without limits; one that only the limit brings, as the amounts are."""
    mine, base = own
    return amount * (mine or Fraction(0)) / base if base else amount * weight
