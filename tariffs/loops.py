"""The inner loop over a session's periods, written out as Python for what one kind of tariff looks at.

A tariff that has no price for parking need not ask for it in each period, and one without times of day needs no
clock. So the loop is put together from the pieces below, compiled once for each set of `Traits` and shared by
all plans that have them. `source` gives the text, to read and to test; it does the same as `uses.Walk` for
sessions whose periods are priced by their start, and answers None where it is not sure, which means: Walk.

Quantities are whole numbers as everywhere (`exact`). `asked` is a row of candidates, each told as
(rate, place of its tax, candidate), after a `holds` where it looks at quantities.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from textwrap import indent
from typing import Any

from tariffs.exact import HOUR, SECOND, Exact, nearest
from tariffs.lines import Group
from tariffs.model import Dimension
from tariffs.policy import Hours, UnknownLoad
from tariffs.restrictions import Bounds
from tariffs.session import agrees
from tariffs.timetable import TIMES

FAR = 1 << 80
"""Beyond every quantity: an unknown load is put here, where no restriction holds, or where each does."""

Result = tuple[list[Exact], Any, Exact, Any, Exact, Any]
"""Amounts by tax; the last candidate of energy and its total; the same of time; the items, if they are listed."""

Loop = Callable[..., Result | None]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a plan looks at, under a policy. `from_bytes`: periods are a CDR as it was decoded, not a Session."""

    from_bytes: bool
    clock: bool
    energy: bool
    time: bool
    flat: bool
    bounded: frozenset[Dimension]
    """The dimensions whose candidates look at quantities."""
    looks_at: frozenset[str]
    """The quantities they look at: so_far, elapsed, power, current."""
    one_tax: bool
    hours: Hours
    unknown: UnknownLoad
    itemised: bool

    @property
    def times(self) -> bool:
        """Whether the length of a period matters."""
        derives = "power" in self.looks_at and self.unknown is UnknownLoad.DERIVE
        return self.time or derives or self.itemised

    @property
    def phases(self) -> bool:
        """Whether charging and parking must be told apart."""
        return self.times or self.flat or bool(self.looks_at & {"power", "current"})


@lru_cache(maxsize=256)
def compiled_loop(traits: Traits) -> Loop:
    """The function `loop(cdr, days, asked, began, end, amounts)` of these traits."""
    space: dict[str, Any] = {"stands_for": STANDS_FOR[traits.hours], "STRANGE": STRANGE, "TIMES": TIMES}
    space |= {group.name: group for group in Group}
    exec(compile(source(traits), f"<loop of {traits}>", "exec"), space)  # noqa: S102 - text of this module only
    loop: Loop = space["loop"]
    return loop


def source(traits: Traits) -> str:
    """The text of the loop."""
    body = [*_begin(traits), _periods(traits), indent("\n".join(_period(traits)), "    "), *_end(traits)]
    return "def loop(cdr, days, asked, began, end, amounts):\n" + indent("\n".join(body), "    ") + "\n"


STRANGE = frozenset({"ENERGY_EXPORT", "ENERGY_IMPORT", "RESERVATION_TIME"})
"""Dimensions that are priced, but seldom enough to be left to the general way."""


def _begin(traits: Traits) -> Iterator[str]:
    yield "told = metered = energy_total = time_total = parking_total = 0"
    yield "last_energy = last_time = None; last_phase = amount = 0"
    if traits.flat:
        yield "flats = []"
    if traits.itemised:
        yield "items = []; open_energy = open_time = None"
    if "so_far" in traits.looks_at:
        yield "so_far = 0"


def _periods(traits: Traits) -> str:
    if not traits.from_bytes:
        return "for period in cdr.periods:"
    if not traits.times:
        return "at = -1 << 80\nfor period in cdr.charging_periods:"
    return LISTED + "\nfor period, at, ends, minute in zip(periods, starts, (*starts[1:], end), minutes):"


LISTED = """\
periods = cdr.charging_periods
starts = []; minutes = []
for period in periods:
    text = period.start_date_time
    base, rows = days[text[:10]]
    passed = TIMES[text[10:]]
    starts.append(base + passed)
    minutes.append(rows[passed // 60000000])"""


def _period(traits: Traits) -> Iterator[str]:
    yield from _when_from_bytes(traits) if traits.from_bytes else _when_from_session(traits)
    yield from _volumes_from_bytes(traits) if traits.from_bytes else _volumes_from_session()
    yield from _checks(traits)
    if traits.times:
        yield _billable(traits)
    for name in sorted(traits.looks_at & {"power", "current"}):
        yield _load(traits, name)
    if "elapsed" in traits.looks_at:
        yield "elapsed = at - began"
    if traits.flat:
        yield from _flat(traits)
    if traits.time:
        yield from _time(traits)
    if traits.energy:
        yield from _energy(traits)
    if "so_far" in traits.looks_at:
        yield "so_far += energy"


def _when_from_bytes(traits: Traits) -> Iterator[str]:
    if traits.times:
        yield "if ends < at: return None"
        if traits.clock:
            yield "asked = minute"
        return
    yield "before = at"
    yield "text = period.start_date_time"
    yield "base, rows = days[text[:10]]"
    yield "passed = TIMES[text[10:]]"
    yield "at = base + passed"
    yield "if at < before: return None"
    if traits.clock:
        yield "asked = rows[passed // 60000000]"


def _when_from_session(traits: Traits) -> Iterator[str]:
    yield "at = period.start; ends = period.end"
    if traits.clock:
        yield "asked = days[at // 86400000000][at // 60000000 % 1440]"


def _volumes_from_session() -> Iterator[str]:
    yield "energy = period.energy; charging = period.charging; parked = period.parking"
    yield "if period.reservation: return None"


def _volumes_from_bytes(traits: Traits) -> Iterator[str]:
    """Numbers of the typed document are floats of at most six decimals: sums and roundings of them are exact."""
    loads = [name for name in ("power", "current") if name in traits.looks_at]
    yield "energy = charging = parked = 0.0"
    for name in loads:
        yield f"low_{name} = {name} = high_{name} = None"
    yield "for one in period.dimensions:"
    yield "    kind = one.type"
    branches = ["ENERGY", "TIME", "PARKING_TIME"]
    names = {"ENERGY": "energy", "TIME": "charging", "PARKING_TIME": "parked"}
    for place, kind in enumerate(branches):
        yield f"    {'el' if place else ''}if kind == {kind!r}: {names[kind]} += one.volume"
    for name in loads:
        for variable, kind in _load_names(name):
            yield f"    elif kind == {kind!r}:"
            yield f"        if {variable} is not None: return None"
            yield f"        {variable} = round(one.volume * 1e6)"
    yield "    elif kind in STRANGE: return None"
    yield "energy = round(energy * 1e6)"


def _load_names(name: str) -> Iterator[tuple[str, str]]:
    for prefix in ("low_", "", "high_"):
        yield prefix + name, {"low_": "MIN_", "": "", "high_": "MAX_"}[prefix] + name.upper()


def _checks(traits: Traits) -> Iterator[str]:
    """What only the general way knows: time that is negative, of two kinds, or not told at all (A33, A35, A37)."""
    if traits.from_bytes:
        yield "if charging < 0 or parked < 0: return None"
        yield "told += charging + parked"
        yield "metered += energy"
    if traits.phases:
        yield "if charging and parked: return None"


def _billable(traits: Traits) -> str:
    """A12."""
    micros = "round((parked or charging) * 1e6) * 3600" if traits.from_bytes else "parked or charging"
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
    """What a minimum and a maximum look at (A09), nothing while parked without energy (A10)."""
    told = "" if traits.from_bytes else f"load = period.{name}\nlow_{name} = load.low; {name} = load.average; high_{name} = load.high\n"
    derive = name == "power" and traits.unknown is UnknownLoad.DERIVE
    derived = f"elif time: {name}_low = {name}_high = energy * {HOUR} // time\n" if derive else ""
    low, high = f"-{FAR}", str(FAR)
    if traits.unknown is UnknownLoad.MATCH:
        low, high = (
            f"{FAR} if high_{name} is None else high_{name}",
            f"-{FAR} if low_{name} is None else low_{name}",
        )
    return told + (
        f"if low_{name} is None and {name} is None and high_{name} is None:\n"
        f"    if parked: {name}_low = {name}_high = 0\n"
        f"{indent(derived, '    ')}"
        f"    else: {name}_low = {'' if traits.unknown is UnknownLoad.MATCH else '-'}{FAR};"
        f" {name}_high = {'-' if traits.unknown is UnknownLoad.MATCH else ''}{FAR}\n"
        f"elif parked and not energy: {name}_low = {name}_high = 0\n"
        "else:\n"
        f"    {name}_low = low_{name} if low_{name} is not None else {name} if {name} is not None else {low}\n"
        f"    {name}_high = high_{name} if high_{name} is not None else {name} if {name} is not None else {high}"
    )


def _find(traits: Traits, dimension: Dimension, place: int | str, then: list[str], otherwise: list[str]) -> str:
    """The first candidate that holds (P-10), or none."""
    found, other = indent("\n".join(then), "    "), indent("\n".join(otherwise), "    ")
    if dimension not in traits.bounded:
        missing = f"\nelse:\n{other}" if otherwise else ""
        return f"found = asked[{place}]\nif found is not None:\n    rate, tax, candidate = found\n{found}{missing}"
    given = ", ".join(name if _known(traits, name) else "0" for name in ARGUMENTS)
    missing = f"\nelse:\n{other}" if otherwise else ""
    return (
        f"for holds, rate, tax, candidate in asked[{place}]:\n"
        f"    if holds is None or holds({given}):\n{indent(found, '    ')}\n        break{missing}"
    )


ARGUMENTS = ("so_far", "elapsed", "power_low", "power_high", "current_low", "current_high")
"""What a candidate's `holds` is asked with."""


def _known(traits: Traits, argument: str) -> bool:
    return argument in traits.looks_at or argument.split("_", maxsplit=1)[0] in traits.looks_at


def _add(traits: Traits, volume: str) -> str:
    return f"amount += {volume} * rate" if traits.one_tax else f"amounts[tax] += {volume} * rate"


def _flat(traits: Traits) -> Iterator[str]:
    """A02: each component once, when it is first active."""
    unit = [_add(traits, "1")]
    if traits.itemised:
        unit.append("items.append([FIXED, candidate, at, 1, bool(parked)])")
    new = ["if candidate not in flats:", "    flats.append(candidate)", *("    " + line for line in unit)]
    yield _find(traits, Dimension.FLAT, 3, new, [])


def _time(traits: Traits) -> Iterator[str]:
    """P-43: the total of the dimension that was priced last is stepped, so both are kept."""
    item = "items.append([PARKING if parked else TIME, candidate, at, time, bool(parked)])"
    then = [_add(traits, "time"), "last_time = rate, tax, candidate"]
    then += ["if parked: parking_total += time; last_phase = 1", "else: time_total += time; last_phase = 0"]
    otherwise = []
    if traits.itemised:
        then += [
            "if open_time is candidate and open_parked == bool(parked): open_item[3] += time",
            f"else: {item}; open_item = items[-1]; open_time = candidate; open_parked = bool(parked)",
        ]
        otherwise = ["open_time = None"]
        yield "if open_time is not None and open_parked != bool(parked): open_time = None"
    yield "if time:"
    yield indent(_find(traits, Dimension.TIME, "2 if parked else 1", then, otherwise), "    ")


def _energy(traits: Traits) -> Iterator[str]:
    last = "rate, tax, candidate" if Dimension.ENERGY in traits.bounded else "found"
    then = [_add(traits, "energy"), "energy_total += energy", f"last_energy = {last}"]
    otherwise = []
    if traits.itemised:
        then += [
            "if open_energy is candidate: energy_item[3] += energy",
            "else: items.append([ENERGY, candidate, at, energy, bool(parked)]);"
            " energy_item = items[-1]; open_energy = candidate",
        ]
        otherwise = ["open_energy = None"]
    yield "if energy:"
    yield indent(_find(traits, Dimension.ENERGY, 0, then, otherwise), "    ")


def _end(traits: Traits) -> Iterator[str]:
    if traits.from_bytes:
        if not traits.times:
            yield "if end < at: return None"
        yield "if not told or (not metered and (cdr.total_energy or cdr.kwh)): return None"
    given = f"{'[amount]' if traits.one_tax else 'amounts'}, last_energy, energy_total, last_time, parking_total if last_phase else time_total"
    yield f"return {given}, {'items' if traits.itemised else 'None'}"



def test_of(bounds: Bounds | None) -> Callable[..., bool] | None:
    """The test that a candidate's limits on quantities are, as a function of ARGUMENTS; None when it has none."""
    if bounds is None:
        return None
    conditions: list[str] = []
    limits: dict[str, Exact] = {}
    for names, (least, most) in (
        (("so_far", "so_far"), bounds.energy),
        (("elapsed", "elapsed"), bounds.elapsed),
        (("power_low", "power_high"), bounds.power),
        (("current_low", "current_high"), bounds.current),
    ):
        for name, sign, limit in ((names[0], ">=", least), (names[1], "<", most)):
            if limit is not None:
                key = f"limit_{len(limits)}"
                limits[key] = limit
                conditions.append(f"{name} {sign} {limit if isinstance(limit, int) else key}")
    text = f"lambda {', '.join(ARGUMENTS)}: {' and '.join(conditions)}"
    test: Callable[..., bool] = eval(text, limits)  # noqa: S307 - text of this module only
    return test
