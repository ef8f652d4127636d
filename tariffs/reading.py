"""How a tariff document of any edition becomes a Tariff."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tariffs.errors import TariffError
from tariffs.fields import Fields
from tariffs.model import (
    Component,
    Dimension,
    Element,
    PriceLimit,
    Remark,
    ReservationKind,
    Restrictions,
    Round,
    Rule,
    Tariff,
    Taxes,
    rates,
)

CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
KNOWN_RESTRICTIONS = frozenset(Restrictions.__dataclass_fields__)
TIMES = (Dimension.TIME, Dimension.PARKING_TIME)
SESSION_TIME = "SESSION_TIME"
MOST_ELEMENTS = 100_000


class Granularity(StrEnum):
    """To which decimal Gireve's dialect rounds: its place here."""

    UNIT = "UNIT"
    TENTH = "TENTH"
    HUNDREDTH = "HUNDREDTH"
    THOUSANDTH = "THOUSANDTH"


class TaxIncluded(StrEnum):
    """The field of 2.3.0."""

    YES = "YES"
    NO = "NO"
    NOT_APPLICABLE = "N/A"


def read_tariff(document: Mapping[str, Any]) -> Tariff:
    """The tariff of a 2.1.1, 2.2.1 or 2.3.0 document; TariffError when it cannot be priced.

    What can be priced but looks wrong is kept in `warnings`. Numbers are int or Decimal.
    """
    if not isinstance(document, Mapping):
        raise TariffError("", "object", "a tariff must be an object")
    return _Reader().tariff(Fields(document, "", TariffError))


class _Reader:
    """Reads one document and notes what looks wrong on the way."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []

    def tariff(self, fields: Fields) -> Tariff:
        elements = tuple(self.elements(fields))
        return Tariff(
            id=fields.required_text("id"),
            currency=self.currency(fields),
            elements=elements,
            taxes=_taxes(fields, elements),
            type=fields.text("type"),
            min_price=self.limit(fields, "min_price"),
            max_price=self.limit(fields, "max_price"),
            start=fields.instant("start_date_time"),
            end=fields.instant("end_date_time"),
            country_code=fields.text("country_code"),
            party_id=fields.text("party_id"),
            warnings=tuple(self.remarks),
        )

    def remark(self, rule: str, path: str, message: str) -> None:
        self.remarks.append(Remark(rule, path, message))

    def currency(self, fields: Fields) -> str:
        currency = fields.required_text("currency").upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            fields.refuse("currency", "currency", "must be an ISO 4217 code of three letters")
        return currency

    def limit(self, fields: Fields, name: str) -> PriceLimit | None:
        """PriceLimit of 2.3.0 or Price of 2.2.1; both say net and gross by name (P-60, P-62)."""
        found = fields.child(name)
        if found is None:
            return None
        net, gross = ("excl_vat", "incl_vat") if found.has("excl_vat") else ("before_taxes", "after_taxes")
        limit = PriceLimit(found.required_number(net), found.number(gross))
        if limit.after_taxes is not None and limit.after_taxes < limit.before_taxes:
            self.remark("limit-gross-below-net", fields.at(name), "is lower after taxes than before taxes")
        return limit

    def elements(self, fields: Fields) -> Iterator[Element]:
        count = len(fields.items("elements"))
        if not count:
            fields.refuse("elements", "required", "a tariff needs at least one element")
        if count > MOST_ELEMENTS:
            fields.refuse("elements", "too-many", f"more than {MOST_ELEMENTS} elements")
        for index, element in enumerate(fields.children("elements")):
            restrictions = self.restrictions(element)
            yield Element(index, self.components(element, restrictions), restrictions)

    def components(self, element: Fields, restrictions: Restrictions) -> tuple[Component, ...]:
        found: dict[Dimension, Component] = {}
        for component, fields in self.told_components(element):
            if component.dimension in found:  # A30
                self.remark("component-twice", fields.path, f"a second {component.dimension} is never used")
            found.setdefault(component.dimension, component)
            if restrictions.reservation and component.dimension in (Dimension.ENERGY, Dimension.PARKING_TIME):
                self.remark("reservation-dimension", fields.path, "a reservation has only FLAT and TIME")
        if not found:
            self.remark("element-empty", element.path, "has no price components")
        return tuple(found.values())

    def told_components(self, element: Fields) -> Iterator[tuple[Component, Fields]]:
        """Those of a list; a SESSION_TIME is a TIME and a PARKING_TIME (A39)."""
        for fields in element.children("price_components"):
            fields.require("type")
            if fields.get("type") == SESSION_TIME:
                self.remark("dialect", fields.at("type"), "is no dimension of OCPI: priced as Gireve's")
                for dimension in TIMES:
                    yield replace(self.component(fields, dimension), session_time=True), fields
                continue
            kind = fields.choice("type", Dimension)
            assert kind is not None
            yield self.component(fields, kind), fields

    def component(self, fields: Fields, dimension: Dimension) -> Component:
        price = fields.required_number("price")
        if price < 0:
            self.remark("price-negative", fields.at("price"), "is negative")
        return Component(
            dimension,
            price,
            vat=self.vat(fields),
            step_size=self.step_size(fields, dimension),
            price_round=self.round(fields, "price_round"),
            step_round=self.round(fields, "step_round"),
        )

    def round(self, fields: Fields, name: str) -> Round | None:
        """A rounding of Gireve's dialect (A39)."""
        found = fields.child(name)
        if found is None:
            return None
        granularity = found.choice("round_granularity", Granularity) or Granularity.UNIT
        self.remark("dialect", fields.at(name), "is no field of OCPI: applied as Gireve means it")
        rule = found.choice("round_rule", Rule) or Rule.ROUND_NEAR
        return Round(list(Granularity).index(granularity), rule)

    def vat(self, fields: Fields) -> Decimal | None:
        vat = fields.number("vat")
        if vat is not None and vat < 0:
            fields.refuse("vat", "vat-range", "a negative VAT percentage cannot be priced")
        if vat is not None and (vat > 100 or 0 < vat < 1):
            self.remark("vat-range", fields.at("vat"), "is a percentage: 21 for 21 %")
        return vat

    def step_size(self, fields: Fields, dimension: Dimension) -> int:
        step = fields.integer("step_size")
        if dimension is Dimension.FLAT:
            return 1
        if step is None:
            self.remark("step-missing", fields.at("step_size"), "is missing: priced as 1")
        elif step < 0:
            fields.refuse("step_size", "step-range", "must not be negative")
        elif step == 0:  # P-47
            self.remark("step-zero", fields.at("step_size"), "is 0: priced without steps")
        return 1 if step is None else step

    def restrictions(self, element: Fields) -> Restrictions:
        fields = element.child("restrictions")
        if fields is None:
            return Restrictions()
        for name in fields.document:
            if name not in KNOWN_RESTRICTIONS and fields.has(name):
                self.remark("restriction-unknown", fields.at(name), "is no restriction of OCPI: not applied")
        read = Restrictions(
            start_time=_clock_time(fields, "start_time"),
            end_time=_clock_time(fields, "end_time"),
            start_date=_local_date(fields, "start_date"),
            end_date=_local_date(fields, "end_date"),
            day_of_week=_weekdays(fields),
            reservation=fields.choice("reservation", ReservationKind),
            **_numbers(fields),
        )
        self.doubt(read, fields)
        return read

    def doubt(self, read: Restrictions, fields: Fields) -> None:
        """Restrictions that can never hold."""
        if read.start_time == read.end_time and read.start_time:  # A07
            self.remark("never", fields.at("start_time"), "equals end_time: this element never applies")
        if read.start_date and read.end_date and read.end_date <= read.start_date:
            self.remark("never", fields.at("end_date"), "is not after start_date: this element never applies")
        for name in ("kwh", "current", "power", "duration"):
            least, most = getattr(read, f"min_{name}"), getattr(read, f"max_{name}")
            if least is not None and most is not None and least >= most:
                self.remark("never", fields.at(f"max_{name}"), "is not above the minimum: never")


def _numbers(fields: Fields) -> dict[str, Any]:
    what = ("kwh", "current", "power", "duration")
    return {name: fields.number(name) for noun in what for name in (f"min_{noun}", f"max_{noun}")}


def _clock_time(fields: Fields, name: str) -> int | None:
    """Minutes of the day; 24:00 is read as the end of the day that it means."""
    text = fields.text(name)
    if text is None:
        return None
    found = CLOCK_TIME.fullmatch(text)
    if found is None or (text == "24:00" and name == "start_time"):
        fields.refuse(name, "clock-time", "must be a time of day from 00:00 to 23:59")
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def _local_date(fields: Fields, name: str) -> date | None:
    text = fields.text(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        fields.refuse(name, "local-date", "must be a date such as 2025-12-24")
    return found


def _weekdays(fields: Fields) -> tuple[int, ...]:
    """Weekdays from Monday = 0, sorted; an empty list is no restriction (P-14)."""
    found = set()
    for day in fields.items("day_of_week"):
        if day not in WEEKDAYS:
            fields.refuse("day_of_week", "choice", f"{str(day)[:20]!r} is none of {', '.join(WEEKDAYS)}")
        found.add(WEEKDAYS.index(day))
    return tuple(sorted(found))


def _taxes(fields: Fields, elements: tuple[Element, ...]) -> Taxes:
    """P-61, P-62, A20, A21: a 2.3.0 or 2.1.1 tariff without any rate leaves the taxes to somebody else."""
    included = fields.choice("tax_included", TaxIncluded)
    if included is TaxIncluded.YES:
        return Taxes.INCLUDED
    if included is TaxIncluded.NOT_APPLICABLE:
        return Taxes.NONE
    if rates(elements) or (included is None and fields.has("country_code")):
        return Taxes.ON_TOP
    return Taxes.ON_TOP_UNKNOWN
