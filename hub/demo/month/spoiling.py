"""Ways to spoil the papers of a charge, from which `faults` makes its table."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hub.demo.month import papers
from hub.demo.month.arrivals import Stay
from hub.demo.month.places import ALL
from hub.demo.wire import Json, later

DAY = timedelta(days=1)
Change = Callable[[Json], Json]
Changes = Callable[[Json, Stay], list[Json]]
"""What is sent for a CDR: of several, the last is the wrong one."""


def said(**fields: Any) -> Changes:
    return lambda cdr, stay: [cdr | fields]


def without(*names: str) -> Changes:
    return lambda cdr, stay: [{name: value for name, value in cdr.items() if name not in names}]


def at(name: str, **fields: Any) -> Changes:
    """Fields of an object in the CDR."""
    return lambda cdr, stay: [cdr | {name: cdr[name] | fields}]


def period(number: int, change: Change) -> Changes:
    """One of its periods."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        told = list(cdr["charging_periods"])
        told[number] = change(told[number])
        return [cdr | {"charging_periods": told}]

    return changed


def tariff(change: Change) -> Changes:
    return lambda cdr, stay: [cdr | {"tariffs": [change(each) for each in cdr["tariffs"]]}]


def as_well(*changes: Changes) -> Changes:
    """One after the other, each on what the one before it made last."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        sent = [cdr]
        for each in changes:
            sent = [*sent[:-1], *each(sent[-1], stay)]
        return sent

    return changed


def twin(**fields: Any) -> Changes:
    """The right one first, then another."""
    return lambda cdr, stay: [cdr, cdr | {"id": f"{cdr['id']}-2"} | fields]


def volume(kind: str, change: Callable[[Decimal], Decimal]) -> Change:
    def changed(told: Json) -> Json:
        dimensions = [
            each | {"volume": change(each["volume"])} if each["type"] == kind else each
            for each in told["dimensions"]
        ]
        return told | {"dimensions": dimensions}

    return changed


def measured(**volumes: Decimal) -> Change:
    """Dimensions besides."""
    more = [{"type": kind, "volume": value} for kind, value in volumes.items()]
    return lambda told: told | {"dimensions": [*told["dimensions"], *more]}


def times(factor: Decimal | int, *names: str) -> Changes:
    """All its amounts, or these: taxes with them."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        told = [name for name in cdr if name.endswith("_cost") and (not names or name in names)]
        return [cdr | {name: multiplied(cdr[name], factor) for name in told}]

    return changed


def multiplied(price: Json, factor: Decimal | int) -> Json:
    taxes = [tax | {"amount": round(tax["amount"] * factor, 4)} for tax in price["taxes"]]
    return {"before_taxes": round(price["before_taxes"] * factor, 4), "taxes": taxes}


def taxed(rate: Decimal) -> Changes:
    """At another rate, and rightly so reckoned."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        return [cdr | {name: at_rate(cdr[name], rate) for name in cdr if name.endswith("_cost")}]

    return changed


def at_rate(price: Json, rate: Decimal) -> Json:
    amount = round(price["before_taxes"] * rate / 100, 4)
    return price | {"taxes": [price["taxes"][0] | {"percentage": rate, "amount": amount}]}


def credit(**fields: Any) -> Changes:
    """The right CDR, then what takes it back."""
    return lambda cdr, stay: [cdr, credit_of(cdr) | fields]


def credit_of(cdr: Json) -> Json:
    (whole,) = times(-1, "total_cost")(cdr, ANY)
    reference = {"credit": True, "credit_reference_id": cdr["id"]}
    return whole | reference | {"id": f"{cdr['id']}-C"}


def credited(*changes: Changes) -> Changes:
    """A credit that is changed."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        *before, last = credit()(cdr, stay)
        return [*before, *as_well(*changes)(last, stay)]

    return changed


ANY: Any = None


def lasting(charging: int, idle: int, kwh: str) -> Callable[[Stay], Stay]:
    return lambda stay: replace(stay, charging=charging, idle=idle, kwh=Decimal(kwh))


def earlier(days: int) -> Callable[[Stay], Stay]:
    return lambda stay: replace(stay, start=stay.start - days * DAY)


def fast(charging: int, idle: int, kwh: str) -> Callable[[Stay], Stay]:
    """At one of the fast points of the same place, which lie behind the others."""

    def changed(stay: Stay) -> Stay:
        number = stay.site.points[0] + int(stay.evse_uid[-3:]) % stay.site.points[1] + 1
        at_evse = replace(stay, evse_uid=stay.site.evse_uid(number), fast=True)
        return lasting(charging, idle, kwh)(at_evse)

    return changed


def in_1970(stay: Stay) -> Stay:
    return replace(stay, start=stay.start.replace(year=1970, month=1, day=1))


def told_as(**fields: Any) -> Callable[[Json], Json]:
    return lambda session: session | fields


def never_told(session: Json) -> None:
    return None


def meter_says(change: Callable[[str], str]) -> Changes:
    """What was signed, changed as a text."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        (value,) = cdr["signed_data"]["signed_values"]
        values = [value | {"signed_data": change(value["signed_data"])}]
        return [cdr | {"signed_data": cdr["signed_data"] | {"signed_values": values}}]

    return changed


def meter_reads(kwh: str) -> Changes:
    return lambda cdr, stay: [cdr | {"signed_data": papers.signed(stay, Decimal(kwh))}]


def twice_at_the_place(**fields: Any) -> Changes:
    """Two charges at one point: the second an hour after the first."""

    def changed(cdr: Json, stay: Stay) -> list[Json]:
        second = moved(cdr, hours=6) | {"id": f"{cdr['id']}-2"} | fields
        return [cdr, second]

    return changed


def moved(cdr: Json, **delta: float) -> Json:
    names = ("start_date_time", "end_date_time", "last_updated")
    told = [
        each | {"start_date_time": later(each["start_date_time"], **delta)}
        for each in cdr["charging_periods"]
    ]
    return cdr | {name: later(cdr[name], **delta) for name in names} | {"charging_periods": told}


def new_meter(cdr: Json, stay: Stay) -> list[Json]:
    """The right one, and six hours later another, signed with a key that nobody knows."""
    second = moved(cdr, hours=6) | {"id": f"{cdr['id']}-2", "session_id": None}
    return [cdr, without_none(second) | {"signed_data": papers.signed(stay, stay.kwh, "NEW")}]


def after_ten_others(cdr: Json, stay: Stay) -> list[Json]:
    """Six days and more before it, cars that left when they were full."""
    sent = []
    for number in range(10, 0, -1):
        start = stay.start - 6 * DAY - timedelta(hours=5 * number)
        before = replace(
            stay, id=f"{stay.id}-{number}", start=start, charging=120, idle=0, kwh=Decimal("14.4")
        )
        usual = papers.cdr(before, cdr["tariffs"][0], before.end + timedelta(minutes=2))
        sent.append(without_none(usual | {"session_id": None}))
    return [*sent, cdr]


def elsewhere(cdr: Json, stay: Stay) -> list[Json]:
    """The same card in Hamburg, an hour's drive after Frankfurt, which it is not."""
    hamburg = next(site for site in ALL if site.city == "Hamburg")
    there = replace(stay, site=hamburg, evse_uid=hamburg.evse_uid(1))
    place = papers.cdr_location(there)
    signed = papers.signed(there, stay.kwh)
    second = moved(cdr, hours=3.2) | {"id": f"{cdr['id']}-2", "session_id": None}
    return [cdr, {**without_none(second), "cdr_location": place, "signed_data": signed}]


def without_none(cdr: Json) -> Json:
    return {name: value for name, value in cdr.items() if value is not None}


def ending(minutes: float) -> Changes:
    """Its end, so long after its beginning; nothing else."""
    return lambda cdr, stay: [cdr | {"end_date_time": later(cdr["start_date_time"], minutes=minutes)}]


def more(**amounts: str) -> Changes:
    """Numbers of the CDR, by so much greater."""
    return lambda cdr, stay: [
        cdr | {name: (cdr.get(name) or 0) + Decimal(amount) for name, amount in amounts.items()}
    ]


def price_of(number: str) -> Change:
    """All prices of a tariff."""

    def changed(told: Json) -> Json:
        elements = [
            element
            | {
                "price_components": [
                    each | {"price": Decimal(number)} for each in element["price_components"]
                ]
            }
            for element in told["elements"]
        ]
        return told | {"elements": elements}

    return changed


def in_wh(cdr: Json, stay: Stay) -> list[Json]:
    (told,) = period(0, volume("ENERGY", lambda kwh: kwh * 1000))(cdr, stay)
    return [told | {"total_energy": cdr["total_energy"] * 1000}]
