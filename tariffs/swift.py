"""A quote's amounts from whole numbers alone; whatever else it is asked is found out then."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm
from operator import mul
from typing import Any, Protocol

import msgspec

from tariffs.exact import Exact
from tariffs.limits import AppliedLimit, limited
from tariffs.lines import Group, Use
from tariffs.model import PriceLimit, Remark, Taxes
from tariffs.periods import Stretch
from tariffs.plan import Candidate, Plan
from tariffs.policy import Policy
from tariffs.rounding import Rounding, counted, halves_up, to_places
from tariffs.session import Session
from tariffs.taxes import Cost
from tariffs.walked import Walked, cost_of, nets_of, share_of

Quickly = Callable[[Sequence[Exact]], tuple[int, int] | None]
Halves = tuple[list[int], int, int]


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
        self.limited = bool(plan.tariff.min_price or plan.tariff.max_price)
        self.quickly: dict[int, Quickly] = {}

    def quick(self, places: int, mode: Rounding) -> Quickly:
        """Keep, and give, the function that does what `whole_amounts` does where nothing is in the way: None
        for sums below nothing, and always where limits, open taxes or other roundings are."""
        plain = not (self.limited or self.open) and mode is Rounding.HALF_UP
        weights = [halves_up(side, self.denominator, places) for side in (self.net, self.gross)]
        self.quickly[places] = _compiled(*weights) if plain else _never
        return self.quickly[places]

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


def _never(_by_tax: Sequence[Exact]) -> None:
    return None


def _compiled(net: Halves, gross: Halves) -> Quickly:
    """Written out for so many taxes: a loop over them takes as long as the rest of a price."""
    names = [f"of{place}" for place in range(len(net[0]))]
    same = net == gross
    lines = [f"{', '.join(names)}, = by_tax", f"net = {_summed(names, net)}"]
    if same:
        lines += ["if net < 0: return None", f"net = {_divided('net', net)}", "return net, net"]
    else:
        lines += [f"gross = {_summed(names, gross)}", "if net < 0 or gross < 0: return None"]
        lines += [f"return {_divided('net', net)}, {_divided('gross', gross)}"]
    space: dict[str, Any] = {}
    body = "\n    ".join(lines)
    exec(compile(f"def quickly(by_tax):\n    {body}\n", "<quickly>", "exec"), space)  # noqa: S102 - numbers only
    found: Quickly = space["quickly"]
    return found


def _summed(names: Sequence[str], halves: Halves) -> str:
    return " + ".join(f"{name} * {weight}" for name, weight in zip(names, halves[0], strict=True))


def _divided(name: str, halves: Halves) -> str:
    return f"({name} + {halves[1]}) // {halves[2]}"


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
    net_rates: dict[Candidate, int]
    """What one of each candidate's units is before taxes, counted in the scale's denominator."""

    def uses_of(self, given: Any, body: bytes) -> Sequence[Use]: ...
    def walk(self, given: Any, body: bytes) -> Walked: ...


class Swift(msgspec.Struct, gc=False):  # a Struct because it is made faster
    """Told from amounts by tax; `made` is asked for lines and for all the rest of what was `given` to it."""

    made: Made
    by_tax: Sequence[Exact]
    given: Any
    body: bytes = b""
    itemised: Sequence[Use] | None = None
    found: "Details | None" = None

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
        sums = self._sums()
        if sums is None:
            figures = self.total.figures()
            return figures.before_taxes, figures.after_taxes
        net, gross = sums
        shown = to_places(net, self.made.scale.denominator)
        if gross is None or gross == net:
            return shown, shown if gross is not None else None
        return shown, to_places(gross, self.made.scale.denominator)

    def whole_amounts(self, places: int) -> tuple[int, int | None]:
        """Net and gross in 10**-places."""
        scale = self.made.scale
        quickly = scale.quickly.get(places) or scale.quick(places, self.made.policy.rounding)
        return quickly(self.by_tax) or self._carefully(places)

    def _carefully(self, places: int) -> tuple[int, int | None]:
        sums, mode, unit = self._sums(), self.made.policy.rounding, self.made.scale.denominator
        if sums is None:
            sums, unit = (self.total.net, self.total.gross), 1
        net, gross = sums
        shown = counted(net, unit, places, mode)
        if gross is None or gross == net:
            return shown, None if gross is None else shown
        return shown, counted(gross, unit, places, mode)

    def _sums(self) -> tuple[Exact, Exact | None] | None:
        """Net and gross, counted in the scale's denominator; None when a limit changes them."""
        scale, by_tax = self.made.scale, self.by_tax
        if len(by_tax) == 1:
            net, gross = by_tax[0] * scale.net[0], by_tax[0] * scale.gross[0]
        else:
            net, gross = sum(map(mul, by_tax, scale.net)), sum(map(mul, by_tax, scale.gross))
        if scale.limited and not scale.within(net, gross):
            return None
        return net, None if scale.open and not scale.known(by_tax) else gross

    @property
    def details(self) -> "Details":
        """All that takes longer, found once."""
        if self.found is None:
            self.found = Details(self.made, self.given, self.body, self.uses)
        return self.found

    @property
    def total(self) -> Cost:
        """Within the limits."""
        return self.details.limited[0]

    @property
    def limits(self) -> tuple[AppliedLimit, ...]:
        """Those that changed the total."""
        return self.details.limited[1]

    @property
    def uses(self) -> Sequence[Use]:
        """Each component over each stretch."""
        if self.itemised is None:
            self.itemised = self.made.uses_of(self.given, self.body)
        return self.itemised

    def share(self, group: Group) -> Cost | None:
        """What a group costs."""
        return share_of(self.uses, group, self.policy)

    def nets(self, places: int) -> dict[str, Decimal]:
        """What each group costs before taxes, rounded."""
        rates, sums = self.made.net_rates, dict[str, Exact]()
        unit, policy = self.made.scale.denominator, self.policy
        for use in self.uses:
            if use.candidate not in rates:
                return nets_of(self.uses, places, policy)
            amount = (use.volume + use.surplus) * rates[use.candidate]
            sums[use.group] = sums.get(use.group, 0) + amount
        return {group: to_places(sum_, unit, places, policy.rounding) for group, sum_ in sums.items()}

    @property
    def session(self) -> Session:
        """What was priced."""
        return self.details.walked.session

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches in which the same components were active."""
        return self.details.walked.stretches

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """All that looks wrong."""
        return self.details.walked.warnings


class Details:
    """What a quote is asked beyond its amounts, each found once; it must not hold the Swift that holds it."""

    def __init__(self, made: Made, given: Any, body: bytes, uses: Sequence[Use]) -> None:
        self._made = made
        self._given = given
        self._body = body
        self._uses = uses

    @cached_property
    def limited(self) -> tuple[Cost, tuple[AppliedLimit, ...]]:
        """The total with its taxes."""
        made = self._made
        return limited(cost_of(self._uses, made.policy), made.scale.plan.tariff, reservation_only=False)

    @cached_property
    def walked(self) -> Walked:
        """By the general way, which knows everything."""
        return self._made.walk(self._given, self._body)
