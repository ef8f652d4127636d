"""A second, slow and plain reading of the rules, straight from the documents, to compare the library with.

It knows only plain segments, one tariff and the default policy, with or without splitting. It cuts a session
at every quarter of an hour and at every threshold of the tariff, asks each element at the start of each
piece, and adds up fractions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
Json = dict[str, Any]


@dataclass
class Piece:
    kind: str
    start: datetime
    hours: Fraction
    kwh: Fraction
    kwh_before: Fraction
    seconds_before: Fraction
    power: Fraction
    current: Fraction


@dataclass
class Item:
    group: str
    quantity: Fraction
    component: Json


def plain_price(
    tariff: Json, session: Json, zone: str, split: bool = True
) -> tuple[Fraction, Fraction | None]:
    """Net and gross; gross is None when the tariff leaves taxes to somebody else.

    Segments are split where a price changes, or judged by their start.
    """
    items = list(itemised(tariff, session, ZoneInfo(zone), split))
    round_up(items)
    net, gross = Fraction(0), Fraction(0)
    for item in items:
        one_net, one_gross = with_tax(tariff, item)
        net, gross = net + one_net, gross + one_gross
    only_reserved = all(segment.get("kind") == "RESERVATION" for segment in session["segments"])
    for name, bound in (("min_price", max), ("max_price", min)):
        limit = tariff.get(name)
        if limit and not (only_reserved and name == "min_price"):
            net, gross = (
                bound(net, Fraction(limit["before_taxes"])),
                bound(gross, Fraction(limit["after_taxes"])),
            )
    return net, gross


def itemised(tariff: Json, session: Json, zone: ZoneInfo, split: bool) -> Iterator[Item]:
    flats = set()
    only_reserved = all(segment.get("kind") == "RESERVATION" for segment in session["segments"])
    for piece in pieces(tariff, session, split):
        time = {"PARKING": "PARKING_TIME"}.get(piece.kind, "TIME")
        reserved = piece.kind == "RESERVATION"
        for dimension, volume in (("FLAT", Fraction(1)), (time, piece.hours), ("ENERGY", piece.kwh)):
            found = first(tariff, dimension, piece, zone, only_reserved)
            if found is None or not volume or (reserved and dimension == "ENERGY"):
                continue
            if dimension == "FLAT":
                if id(found) in flats:
                    continue
                flats.add(id(found))
            yield Item("RESERVATION" if reserved and dimension == "TIME" else dimension, volume, found)


def first(tariff: Json, dimension: str, piece: Piece, zone: ZoneInfo, only_reserved: bool) -> Json | None:
    wanted: list[str | None] = [None]
    if piece.kind == "RESERVATION":
        wanted = ["RESERVATION_EXPIRES", "RESERVATION"] if only_reserved else ["RESERVATION"]
    for kind in wanted:
        for element in tariff["elements"]:
            restrictions = element.get("restrictions", {})
            if restrictions.get("reservation") == kind and matches(restrictions, piece, zone):
                for component in element["price_components"]:
                    if component["type"] == dimension:
                        return component
    return None


def matches(restrictions: Json, piece: Piece, zone: ZoneInfo) -> bool:
    local = piece.start.astimezone(zone)
    clock = f"{local:%H:%M:%S}"
    start, end = restrictions.get("start_time", "00:00"), restrictions.get("end_time", "00:00")
    end = "24:00" if end == "00:00" else end
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside or start == end:
        return False
    day = f"{local:%Y-%m-%d}"
    if not restrictions.get("start_date", "0") <= day < restrictions.get("end_date", "9"):
        return False
    if restrictions.get("day_of_week") and DAYS[local.weekday()] not in restrictions["day_of_week"]:
        return False
    seen = {
        "kwh": piece.kwh_before,
        "duration": piece.seconds_before,
        "power": piece.power,
        "current": piece.current,
    }
    return all(
        restrictions.get(f"min_{name}", value) <= value
        and not value >= restrictions.get(f"max_{name}", value + 1)
        for name, value in seen.items()
    )


def pieces(tariff: Json, session: Json, split: bool) -> Iterator[Piece]:
    at = datetime.strptime(session["start"], "%Y-%m-%dT%H:%M:%S%z")
    kwh = Fraction(0)
    began: dict[bool, datetime] = {}
    for segment in session["segments"]:
        kind = segment.get("kind", "CHARGING")
        length = timedelta(seconds=segment["seconds"])
        origin = began.setdefault(kind == "RESERVATION", at)
        energy = Fraction(segment.get("kwh", 0))
        hours = Fraction(segment["seconds"], 3600)
        power = energy / hours if hours and kind == "CHARGING" else Fraction(0)
        current = Fraction(segment.get("current", 0))
        places = cuts(tariff, at, length, origin, (kwh, energy)) if split else [Fraction(0), Fraction(1)]
        for one, other in pairwise(places):
            share = other - one
            start = at + timedelta(microseconds=int(one * segment["seconds"] * 10**6))
            since = Fraction((start - origin) // timedelta(microseconds=1), 10**6)
            yield Piece(kind, start, hours * share, energy * share, kwh + energy * one, since, power, current)
        at, kwh = at + length, kwh + energy


def cuts(
    tariff: Json, at: datetime, length: timedelta, origin: datetime, energy: tuple[Fraction, Fraction]
) -> list[Fraction]:
    found = {Fraction(0), Fraction(1)}
    whole = length // timedelta(microseconds=1)
    quarter = at.replace(minute=0, second=0, microsecond=0)
    while quarter < at + length:
        found.add(Fraction((quarter - at) // timedelta(microseconds=1), whole or 1))
        quarter += QUARTER
    for element in tariff["elements"]:
        for name, value in element.get("restrictions", {}).items():
            if name.endswith("duration"):
                moment = origin + timedelta(seconds=value)
                found.add(Fraction((moment - at) // timedelta(microseconds=1), whole or 1))
            if name.endswith("kwh") and energy[1]:
                found.add((Fraction(value) - energy[0]) / energy[1])
    return sorted(place for place in found if 0 <= place <= 1)


def round_up(items: list[Item]) -> None:
    for groups in (("ENERGY",), ("TIME", "PARKING_TIME"), ("RESERVATION",)):
        relevant = [item for item in items if item.group in groups]
        if relevant:
            last = relevant[-1]
            total = sum(item.quantity for item in relevant if item.group == last.group)
            step = Fraction(last.component["step_size"], 1000 if last.group == "ENERGY" else 3600)
            if step:
                last.quantity += ceil(total / step) * step - total


def with_tax(tariff: Json, item: Item) -> tuple[Fraction, Fraction]:
    amount = item.quantity * Fraction(item.component["price"])
    rate = Fraction(item.component.get("vat", Decimal(0))) / 100
    if tariff["tax_included"] == "YES":
        return amount / (1 + rate), amount
    return amount, amount * (1 + rate) if tariff["tax_included"] == "NO" else amount
