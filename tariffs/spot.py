"""What a tariff charges at one instant: the unit prices of a session that begins then.

It asks `price` itself, with a session of a second, so that what is shown is what is billed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tariffs.clock import as_text, instant
from tariffs.errors import TimeZoneError
from tariffs.model import Dimension, Element, Tariff
from tariffs.policy import DEFAULT, Policy
from tariffs.pricing import price
from tariffs.session_reading import read_session
from tariffs.taxes import Cost, cost

VOLTS = Decimal(230)
SHOWN = (Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME, Dimension.FLAT)


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a unit: `net` and `gross` (None when taxes are not known), from which element."""

    dimension: Dimension
    price: Decimal
    cost: Cost
    element_index: int

    @property
    def net(self) -> Decimal:
        """Before taxes."""
        return self.cost.before_taxes

    @property
    def gross(self) -> Decimal | None:
        """After taxes, None when somebody else adds them."""
        return self.cost.after_taxes

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "price": self.price,
            "before_taxes": self.net,
            "after_taxes": self.gross,
            "element_index": self.element_index,
        }


@dataclass(frozen=True, slots=True)
class Spot:
    """The unit prices for a session that begins at `at`; a dimension that is missing costs nothing then."""

    at: datetime
    rates: tuple[Rate, ...]

    def rate(self, dimension: Dimension) -> Rate | None:
        """That of one dimension."""
        return next((rate for rate in self.rates if rate.dimension is dimension), None)

    @property
    def prices(self) -> tuple[tuple[Dimension, Decimal, Fraction | None], ...]:
        """What must change for the price to have changed."""
        return tuple((rate.dimension, rate.price, rate.cost.gross) for rate in self.rates)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How prices are asked for: kW, A over all phases (else what the power needs at 230 V), the policy."""

    power: Decimal = Decimal(11)
    current: Decimal | None = None
    policy: Policy = DEFAULT

    @property
    def amperes(self) -> Decimal:
        """The current told, or that of the power."""
        return self.power * 1000 / VOLTS if self.current is None else self.current

    def as_fields(self) -> dict[str, Decimal]:
        """As the fields of a plain segment."""
        return {"power": self.power, "current": round(self.amperes, 3)}


USUAL = Conditions()


def zone_of(time_zone: str) -> ZoneInfo:
    """The zone of a tz database name; TimeZoneError when there is none."""
    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        message = f"{time_zone!r} is not a time zone of the tz database, such as Europe/Amsterdam"
        raise TimeZoneError("time_zone", "time-zone", message) from error


def spot(tariff: Tariff, at: datetime, time_zone: str, conditions: Conditions = USUAL) -> Spot:
    """The unit prices of `tariff` for a session that begins `at` in `time_zone` (A46)."""
    charging = {"seconds": 1, "kwh": Decimal("0.001"), **conditions.as_fields()}
    found: dict[Dimension, Rate] = {}
    for segment in (charging, {"kind": "PARKING", "seconds": 1}):
        for rate in _rates(tariff, at, time_zone, segment, conditions.policy):
            found.setdefault(rate.dimension, rate)
    return Spot(at, tuple(found[dimension] for dimension in SHOWN if dimension in found))


def _rates(
    tariff: Tariff, at: datetime, time_zone: str, segment: Mapping[str, Any], policy: Policy
) -> Iterator[Rate]:
    session = read_session({"start": as_text(instant(at)), "segments": [segment]})
    for line in price(tariff, session, time_zone, policy).lines:
        of_unit = cost({line.tax_percentage: Fraction(line.unit_price)}, tariff.taxes)
        yield Rate(line.dimension, line.unit_price, of_unit, line.element_index)


def changes(tariff: Tariff, time_zone: str, start: datetime, end: datetime) -> list[datetime]:
    """The instants in [start, end) at which the clock can change a price: `start`, then every edge of the
    tariff on every local day, and those at which the clock itself is changed (A08)."""
    zone = zone_of(time_zone)
    edges = clock_edges(tariff.elements)
    found = {start}
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date() + timedelta(days=1):
        found |= {at for edge in edges for at in local_instants(day, edge, zone)}
        found |= set(clock_changes_on(day, zone))
        day += timedelta(days=1)
    return sorted(at for at in found if start <= at < end)


def clock_edges(elements: tuple[Element, ...]) -> list[int]:
    """The times of day, in minutes, at which elements begin and end; midnight where days matter."""
    found: set[int] = set()
    for element in elements:
        read = element.restrictions
        found |= {edge % 1440 for edge in (read.start_time, read.end_time) if edge is not None}
        if read.day_of_week or read.start_date or read.end_date or found:
            found.add(0)
    return sorted(found)


def local_instants(day: date, minute: int, zone: ZoneInfo) -> list[datetime]:
    """When a wall clock shows a time: once, twice in a repeated hour; a skipped one at the change (A08)."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    found = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = {at for at in found if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)}
    return sorted(shown) or clock_changes_on(day, zone)


def clock_changes_on(day: date, zone: ZoneInfo) -> list[datetime]:
    """The instant at which the clock is changed on a local day, if it is."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    end = start + timedelta(hours=26)
    first = _offset(start, zone)
    if _offset(end, zone) == first:
        return []
    minutes = (end - start) // timedelta(minutes=1)
    low, high = 0, minutes
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if _offset(start + timedelta(minutes=middle), zone) == first else (low, middle)
        )
    return [start + timedelta(minutes=high)]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
