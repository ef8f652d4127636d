"""What looks wrong about the amounts of a tariff: prices, taxes, limits, currency, validity, its text."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import moneyed

from tariffs.exact import decimals
from tariffs.lint.finding import Findings, Subject, finding
from tariffs.model import Component, Dimension, Element, Taxes, rates
from tariffs.rounding import to_places

MOST_DECIMALS = 6
MOST_PER_KWH, LEAST_PER_HOUR = 10, Decimal("0.5")
"""In euros; other currencies by what roughly makes a euro."""

ROUGHLY_A_EURO = {
    10: ("BWP", "CNY", "DKK", "EGP", "GTQ", "HKD", "HNL", "MAD", "MDL", "MXN", "NOK", "SEK", "SZL", "ZAR"),
    50: ("CZK", "INR", "KGS", "MKD", "MUR", "NIO", "PHP", "THB", "TRY", "TWD", "UAH", "UYU"),
    150: ("ALL", "BDT", "ISK", "JPY", "KES", "NPR", "RSD", "RUB", "DZD"),
    500: ("AMD", "ARS", "CLP", "CRC", "HUF", "KZT"),
    2000: ("KRW", "MNT", "NGN", "COP", "TZS"),
    20000: ("IDR", "VND", "PYG", "UZS"),
}
AMOUNT = re.compile(
    r"(?P<before>[€£$]\s?)?(?P<digits>\d+(?:[.,]\d+)?)\s?(?P<after>€|£|\$|ct\b|cents?\b|[A-Z]{3}\b)?"
)


def currency(subject: Subject) -> Findings:
    """A currency that is not in use."""
    if subject.tariff.currency not in moneyed.CURRENCIES or subject.tariff.currency in ("XXX", "XTS"):
        yield finding("currency-unknown", "currency", f"{subject.tariff.currency} is no currency of ISO 4217")


def limits(subject: Subject) -> Findings:
    """A least price above the greatest; gross below net is told by the reading."""
    least, most = subject.tariff.min_price, subject.tariff.max_price
    if least is None or most is None:
        return
    if least.before_taxes > most.before_taxes:
        yield finding("limits-crossed", "min_price", "is above max_price before taxes")
    elif (
        least.after_taxes is not None
        and most.after_taxes is not None
        and least.after_taxes > most.after_taxes
    ):
        yield finding("limits-crossed", "min_price", "is above max_price after taxes")


def validity(subject: Subject) -> Findings:
    """An end that is not after the start."""
    start, end = subject.tariff.start, subject.tariff.end
    if start is not None and end is not None and end <= start:
        yield finding(
            "validity-reversed", "end_date_time", "is not after start_date_time: it is never in force"
        )


def taxes(subject: Subject) -> Findings:
    """Rates that are missing, or that are there where there is no tax (P-62, A47)."""
    for element, part in _parts(subject):
        path = subject.component(element, part.dimension)
        if subject.tariff.taxes is Taxes.INCLUDED and part.vat is None and part.price:
            yield finding("tax-rate-missing", path, "includes taxes, but its rate is not told")
        if subject.tariff.taxes is Taxes.NONE and part.vat is not None:
            yield finding("tax-rate-unexpected", f"{path}.vat", "is given although tax_included is N/A")


def prices(subject: Subject) -> Findings:
    """Prices with too many decimals, too high, too low for an hour, or written in cents."""
    unit = next((size for size, codes in ROUGHLY_A_EURO.items() if subject.tariff.currency in codes), 1)
    for element, part in _parts(subject):
        path = f"{subject.component(element, part.dimension)}.price"
        if decimals(part.price) > MOST_DECIMALS:
            yield finding("price-decimals", path, f"has {decimals(part.price)} decimals")
        if part.dimension is Dimension.ENERGY and part.price > MOST_PER_KWH * unit:
            cents = part.price == int(part.price) and part.price < MOST_PER_KWH * unit * 20
            yield finding("price-in-cents" if cents else "price-high", path, f"{part.price:f} per kWh")
        timed = part.dimension in (Dimension.TIME, Dimension.PARKING_TIME)
        if timed and 0 < part.price < LEAST_PER_HOUR * unit:
            yield finding("price-per-minute", path, f"{part.price:f} per hour: is it meant per minute?")


def free(subject: Subject) -> Findings:
    """Tariffs that price neither energy nor time, and free ones that are not written as OCPI shows."""
    parts = list(_parts(subject))
    if parts and not any(part.price for _, part in parts):
        part = parts[0][1]
        usual = (
            len(parts) == 1
            and part.dimension is Dimension.FLAT
            and not subject.document["elements"][0].get("restrictions")
        )
        if not usual or len(subject.tariff.elements) > 1:
            yield finding("free-tariff-form", "elements", "is free, and not written in the usual way")
        return
    charging = {Dimension.ENERGY, Dimension.TIME}
    if not any(part.dimension in charging and not one.restrictions.reservation for one, part in parts):
        yield finding("no-energy-or-time", "elements", "price neither ENERGY nor TIME: charging is free")


def text(subject: Subject) -> Findings:
    """Amounts in the alternative text that no element charges."""
    known = set(_amounts(subject))
    texts = subject.document.get("tariff_alt_text")
    for place, told in enumerate(texts if isinstance(texts, list) else ()):
        written = told.get("text") if isinstance(told, Mapping) else None
        for amount in _written(written, subject.tariff.currency):
            if not any(_same(amount, exact) for exact in known):
                path = f"tariff_alt_text[{place}].text"
                message = f"speaks of {amount:f}, which no element, limit or minute of them costs"
                yield finding("alt-text-contradicts", path, message)


def _written(text: Any, currency: str) -> Iterator[Decimal]:
    """Numbers beside the sign or code of a currency, or in cents."""
    for found in AMOUNT.finditer(text if isinstance(text, str) else ""):
        after = found["after"] or ""
        amount = Decimal(found["digits"].replace(",", "."))
        if after.startswith(("ct", "cent")):
            yield amount / 100
        elif found["before"] or after in ("€", "£", "$", currency):
            yield amount


def _amounts(subject: Subject) -> Iterator[Fraction]:
    """Everything a text may rightly name: prices and limits, net and gross, of time by the minute too."""
    yield Fraction(0)
    found = rates(subject.tariff.elements)
    ratios = [Fraction(1), *(1 + Fraction(rate) / 100 for rate in found)]
    told = [Fraction(part.price) for _, part in _parts(subject)]
    for limit in (subject.tariff.min_price, subject.tariff.max_price):
        if limit is not None:
            told += [Fraction(limit.before_taxes), Fraction(limit.after_taxes or 0)]
    for amount in told:
        for ratio in ratios:
            yield from (amount * ratio, amount / ratio, amount * ratio / 60, amount / ratio / 60)


def _same(written: Decimal, exact: Fraction) -> bool:
    exponent = written.as_tuple().exponent
    places = max(-exponent, 0) if isinstance(exponent, int) else 0
    return to_places(exact, 1, places) == written


def _parts(subject: Subject) -> Iterator[tuple[Element, Component]]:
    for element in subject.tariff.elements:
        for part in element.components:
            yield element, part
