"""The part of a loop that reads a period: when it is, what it tells, and what is billed of its time."""

from collections.abc import Callable, Iterator, Sequence
from textwrap import indent
from typing import Any

from tariffs.exact import HOUR, SECOND, nearest
from tariffs.loop_traits import Traits
from tariffs.policy import Hours, UnknownLoad
from tariffs.session import agrees

STRANGE = frozenset({"ENERGY_EXPORT", "ENERGY_IMPORT", "RESERVATION_TIME"})
"""Dimensions that are priced, but seldom enough to be left to the general way."""


def from_session(traits: Traits) -> Iterator[str]:
    yield "if period.reservation: return None"
    yield "at = period.start; ends = period.end"
    yield "energy = period.energy; charging = period.charging; parked = period.parking"
    if traits.clock:
        yield "asked = days[at // 86400000000][at // 60000000 % 1440]"


def from_bytes(traits: Traits) -> Iterator[str]:
    """Numbers of the typed document are floats of at most six decimals: rounding to millionths is exact."""
    yield from _following(traits) if traits.times else _alone(traits)
    loads = [name for name in ("power", "current") if name in traits.looks_at]
    counts = traits.energy or traits.derives or "so_far" in traits.looks_at
    begun = (
        (True, "if period.tariff_id: named += 1"),
        (traits.phases, "charging = parked = 0.0"),
        (traits.energies, "energy = 0.0"),
        *((True, f"{name}_low = none; {name}_high = any_; {name} = None") for name in loads),
        (True, "for one in period.dimensions:"),
        (True, indent("\n".join(_volumes(traits, loads)), "    ")),
        (counts, "energy = round(energy * 1e6)"),
    )
    yield from (text for wanted, text in begun if wanted)


def _following(traits: Traits) -> Iterator[str]:
    """The end of a period is the start of the next."""
    yield "at = ends"
    if traits.clock:
        yield "asked = follows"
    yield "if following is None: ends = end"
    yield "else:"
    yield "    text = following.start_date_time"
    yield from ("    " + line for line in when(traits, "ends", "follows"))
    yield "if ends < at: return None"


def _alone(traits: Traits) -> Iterator[str]:
    yield "before = at; text = period.start_date_time"
    yield from when(traits, "at", "asked")
    yield "if at < before: return None"


def _volumes(traits: Traits, loads: Sequence[str]) -> Iterator[str]:
    yield "kind = one.type"
    yield f"if kind == 'ENERGY': {'energy += one.volume' if traits.energies else 'pass'}"
    for kind, volume in (("TIME", "charging"), ("PARKING_TIME", "parked")):
        yield f"elif kind == {kind!r}: {f'{volume} += one.volume; ' if traits.phases else ''}timed = one"
    for name in loads:
        for variable, kind, untold in _load_names(name):
            yield f"elif kind == {kind!r}:"
            yield f"    if {variable} is not {untold}: return None"
            yield f"    {variable} = one.volume * 1e6"
    yield "elif kind in STRANGE: return None"


def when(traits: Traits, at: str, asked: str) -> Iterator[str]:
    """The instant that `text` tells, and who is asked then."""
    yield "if not known <= text < beyond:"  # whatever begins with the known date lies between these
    yield "    known = text[DATE]; beyond = known + 'U'"
    yield "    midnight, day = days[known]"
    if traits.clock:
        yield "passed, minute = times[text[CLOCK]]"
        yield f"{at} = midnight + passed"
        yield f"{asked} = day[minute]"
    else:
        yield f"{at} = midnight + times[text[CLOCK]][0]"


def spread(cdr: Any) -> bool:
    """Whether only the total tells any energy, which is then spread over the periods (A35)."""
    metered = (
        one.volume for period in cdr.charging_periods for one in period.dimensions if one.type == "ENERGY"
    )
    return bool(cdr.total_energy or cdr.kwh) and not any(metered)


def lasting(cdr: Any) -> bool:
    """Whether any time is told (A33)."""
    lengths = (
        one.volume for period in cdr.charging_periods for one in period.dimensions if one.type in LENGTHS
    )
    return any(lengths)


LENGTHS = ("TIME", "PARKING_TIME")


def _load_names(name: str) -> Iterator[tuple[str, str, str]]:
    """Variable, dimension, and the value that it has until that is told."""
    yield f"{name}_high", f"MAX_{name.upper()}", "any_"
    yield f"{name}_low", f"MIN_{name.upper()}", "none"
    yield name, name.upper(), "None"


def billable(traits: Traits) -> str:
    """A12."""
    if traits.from_bytes:
        text = _stands_for(traits, "round(charging * 1e6) * 3600")
        return ONCE.replace("BILLABLE", indent(text, "    ").lstrip())
    return _stands_for(traits, "charging")


ONCE = """\
length = ends - at
if charging != same_hours or length != same_length:
    BILLABLE
    same_hours = charging; same_length = length; same_time = time
else: time = same_time"""
"""Many CDRs have periods of one length."""


def _stands_for(traits: Traits, micros: str) -> str:
    if traits.hours is Hours.TIMESTAMPS:
        return (
            f"time = {micros}\nif time:\n    length = ends - at\n"
            f"    time = length if -{SECOND} <= time - length <= {SECOND} else stands_for(time, length)"
        )
    return f"time = {micros}\nif time: time = stands_for(time, ends - at)"


def _by_timestamps(time: int, length: int) -> int:
    return length if agrees(time, length) else nearest(time, SECOND)


STANDS_FOR: dict[Hours, Callable[[int, int], int]] = {
    Hours.TIMESTAMPS: _by_timestamps,
    Hours.SECONDS: lambda time, _: nearest(time, SECOND),
    Hours.RAW: lambda time, _: time,
}


def load_of(traits: Traits, name: str) -> str:
    """What a minimum and a maximum look at (A09); nothing while parked, unless energy flows (A10)."""
    text = LOAD
    if traits.derives and name == "power":
        text += DERIVED
    if traits.unknown is UnknownLoad.MATCH:
        text += MATCHED
    return (text if traits.from_bytes else FROM_LOAD + text).replace("LOAD", name)


FROM_LOAD = """\
load = period.LOAD
if Fraction in {load.low.__class__, load.high.__class__, load.average.__class__}: return None
LOAD_low = none if load.low is None else load.low
LOAD_high = any_ if load.high is None else load.high
LOAD = load.average
"""
UNTOLD = "LOAD is None and LOAD_low is none and LOAD_high is any_"
LOAD = f"""\
if parked and (not energy or ({UNTOLD})): LOAD_low = LOAD_high = 0.0
elif LOAD is not None:
    if LOAD_low is none: LOAD_low = LOAD
    if LOAD_high is any_: LOAD_high = LOAD"""
DERIVED = f"""
elif {UNTOLD} and time: LOAD_low = LOAD_high = energy * {HOUR} // time"""
MATCHED = f"""
elif {UNTOLD}: LOAD_low = FAR; LOAD_high = -FAR
elif LOAD_low is none: LOAD_low = LOAD_high
elif LOAD_high is any_: LOAD_high = LOAD_low"""
"""Only one bound is told: it settles what it can."""
