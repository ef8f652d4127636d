"""A quote after adjustments, with what each of them has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tariffs.allocating import rounded_parts
from tariffs.limits import AppliedLimit
from tariffs.lines import Group, Use
from tariffs.model import Remark
from tariffs.periods import Stretch
from tariffs.policy import Policy
from tariffs.quote import Quote, Reckoned
from tariffs.rounding import counted, to_places
from tariffs.session import Session
from tariffs.taxes import Cost, total
from tariffs.totals import cdr_costs


class Deal(StrEnum):
    """What an adjustment does, in the order in which several are applied (A48)."""

    FREE_KWH = "FREE_KWH"
    FREE_MINUTES = "FREE_MINUTES"
    PER_KWH = "PER_KWH"
    PERCENT = "PERCENT"
    CAP = "MONTHLY_CAP"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of a price. `id` names the rule that causes it.

    value   FREE_KWH, FREE_MINUTES: how much is still free; PER_KWH: per kWh, PERCENT: of 100, both below zero
            when they take off; MONTHLY_CAP: what the session may cost at most. Amounts are before taxes.
    """

    id: str
    deal: Deal
    value: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What an adjustment has changed; `quantity` are the kWh or minutes that it concerned, exactly `used`."""

    adjustment: Adjustment
    change: Cost
    used: Fraction = Fraction(0)

    @property
    def quantity(self) -> Decimal:
        """In kWh, minutes or percent."""
        deal = self.adjustment.deal
        return self.adjustment.value if deal is Deal.PERCENT else to_places(self.used)

    @property
    def unit(self) -> str:
        """Of the quantity."""
        return UNITS[self.adjustment.deal]

    @property
    def before_taxes(self) -> Decimal:
        """What is added, most often below zero."""
        return self.change.before_taxes

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "rule_id": self.adjustment.id,
            "kind": self.adjustment.deal,
            "quantity": self.quantity,
            "unit": self.unit,
            "value": self.adjustment.value,
            **self.change.as_dict(),
            "reason": self.adjustment.reason,
        }


UNITS = {
    Deal.FREE_KWH: "kWh",
    Deal.FREE_MINUTES: "min",
    Deal.PER_KWH: "kWh",
    Deal.PERCENT: "%",
    Deal.CAP: "",
}


class AdjustedQuote(Quote, frozen=True, gc=False, eq=False):
    """A quote after adjustments: totals and subtotals are what is billed, lines are those of the tariff."""

    base: Quote
    adjustments: tuple[Adjusted, ...]

    def cdr_totals(self, edition: str = "2.3.0") -> dict[str, object]:
        """The total_* fields of a CDR: subtotals are rounded so that they make the total (A51)."""
        measured = self.base.cdr_totals(edition)
        found = {name: cost for name, cost in self.shares.items() if cost is not None}
        whole, parts = rounded_parts(self.total, found, self.policy)
        return measured | cdr_costs(whole, parts, self.policy, edition)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready; with what the tariff alone comes to."""
        return Quote.as_dict(self) | {
            "base": self.base.total.as_dict(),
            "adjustments": [one.as_dict() for one in self.adjustments],
        }


@dataclass(frozen=True, slots=True)
class State:
    """A price between two adjustments: the parts that make it, and the uses that are still paid for."""

    parts: Mapping[Group, Cost]
    uses: tuple[Use, ...]

    @property
    def total(self) -> Cost:
        """All parts."""
        return total(self.parts.values())


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What an adjusted quote is told from: the base's, and the parts after the adjustments."""

    base: Reckoned
    state: State

    @property
    def currency(self) -> str:
        """That of the base."""
        return self.base.currency

    @property
    def policy(self) -> Policy:
        """That of the base."""
        return self.base.policy

    @property
    def total(self) -> Cost:
        """After the adjustments."""
        return self.state.total

    @property
    def limits(self) -> tuple[AppliedLimit, ...]:
        """Those of the base, which came first."""
        return self.base.limits

    @property
    def uses(self) -> Sequence[Use]:
        """Those of the base."""
        return self.base.uses

    @property
    def session(self) -> Session:
        """What was priced."""
        return self.base.session

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Those of the base."""
        return self.base.stretches

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """Those of the base."""
        return self.base.warnings

    def share(self, group: Group) -> Cost | None:
        """What is left of a part."""
        return self.state.parts.get(group)

    def amounts(self) -> tuple[Decimal, Decimal | None]:
        """Net and gross as they are shown."""
        figures = self.total.figures()
        return figures.before_taxes, figures.after_taxes

    def whole_amounts(self, places: int) -> tuple[int, int | None]:
        """Net and gross in 10**-places."""
        cost, mode = self.total, self.policy.rounding
        gross = None if cost.gross is None else counted(cost.gross, 1, places, mode)
        return counted(cost.net, 1, places, mode), gross

    def nets(self, places: int) -> dict[str, Decimal]:
        """What is left of each part before taxes, rounded."""
        mode = self.policy.rounding
        return {group: to_places(part.net, 1, places, mode) for group, part in self.state.parts.items()}
