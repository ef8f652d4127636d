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

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from textwrap import indent
from typing import Any

from tariffs.exact import Exact
from tariffs.lines import Group, Use
from tariffs.loop_pricing import FEE, add_energy, add_flat, add_time, at_the_end
from tariffs.loop_reading import (
    STANDS_FOR,
    STRANGE,
    billable,
    from_bytes,
    from_session,
    lasting,
    load_of,
    spread,
    when,
)
from tariffs.loop_traits import FAR, Traits

Result = tuple[list[Exact], list[Use] | None]
"""Amounts by tax; and, if itemised, the uses, stepped."""

Loop = Callable[..., Result | None]


@lru_cache(maxsize=256)
def compiled_loop(traits: Traits) -> Loop:
    """The function `loop(cdr, days, times, asked, amounts, fee, plan)` of these traits."""
    space: dict[str, Any] = {"stands_for": STANDS_FOR[traits.hours], "STRANGE": STRANGE}
    space |= {group.name: group for group in Group} | {"FAR": FAR, "spread": spread, "lasting": lasting}
    space |= {"DATE": slice(None, 10), "CLOCK": slice(10, None), "Use": Use, "Fraction": Fraction}
    exec(compile(source(traits), f"<loop of {traits}>", "exec"), space)  # noqa: S102 - text of this module only
    loop: Loop = space["loop"]
    return loop


def source(traits: Traits) -> str:
    """The text of the loop."""
    periods = [_periods(traits), indent("\n".join(_period(traits)), "    ")]
    if runs(traits):
        periods = [*_runs(traits)]
    body = [*_begin(traits), *periods, *at_the_end(traits)]
    return "def loop(cdr, days, times, asked, amounts, fee, plan):\n" + indent("\n".join(body), "    ") + "\n"


def runs(traits: Traits) -> bool:
    """Whether only the energy of stretches of one price matters."""
    return traits.only_energy and traits.one_tax and traits.from_bytes and not traits.itemised


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
        yield from () if traits.times or runs(traits) else ("at = -1",)
    elif traits.itemised or "elapsed" in traits.looks_at:
        yield "began = cdr.start"


def _ends() -> Iterator[str]:
    """The start and the end of a CDR; those of its periods lie between."""
    yield "text = started = cdr.start_date_time; known = text[DATE]; beyond = known + 'U'"
    yield "midnight, day = days[known]"
    yield "began = midnight + times[text[CLOCK]][0]"
    yield "text = cdr.end_date_time"
    yield "if text is None: text = cdr.stop_date_time"
    yield "if text is None: return None"
    yield "if known <= text < beyond: end = midnight + times[text[CLOCK]][0]"
    yield "else: end = days[text[DATE]][0] + times[text[CLOCK]][0]"


def _runs(traits: Traits) -> Iterator[str]:
    """Where only energy has a price, it is added up as long as the price stays, then rounded to millionths.

    Sums of floats are exact to well below a millionth for so few and so small numbers: at most 2,000, below a
    million together.
    """
    yield "periods = cdr.charging_periods"
    yield "if len(periods) > 2000: return None"
    yield f"run = 0.0; last = {'None' if traits.clock else 'asked'}; at = -1"
    yield "for period in periods:"
    yield "    text = period.start_date_time; before = at"
    if traits.clock:
        yield indent("\n".join(when(traits, "at", "asked")), "    ")
    else:  # most often the first period begins with the session
        yield "    if text == started: at = began"
        yield "    else:"
        yield indent("\n".join(when(traits, "at", "asked")), "        ")
    yield "    if at < before: return None"
    if traits.clock:
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
    first = when(traits, "ends", "follows")
    return "\n".join(
        [
            "periods = cdr.charging_periods",
            "period = periods[0]; text = period.start_date_time",
            *first,
            "for following in (*periods[1:], None):",
        ]
    )


def _period(traits: Traits) -> Iterator[str]:
    yield from from_bytes(traits) if traits.from_bytes else from_session(traits)
    parts = (
        (traits.phases, PHASE),
        (traits.times, billable(traits)),
        ("power" in traits.looks_at, load_of(traits, "power")),
        ("current" in traits.looks_at, load_of(traits, "current")),
        ("elapsed" in traits.looks_at, "elapsed = at - began"),
        (traits.itemised, FEE),
        (traits.flat, add_flat(traits)),
        (traits.time, add_time(traits)),
        (traits.energy, add_energy(traits)),
        ("so_far" in traits.looks_at, "so_far += energy"),
        (traits.from_bytes and traits.times, "period = following"),
    )
    yield from (text for wanted, text in parts if wanted)


PHASE = """\
if parked:
    if charging: return None
    charging = parked"""
"""Of a period with both kinds of time only the general way knows the order (A37)."""
