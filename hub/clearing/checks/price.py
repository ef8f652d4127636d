"""F: whether a CDR costs what it should."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from statistics import median

from hub.clearing.case import Case, Recomputed
from hub.clearing.facts import NOUGHT, Cost
from hub.clearing.rule import Limits, Rule, Severity
from hub.ocpi import instants
from hub.ocpi.document import Json


def no_tariff(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.total.net and not case.cdr.get("tariffs"):
        yield f"it costs {case.facts.total.net} and carries no tariff"


def tariff_not_carried(case: Case, limits: Limits) -> Iterator[str]:
    carried = {str(tariff["id"]).casefold() for tariff in case.cdr.get("tariffs") or ()}
    for place, span in enumerate(case.facts.spans):
        if carried and span.tariff_id is not None and span.tariff_id.casefold() not in carried:
            yield f"charging_periods[{place}] names {span.tariff_id}"


def tariff_drift(case: Case, limits: Limits) -> Iterator[str]:
    if case.known is not None and not case.known.same:
        yield f"tariff {case.known.tariff['id']} said something else at {case.cdr['start_date_time']}"


def tariff_not_valid(case: Case, limits: Limits) -> Iterator[str]:
    start = case.facts.start
    for tariff in case.cdr.get("tariffs") or ():
        since, until = (tariff.get(name) for name in ("start_date_time", "end_date_time"))
        early = since is not None and start < instants.micros(since)
        late = until is not None and start >= instants.micros(until)
        if early or late:
            yield f"tariff {tariff['id']} holds from {since or 'ever'} until {until or 'ever'}"


def other_currency(case: Case, limits: Limits) -> Iterator[str]:
    for tariff in case.cdr.get("tariffs") or ():
        if str(tariff["currency"]).upper() != str(case.cdr["currency"]).upper():
            yield f"tariff {tariff['id']} is in {tariff['currency']}, the CDR in {case.cdr['currency']}"


def other_amount(case: Case, limits: Limits) -> Iterator[str]:
    """Against what the hub would bill; where it cannot tell, against the tariff that the CDR carries."""
    expected = case.expected or case.carried
    if expected is None:
        return
    difference = case.facts.total.net - expected.net
    if abs(difference) > tolerance(case, expected):
        cause = expected.cause or "UNEXPLAINED"
        yield f"{cause}: it costs {case.facts.total.net}, recomputed {expected.net} ({difference:+f})"


def tolerance(case: Case, expected: Recomputed) -> Decimal:
    """By how much a CDR may differ, as agreed."""
    return case.terms.tolerance + abs(expected.net) * case.terms.tolerance_percent / 100


def parts_differ(case: Case, limits: Limits) -> Iterator[str]:
    facts = case.facts
    limited = any(each is not None and each.limited for each in (case.expected, case.carried))
    if not facts.shares or limited:
        return
    summed = sum((share.net for share in facts.shares.values()), NOUGHT)
    if abs(summed - facts.total.net) > limits["amount"] * len(facts.shares):
        yield f"total_cost is {facts.total.net}, its parts make {summed}"


def outside_its_limits(case: Case, limits: Limits) -> Iterator[str]:
    tariffs: list[Json] = case.cdr.get("tariffs") or []
    if len(tariffs) != 1:
        return
    told = {"before_taxes": case.facts.total.net, "after_taxes": case.facts.total.gross}
    for name, sign in (("min_price", 1), ("max_price", -1)):
        for side, limit in (tariffs[0].get(name) or {}).items():
            amount = told.get(side)
            if amount is not None and (amount - Decimal(limit)) * sign < -case.terms.tolerance:
                yield f"{side} is {amount}, {name} of its tariff {limit}"


def below_nought(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.total.net < 0 and not case.terms.negative_energy:
        yield f"total_cost is {case.facts.total.net}"


def out_of_range(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.total.net > limits["amount"] * one_euro(case):
        yield f"total_cost is {case.facts.total.net}"


def dear_energy(case: Case, limits: Limits) -> Iterator[str]:
    """By what its energy alone cost, where that is told: a car that stays makes no kWh dear."""
    told = case.facts.shares.get("total_energy_cost", case.facts.total)
    if case.facts.energy < 1:
        return
    price = told.net / case.facts.energy
    if price > limits["per_kwh"] * one_euro(case):
        yield f"{price:.4f} per kWh"


EURO: Mapping[str, int] = {
    "AED": 4, "CNY": 8, "CZK": 25, "DKK": 8, "HKD": 9, "HUF": 400, "ILS": 4, "INR": 100, "ISK": 145,
    "JPY": 165, "KRW": 1600, "MKD": 62, "MXN": 21, "NOK": 12, "PLN": 5, "RON": 5, "RSD": 117, "RUB": 95,
    "SEK": 11, "THB": 38, "TRY": 48, "TWD": 36, "UAH": 48, "ZAR": 20,
}  # fmt: skip
"""What a euro is in currencies whose unit is worth much less, roughly and rather too much: it is only to tell
the absurd from the dear."""


def one_euro(case: Case) -> int:
    """How much of its currency the limits of an amount mean by one."""
    return EURO.get(str(case.cdr["currency"]).upper(), 1)


def unusual(case: Case, limits: Limits) -> Iterator[str]:
    price = per_kwh(case)
    if price is None or len(case.usual) < limits["least"]:
        return
    middle = median(case.usual)
    spread = max(median(abs(each - middle) for each in case.usual), limits["least_spread"])
    if abs(price - middle) > limits["times"] * spread:
        yield f"{price:.4f} per kWh, usual here are {middle:.4f}"


def odd_taxes(case: Case, limits: Limits) -> Iterator[str]:
    for name, told in (("total_cost", case.facts.total), *case.facts.shares.items()):
        yield from tax_faults(name, told, limits["amount"])


def tax_faults(name: str, told: Cost, allowed: Decimal) -> Iterator[str]:
    if len(told.taxes) != 1:
        return
    percentage, amount = told.taxes[0]
    if percentage is not None and abs(told.net * percentage / 100 - amount) > allowed:
        yield f"{name}: {amount} is not {percentage} % of {told.net}"


def other_vat(case: Case, limits: Limits) -> Iterator[str]:
    if case.agreement is None or case.agreement.vat_category != "S" or case.agreement.vat_rate is None:
        return
    rates = {percentage for percentage, amount in case.facts.total.taxes if percentage is not None and amount}
    for rate in sorted(rates - {case.agreement.vat_rate}):
        yield f"{rate} %, agreed is {case.agreement.vat_rate} %"


def free_with_cost(case: Case, limits: Limits) -> Iterator[str]:
    prices = [
        component["price"]
        for tariff in case.cdr.get("tariffs") or ()
        for element in tariff["elements"]
        for component in element["price_components"]
    ]
    if prices and not any(prices) and case.facts.total.net:
        yield f"its tariff is free, it costs {case.facts.total.net}"


def missing_split(case: Case, limits: Limits) -> Iterator[str]:
    for each in (case.expected, case.carried):
        if each is not None and each.cause is not None and "MISSING_PERIOD_SPLIT" in each.cause:
            yield "a price changes inside one of its periods"
            return


def per_kwh(case: Case) -> Decimal | None:
    """What a kWh cost, all in all; None where there is too little energy to tell."""
    if case.facts.energy < 1:
        return None
    return case.facts.total.net / case.facts.energy


H, W = Severity.HOLD, Severity.WARN
ASK = "Ask the CPO how it came to the amount: `hub cdr explain` tells ours; accept it, or dispute it."
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("F1", W, "It costs something and carries no tariff.", SEE, no_tariff),
    Rule("F2", H, "A period names a tariff that it does not carry.", ASK, tariff_not_carried),
    Rule(
        "F3",
        H,
        "Its tariff is not the one that held at its start.",
        "`hub tariff show` tells what held; accept it, or dispute it.",
        tariff_drift,
    ),
    Rule("F4", H, "Its tariff did not hold at its start.", ASK, tariff_not_valid),
    Rule("F5", H, "It is in another currency than its tariff.", ASK, other_currency),
    Rule("F6", H, "It costs something else than it should.", ASK, other_amount),
    Rule("F7", H, "Its parts do not make up its total.", ASK, parts_differ, {"amount": Decimal("0.01")}),
    Rule("F8", H, "It costs more or less than its tariff allows.", ASK, outside_its_limits),
    Rule("F9", H, "It costs less than nothing.", ASK, below_nought),
    Rule("F10", H, "It costs more than is usual for anybody.", ASK, out_of_range, {"amount": Decimal(500)}),
    Rule("F11", H, "Its energy is dearer than any.", ASK, dear_energy, {"per_kwh": Decimal(2)}),
    Rule(
        "F12",
        W,
        "Its energy costs something else than is usual at this EVSE.",
        SEE,
        unusual,
        {"times": Decimal(4), "least": Decimal(10), "least_spread": Decimal("0.01")},
    ),
    Rule("F13", W, "A tax is not what its percentage makes.", SEE, odd_taxes, {"amount": Decimal("0.01")}),
    Rule("F14", W, "Its VAT is another than agreed.", SEE, other_vat),
    Rule("F15", H, "Its tariff is free, and it costs something.", ASK, free_with_cost),
    Rule("F16", W, "It should have been split where its price changes.", SEE, missing_split),
)
