"""What a tariff made of a curve takes over from another one: all but what a kWh costs at each moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hub.ocpi.document import Json
from hub.prices.curves.terms import InvalidTerms, Terms, to_tariff

ENERGY = "ENERGY"
DATES = {"start_date", "end_date"}
OF_A_CURVE = DATES | {"start_time", "end_time", "max_duration"}
VALIDITY = ("start_date_time", "end_date_time", "last_updated")
"""Belongs to a version, and is said anew of each."""


@dataclass(frozen=True, slots=True)
class Template:
    """A tariff without its energy prices.

    head      its fields
    fixed     its elements, those of energy left out
    energy    what every component of energy says besides its price
    fallback  the price outside the curve, as it stands in the tariff
    """

    head: Json
    fixed: tuple[Json, ...]
    energy: Json
    fallback: Decimal

    @classmethod
    def of(cls, tariff: Json, terms: Terms) -> "Template":
        """From a tariff of the newest edition; InvalidTerms says what it lacks, or has too much."""
        usual = usual_energy(tariff)
        energy: Json = {"type": ENERGY, "step_size": usual.get("step_size", 1)}
        vat = usual.get("vat") if terms.vat is None else terms.vat
        if vat is not None:
            energy["vat"] = vat
        made = cls(
            head={name: value for name, value in tariff.items() if name not in (*VALIDITY, "elements")},
            fixed=tuple(without_energy(tariff["elements"])),
            energy=energy,
            fallback=Decimal(usual.get("price", 0)),
        )
        if made.includes_taxes and vat is None:
            raise InvalidTerms("the prices of the template include taxes, and it tells no VAT: give --vat.")
        if terms.fallback is not None:
            return cls(made.head, made.fixed, made.energy, made.raised(terms.fallback))
        if "price" not in usual:
            raise InvalidTerms(
                "the template has no price of energy without restrictions, for times outside the curve:"
                " give --fallback."
            )
        return made

    @property
    def includes_taxes(self) -> bool:
        return self.head.get("tax_included") == "YES"

    def raised(self, price: Decimal) -> Decimal:
        """A price before taxes as it stands in this tariff."""
        if self.includes_taxes:
            price *= 1 + Decimal(self.energy["vat"]) / 100
        return to_tariff(price)

    def document(self, hours: Sequence[Json]) -> Json:
        """The tariff with these prices of energy, each with its restrictions."""
        priced = [
            {"price_components": [self.component(each["price"])], "restrictions": each["restrictions"]}
            for each in hours
        ]
        last: Json = {"price_components": [self.component(self.fallback)]}
        return self.head | {"elements": [*self.fixed, *priced, last]}

    def component(self, price: Decimal) -> Json:
        return self.energy | {"price": price}


def usual_energy(tariff: Json) -> Json:
    """The component that prices energy whenever nothing else does; empty when there is none."""
    found: Json = {}
    for number, element in enumerate(tariff["elements"]):
        restrictions = element.get("restrictions")
        for component in element["price_components"]:
            if component["type"] != ENERGY:
                continue
            if not restrictions:
                found = found or component
            elif not of_a_curve(restrictions):
                raise InvalidTerms(
                    f"elements[{number}] of the template has a price of energy with restrictions, which would"
                    " stand beside the curve: take it out."
                )
    return found


def of_a_curve(restrictions: Json) -> bool:
    """Whether it is an hour of an earlier curve."""
    if not DATES <= restrictions.keys() <= OF_A_CURVE:
        return False
    first, last = (date.fromisoformat(restrictions[name]) for name in ("start_date", "end_date"))
    return last - first == timedelta(days=1)


def without_energy(elements: Sequence[Json]) -> Iterator[Json]:
    for element in elements:
        others = [each for each in element["price_components"] if each["type"] != ENERGY]
        if others:
            yield element | {"price_components": others}
