"""Parts that are rounded so that they make the whole, to its last decimal (A51)."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from tariffs.policy import Policy
from tariffs.taxes import Cost


def rounded_parts(whole: Cost, parts: Mapping[str, Cost], policy: Policy) -> tuple[Cost, dict[str, Cost]]:
    """The total as it is shown, and parts of as many decimals that make it: net, and each tax (A51)."""
    places = policy.decimals
    figures = whole.figures(places, policy.rounding)
    shown = {tax.percentage: Fraction(tax.amount) for tax in figures.taxes}
    gross = None if figures.after_taxes is None else Fraction(figures.after_taxes)
    nets = allocated(Fraction(figures.before_taxes), {name: part.net for name, part in parts.items()}, places)
    taxes = {
        rate: allocated(amount, {name: tax_of(part, rate) for name, part in parts.items()}, places)
        for rate, amount in shown.items()
    }
    found = {}
    for name, part in parts.items():
        mine = tuple((rate, amounts[name]) for rate, amounts in taxes.items() if rate in dict(part.taxes))
        found[name] = of_parts(nets[name], mine, part)
    return Cost(Fraction(figures.before_taxes), tuple(shown.items()), gross), found


def tax_of(part: Cost, rate: Decimal | None) -> Fraction:
    return dict(part.taxes).get(rate, Fraction(0))


def allocated(amount: Fraction, exact: Mapping[str, Fraction], places: int) -> dict[str, Fraction]:
    """Parts of so many decimals that make the amount, by largest remainder; each within one unit of what is
    exact, and what is nothing stays so."""
    unit = 10**places
    floors = {name: part * unit // 1 for name, part in exact.items()}
    left_over = int(amount * unit) - sum(floors.values())
    order = sorted(
        (name for name in exact if exact[name]), key=lambda name: floors[name] - exact[name] * unit
    )
    if left_over < 0:
        order = [name for name in reversed(order) if floors[name]] or order
    for place in range(abs(left_over) if order else 0):
        floors[order[place % len(order)]] += 1 if left_over > 0 else -1
    return {name: Fraction(floor, unit) for name, floor in floors.items()}


def of_parts(net: Fraction, taxes: tuple[tuple[Decimal | None, Fraction], ...], exact: Cost) -> Cost:
    gross = net + sum((amount for _, amount in taxes), Fraction(0))
    return Cost(net, taxes, None if exact.gross is None else gross)
