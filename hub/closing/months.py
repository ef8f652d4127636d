"""Months as agreements have them: from midnight to midnight by the clocks of one place."""

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.closing.problems import NoSuchMonth
from hub.ocpi import instants

FORM = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
FIRST, LAST = "1970-01", "2999-12"
"""No clock of any place leaves the calendar in these; nobody closes another."""


def read(text: str) -> str:
    """The month as it is written, "2026-10"; NoSuchMonth."""
    if FORM.fullmatch(text) is None or not FIRST <= text <= LAST:
        raise NoSuchMonth(f"{text!r} is no month; write it as 2026-10.")
    return text


def span(month: str, zone: str) -> tuple[int, int]:
    """Its first instant and that of the next month, in microseconds; NoSuchMonth."""
    known = read(month)
    return begin(known, zone), begin(following(known), zone)


def begin(month: str, zone: str) -> int:
    year, number = map(int, month.split("-"))
    return instants.instant(datetime(year, number, 1, tzinfo=ZoneInfo(zone)))


def following(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def of(instant: int, zone: str) -> str:
    """The month in which an instant lies."""
    return of_quarter(instant // QUARTER, zone)


QUARTER = 15 * 60 * 1_000_000


@lru_cache(maxsize=20_000)
def of_quarter(quarter: int, zone: str) -> str:
    """That of a quarter of an hour, which lies in one month everywhere: clocks differ by whole ones since
    1972, and are changed at whole ones. A year has 35,040."""
    return f"{instants.moment(quarter * QUARTER).astimezone(ZoneInfo(zone)):%Y-%m}"
