"""The price of a session found stretch by stretch, by the way that can do everything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tariffs.assigning import assign
from tariffs.clock import Clock
from tariffs.limits import AppliedLimit, limited
from tariffs.lines import Group, Use, percentage
from tariffs.model import Remark, Tariff, Taxes
from tariffs.periods import Stretch, joined
from tariffs.plan import Candidate, Plan
from tariffs.policy import Policy, Rounded
from tariffs.rounding import counted, rounded, to_places
from tariffs.session import Session
from tariffs.stepping import apply_steps
from tariffs.taxes import Cost, cost, total
from tariffs.uses import Walk


@dataclass(eq=False)
class Walked:
    """A session priced stretch by stretch: everything that a quote can be asked is at hand."""

    currency: str
    chosen: Sequence[Tariff | None]
    doubts: tuple[Remark, ...]
    session: Session
    place: Clock
    policy: Policy
    expired: bool

    @cached_property
    def walk(self) -> Walk:
        """The uses found, with what steps add to them."""
        walk = Walk(self.session, self.place, self.policy, self.expired)
        walk.through(self.chosen)
        apply_steps(walk.uses, walk.unpriced, self.policy.step)
        return walk

    @property
    def done(self) -> "Walked":
        """Itself, walked through: what is wrong shows now and not when the quote is read."""
        assert self.walk
        return self

    @property
    def uses(self) -> Sequence[Use]:
        """Each component over each stretch."""
        return self.walk.uses

    @cached_property
    def given(self) -> list[Tariff]:
        """The tariffs that price something, in order of time."""
        return list(dict.fromkeys(tariff for tariff in self.chosen if tariff is not None))

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
        """Each tariff's periods within its own limits (A17)."""
        found = []
        for tariff in self.given:
            subtotal = cost_of((use for use in self.uses if use.plan.tariff == tariff), self.policy)
            found.append(limited(subtotal, tariff, self.session.only_reserved))
        return total(one for one, _ in found), tuple(limit for _, applied in found for limit in applied)

    def amounts(self) -> tuple[Decimal, Decimal | None]:
        """Net and gross as they are shown."""
        figures = self.total.figures()
        return figures.before_taxes, figures.after_taxes

    def whole_amounts(self, places: int) -> tuple[int, int | None]:
        """Net and gross in 10**-places."""
        cost, mode = self.total, self.policy.rounding
        gross = None if cost.gross is None else counted(cost.gross, 1, places, mode)
        return counted(cost.net, 1, places, mode), gross

    def share(self, group: Group) -> Cost | None:
        """What a group costs."""
        return share_of(self.uses, group, self.policy)

    def nets(self, places: int) -> dict[str, Decimal]:
        """What each group costs before taxes, rounded."""
        return nets_of(self.uses, places, self.policy)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Neighbours of one kind as one."""
        return tuple(joined(self.walk.stretches))

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """All that looks wrong."""
        of_tariffs = (remark for tariff in self.given for remark in tariff.warnings)
        found = (*of_tariffs, *self.session.warnings, *self.doubts, *_validity(self.given, self.session))
        return (*found, *self.walk.remarks.values(), *_tax_doubts(self.uses, self.policy))


def walked(tariff: Tariff, session: Session, place: Clock, policy: Policy) -> Walked:
    """A session priced with one tariff."""
    chosen, doubts = assign(tariff, session)
    return Walked(tariff.currency, chosen, doubts, session, place, policy, session.only_reserved)


def share_of(uses: Iterable[Use], group: Group, policy: Policy) -> Cost | None:
    """What the uses of a group cost, None when there are none."""
    mine = [use for use in uses if use.group is group]
    return cost_of(mine, policy) if mine else None


def nets_of(uses: Sequence[Use], places: int, policy: Policy) -> dict[str, Decimal]:
    """What each group of the uses costs before taxes, rounded."""
    found = {group: share_of(uses, group, policy) for group in Group}
    return {name: to_places(one.net, 1, places, policy.rounding) for name, one in found.items() if one}


def cost_of(uses: Iterable[Use], policy: Policy) -> Cost:
    """Whole numbers until here: one division for each rate of each tariff, and for what is rounded before."""
    amounts: dict[Plan, dict[Decimal | None, Fraction]] = {}
    for candidate, mine in _by_rounding(uses, policy).items():
        of_plan = amounts.setdefault(mine[0].plan, {})
        rate = percentage(mine[0].plan, mine[0].candidate, policy)
        of_plan[rate] = of_plan.get(rate, Fraction(0)) + _amount(candidate, mine, policy)
    return total(cost(of_plan, plan.tariff.taxes) for plan, of_plan in amounts.items())


Key = tuple[Plan, Decimal | None] | Candidate
"""What is added up before it is rounded: all of a rate, or what a component with `price_round` prices."""


def _by_rounding(uses: Iterable[Use], policy: Policy) -> dict[Key, list[Use]]:
    found: dict[Key, list[Use]] = {}
    for use in uses:
        plain = use.plan, percentage(use.plan, use.candidate, policy)
        found.setdefault(use.candidate if use.candidate.component.price_round else plain, []).append(use)
    return found


def _amount(key: Key, uses: Sequence[Use], policy: Policy) -> Fraction:
    grain = uses[0].plan.grain
    if policy.rounded is Rounded.LINE:
        lines = (counted(use.grains, grain, policy.decimals, policy.rounding) for use in uses)
        return Fraction(sum(lines), 10**policy.decimals)
    amount = Fraction(sum(use.grains for use in uses)) / grain
    rule = key.component.price_round if isinstance(key, Candidate) else None
    return rounded(amount, rule) if rule else amount


def _validity(given: Sequence[Tariff], session: Session) -> Iterable[Remark]:
    for tariff in given:
        if not tariff.valid_at(session.start):
            yield Remark("tariff-not-valid", "tariffs", f"{tariff.id} is not valid when the session starts")


def _tax_doubts(uses: Sequence[Use], policy: Policy) -> Iterable[Remark]:
    open_rates = {
        use.plan.tariff.taxes
        for use in uses
        if percentage(use.plan, use.candidate, policy) is None and use.grains
    }
    if Taxes.INCLUDED in open_rates:
        yield Remark("net-unknown", "taxes", "the rate of included taxes is unknown: net is given as gross")
    if Taxes.ON_TOP_UNKNOWN in open_rates:
        yield Remark("taxes-unknown", "taxes", "somebody else adds the taxes: the gross amount is unknown")
