"""A quote's amounts from whole numbers alone; whatever else it is asked is found out then."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm
from operator import mul
from typing import Any, Protocol

from tariffs.exact import Exact
from tariffs.limits import AppliedLimit, limited
from tariffs.lines import Group, Use
from tariffs.model import PriceLimit, Remark, Taxes
from tariffs.periods import Stretch
from tariffs.plan import Plan
from tariffs.policy import Policy
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.taxes import Cost
from tariffs.walked import Walked, cost_of, share_of


class Scale:
    """What amounts by tax, in grains of a plan, come to: net and gross over one denominator."""

    def __init__(self, plan: Plan, percentages: Sequence[Decimal | None]) -> None:
        factors = [_factors(plan.tariff.taxes, percentage) for percentage in percentages]
        common = lcm(*(part.denominator for pair in factors for part in pair))
        self.plan = plan
        self.percentages = tuple(percentages)
        self.open = plan.tariff.taxes is Taxes.ON_TOP_UNKNOWN and None in percentages
        self.denominator = common * plan.grain
        self.net = [int(net * common) for net, _ in factors]
        self.gross = [int(gross * common) for _, gross in factors]

    def sums(self, amounts: Sequence[Exact]) -> tuple[Exact, Exact]:
        """Net and gross, counted in 1/denominator."""
        if len(amounts) == 1:
            return amounts[0] * self.net[0], amounts[0] * self.gross[0]
        return sum(map(mul, amounts, self.net)), sum(map(mul, amounts, self.gross))

    def known(self, amounts: Sequence[Exact]) -> bool:
        """Whether the gross amount is known (A21)."""
        told = zip(self.percentages, amounts, strict=True)
        return not self.open or not any(amount for percentage, amount in told if percentage is None)

    def within(self, net: Exact, gross: Exact) -> bool:
        """Whether no limit of the tariff changes these sums."""
        low, high = self.plan.tariff.min_price, self.plan.tariff.max_price
        return (low is None or all(self._compared(low, net, gross, 1))) and (
            high is None or all(self._compared(high, net, gross, -1))
        )

    def _compared(self, limit: PriceLimit, net: Exact, gross: Exact, sign: int) -> list[bool]:
        """Whether net and gross each lie beyond both sides of a limit, above for a sign of 1."""
        sides = [Fraction(side) for side in (limit.before_taxes, limit.after_taxes) if side is not None]
        return [sign * (sum_ - side * self.denominator) >= 0 for side in sides for sum_ in (net, gross)]


def _factors(taxes: Taxes, percentage: Decimal | None) -> tuple[Fraction, Fraction]:
    """What 1 of the tariff's prices is before and after taxes."""
    if taxes is Taxes.NONE or percentage is None:
        return Fraction(1), Fraction(1)
    rate = 1 + Fraction(percentage) / 100
    return (1 / rate, Fraction(1)) if taxes is Taxes.INCLUDED else (Fraction(1), rate)


class Made(Protocol):
    """What prepared a price, and can say more about it."""

    scale: Scale
    policy: Policy

    def uses_of(self, given: Any) -> Sequence[Use]: ...
    def walk(self, given: Any) -> Walked: ...


class Swift:
    """Told from amounts by tax; `made` is asked for lines and for all the rest of what was `given` to it."""

    def __init__(self, made: Made, amounts: Sequence[Exact], given: object) -> None:
        self.made = made
        self.by_tax = amounts
        self.given = given

    @property
    def policy(self) -> Policy:
        """The readings that it was made under."""
        return self.made.policy

    @property
    def currency(self) -> str:
        """The tariff's."""
        return self.made.scale.plan.tariff.currency

    def amounts(self) -> tuple[Decimal, Decimal | None]:
        """Net and gross as they are shown."""
        scale, by_tax = self.made.scale, self.by_tax
        net, gross = scale.sums(by_tax)
        tariff = scale.plan.tariff
        if (tariff.min_price or tariff.max_price) and not scale.within(net, gross):
            figures = self.total.figures()
            return figures.before_taxes, figures.after_taxes
        shown = to_places(net, scale.denominator)
        if scale.open and not scale.known(by_tax):
            return shown, None
        return shown, shown if net == gross else to_places(gross, scale.denominator)

    @property
    def total(self) -> Cost:
        """Within the limits."""
        return self._limited[0]

    @property
    def limits(self) -> tuple[AppliedLimit, ...]:
        """Those that changed the total."""
        return self._limited[1]

    @cached_property
    def _limited(self) -> tuple[Cost, tuple[AppliedLimit, ...]]:
        return limited(cost_of(self.uses, self.policy), self.made.scale.plan.tariff, reservation_only=False)

    @cached_property
    def uses(self) -> Sequence[Use]:
        """Each component over each stretch."""
        return self.made.uses_of(self.given)

    def share(self, group: Group) -> Cost | None:
        """What a group costs."""
        return share_of(self.uses, group, self.policy)

    @cached_property
    def _walked(self) -> Walked:
        return self.made.walk(self.given)

    @property
    def session(self) -> Session:
        """What was priced."""
        return self._walked.session

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches in which the same components were active."""
        return self._walked.stretches

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """All that looks wrong."""
        return self._walked.warnings
