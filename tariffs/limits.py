"""How min_price and max_price bound a total, before and after taxes independently (P-60, A16 to A19)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from tariffs.model import PriceLimit, Tariff, Taxes, rates
from tariffs.rounding import to_places
from tariffs.taxes import Cost


@dataclass(frozen=True, slots=True)
class AppliedLimit:
    """A limit that changed a tariff's total, and what the total was before."""

    tariff_id: str
    limit: str
    side: str
    unlimited: Decimal
    limited: Decimal

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


Bound = Callable[[Fraction, Fraction], Fraction]


def limited(cost: Cost, tariff: Tariff, reservation_only: bool) -> tuple[Cost, tuple[AppliedLimit, ...]]:
    """The cost of one tariff's periods within its limits; no minimum without a session (A16, A17)."""
    applied: list[AppliedLimit] = []
    if tariff.min_price and not reservation_only:
        cost = _bounded(cost, tariff, tariff.min_price, ("min_price", max), applied)
    if tariff.max_price:
        cost = _bounded(cost, tariff, tariff.max_price, ("max_price", min), applied)
    return cost, tuple(applied)


def _bounded(
    cost: Cost, tariff: Tariff, limit: PriceLimit, rule: tuple[str, Bound], applied: list[AppliedLimit]
) -> Cost:
    name, bound = rule
    after = _after(cost, tariff, limit, bound)
    for side, was, now in (("before_taxes", cost.net, after.net), ("after_taxes", cost.gross, after.gross)):
        if was is not None and now is not None and was != now:
            applied.append(AppliedLimit(tariff.id, name, side, to_places(was), to_places(now)))
    return after


def _after(cost: Cost, tariff: Tariff, limit: PriceLimit, bound: Bound) -> Cost:
    before_taxes = Fraction(limit.before_taxes)
    after_taxes = None if limit.after_taxes is None else Fraction(limit.after_taxes)
    if cost.gross is None:
        return replace(cost, net=bound(cost.net, before_taxes))
    if tariff.taxes is Taxes.NONE or _net_unknown(cost, tariff):
        by_gross = tariff.taxes is Taxes.INCLUDED and after_taxes is not None
        gross = bound(cost.gross, after_taxes if by_gross and after_taxes is not None else before_taxes)
        return Cost(gross, (), gross)
    net = bound(cost.net, before_taxes)
    if after_taxes is None:
        return _scaled(cost, net, tariff)
    gross = bound(cost.gross, after_taxes)
    if gross < net and cost.gross >= cost.net:  # the limits contradict each other: no tax is negative
        net = gross = bound(net, gross)
    return _between(cost, net, gross, tariff)


def _net_unknown(cost: Cost, tariff: Tariff) -> bool:
    """Prices include taxes whose rate is not told: net is only gross by another name (A20)."""
    return tariff.taxes is Taxes.INCLUDED and not rates(tariff.elements) and not cost.taxes


def _scaled(cost: Cost, net: Fraction, tariff: Tariff) -> Cost:
    """Only the net is limited: each tax follows in proportion (A19)."""
    if net == cost.net:
        return cost
    if not cost.net:
        return _taxed(net, tariff)
    taxes = tuple((percentage, amount * net / cost.net) for percentage, amount in cost.taxes)
    return Cost(net, taxes, net + sum((amount for _, amount in taxes), Fraction(0)))


def _between(cost: Cost, net: Fraction, gross: Fraction, tariff: Tariff) -> Cost:
    """Both are limited: the taxes are the difference, shared as they were (A19)."""
    if (net, gross) == (cost.net, cost.gross):
        return cost
    was = sum((amount for _, amount in cost.taxes), Fraction(0))
    if was:
        taxes = tuple((percentage, amount * (gross - net) / was) for percentage, amount in cost.taxes)
        return Cost(net, taxes, gross)
    return Cost(net, ((_only_rate(tariff), gross - net),) if gross != net else (), gross)


def _taxed(net: Fraction, tariff: Tariff) -> Cost:
    """A minimum where nothing was used: taxed at the tariff's rate when it has one."""
    rate = _only_rate(tariff)
    if rate is None:
        return Cost(net, (), net)
    tax = net * Fraction(rate) / 100
    return Cost(net, ((rate, tax),), net + tax)


def _only_rate(tariff: Tariff) -> Decimal | None:
    found = rates(tariff.elements)
    return found.pop() if len(found) == 1 else None
