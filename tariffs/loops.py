"""The inner loop over a session's periods, written out as Python for what one kind of tariff looks at.

A tariff that has no price for parking need not ask for it in each period, and one without times of day needs
no clock. So the loop is put together from the pieces below, compiled once for each set of `Traits` and shared
by all plans that have them; `source` gives its text, to read and to test. It does the same as `uses.Walk` for
sessions whose periods are priced by their start, and answers None where it is not sure, which means: Walk.

Quantities are whole numbers as everywhere (`exact`). `asked` is a row: for each of ENERGY, TIME, PARKING_TIME
and FLAT a candidate as (rate, place of its tax, itself), or None where nothing has a price; where candidates
look at quantities, all of them in order: its limits, a least and a most for each quantity, then the same.
Where only energy matters, a row is just its candidate.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil
from textwrap import indent
from typing import Any

from tariffs.exact import HOUR, SECOND, Exact, nearest
from tariffs.lines import Group, Use
from tariffs.model import Dimension
from tariffs.policy import Hours, UnknownLoad
from tariffs.restrictions import Bounds
from tariffs.session import agrees

FAR = 2.0**80
"""Beyond every quantity: an unknown load is put here, where no restriction holds, or where each does."""
BEYOND = 1 << 100
"""The limit of a candidate that has none."""
LOADS = ("power", "current")

Result = tuple[list[Exact], list[Use] | None]
"""Amounts by tax; and, if itemised, the uses, stepped."""

TIMES = (Dimension.TIME, Dimension.PARKING_TIME)

Loop = Callable[..., Result | None]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a plan looks at, under a policy. `from_bytes`: a decoded CDR is given, not a Session."""

    from_bytes: bool
    itemised: bool
    clock: bool
    energy: bool
    time: bool
    flat: bool
    """Whether there are FLATs that depend on something. One that always applies is the `fee`, whose amount is
    in `amounts` from the beginning."""
    bounded: frozenset[Dimension]
    """The dimensions whose candidates look at quantities."""
    looks_at: tuple[str, ...]
    """The quantities they look at, of so_far, elapsed, power, current."""
    one_tax: bool
    hours: Hours
    unknown: UnknownLoad
    stepped: bool

    @property
    def derives(self) -> bool:
        """Whether power may be energy by time (A09)."""
        return "power" in self.looks_at and self.unknown is UnknownLoad.DERIVE

    @property
    def times(self) -> bool:
        """Whether the length of a period matters."""
        return self.time or self.derives

    @property
    def phases(self) -> bool:
        """Whether charging and parking must be told apart."""
        looks = self.flat or "power" in self.looks_at or "current" in self.looks_at
        return self.times or self.itemised or looks

    @property
    def only_energy(self) -> bool:
        """Whether rows hold just the candidate of energy."""
        return self.energy and not (self.time or self.flat or self.bounded)

    @property
    def energies(self) -> bool:
        """Whether energy matters."""
        return self.energy or bool(self.looks_at)


@lru_cache(maxsize=256)
def compiled_loop(traits: Traits) -> Loop:
    """The function `loop(cdr, days, times, asked, amounts, fee, plan)` of these traits."""
    space: dict[str, Any] = {"stands_for": STANDS_FOR[traits.hours], "STRANGE": STRANGE}
    space |= {group.name: group for group in Group} | {"FAR": FAR, "spread": _spread, "lasting": _lasting}
    space |= {"DATE": slice(None, 10), "CLOCK": slice(10, None), "Use": Use, "Fraction": Fraction}
    exec(compile(source(traits), f"<loop of {traits}>", "exec"), space)  # noqa: S102 - text of this module only
    loop: Loop = space["loop"]
    return loop


def source(traits: Traits) -> str:
    """The text of the loop."""
    periods = [_periods(traits), indent("\n".join(_period(traits)), "    ")]
    if traits.only_energy and traits.one_tax and traits.from_bytes and not traits.itemised:
        periods = [*_runs(traits)]
    body = [*_begin(traits), *periods, *_end(traits)]
    return "def loop(cdr, days, times, asked, amounts, fee, plan):\n" + indent("\n".join(body), "    ") + "\n"


STRANGE = frozenset({"ENERGY_EXPORT", "ENERGY_IMPORT", "RESERVATION_TIME"})
"""Dimensions that are priced, but seldom enough to be left to the general way."""


def _begin(traits: Traits) -> Iterator[str]:
    if traits.times and traits.from_bytes:
        yield "same_hours = same_length = same_time = 0"
    yield "named = energy_total = time_total = parking_total = amount = 0; timed = None"
    yield "last_energy = last_time = None; last_parked = False"
    if traits.flat:
        yield "flats = []"
    if traits.itemised:
        yield "items = []; open_energy = open_time = None; open_parked = False"
    if "so_far" in traits.looks_at:
        yield "so_far = 0"
    if "power" in traits.looks_at or "current" in traits.looks_at:
        yield "any_ = FAR; none = -any_"
    if traits.from_bytes:
        yield from _ends()
        yield from () if traits.times else ("at = -1",)
    elif traits.itemised or "elapsed" in traits.looks_at:
        yield "began = cdr.start"


def _ends() -> Iterator[str]:
    """The start and the end of a CDR; those of its periods lie between."""
    yield "text = cdr.start_date_time; known = text[DATE]; beyond = known + 'U'"
    yield "midnight, day = days[known]"
    yield "began = midnight + times[text[CLOCK]][0]"
    yield "text = cdr.end_date_time"
    yield "if text is None: text = cdr.stop_date_time"
    yield "if text is None: return None"
    yield "end = days[text[DATE]][0] + times[text[CLOCK]][0]"


def _runs(traits: Traits) -> Iterator[str]:
    """Where only energy has a price, it is added up as long as the price stays, then rounded to millionths.

    Sums of floats are exact to well below a millionth for so few and so small numbers: at most 2,000, below a
    million together.
    """
    yield "if len(cdr.charging_periods) > 2000: return None"
    yield "at = -1; run = 0.0; last = None"
    yield "for period in cdr.charging_periods:"
    yield "    before = at"
    yield from ("    " + line for line in _when(traits, "period", "at", "asked"))
    yield "    if at < before: return None"
    yield "    if asked is not last:"
    yield indent(FLUSH, "        ")
    yield "        run = 0.0; last = asked"
    yield "    if period.tariff_id: named += 1"
    yield "    for one in period.dimensions:"
    yield "        kind = one.type"
    yield "        if kind == 'ENERGY': run += one.volume"
    yield "        elif kind == 'TIME' or kind == 'PARKING_TIME': timed = one"
    yield "        elif kind in STRANGE: return None"
    yield FLUSH


FLUSH = """\
if run and last is not None:
    if run >= 1e6: return None
    energy = round(run * 1e6); amount += energy * last[0]; energy_total += energy; last_energy = last"""


def _periods(traits: Traits) -> str:
    if not traits.from_bytes:
        return "for period in cdr.periods:"
    if not traits.times:
        return "for period in cdr.charging_periods:"
    first = _when(traits, "period", "ends", "follows")
    return "\n".join(
        [
            "periods = cdr.charging_periods",
            "period = periods[0]",
            *first,
            "for following in (*periods[1:], None):",
        ]
    )


def _period(traits: Traits) -> Iterator[str]:
    yield from _from_bytes(traits) if traits.from_bytes else _from_session(traits)
    parts = (
        (traits.phases, PHASE),
        (traits.times, _billable(traits)),
        ("power" in traits.looks_at, _load(traits, "power")),
        ("current" in traits.looks_at, _load(traits, "current")),
        ("elapsed" in traits.looks_at, "elapsed = at - began"),
        (traits.itemised, FEE),
        (traits.flat, _flat(traits)),
        (traits.time, _time(traits)),
        (traits.energy, _energy(traits)),
        ("so_far" in traits.looks_at, "so_far += energy"),
        (traits.from_bytes and traits.times, "period = following"),
    )
    yield from (text for wanted, text in parts if wanted)


PHASE = """\
if parked:
    if charging: return None
    charging = parked"""
"""Of a period with both kinds of time only the general way knows the order (A37)."""

FEE_USE = "Use(plan, fee, PARKING if parked and at > began else FIXED, at, 1)"
"""A36."""
FEE = f"if fee is not None: items.append({FEE_USE}); fee = None"


def _from_session(traits: Traits) -> Iterator[str]:
    yield "if period.reservation: return None"
    yield "at = period.start; ends = period.end"
    yield "energy = period.energy; charging = period.charging; parked = period.parking"
    if traits.clock:
        yield "asked = days[at // 86400000000][at // 60000000 % 1440]"


def _from_bytes(traits: Traits) -> Iterator[str]:
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
    yield from ("    " + line for line in _when(traits, "following", "ends", "follows"))
    yield "if ends < at: return None"


def _alone(traits: Traits) -> Iterator[str]:
    yield "before = at"
    yield from _when(traits, "period", "at", "asked")
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


def _when(traits: Traits, period: str, at: str, asked: str) -> Iterator[str]:
    yield f"text = {period}.start_date_time"
    yield "if not known <= text < beyond:"  # whatever begins with the known date lies between these
    yield "    known = text[DATE]; beyond = known + 'U'"
    yield "    midnight, day = days[known]"
    if traits.clock:
        yield "passed, minute = times[text[CLOCK]]"
        yield f"{at} = midnight + passed"
        yield f"{asked} = day[minute]"
    else:
        yield f"{at} = midnight + times[text[CLOCK]][0]"


def _spread(cdr: Any) -> bool:
    """Whether only the total tells any energy, which is then spread over the periods (A35)."""
    metered = (
        one.volume for period in cdr.charging_periods for one in period.dimensions if one.type == "ENERGY"
    )
    return bool(cdr.total_energy or cdr.kwh) and not any(metered)


def _lasting(cdr: Any) -> bool:
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


def _billable(traits: Traits) -> str:
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


def _load(traits: Traits, name: str) -> str:
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


def _find(
    traits: Traits, dimension: Dimension, place: int | str, then: list[str], otherwise: list[str]
) -> str:
    """The first candidate that holds (P-10), or none."""
    unpacked = ["rate, tax, candidate = found"] if dimension not in TIMES or traits.itemised else []
    found = "\n".join([*unpacked, *then])
    other = "else:\n" + indent("\n".join(otherwise), "    ") if otherwise else ""
    if dimension not in traits.bounded:
        row = "asked" if traits.only_energy else f"asked[{place}]"
        return f"found = {row}\nif found is not None:\n{indent(found, '    ')}\n{other}"
    names = [limit for name in traits.looks_at for limit in (f"{name}_least", f"{name}_most")]
    tests = " and ".join(
        f"{name}_least <= {_seen(name, 'low')} and {_seen(name, 'high')} < {name}_most"
        for name in traits.looks_at
    )
    body = "\n".join([*unpacked, *then])
    return (
        f"for {', '.join(names)}, found in asked[{place}]:\n"
        f"    if {tests}:\n{indent(body, '        ')}\n        break\n{other}"
    )


def _seen(name: str, side: str) -> str:
    return f"{name}_{side}" if name in ("power", "current") else name


def limits_of(traits: Traits, bounds: Bounds | None) -> tuple[Exact, ...]:
    """The limits of a candidate as `asked` has them."""
    if bounds is None:
        return (-BEYOND, BEYOND) * len(traits.looks_at)
    of = {
        "so_far": bounds.energy,
        "elapsed": bounds.elapsed,
        "power": bounds.power,
        "current": bounds.current,
    }
    found: list[Exact] = []
    for name in traits.looks_at:
        least, most = of[name]
        found += [-BEYOND if least is None else least, BEYOND if most is None else most]
    return tuple(found)


def edges_of(traits: Traits, bounds: Bounds | None) -> tuple[Exact | float, ...]:
    """The limits as loops compare them: those of loads lie half a millionth below.

    A load is told in whole millionths, of which its float is a small part of one off, so it is on the same
    side of both. What floats do not hold to the half stays whole, and is far from any float.
    """
    pairs = zip([name for name in traits.looks_at for _ in "lm"], limits_of(traits, bounds), strict=True)
    return tuple(_edge(limit) if name in LOADS else limit for name, limit in pairs)


def _edge(limit: Exact) -> Exact | float:
    if limit in (-BEYOND, BEYOND):
        return float(limit)
    edge = ceil(limit)
    return edge - 0.5 if abs(edge) < 1 << 50 else edge


def _add(traits: Traits, volume: str) -> str:
    return f"amount += {volume}" if traits.one_tax else f"amounts[tax] += {volume}"


def _flat(traits: Traits) -> str:
    """A02: each component once, when it is first active."""
    new = [_add(traits, "rate")]
    if traits.itemised:
        new.append(f"items.append({FEE_USE.replace('fee', 'candidate')})")
    once = ["if candidate not in flats:", "    flats.append(candidate)", *("    " + line for line in new)]
    return _find(traits, Dimension.FLAT, 3, once, [])


def _time(traits: Traits) -> str:
    """Time is added up as long as its price stays."""
    then = ["if found is last_time: run_time += time", "else:", indent(FLUSH_TIME, "    ")]
    then += ["    run_time = time; last_time = found; last_parked = parked"]
    otherwise: list[str] = []
    text = []
    if traits.itemised:
        then += [
            "if open_time is candidate: time_use.volume += time",
            "else:",
            "    open_time = candidate; open_parked = bool(parked)",
            "    time_use = Use(plan, candidate, PARKING if parked else TIME, at, time)",
            "    items.append(time_use)",
        ]
        otherwise = ["open_time = None"]
        text = ["if open_parked != bool(parked): open_time = None"]
    found = _find(traits, Dimension.TIME, "2 if parked else 1", then, otherwise)
    return "\n".join([*text, "if time:", indent(found, "    ")])


FLUSH_TIME = """\
if last_time is not None:
    amounts[last_time[1]] += run_time * last_time[0]
    if last_parked: parking_total += run_time
    else: time_total += run_time"""


def _energy(traits: Traits) -> str:
    then = [_add(traits, "energy * rate"), "energy_total += energy", "last_energy = found"]
    otherwise = []
    if traits.itemised:
        then += [
            "if open_energy is candidate: energy_use.volume += energy",
            "else:",
            "    open_energy = candidate; energy_use = Use(plan, candidate, ENERGY, at, energy)",
            "    items.append(energy_use)",
        ]
        otherwise = ["open_energy = None"]
    return "if energy:\n" + indent(_find(traits, Dimension.ENERGY, 0, then, otherwise), "    ")


def _end(traits: Traits) -> Iterator[str]:
    if traits.from_bytes:
        if not traits.times:
            yield "if end < at: return None"
        yield "if timed is None or not timed.volume and not lasting(cdr): return None"  # A33
        if traits.energies:
            yield "if last_energy is None and spread(cdr): return None"
        yield "if named and any(not period.tariff_id for period in cdr.charging_periods): return None"  # P-04
    if traits.one_tax:
        yield "amounts[0] += amount"
    if traits.time:
        yield FLUSH_TIME
    if traits.stepped and traits.energy:
        yield from _stepped(traits, "energy")
    if traits.stepped and traits.time:
        yield "if last_parked: time_total = parking_total"
        yield from _stepped(traits, "time")
    yield f"return amounts, {'items' if traits.itemised else 'None'}"


def _stepped(traits: Traits, kind: str) -> Iterator[str]:
    yield STEP.replace("KIND", kind)
    if traits.itemised:
        yield f"    if candidate.step: {kind}_use.surplus = -{kind}_total % candidate.step"


STEP = """\
if last_KIND is not None and KIND_total > 0:
    rate, tax, candidate = last_KIND
    if candidate.step: amounts[tax] += -KIND_total % candidate.step * rate"""
"""P-42, P-43: what is missing to a whole step is billed at the last price."""
