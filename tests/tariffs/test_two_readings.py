"""The library, in each of its ways, and a plain second reading of the rules agree on all that is made up.

`TARIFFS_FUZZ=5000 python -m pytest tests/tariffs/test_two_readings.py`: 4 sessions for each of 5,000 tariffs.
"""

import json
import os
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from plain_interpreter import Json, plain_price
from tariff_strategies import ZONES, session_documents, tariff_documents

import tariffs
from tariffs import Policy, Split

MANY = int(os.environ.get("TARIFFS_FUZZ", "0"))
SIZE = settings(
    max_examples=MANY or 50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if MANY else list(Phase),
)
BY_START = Policy(split=Split.START)
DIMENSIONS = {"CHARGING": "TIME", "PARKING": "PARKING_TIME", "RESERVATION": "RESERVATION_TIME"}


def whole(amount: Fraction, places: int = 4) -> int:
    return int((2 * amount * 10**places + 1) // 2)


def shares_of(found: tariffs.Amounts, place: int) -> dict[str, Decimal]:
    return {
        name: Decimal(int(share.net[place])).scaleb(-found.places)
        for name, share in found.shares.items()
        if share.used[place]
    }


def cdr(session: Json) -> bytes:
    """The segments as a CDR: a period each, hours rounded to four decimals as they are in the field."""
    at = datetime.fromisoformat(session["start"])
    periods = []
    for segment in session["segments"]:
        told: dict[str, Any] = {"ENERGY": segment["kwh"]} if "kwh" in segment else {}
        hours = Decimal(segment["seconds"] * 10_000 // 3600) / 10_000 or Decimal("0.0001")
        told[DIMENSIONS[segment.get("kind", "CHARGING")]] = hours
        told |= {"CURRENT": segment["current"]} if "current" in segment else {}
        dimensions = [{"type": kind, "volume": volume} for kind, volume in told.items()]
        periods.append({"start_date_time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "dimensions": dimensions})
        at += timedelta(seconds=segment["seconds"])
    kwh = sum(segment.get("kwh", 0) for segment in session["segments"])
    document = {"start_date_time": session["start"], "end_date_time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps(
        document | {"charging_periods": periods, "total_energy": kwh, "currency": "EUR"}, default=float
    ).encode()


@SIZE
@given(
    tariff_documents(limited=True),
    st.lists(session_documents(), min_size=4, max_size=4),
    st.sampled_from(ZONES),
)
def test_every_way_to_price_comes_to_what_the_plain_reading_does(
    document: Json, sessions: list[Json], zone: str
) -> None:
    tariff = tariffs.read_tariff(document)
    read = [tariffs.read_session(session) for session in sessions]
    cut = [tariffs.price(tariff, one, zone) for one in read]
    plain = [plain_price(document, session, zone) for session in sessions]
    assert [(quote.total.net, quote.total.gross) for quote in cut] == plain
    arrays = tariffs.price_columns(tariff, tariffs.pack(read), zone, chunk=3)
    assert [arrays.before_taxes.tolist(), arrays.after_taxes.tolist()] == [
        [whole(amount or Fraction(0)) for amount in side] for side in zip(*plain, strict=True)
    ]
    assert [shares_of(arrays, place) for place in range(len(read))] == [quote.nets(4) for quote in cut]
    by_start = [plain_price(document, session, zone, split=False) for session in sessions]
    quotes = [tariffs.price(tariff, one, zone, BY_START) for one in read]
    assert [(quote.total.net, quote.total.gross) for quote in quotes] == by_start
    prepared = tariffs.prepare(tariff, zone)
    from_bytes = [prepared.price(cdr(session)) for session in sessions]
    assert [(quote.total.net, quote.total.gross) for quote in from_bytes] == by_start
    expected = [(whole(net), whole(gross or Fraction(0))) for net, gross in by_start]
    assert [quote.whole_amounts(4) for quote in from_bytes] == expected
    found = tariffs.price_columns(tariff, tariffs.pack(read), zone, BY_START, chunk=3)
    told = zip(found.before_taxes.tolist(), found.after_taxes.tolist(), strict=True)
    assert list(told) == expected
    shares = [quote.nets(4) for quote in quotes]
    assert [shares_of(found, place) for place in range(len(read))] == shares
    assert [quote.nets(4) for quote in from_bytes] == shares
