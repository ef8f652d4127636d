"""Instants as people read them: ISO 8601, in UTC or by the clock of a place; exact and fast."""

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from hub.ocpi import instants

SECOND = 1_000_000
DAY = 86_400
QUARTER = 900 * SECOND
"""No clock is set forward or back but at a full quarter of an hour."""


@lru_cache(5_000)
def date(day: int) -> str:
    """Of a number of days since 1970."""
    return instants.moment(day * DAY * SECOND).date().isoformat()


@lru_cache(DAY)
def time(second: int) -> str:
    """Of a number of seconds since midnight."""
    return f"T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def utc(instant: int) -> str:
    """To the second, or to the microsecond where it has any."""
    return f"{clock(instant)}Z"


def all_utc(many: Sequence[int]) -> list[str]:
    """The same of many at once, in a third of the time where all are whole seconds."""
    whole = np.array(many, np.int64)
    if (whole % SECOND).any():
        return list(map(utc, many))
    told: list[str] = np.datetime_as_string(whole.astype("datetime64[us]"), "s", "UTC").tolist()
    return told


def clock(instant: int) -> str:
    seconds, rest = divmod(instant, SECOND)
    day, second = divmod(seconds, DAY)
    shown = date(day) + time(second)
    return f"{shown}.{rest:06}" if rest else shown


def local(instant: int, zone: str) -> str:
    """What the clocks of a place show then, and how far they are from UTC."""
    shift, offset = at(zone, instant // QUARTER)
    return clock(instant + shift) + offset


def all_local(many: Sequence[int], zones: Sequence[str]) -> list[str]:
    """The same of many at once; most are of places whose clocks are as far from UTC then."""
    wanted = {(zone, instant // QUARTER) for instant, zone in zip(many, zones, strict=True)}
    found = {at(zone, quarter) for zone, quarter in wanted}
    if len(found) != 1:
        return list(map(local, many, zones))
    shift, offset = found.pop()
    there = np.array(many, np.int64) + shift
    if (there % SECOND).any():
        return list(map(local, many, zones))
    told = np.datetime_as_string(there.astype("datetime64[us]"), "s").tolist()
    return [clock_ + offset for clock_ in told]


@lru_cache(20_000)
def at(zone: str, quarter: int) -> tuple[int, str]:
    """How far the clocks of a place are from UTC, in microseconds and as it is written."""
    try:
        there = instants.moment(quarter * QUARTER).astimezone(ZoneInfo(zone))
    except OverflowError:  # at the end of all calendars no clock says otherwise
        there = instants.moment(quarter * QUARTER)
    offset = there.utcoffset()
    assert offset is not None
    return round(offset.total_seconds()) * SECOND, there.isoformat()[-6:]
