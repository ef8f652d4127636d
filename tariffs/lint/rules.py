"""Every rule of the linter: how bad it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error makes the price wrong or unclear; a warning is legal and seldom meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule by its stable id; `remedy` says what to do."""

    id: str
    severity: Severity
    remedy: str


_ERRORS = {
    "unreadable": "Correct the field: OCPI does not allow this, and the tariff cannot be priced.",
    "field-unknown": "Remove the field, or move what it says into one that OCPI knows: nobody prices it.",
    "field-misspelt": "Write the field as OCPI does: as it stands, nobody reads it.",
    "field-null": "Leave the field out: OCPI has no null, and engines differ in what it means.",
    "wrong-case": "Write it exactly as OCPI does: letter case matters.",
    "currency-unknown": "Use the ISO 4217 code of a currency in use.",
    "unreachable": "Move it before the elements that cover it, or remove it.",
    "charging-gap": "Price the moment, with a component of price 0 if charging is meant to be free then.",
    "impossible": "Correct the bounds: a minimum is inclusive, a maximum exclusive and above it.",
    "component-twice": "Keep one component of each dimension in an element: only the first is used.",
    "element-empty": "Give the element a price component, or remove it.",
    "limits-crossed": "Make min_price at most max_price, before and after taxes.",
    "limit-gross-below-net": "Make the limit after taxes at least the limit before taxes.",
    "validity-reversed": "Make end_date_time later than start_date_time.",
    "tax-rate-unexpected": "Remove vat, or set tax_included to YES or NO.",
    "vat-range": "Write VAT as a percentage from 0 to 100: 21 for 21 %.",
}

_WARNINGS = {
    "dimension-gap": "Price the moment too; if it is meant to be free, a component of price 0 says so.",
    "tax-rate-missing": "Name the rate in vat: without it nobody can tell the price before taxes.",
    "time-window-empty": "Leave both times out for the whole day: equal times never hold.",
    "end-time-midnight": "Test it with your partners, or leave end_time out: engines differ on 00:00.",
    "step-zero": "Use 1, which bills exactly what was used; 0 stands only with a free FLAT.",
    "step-missing": "Write step_size: 1 bills exactly what was used.",
    "flat-step": "Use 1: a fixed fee has no steps.",
    "time-step-inert": "Do not count on this step: it rounds only sessions that end while charging.",
    "steps-differ": "Use one step_size for the dimension: the last element of a session decides for all.",
    "step-large": "Consider a smaller step: drivers pay for much that they did not use.",
    "load-restriction": "Expect disputes: measure by period, since most CDRs do not tell power or current.",
    "date-restriction": "Use start_date_time and end_date_time of the tariff: every element has dates.",
    "weekday-over-midnight": "Write two elements, one for each side of midnight, each with its own weekdays.",
    "dst-edge": "Move the edge out of the hour that is skipped or repeated when clocks change.",
    "price-decimals": "Use at most six decimals: finer prices are cut by many systems.",
    "price-high": "Check the price: more than about 10 EUR per kWh.",
    "price-in-cents": "Write whole units of the currency: 0.25, not 25.",
    "price-per-minute": "Check the unit: prices of time are per hour in OCPI.",
    "price-negative": "Check the sign: a negative price pays the driver.",
    "reservation-dimension": "Use FLAT and TIME only: a reservation has no energy and no parking.",
    "expiry-without-reservation": "Add an element for RESERVATION, if a used reservation has a price.",
    "no-energy-or-time": "Price ENERGY or TIME, unless charging is meant to be free.",
    "free-tariff-form": "Write a free tariff as one element with one FLAT component of price 0.",
    "flats-add-up": "Make sure that one session may bear all of these fees: each is charged once.",
    "alt-text-contradicts": "Make the text say what the elements charge: drivers are shown the text.",
    "validity-overlap": "End the earlier tariff when the later begins.",
    "validity-gap": "Let the later tariff begin when the earlier ends: sessions between have no price.",
    "dialect": "Send it to partners that know the dialect only: all others price the tariff without it.",
    "too-large": "Split the tariff: it has too many conditions to check which elements cover each other.",
}

RULES = {
    name: Rule(name, severity, remedy)
    for severity, remedies in ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS))
    for name, remedy in remedies.items()
}
