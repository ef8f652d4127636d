"""Costs in the shape that each edition's CDR gives them (P-63, A29)."""

from collections.abc import Callable, Mapping

from tariffs.policy import Policy
from tariffs.taxes import Cost

FIELDS = {
    "energy": "total_energy_cost",
    "time": "total_time_cost",
    "parking": "total_parking_cost",
    "fixed": "total_fixed_cost",
    "reservation": "total_reservation_cost",
}


def cdr_costs(
    total: Cost, shares: Mapping[str, Cost | None], policy: Policy, edition: str
) -> dict[str, object]:
    """The cost fields of a CDR, each amount rounded once to the policy's decimals; 2.1.1 has one."""
    shape = SHAPES.get(edition)
    if shape is None:
        raise ValueError(f"no totals for OCPI {edition!r}: one of {', '.join(SHAPES)}")
    told = {"total_cost": total}
    if edition != "2.1.1":
        told |= {FIELDS[name]: cost for name, cost in shares.items() if cost is not None}
    return {field: shape(cost, policy) for field, cost in told.items()}


def _price_2_3_0(cost: Cost, policy: Policy) -> object:
    figures = cost.figures(policy.decimals, policy.rounding)
    return {"before_taxes": figures.before_taxes, "taxes": [tax.as_dict() for tax in figures.taxes]}


def _price_2_2_1(cost: Cost, policy: Policy) -> object:
    figures = cost.figures(policy.decimals, policy.rounding)
    gross = {} if figures.after_taxes is None else {"incl_vat": figures.after_taxes}
    return {"excl_vat": figures.before_taxes, **gross}


def _price_2_1_1(cost: Cost, policy: Policy) -> object:
    return cost.figures(policy.decimals, policy.rounding).before_taxes


SHAPES: dict[str, Callable[[Cost, Policy], object]] = {
    "2.1.1": _price_2_1_1,
    "2.2.1": _price_2_2_1,
    "2.3.0": _price_2_3_0,
}
