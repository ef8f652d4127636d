"""Costs reckoned with: turned round, and what is left of one when parts were taken back."""

from collections.abc import Sequence
from decimal import Decimal

from hub.clearing.facts import NOUGHT, Cost


def negated(each: Cost) -> Cost:
    gross = None if each.gross is None else 0 - each.gross
    return Cost(0 - each.net, gross, tuple((rate, 0 - amount) for rate, amount in each.taxes))


def rest(whole: Cost, parts: Sequence[Cost]) -> Cost:
    """What is left of a cost, in net and of each tax, in the order of its taxes."""
    net = whole.net - sum((part.net for part in parts), NOUGHT)
    gone = [aligned(whole, part) for part in parts]
    taxes = tuple(
        (rate, amount - sum((each[place] for each in gone), NOUGHT))
        for place, (rate, amount) in enumerate(whole.taxes)
    )
    gross = None if whole.gross is None else net + sum((amount for _, amount in taxes), NOUGHT)
    return Cost(net, gross, taxes)


def aligned(whole: Cost, part: Cost) -> list[Decimal]:
    """The taxes of a part in the places of those of the whole: the first of the same rate, nought where it
    has none; a sum without a rate, as 2.2.1 has it, is shared out."""
    if is_a_sum(part, whole):
        return shared(part.taxes[0][1], [amount for _, amount in whole.taxes])
    waiting = list(part.taxes)
    found = []
    for rate, _ in whole.taxes:
        same = next((tax for tax in waiting if tax[0] == rate), None)
        if same is not None:
            waiting.remove(same)
        found.append(NOUGHT if same is None else same[1])
    return found


def is_a_sum(part: Cost, whole: Cost) -> bool:
    """Whether it tells one tax without a rate, where the whole tells rates."""
    one = len(part.taxes) == 1 and part.taxes[0][0] is None
    return one and bool(whole.taxes) and all(rate is not None for rate, _ in whole.taxes)


def as_told_by(part: Cost, whole: Cost) -> Cost:
    """The whole with its taxes in one sum, where the part tells no more."""
    if not is_a_sum(part, whole):
        return whole
    return Cost(whole.net, whole.gross, ((None, sum((amount for _, amount in whole.taxes), NOUGHT)),))


def shared(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """By weights, to four places; the last has what is left."""
    total = sum(weights, NOUGHT)
    if not total:
        return [NOUGHT] * (len(weights) - 1) + [amount]
    shares = [round(amount * weight / total, 4) for weight in weights[:-1]]
    return [*shares, amount - sum(shares, NOUGHT)]
