"""A session that columns cannot hold, as JSON: its numbers as fractions."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tariffs.exact import Exact, whole
from tariffs.session import Load, Period, Session, Source

VOLUMES = ("energy", "charging", "parking", "reservation")
LOADS = ("power_low", "power_average", "power_high", "current_low", "current_average", "current_high")


def as_text(session: Session) -> dict[str, object]:
    """A session in JSON, numbers as fractions."""
    return {
        "start": session.start,
        "source": session.source,
        "totals": [str(one) for one in (session.energy, session.time, session.parking)],
        "currency": session.currency,
        "time_zone": session.time_zone,
        "periods": [
            [
                period.start,
                period.end,
                [str(getattr(period, name)) for name in VOLUMES],
                [_side(period, name) for name in LOADS],
                period.tariff_id,
            ]
            for period in session.periods
        ],
    }


def _side(period: Period, name: str) -> str | None:
    load, side = name.split("_")
    value = getattr(getattr(period, load), side)
    return None if value is None else str(value)


def from_text(told: Mapping[str, Any]) -> Session:
    energy, time, parking = map(_exact, told["totals"])
    return Session(
        tuple(_period_from_text(*period) for period in told["periods"]),
        told["start"],
        Source(told["source"]),
        energy=energy,
        time=time,
        parking=parking,
        currency=told["currency"],
        time_zone=told["time_zone"],
    )


def _period_from_text(
    start: int, end: int, volumes: list[str], loads: list[Any], tariff_id: str | None
) -> Period:
    energy, charging, parking, reservation = map(_exact, volumes)
    sides = [None if side is None else _exact(side) for side in loads]
    power, current = Load(*sides[:3]), Load(*sides[3:])
    return Period(start, end, energy, charging, parking, reservation, power, current, tariff_id)


def _exact(text: str) -> Exact:
    return whole(Fraction(text))
