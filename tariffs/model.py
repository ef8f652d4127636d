"""What a tariff is, whatever edition it was written in."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from hashlib import sha256


class Dimension(StrEnum):
    """What can have a price (P-30)."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


class ReservationKind(StrEnum):
    """Which reservations an element prices (P-50 to P-53)."""

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


class Taxes(StrEnum):
    """How the prices of a tariff relate to taxes (P-61, P-62)."""

    ON_TOP = "on top"  # net prices; a component without a rate bears no tax
    ON_TOP_UNKNOWN = "on top, rate unknown"  # net prices; taxes are added by somebody else (A21)
    INCLUDED = "included"
    NONE = "none"


class Rule(StrEnum):
    """Which way a Round goes."""

    ROUND_UP = "ROUND_UP"
    ROUND_DOWN = "ROUND_DOWN"
    ROUND_NEAR = "ROUND_NEAR"


@dataclass(frozen=True, slots=True)
class Round:
    """A rounding of Gireve's dialect of 2.1.1, to `places` decimals (A39)."""

    places: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that looks wrong and did not prevent a price; `id` is stable."""

    id: str
    path: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """JSON-ready."""
        return {"id": self.id, "path": self.path, "message": self.message}


@dataclass(frozen=True, slots=True)
class Restrictions:
    """When an element applies; None is no restriction. Times are minutes of the day, Monday is weekday 0."""

    start_time: int | None = None
    end_time: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: Decimal | None = None
    max_duration: Decimal | None = None
    day_of_week: tuple[int, ...] = ()
    reservation: ReservationKind | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """The price of one dimension: per kWh, per hour, or once."""

    dimension: Dimension
    price: Decimal
    vat: Decimal | None
    step_size: int
    price_round: Round | None = None
    step_round: Round | None = None
    session_time: bool = False
    """Half of a SESSION_TIME: the other half has the same price for the other kind of time (A39)."""

    @property
    def of_dialect(self) -> bool:
        """Whether it has anything that only Gireve's dialect knows."""
        return bool(self.price_round or self.step_round or self.session_time)


@dataclass(frozen=True, slots=True)
class Element:
    """Components that share restrictions; `index` is the place in the tariff."""

    index: int
    components: tuple[Component, ...]
    restrictions: Restrictions


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """The least or most that a session costs, before and after taxes independently (P-60)."""

    before_taxes: Decimal
    after_taxes: Decimal | None


@dataclass(frozen=True, eq=False)
class Tariff:
    """One tariff as it is priced; instants are microseconds since 1970. Equal when their content is."""

    id: str
    currency: str
    elements: tuple[Element, ...]
    taxes: Taxes
    type: str | None = None
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    start: int | None = None
    end: int | None = None
    country_code: str | None = None
    party_id: str | None = None
    warnings: tuple[Remark, ...] = ()

    @cached_property
    def content(self) -> str:
        """A digest of everything that decides a price or names the tariff: plans are kept by it."""
        told = tuple(getattr(self, field.name) for field in fields(self) if field.name != "warnings")
        return sha256(repr(told).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tariff) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    def valid_at(self, instant: int) -> bool:
        """Start inclusive, end exclusive, absent unbounded (P-03, A23)."""
        return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)


def rates(elements: Sequence[Element]) -> set[Decimal]:
    """The VAT percentages that the components of these elements name."""
    return {part.vat for element in elements for part in element.components if part.vat is not None}


def without_dialect(tariff: Tariff) -> Tariff:
    """The tariff as OCPI alone knows it (A39)."""
    if not any(part.of_dialect for element in tariff.elements for part in element.components):
        return tariff
    return replace(tariff, elements=tuple(_plain(element) for element in tariff.elements))


def _plain(element: Element) -> Element:
    parts = (part for part in element.components if not part.session_time)
    plain = (replace(one, price_round=None, step_round=None) for one in parts)
    return replace(element, components=tuple(plain))
