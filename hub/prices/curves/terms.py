"""What an operator makes of a price on the market: factor, margin, floor and cap, per kWh before taxes.

    price = min(cap, max(floor, quoted per kWh x factor + margin)), to 4 decimals, halves away from zero

Four decimals are what OCPI carries. Where the tariff's prices include taxes, the same is raised by its VAT.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hub.ocpi import instants
from hub.prices.book.problems import DraftRefused, PriceProblem, Refusal
from hub.prices.curves.faults import fault, refuse
from hub.prices.curves.files import HOUR, Quoted

UNIT = re.compile(r"([A-Z]{3})/(MWH|KWH)")
PLACES = Decimal("0.0001")
PER_KWH = {"MWH": Decimal(1000), "KWH": Decimal(1)}
HIGHEST = Decimal(6)
LOWEST = Decimal(-1)
"""Per kWh in the units of most currencies; European day-ahead markets end at 5 and at -0.6 EUR."""
LONGEST = 366 * 24 * HOUR


class InvalidTerms(PriceProblem):
    """What is to be made of the prices makes no sense. The argument says what, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is made of each price; money per kWh before taxes.

    unit      of the file, as EUR/MWh
    fallback  outside the known curve; None is what the template's energy costs
    vat       percent of the energy; None is that of the template
    trusted   prices that look absurd are taken as they are
    """

    unit: str = "EUR/MWh"
    time_zone: str = "UTC"
    factor: Decimal = Decimal(1)
    margin: Decimal = Decimal(0)
    floor: Decimal | None = Decimal(0)
    cap: Decimal | None = None
    fallback: Decimal | None = None
    vat: Decimal | None = None
    trusted: bool = False

    def __post_init__(self) -> None:
        if UNIT.fullmatch(self.unit.upper()) is None:
            raise InvalidTerms(f"{self.unit!r} is no unit; write EUR/MWh or EUR/kWh, as the file has it.")
        if self.factor <= 0:
            raise InvalidTerms(f"the factor {self.factor} makes dear hours cheap; it must be above 0.")
        if self.floor is not None and self.cap is not None and self.cap < self.floor:
            raise InvalidTerms(f"the cap {self.cap} lies below the floor {self.floor}; raise it.")
        if self.vat is not None and not 0 <= self.vat <= 100:
            raise InvalidTerms(f"{self.vat} is no VAT percentage; write 21 for 21 %.")

    @property
    def currency(self) -> str:
        return self.unit[:3].upper()

    @property
    def size(self) -> str:
        return self.unit[4:].upper()

    def price(self, quoted: Decimal) -> Decimal:
        """Per kWh before taxes, not rounded."""
        made = quoted / PER_KWH[self.size] * self.factor + self.margin
        made = made if self.floor is None else max(self.floor, made)
        return made if self.cap is None else min(self.cap, made)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `of` reads it back."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Terms":
        """From what `as_dict` gave, or an operator wrote: unknown names are refused."""
        unknown = told.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise InvalidTerms(f"{', '.join(sorted(unknown))}: there is no such parameter.")
        return cls(**told)


def to_tariff(price: Decimal) -> Decimal:
    """As it stands in the tariff."""
    return price.quantize(PLACES, ROUND_HALF_UP).normalize() + 0


def examined(quoted: Sequence[Quoted], told: Sequence[tuple[str, str]], terms: Terms, currency: str) -> None:
    """Whether the prices are what the terms take them for; DraftRefused names every fault.

    currency  of the tariff
    """
    if terms.currency != currency:
        raise refuse("currency", "", f"the tariff is in {currency}, the prices are in {terms.currency}")
    faults = [*of_what_is_told(told, terms), *([] if terms.trusted else of_values(quoted, terms))]
    if quoted[-1].end - quoted[0].start > LONGEST:
        faults.append(fault("too-long", quoted[-1].place, "the prices are of more than a year"))
    if faults:
        raise DraftRefused(faults)


def of_what_is_told(told: Sequence[tuple[str, str]], terms: Terms) -> Iterator[Refusal]:
    """The file says itself what its prices are."""
    for place, said in told:
        words = said.upper().replace(" ", "")
        currency, _, size = words.rpartition("/") if "/" in words or "WH" in words else (words, "", "")
        if size and size != terms.size:
            yield fault("unit", place, f"says {said}, not {terms.unit}")
        if len(currency) == 3 and currency != terms.currency:
            yield fault("currency", place, f"says {said}, not {terms.currency}")


def of_values(quoted: Sequence[Quoted], terms: Terms) -> Iterator[Refusal]:
    """A price a thousand times too high or too low is one in another unit."""
    for each in quoted:
        if not LOWEST <= each.price / PER_KWH[terms.size] <= HIGHEST:
            moment = instants.text(each.start)
            yield fault("absurd", each.place, f"{each.price} {terms.unit} is beyond all markets", moment)
    if terms.size == "MWH" and per_kwh(quoted):
        yield fault("unit", quoted[0].place, f"all prices are below 1 {terms.unit}, as prices per kWh are")


def per_kwh(quoted: Sequence[Quoted]) -> bool:
    """Markets quote a MWh with two decimals; what is small and finer is a price per kWh."""
    small = max(abs(each.price) for each in quoted) < 1
    return small and any(each.price != round(each.price, 2) for each in quoted)
