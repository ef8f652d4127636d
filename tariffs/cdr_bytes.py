"""A CDR's bytes as far as a price needs them, decoded in one go, and whether that lost anything.

Decoding gives numbers as floats, which tariffs never price with. They become whole numbers right away, and
that is exact for a number below a million that is written with at most six decimals and without a negative
exponent: such a number is the multiple of 1e-6 next to its float. `faithful` looks at the text for anything
else. What is not faithful, is negative, or does not have the usual types, is read by `read_session` instead.
"""

import re
from typing import Annotated, Literal

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


Bounded = Annotated[float, msgspec.Meta(ge=0, lt=1_000_000)]


class Volume(msgspec.Struct, gc=False):
    """A CdrDimension."""

    type: Kind
    volume: Bounded


class ChargingPeriod(msgspec.Struct, gc=False):
    """A ChargingPeriod."""

    start_date_time: str
    dimensions: list[Volume]
    tariff_id: str | None = None


class Cdr(msgspec.Struct, gc=False):
    """A CDR of any edition; what prices nothing is checked to be JSON, and skipped."""

    start_date_time: str
    total_energy: float
    charging_periods: Annotated[list[ChargingPeriod], msgspec.Meta(min_length=1)]
    end_date_time: str | None = None
    stop_date_time: str | None = None
    currency: str | None = None
    kwh: float | None = None


decode = msgspec.json.Decoder(Cdr).decode

SAME = bytes.maketrans(b"123456789E", b"000000000e")
TELLING = b"0123456789.-eE}"
REST = bytes(set(range(256)) - set(TELLING))
FINER = re.compile(rb"[:,\[\s][0-9.]+[eE]-")
BACKSLASH = ord("\\")


def faithful(body: bytes) -> bool:
    """Whether every number from the charging periods on is the multiple of 1e-6 next to its float.

    What it looks for, a fraction of seven digits or a negative exponent, stays in one piece when all that no
    number has is left out; so most CDRs are known to be sound by what is left. The searches run from the end
    because that is faster.
    """
    if BACKSLASH not in body:  # names are written plainly, so that the periods cannot stand before theirs
        body = body[body.find(b'"charging_periods"') :]
    digits = body.translate(SAME, REST)
    if digits.rfind(b".0000000") < 0 and digits.rfind(b"e-") < 0:
        return True
    return _faithful(body)


def _faithful(body: bytes) -> bool:
    """The same with an eye for what belongs to a text, such as a coordinate, and not to a number."""
    digits = body.translate(SAME)
    if digits.rfind(b".0000000") >= 0 and digits.count(b"0000000") != digits.count(b'0000000"'):
        return False
    return digits.rfind(b"e-0") < 0 or FINER.search(body) is None
