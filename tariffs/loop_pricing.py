"""The part of a loop that prices a period: who is asked, what is added, and what steps add at the end."""

from collections.abc import Iterator
from textwrap import indent

from tariffs.loop_traits import Traits
from tariffs.model import Dimension

TIMES = (Dimension.TIME, Dimension.PARKING_TIME)


FEE_USE = "Use(plan, fee, PARKING if parked and at > began else FIXED, at, 1)"
"""A36."""
FEE = f"if fee is not None: items.append({FEE_USE}); fee = None"


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


def _add(traits: Traits, volume: str) -> str:
    return f"amount += {volume}" if traits.one_tax else f"amounts[tax] += {volume}"


def add_flat(traits: Traits) -> str:
    """A02: each component once, when it is first active."""
    new = [_add(traits, "rate")]
    if traits.itemised:
        new.append(f"items.append({FEE_USE.replace('fee', 'candidate')})")
    once = ["if candidate not in flats:", "    flats.append(candidate)", *("    " + line for line in new)]
    return _find(traits, Dimension.FLAT, 3, once, [])


def add_time(traits: Traits) -> str:
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


def add_energy(traits: Traits) -> str:
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


def at_the_end(traits: Traits) -> Iterator[str]:
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
