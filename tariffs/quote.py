"""What a session costs: totals, the share of each dimension, and a line for every stretch with its reason."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from tariffs.exact import HOUR, MILLION, Exact
from tariffs.limits import AppliedLimit
from tariffs.lines import Group, Line, Use
from tariffs.model import Remark
from tariffs.periods import Stretch, charging_periods
from tariffs.policy import Policy
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.taxes import Cost, TaxAmount
from tariffs.totals import cdr_costs


class Reckoned(Protocol):
    """What a quote is told from; what costs something to tell is reckoned when it is asked for."""

    @property
    def currency(self) -> str: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def total(self) -> Cost: ...
    @property
    def limits(self) -> tuple[AppliedLimit, ...]: ...
    @property
    def uses(self) -> Sequence[Use]: ...
    @property
    def session(self) -> Session: ...
    @property
    def stretches(self) -> tuple[Stretch, ...]: ...
    @property
    def warnings(self) -> tuple[Remark, ...]: ...
    def share(self, group: Group) -> Cost | None: ...
    def amounts(self) -> tuple[Decimal, Decimal | None]: ...
    def whole_amounts(self, places: int) -> tuple[int, int | None]: ...
    def nets(self, places: int) -> dict[str, Decimal]: ...


class Quote(msgspec.Struct, frozen=True, gc=False, eq=False):  # a Struct because it is made faster
    """The price of a session under a policy. Subtotals are None where nothing of theirs had a price.

    Amounts are exact; those without a finite decimal form are shown to 12 decimals. Only `total` is within
    the tariffs' limits (A18); `limits` tells what they changed. Energy and times are as measured (P-46).
    """

    reckoned: Reckoned

    @property
    def currency(self) -> str:
        """The ISO 4217 code of every amount."""
        return self.reckoned.currency

    @property
    def policy(self) -> Policy:
        """The readings that it was made under."""
        return self.reckoned.policy

    @property
    def total(self) -> Cost:
        """All of it, within the limits."""
        return self.reckoned.total

    @property
    def energy(self) -> Cost | None:
        """What energy costs."""
        return self.reckoned.share(Group.ENERGY)

    @property
    def time(self) -> Cost | None:
        """What the time of charging costs."""
        return self.reckoned.share(Group.TIME)

    @property
    def parking(self) -> Cost | None:
        """What parking costs, with the fees that set in while parked (A36)."""
        return self.reckoned.share(Group.PARKING)

    @property
    def fixed(self) -> Cost | None:
        """The other fees."""
        return self.reckoned.share(Group.FIXED)

    @property
    def reservation(self) -> Cost | None:
        """What the reservation costs, its fees included."""
        return self.reckoned.share(Group.RESERVATION)

    @property
    def energy_used(self) -> Exact:
        """The energy in 1e-6 kWh."""
        return self.reckoned.session.energy

    @property
    def time_used(self) -> Exact:
        """The time in microseconds."""
        return self.reckoned.session.time

    @property
    def time_parked(self) -> Exact:
        """The time parked in microseconds."""
        return self.reckoned.session.parking

    @property
    def lines(self) -> tuple[Line, ...]:
        """One for each component and stretch, in order of time."""
        reckoned = self.reckoned
        policy = reckoned.policy
        return tuple([Line(use, policy) for use in reckoned.uses])

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches in which the same components were active."""
        return self.reckoned.stretches

    @property
    def limits(self) -> tuple[AppliedLimit, ...]:
        """The limits that changed the total."""
        return self.reckoned.limits

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What looks wrong in the tariffs, in the session, and in how they meet."""
        return self.reckoned.warnings

    @property
    def before_taxes(self) -> Decimal:
        """The total before taxes; where prices include taxes of unknown rate, the total itself (A20)."""
        return self.reckoned.amounts()[0]

    @property
    def taxes(self) -> tuple[TaxAmount, ...]:
        """The taxes on the total, one for each percentage (A32)."""
        return self.total.figures().taxes

    @property
    def after_taxes(self) -> Decimal | None:
        """The total after taxes, None when somebody else adds them (A21)."""
        return self.reckoned.amounts()[1]

    def whole_amounts(self, places: int = 6) -> tuple[int, int | None]:
        """Before and after taxes in 10**-places of the currency, each rounded once, as ledgers keep them."""
        return self.reckoned.whole_amounts(places)

    @property
    def shares(self) -> dict[str, Cost | None]:
        """The subtotals by name."""
        return {group.value: getattr(self, group.value) for group in Group}

    def nets(self, places: int = 6) -> dict[str, Decimal]:
        """The subtotals before taxes of what had a price, each rounded once to so many decimals."""
        return self.reckoned.nets(places)

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quote) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.currency, self.total))

    def __repr__(self) -> str:
        return f"Quote({self.currency} {self.before_taxes} before taxes, {self.after_taxes} after)"
