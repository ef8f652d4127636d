"""How prices, times and conditions are said in plain English."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import moneyed

from tariffs.exact import Exact
from tariffs.model import Dimension, ReservationKind, Restrictions
from tariffs.rounding import to_places

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
PER = {
    Dimension.ENERGY: "per kWh",
    Dimension.TIME: "per hour of charging",
    Dimension.PARKING_TIME: "per hour parked without charging",
    Dimension.FLAT: "once",
}
WHAT = {
    Dimension.ENERGY: "energy",
    Dimension.TIME: "charging time",
    Dimension.PARKING_TIME: "parking time",
    Dimension.FLAT: "a fixed fee",
}
RESERVED = {
    ReservationKind.RESERVATION: "while reserved",
    ReservationKind.RESERVATION_EXPIRES: "for a reservation that expired unused",
}


def minor_digits(currency: str) -> int:
    """How many decimals amounts of a currency usually have; 2 where it is not known."""
    known = moneyed.CURRENCIES.get(currency)
    return 2 if known is None else len(str(known.sub_unit)) - 1


def money(amount: Decimal, currency: str) -> str:
    """An amount with all its digits, and at least those of its currency: 0.50 EUR."""
    return f"{digits(amount, minor_digits(currency))} {currency}"


def digits(amount: Decimal, least: int = 0) -> str:
    """A number without exponent, padded to `least` decimals, without other trailing zeros."""
    whole, _, decimals = f"{amount:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def rounded(amount: Fraction, currency: str) -> str:
    """An amount for reading, rounded to the minor unit of its currency."""
    places = minor_digits(currency)
    return money(to_places(amount, 1, places), currency)


def quantity(value: Exact, unit: int, places: int = 4) -> str:
    """A volume for reading, at most `places` decimals."""
    return digits(to_places(value, unit, places))


def clock(minutes: int) -> str:
    """Minutes of the day as 08:30; the end of the day is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def day(when: date) -> str:
    """As 24 December 2025."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def length(seconds: Decimal | int) -> str:
    """A duration as 1 h 30 min."""
    whole = int(seconds)
    if whole != seconds or whole < 0:
        return f"{digits(Decimal(seconds))} s"
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def weekdays(days: Sequence[int]) -> str:
    """Weekdays as Monday to Friday; every day when all or none are meant."""
    if not days or len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
    if len(days) == 6:
        return f"every day but {next(DAYS[one] for one in range(7) if one not in days)}"
    return listed([DAYS[one] for one in days])


def listed(words: Sequence[str], joint: str = "and") -> str:
    """a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def price_words(dimension: Dimension, price: Decimal, currency: str) -> str:
    """A price as 0.25 EUR per kWh."""
    return f"{money(price, currency)} {PER[dimension]}"


def step_words(dimension: Dimension, step: int) -> str:
    """A step_size as it is billed, empty when it changes nothing."""
    if step <= 1 or dimension is Dimension.FLAT:
        return ""
    if dimension is Dimension.ENERGY:
        return f"in steps of {digits(Decimal(step) / 1000)} kWh"
    return f"in steps of {length(step)}"


def condition_words(read: Restrictions) -> str:
    """When an element applies; empty when always. Times are those of the place."""
    return ", ".join(_conditions(read))


def _conditions(read: Restrictions) -> Iterator[str]:
    if read.reservation:
        yield RESERVED[read.reservation]
    if read.day_of_week and len(read.day_of_week) < 7:
        yield f"on {weekdays(read.day_of_week)}"
    yield from _clock_conditions(read)
    yield from _date_conditions(read)
    yield from _energies(read)
    yield from _durations(read)
    yield from _loads(read)


def _clock_conditions(read: Restrictions) -> Iterator[str]:
    start, end = read.start_time, read.end_time
    if start is None and end is None:
        return
    if not (start or 0) and not (end or 0) % 1440:
        return
    if start == end:
        yield "never, since start and end are the same time"
        return
    if read.day_of_week and (start or 0) > (end or 1440):  # A06: both ends of the days named
        yield f"from 00:00 to {clock(end or 1440)} and from {clock(start or 0)} to 24:00"
        return
    yield f"from {clock(start or 0)} to {clock(end or 1440)}"


def _date_conditions(read: Restrictions) -> Iterator[str]:
    if read.start_date:
        yield f"from {day(read.start_date)}"
    if read.end_date:
        yield f"before {day(read.end_date)}"


def _energies(read: Restrictions) -> Iterator[str]:
    if read.min_kwh is not None and read.min_kwh > 0:
        yield f"once {digits(read.min_kwh)} kWh are reached"
    if read.max_kwh is not None:
        yield f"until {digits(read.max_kwh)} kWh are reached"


def _durations(read: Restrictions) -> Iterator[str]:
    if read.min_duration is not None and read.min_duration > 0:
        yield f"after {length(read.min_duration)} of session"
    if read.max_duration is not None:
        yield f"during the first {length(read.max_duration)} of session"


def _loads(read: Restrictions) -> Iterator[str]:
    for name, unit in (("power", "kW"), ("current", "A")):
        least, most = getattr(read, f"min_{name}"), getattr(read, f"max_{name}")
        if least is not None:
            yield f"while the {name} is at least {digits(least)} {unit}"
        if most is not None:
            yield f"while the {name} is below {digits(most)} {unit}"
