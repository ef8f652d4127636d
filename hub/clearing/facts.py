"""A CDR read once, in the newest edition: what the checks look at, whole microseconds and exact numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hub.ocpi import instants
from hub.ocpi.document import Json

HOUR = 3_600_000_000
SHARES = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount as it is told; `gross` is None where none are. Taxes: (percentage or None, amount)."""

    net: Decimal
    gross: Decimal | None
    taxes: tuple[tuple[Decimal | None, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A charging period: from `start` until `end`, where the next one begins or the session ends."""

    start: int
    end: int
    volumes: Mapping[str, Decimal]
    tariff_id: str | None

    @property
    def hours(self) -> Decimal:
        return hours(self.end - self.start)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a CDR tells; hours and kWh are exact, instants microseconds."""

    start: int
    end: int
    last_updated: int
    energy: Decimal
    time: Decimal
    parking: Decimal
    spans: tuple[Span, ...]
    total: Cost
    shares: Mapping[str, Cost]

    @property
    def clock(self) -> Decimal:
        """Hours between start and end."""
        return hours(self.end - self.start)

    def volume(self, kind: str) -> Decimal:
        """The sum of a dimension over all periods."""
        return sum((span.volumes.get(kind, NOUGHT) for span in self.spans), NOUGHT)

    @property
    def charging(self) -> Decimal:
        """Hours of charging, as the totals tell them."""
        return self.time - self.parking


def facts_of(cdr: Json) -> Facts:
    """Of a CDR that has passed the schema of the newest edition."""
    end = instants.micros(cdr["end_date_time"])
    return Facts(
        start=instants.micros(cdr["start_date_time"]),
        end=end,
        last_updated=instants.micros(cdr["last_updated"]),
        energy=exact(cdr["total_energy"]),
        time=exact(cdr["total_time"]),
        parking=exact(cdr.get("total_parking_time") or 0),
        spans=tuple(spans(cdr["charging_periods"], end)),
        total=cost(cdr["total_cost"]),
        shares={name: cost(cdr[name]) for name in SHARES if cdr.get(name) is not None},
    )


def spans(periods: list[Json], end: int) -> list[Span]:
    starts = [instants.micros(period["start_date_time"]) for period in periods]
    ends = [*starts[1:], end]
    return [
        Span(start, stop, volumes(period), period.get("tariff_id"))
        for period, start, stop in zip(periods, starts, ends, strict=False)
    ]


def volumes(period: Json) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for each in period["dimensions"]:
        found[each["type"]] = found.get(each["type"], NOUGHT) + exact(each["volume"])
    return found


def cost(price: Json) -> Cost:
    net = exact(price["before_taxes"])
    told = price.get("taxes")
    if told is None:
        return Cost(net, None, ())
    taxes = tuple((rate(tax.get("percentage")), exact(tax["amount"])) for tax in told)
    return Cost(net, net + sum((amount for _, amount in taxes), NOUGHT), taxes)


def rate(percentage: int | Decimal | None) -> Decimal | None:
    return None if percentage is None else exact(percentage)


def exact(number: int | Decimal) -> Decimal:
    return Decimal(number)


def hours(micros: int) -> Decimal:
    return Decimal(micros) / HOUR
