"""Which part of an amount bears which VAT: by the terms of the agreement, else as the CDR itself tells."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hub.clearing.facts import NOUGHT, SHARES, Cost, cost
from hub.closing.allocation import allocate
from hub.ocpi.document import Json
from hub.parties.terms import Terms
from hub.store.base import micro, of_micro

Taxes = Sequence[tuple[Decimal | None, Decimal]]
HALF = Fraction(1, 20_000)
"""Amounts of CDRs have four places, so each may be wrong by half of the last one."""
FINEST = 4
PLACES = 6
"""Of what is shared out."""


class Vat(NamedTuple):
    """A category of EN 16931 and a rate in percent."""

    category: str
    rate: Decimal

    def __str__(self) -> str:
        return f"{self.category} {self.rate.normalize():f}"


NONE_TOLD = Vat("O", NOUGHT)
ZERO_RATE = Vat("Z", NOUGHT)


def of_cdr(cdr: Json, net: Decimal, terms: Terms) -> dict[Vat, Decimal]:
    """The parts of a CDR's net amount, which they sum to exactly."""
    settled = by_terms(terms)
    if settled is not None:
        return {settled: net}
    total = cost(cdr["total_cost"])
    shares = [each for each in (cost(cdr[name]) for name in SHARES if cdr.get(name) is not None) if each.net]
    if not shares or not any(each.taxes for each in shares):
        return of_taxes(net, total.net, total.taxes)
    return parts(net, by_share(shares))


def of_part(cdr: Json, net: Decimal, terms: Terms) -> dict[Vat, Decimal]:
    """The same of a credit CDR that takes back a part: by the taxes of its total, where they tell the rate;
    else each rate of the whole has its share."""
    settled = by_terms(terms)
    if settled is not None:
        return {settled: net}
    total = cost(cdr["total_cost"])
    taxes = [(rate, amount) for rate, amount in total.taxes if amount]
    whole = by_share(cost(cdr[name]) for name in SHARES if cdr.get(name) is not None and cost(cdr[name]).net)
    if taxes and all(rate is not None for rate, _ in taxes):
        return of_taxes(net, total.net, taxes)
    which = rate_of(total.net, taxes, [each.rate for each in whole if each.rate])
    return {which: net} if which in whole or len(whole) < 2 else parts(net, whole)


def only_rate(cdr: Json) -> Vat | None:
    """What `of_cdr` would find, where each part of the cost bears one tax, told in percent, and that is the
    same for all, as most often it is: nothing is to be shared out then. None where it is not so."""
    found: Decimal | None = None
    for name in SHARES:
        price = cdr.get(name)
        if not price or not price["before_taxes"]:
            continue
        taxes = price.get("taxes")
        rate = taxes[0].get("percentage") if taxes and len(taxes) == 1 else None
        if rate is None or (found is not None and rate != found):
            return None
        found = rate
    return None if found is None else vat(Decimal(found))


def of_adjustment(net: Decimal, taxes: Taxes, terms: Terms) -> dict[Vat, Decimal]:
    settled = by_terms(terms)
    return {settled: net} if settled is not None else of_taxes(net, net, taxes)


def by_terms(terms: Terms) -> Vat | None:
    """Where the agreement says it all; None where each CDR's own rates hold."""
    if terms.vat_category != "S":
        return Vat(terms.vat_category, NOUGHT)
    return None if terms.vat_rate is None else vat(terms.vat_rate)


def vat(rate: Decimal) -> Vat:
    return Vat("S", rate) if rate else ZERO_RATE


def by_share(shares: Iterable[Cost]) -> dict[Vat, Decimal]:
    """What each rate has of the parts of the cost; the greatest first, so that small ones, whose rate cannot
    be told exactly, take one that is known where it fits."""
    found: dict[Vat, Decimal] = {}
    for share in sorted(shares, key=lambda each: -abs(each.net)):
        which = rate_of(share.net, share.taxes, [each.rate for each in found if each.rate])
        found[which] = found.get(which, NOUGHT) + share.net
    return found


def of_taxes(net: Decimal, told: Decimal, taxes: Taxes) -> dict[Vat, Decimal]:
    """By the taxes of a whole: several rates of VAT, each on its part, or one rate on all of it."""
    bases: dict[Vat, Decimal] = {}
    for rate, amount in taxes:
        if rate and amount:
            bases[vat(rate)] = bases.get(vat(rate), NOUGHT) + amount * 100 / rate
    if len(bases) > 1 and abs(sum(bases.values()) - told) <= Decimal("0.01") * len(bases):
        return parts(net, bases)
    return {rate_of(told, taxes): net}


def parts(net: Decimal, weights: Mapping[Vat, Decimal]) -> dict[Vat, Decimal]:
    """`net` shared out in millionths; a limit of the price takes from all alike."""
    whole = sum(weights.values())
    if abs(net) == whole and all(round(base, PLACES) == base for base in weights.values()):
        return dict(weights) if net == whole else {which: -base for which, base in weights.items()}
    if not whole:
        return {max(weights, key=lambda which: weights[which]): net}
    shares = allocate(micro(net), weights)
    return {which: of_micro(units) for which, units in shares.items()}


def rate_of(net: Decimal, taxes: Taxes, known: Sequence[Decimal] = ()) -> Vat:
    """As told in percent, several taxes on one amount together; else what the amounts make."""
    if not taxes:
        return NONE_TOLD
    rates = [rate for rate, _ in taxes if rate is not None]
    if len(rates) == len(taxes):
        return vat(sum(rates, NOUGHT))
    tax = sum((amount for _, amount in taxes), NOUGHT)
    return vat(roundest(abs(Fraction(net)), abs(Fraction(tax)), known)) if net and tax else ZERO_RATE


def roundest(net: Fraction, tax: Fraction, known: Sequence[Decimal]) -> Decimal:
    """The rate with the fewest places that makes this tax of this amount, as far as both can be told."""
    low = max(tax - HALF, Fraction(0)) * 100 / (net + HALF)
    high = (tax + HALF) * 100 / max(net - HALF, HALF)
    middle = tax * 100 / net
    for rate in (*known, *(near(middle, places) for places in range(FINEST))):
        if low <= Fraction(rate) <= high:
            return rate
    return near(middle, FINEST)


def near(rate: Fraction, places: int) -> Decimal:
    return Decimal(round(rate * 10**places)).scaleb(-places)
