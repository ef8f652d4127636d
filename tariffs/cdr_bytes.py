"""A CDR's bytes as far as a price needs them, decoded in one go, and whether that lost anything.

Decoding gives numbers as floats, which tariffs never price with. They become whole numbers right away, and that
is exact for a number that is written with at most six decimals and six digits before them and without a
negative exponent: such a number is the multiple of 1e-6 next to its float. `faithful` looks at the text for
anything else. What is not faithful, and what does not have the usual types, is read by `read_session` instead.
"""

import re
from typing import Literal

import msgspec

Kind = Literal[
    "CURRENT",
    "ENERGY",
    "ENERGY_EXPORT",
    "ENERGY_IMPORT",
    "FLAT",
    "MAX_CURRENT",
    "MAX_POWER",
    "MIN_CURRENT",
    "MIN_POWER",
    "PARKING_TIME",
    "POWER",
    "RESERVATION_TIME",
    "STATE_OF_CHARGE",
    "TIME",
]


class Volume(msgspec.Struct, gc=False):
    """A CdrDimension."""

    type: Kind
    volume: float


class ChargingPeriod(msgspec.Struct, gc=False):
    """A ChargingPeriod."""

    start_date_time: str
    dimensions: list[Volume]
    tariff_id: str | None = None


class Cdr(msgspec.Struct, gc=False):
    """A CDR of any edition; what prices nothing is checked to be JSON, and skipped."""

    start_date_time: str
    total_energy: float
    charging_periods: list[ChargingPeriod]
    end_date_time: str | None = None
    stop_date_time: str | None = None
    currency: str | None = None
    kwh: float | None = None


decode = msgspec.json.Decoder(Cdr).decode

SAME = bytes.maketrans(b"123456789E", b"000000000e")
EXPONENT = re.compile(rb"[:,\[\s]-?[0-9.]+[eE]")
LONG = b"0000000"


def faithful(body: bytes) -> bool:
    """Whether every number from the charging periods on is the float it was decoded to, or next to it."""
    if b"\\" not in body:  # names are written plainly, so that the periods cannot stand before theirs
        body = body[body.find(b'"charging_periods"') :]
    digits = body.translate(SAME)
    if LONG in digits and digits.count(LONG) != digits.count(b'0000000"'):
        return False  # a run of digits that does not end in a quote may be a number
    return b"0e" not in digits or EXPONENT.search(body) is None
