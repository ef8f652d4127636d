"""Charging periods between 2.1.1 and 2.2.1 (C4)."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import dropwhile, pairwise

from hub.ocpi.document import Json
from hub.ocpi.editions.rewriting import exact, through, without
from hub.ocpi.editions.v2_1_1.values import SECOND, WORDS, time
from hub.ocpi.instants import micros


def periods_newer(periods: Sequence[Json], end: str, tariff_id: str | None) -> list[Json]:
    """The periods with the one tariff they can be of, and without fees, which 2.2.1 does not count there.

    end  when the last period ends, or was last heard of
    """
    ends = [after["start_date_time"] for _, after in pairwise(periods)] + [end]
    newer = [_without_fees(period, until) for period, until in zip(periods, ends, strict=False)]
    named = {} if tariff_id is None else {"tariff_id": tariff_id}
    return [without("tariff_id")(period) | named for period in newer]


def periods_older(periods: Sequence[Json]) -> list[Json]:
    """The periods with the dimensions that 2.1.1 knows.

    One that is left with none becomes part of the one before, which lasts until the next begins. Where there
    is none before, a reservation is dropped and the start moves; else the next period begins earlier.
    """
    known = [_period_older(period) for period in periods]
    led = dropwhile(lambda pair: not pair[1]["dimensions"], zip(periods, known, strict=True))
    older = [period for _, period in led if period["dimensions"]]
    if not older or not known or known[0]["dimensions"]:
        return older
    return [older[0] | {"start_date_time": _start(periods, known)}, *older[1:]]


def start_older(start: str, periods: Sequence[Json], older: Sequence[Json]) -> str:
    """When the session began for 2.1.1: not before the reservation that led its periods was over."""
    return str(older[0]["start_date_time"]) if older and _reserved(periods[0]) else start


def _start(periods: Sequence[Json], known: Sequence[Json]) -> str:
    """When charging began: after the reservations that lead the periods."""
    both = zip(periods, known, strict=True)
    after = dropwhile(lambda pair: _reserved(pair[0]) and not pair[1]["dimensions"], both)
    return str(next(after)[1]["start_date_time"])


def _reserved(period: Json) -> bool:
    return any(dimension["type"] == "RESERVATION_TIME" for dimension in period["dimensions"])


def _period_older(period: Json) -> Json:
    kept = [dimension for dimension in period["dimensions"] if dimension["type"] in WORDS["CdrDimensionType"]]
    return through(period | {"dimensions": kept}, without("tariff_id"), *time("start_date_time"))


def _without_fees(period: Json, until: str) -> Json:
    """FLAT is no dimension of 2.2.1; a period of nothing else lasted a while all the same."""
    kept = [dimension for dimension in period["dimensions"] if dimension["type"] != "FLAT"]
    lasted = {"type": "TIME", "volume": _hours(period["start_date_time"], until)}
    return period | {"dimensions": kept or [lasted]}


def _hours(start: str, end: str) -> Decimal:
    return exact(Decimal(max(micros(end) - micros(start), 0)) / (3600 * SECOND))
