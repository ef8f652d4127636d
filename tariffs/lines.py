"""One line of a quote: a component over one stretch; what it comes to is reckoned when it is asked for."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from tariffs.clock import as_text, moment
from tariffs.exact import HOUR, MILLION, Exact
from tariffs.model import Dimension, Taxes
from tariffs.plan import Candidate, Plan
from tariffs.policy import Policy, Rounded
from tariffs.rounding import counted, to_places
from tariffs.taxes import Figures, cost

UNITS = {
    Dimension.ENERGY: ("kWh", MILLION),
    Dimension.TIME: ("h", HOUR),
    Dimension.PARKING_TIME: ("h", HOUR),
    Dimension.FLAT: ("flat", 1),
}


class Group(StrEnum):
    """Which total of a CDR an amount belongs to."""

    ENERGY = "energy"
    TIME = "time"
    PARKING = "parking"
    FIXED = "fixed"
    RESERVATION = "reservation"


class Use(msgspec.Struct, gc=False, eq=False):
    """A stretch in which one component was active; `surplus` is what step_size adds to its volume."""

    plan: Plan
    candidate: Candidate
    group: Group
    start: int
    volume: Exact
    surplus: Exact = 0

    @property
    def grains(self) -> Exact:
        """What it costs, in 1/grain of the plan."""
        return (self.volume + self.surplus) * self.candidate.rate


class Line(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One component over one stretch; `billed_quantity` is `quantity` after step_size."""

    use: Use
    policy: Policy

    @property
    def dimension(self) -> Dimension:
        """What is priced."""
        return self.use.candidate.dimension

    @property
    def group(self) -> Group:
        """Which subtotal it belongs to."""
        return self.use.group

    @property
    def tariff_id(self) -> str:
        """Whose price it is."""
        return self.use.plan.tariff.id

    @property
    def element_index(self) -> int:
        """The place of the element in its tariff, from 0."""
        return self.use.candidate.element

    @property
    def start(self) -> datetime:
        """When the stretch began, in UTC."""
        return moment(self.use.start)

    @property
    def quantity(self) -> Decimal:
        """What was used, in `unit`."""
        return to_places(self.use.volume, self._unit[1])

    @property
    def billed_quantity(self) -> Decimal:
        """What is billed, in `unit`."""
        return to_places(self.use.volume + self.use.surplus, self._unit[1])

    @property
    def unit(self) -> str:
        """kWh, h or flat."""
        return self._unit[0]

    @property
    def unit_price(self) -> Decimal:
        """The price of one unit, as the tariff has it."""
        return self.use.candidate.price

    @property
    def before_taxes(self) -> Decimal:
        """The amount before taxes."""
        return self._figures.before_taxes

    @property
    def tax_percentage(self) -> Decimal | None:
        """The rate of tax, None when no rate is given."""
        return percentage(self.use.plan, self.use.candidate, self.policy)

    @property
    def after_taxes(self) -> Decimal | None:
        """The amount after taxes, None when it is not known (A21)."""
        return self._figures.after_taxes

    @property
    def reason(self) -> str:
        """Why this component was active, in words."""
        return self.use.candidate.reason

    @property
    def _unit(self) -> tuple[str, int]:
        return UNITS[self.use.candidate.dimension]

    @property
    def _figures(self) -> Figures:
        plan = self.use.plan
        amount = Fraction(self.use.grains) / plan.grain
        if self.policy.rounded is Rounded.LINE:
            places = self.policy.decimals
            amount = Fraction(counted(amount, 1, places, self.policy.rounding), 10**places)
        return cost({self.tax_percentage: amount}, plan.tariff.taxes).figures()

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in TOLD} | {"start": as_text(self.use.start)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.as_dict().values()))

    def __repr__(self) -> str:
        return f"Line({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"


TOLD = (
    "dimension",
    "group",
    "tariff_id",
    "element_index",
    "start",
    "quantity",
    "billed_quantity",
    "unit",
    "unit_price",
    "before_taxes",
    "tax_percentage",
    "after_taxes",
    "reason",
)


def percentage(plan: Plan, candidate: Candidate, policy: Policy) -> Decimal | None:
    """The component's own rate, else the local one where the tariff leaves it open (A20, A21)."""
    if candidate.vat is not None or plan.tariff.taxes not in (Taxes.INCLUDED, Taxes.ON_TOP_UNKNOWN):
        return candidate.vat
    return policy.vat_where_absent
