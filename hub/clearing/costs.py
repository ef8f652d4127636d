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
    has none."""
    waiting = list(part.taxes)
    found = []
    for rate, _ in whole.taxes:
        same = next((tax for tax in waiting if tax[0] == rate), None)
        if same is not None:
            waiting.remove(same)
        found.append(NOUGHT if same is None else same[1])
    return found
