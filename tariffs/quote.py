"""What a session costs: totals, the share of each dimension, and a line for every stretch with its reason."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tariffs.clock import as_text, instant
from tariffs.exact import HOUR, MILLION, Exact
from tariffs.limits import AppliedLimit
from tariffs.model import Dimension, Remark
from tariffs.periods import Stretch, charging_periods
from tariffs.policy import Policy
from tariffs.rounding import to_places
from tariffs.taxes import Cost, TaxAmount
from tariffs.totals import cdr_costs


class Group(StrEnum):
    """Which total of a CDR an amount belongs to."""

    ENERGY = "energy"
    TIME = "time"
    PARKING = "parking"
    FIXED = "fixed"
    RESERVATION = "reservation"


@dataclass(frozen=True, slots=True)
class Line:
    """One component over one stretch; `billed_quantity` is `quantity` after step_size."""

    dimension: Dimension
    group: Group
    tariff_id: str
    element_index: int
    start: datetime
    quantity: Decimal
    billed_quantity: Decimal
    unit: str
    unit_price: Decimal
    before_taxes: Decimal
    tax_percentage: Decimal | None
    after_taxes: Decimal | None
    reason: str

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"start": as_text(instant(self.start))}


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a session under a policy. Subtotals are None where nothing of theirs had a price.

    Amounts are exact; those without a finite decimal form are shown to 12 decimals. Only `total` is within
    the tariffs' limits (A18); `limits` tells what they changed. Energy and times are as measured (P-46).
    """

    currency: str
    total: Cost
    energy: Cost | None
    time: Cost | None
    parking: Cost | None
    fixed: Cost | None
    reservation: Cost | None
    energy_used: Exact
    time_used: Exact
    time_parked: Exact
    lines: tuple[Line, ...]
    stretches: tuple[Stretch, ...]
    limits: tuple[AppliedLimit, ...]
    warnings: tuple[Remark, ...]
    policy: Policy

    @property
    def before_taxes(self) -> Decimal:
        """The total before taxes; where prices include taxes of unknown rate, the total itself (A20)."""
        return self.total.before_taxes

    @property
    def taxes(self) -> tuple[TaxAmount, ...]:
        """The taxes on the total, one for each percentage (A32)."""
        return self.total.figures().taxes

    @property
    def after_taxes(self) -> Decimal | None:
        """The total after taxes, None when somebody else adds them (A21)."""
        return self.total.after_taxes

    @property
    def shares(self) -> dict[str, Cost | None]:
        """The subtotals by name."""
        return {group.value: getattr(self, group.value) for group in Group}

    @property
    def total_energy(self) -> Decimal:
        """The energy charged, in kWh."""
        return to_places(self.energy_used, MILLION)

    @property
    def total_time(self) -> Decimal:
        """The time of the session, charging or not and without reservation, in hours."""
        return to_places(self.time_used, HOUR)

    @property
    def total_parking_time(self) -> Decimal:
        """The time in which the vehicle asked for no power, in hours (A25)."""
        return to_places(self.time_parked, HOUR)

    def cdr_totals(self, edition: str = "2.3.0") -> dict[str, object]:
        """The total_* fields of a CDR of an edition, amounts rounded to the policy's decimals (A29)."""
        places, mode = self.policy.decimals, self.policy.rounding
        return cdr_costs(self.total, self.shares, self.policy, edition) | {
            "total_energy": to_places(self.energy_used, MILLION, places, mode),
            "total_time": to_places(self.time_used, HOUR, places, mode),
            "total_parking_time": to_places(self.time_parked, HOUR, places, mode),
        }

    def charging_periods(self) -> list[dict[str, object]]:
        """The ChargingPeriods of a CDR: the session's own, begun anew where a price changes (P-23)."""
        return charging_periods(self.stretches)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready: texts, Decimals, lists and objects."""
        return {
            "currency": self.currency,
            **self.total.as_dict(),
            **{name: cost.as_dict() if cost else None for name, cost in self.shares.items()},
            "total_energy": self.total_energy,
            "total_time": self.total_time,
            "total_parking_time": self.total_parking_time,
            "lines": [line.as_dict() for line in self.lines],
            "limits": [limit.as_dict() for limit in self.limits],
            "warnings": [remark.as_dict() for remark in self.warnings],
            "policy": self.policy.as_dict(),
        }
