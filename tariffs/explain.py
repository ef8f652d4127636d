"""A tariff in plain words, and what a session cost under it, line by line."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tariffs.cells import Part, Space, parts_of
from tariffs.model import Component, Dimension, Element, PriceLimit, ReservationKind, Tariff, Taxes
from tariffs.spot import SHOWN, Spot, clock_edges, local_instants, spot, zone_of
from tariffs.words import (
    DAYS,
    clock,
    condition_words,
    day,
    digits,
    money,
    price_words,
    step_words,
    weekdays,
)

USUAL_WEEK = date(2026, 1, 12)
"""A Monday in a week without a change of clocks in any zone, for the table of prices."""

TAXES = {
    Taxes.ON_TOP: "Prices are before taxes; taxes come on top.",
    Taxes.ON_TOP_UNKNOWN: "Prices are before taxes; which taxes come on top is not part of the tariff.",
    Taxes.INCLUDED: "Prices include taxes.",
    Taxes.NONE: "No taxes apply.",
}
SUBJECTS = {
    None: "",
    ReservationKind.RESERVATION: "Reservation",
    ReservationKind.RESERVATION_EXPIRES: "Reservation that expires unused",
}
TYPES = {
    "AD_HOC_PAYMENT": "It holds for drivers who pay on the spot.",
    "PROFILE_CHEAP": "It holds for drivers who choose the cheapest charging.",
    "PROFILE_FAST": "It holds for drivers who choose the fastest charging.",
    "PROFILE_GREEN": "It holds for drivers who choose the greenest charging.",
    "REGULAR": "It holds for drivers who pay by card or app and choose no other tariff.",
}
HEADINGS = {
    Dimension.ENERGY: "Energy, per kWh",
    Dimension.TIME: "Charging, per hour",
    Dimension.PARKING_TIME: "Parked, per hour",
    Dimension.FLAT: "Start fee",
}


@dataclass(frozen=True, slots=True)
class Row:
    """The prices of a session that begins on one of these weekdays (Monday 0) in [start, end) minutes."""

    weekdays: tuple[int, ...]
    start: int
    end: int
    spot: Spot


@dataclass(frozen=True, slots=True)
class Explanation:
    """A tariff in words: `facts`, `rules` and `notes` are sentences, `rows` is the table of prices."""

    title: str
    currency: str
    facts: tuple[str, ...]
    rows: tuple[Row, ...]
    rules: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def headings(self) -> list[str]:
        """Of the table: days, time, and a column for each dimension that has a price in it."""
        return ["Days", "Time", *(HEADINGS[dimension] for dimension in self._shown)]

    @property
    def cells(self) -> list[list[str]]:
        """Of the table, a list for each row."""
        return [[weekdays(row.weekdays), _window(row), *self._prices(row)] for row in self.rows]

    @property
    def _shown(self) -> list[Dimension]:
        return [one for one in SHOWN if any(row.spot.rate(one) for row in self.rows)]

    def _prices(self, row: Row) -> Iterator[str]:
        for dimension in self._shown:
            rate = row.spot.rate(dimension)
            yield "free" if rate is None or not rate.price else money(rate.price, self.currency)

    def text(self) -> str:
        """As plain text, the table in columns."""
        table = [self.headings, *self.cells]
        widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table
        ]
        return self._laid_out([line.rstrip() for line in lines], "")

    def markdown(self) -> str:
        """As Markdown."""
        table = [self.headings, ["---"] * len(self.headings), *self.cells]
        return self._laid_out([f"| {' | '.join(map(_escaped, row))} |" for row in table], "## ", _escaped)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "title": self.title,
            "currency": self.currency,
            "facts": list(self.facts),
            "table": {"headings": self.headings, "rows": self.cells},
            "rules": list(self.rules),
            "notes": list(self.notes),
        }

    def _laid_out(self, table: list[str], mark: str, said: Callable[[str], str] = str) -> str:
        parts = [f"{mark}{said(self.title)}", "\n".join(map(said, self.facts))]
        if len(self.headings) > 2:
            parts += ["Prices when a session begins (local time):", "\n".join(table)]
        parts.append("\n".join(f"- {said(rule)}" for rule in self.rules))
        parts.append("\n".join(f"- {said(note)}" for note in self.notes))
        return "\n\n".join(part for part in parts if part) + "\n"


def explain(tariff: Tariff, time_zone: str = "UTC", week: date = USUAL_WEEK) -> Explanation:
    """A tariff in plain words for a place in `time_zone`; the table is that of the week of `week`."""
    return Explanation(
        title=f"Tariff {tariff.id}, in {tariff.currency}",
        currency=tariff.currency,
        facts=tuple(_facts(tariff, zone_of(time_zone))),
        rows=tuple(_rows(tariff, time_zone, week - timedelta(days=week.weekday()))),
        rules=tuple(_rules(tariff)),
        notes=tuple(_notes(tariff)),
    )


def _facts(tariff: Tariff, zone: ZoneInfo) -> Iterator[str]:
    yield TAXES[tariff.taxes]
    if tariff.type:
        yield TYPES.get(tariff.type, f"It is of the type {tariff.type}.")
    edges = [None if edge is None else _at(edge, zone) for edge in (tariff.start, tariff.end)]
    if edges[0]:
        yield f"It holds from {edges[0]}."
    if edges[1]:
        yield f"It holds until {edges[1]}."
    yield f"Times are local ({zone.key})."


def _at(micros: int, zone: ZoneInfo) -> str:
    local = datetime.fromtimestamp(micros // 1_000_000, UTC).astimezone(zone)
    return f"{DAYS[local.weekday()]} {day(local.date())}, {local:%H:%M}"


def _rows(tariff: Tariff, time_zone: str, monday: date) -> Iterator[Row]:
    """The week cut at the tariff's times; neighbours of one price, and days that are alike, as one."""
    days: dict[tuple[tuple[int, int, tuple[object, ...]], ...], list[int]] = {}
    spots: dict[tuple[int, int], Spot] = {}
    for weekday in range(7):
        windows = _windows(tariff, time_zone, monday + timedelta(days=weekday))
        days.setdefault(tuple((start, end, spot.prices) for start, end, spot in windows), []).append(weekday)
        spots |= {(weekday, start): spot for start, _, spot in windows}
    for shape, alike in days.items():
        for start, end, _ in shape:
            yield Row(tuple(alike), start, end, spots[alike[0], start])


def _windows(tariff: Tariff, time_zone: str, on: date) -> list[tuple[int, int, Spot]]:
    zone, found = zone_of(time_zone), list[tuple[int, int, Spot]]()
    for edge in sorted({0, *clock_edges(tariff.elements)}):
        here = spot(tariff, local_instants(on, edge, zone)[0], time_zone)
        if found and found[-1][2].prices == here.prices:
            continue
        if found:
            found[-1] = (found[-1][0], edge, found[-1][2])
        found.append((edge, 1440, here))
    return found


def _window(row: Row) -> str:
    whole = row.start == 0 and row.end == 1440
    return "all day" if whole else f"{clock(row.start)}-{clock(row.end)}"


def _rules(tariff: Tariff) -> Iterator[str]:
    """Each dimension with its prices in the order in which they are asked (P-10), those reached."""
    for kind in (None, ReservationKind.RESERVATION, ReservationKind.RESERVATION_EXPIRES):
        for dimension in SHOWN:
            given, gaps = _reached(parts_of(tariff.elements, kind, dimension), dimension)
            if given:
                yield _rule(tariff, dimension, given, gaps)


def _rule(tariff: Tariff, dimension: Dimension, given: Sequence[Part], gaps: bool) -> str:
    kind = given[0][0].restrictions.reservation
    told = [
        f"{_component(tariff, part, kind)} {_when(one, place)}" for place, (one, part) in enumerate(given)
    ]
    end = "; at all other times nothing" if kind is None and gaps else ""
    joint = "; " if dimension is not Dimension.FLAT else "; and "
    return f"{SUBJECTS[kind] or _subject(dimension)}: {joint.join(one.strip() for one in told)}{end}."


def _reached(given: Sequence[Part], dimension: Dimension) -> tuple[list[Part], bool]:
    """The components that ever apply, and whether they leave moments without a price."""
    kind = given[0][0].restrictions.reservation if given else None
    space = Space(given, USUAL_WEEK, (None, None))
    if space.too_large:
        return list(given), False
    found, left = [], space.domain(dimension, kind)
    for element, part in given:
        box = space.box(element.restrictions)
        if box & left:
            found.append((element, part))
        left &= ~box
    return found, bool(left)


def _subject(dimension: Dimension) -> str:
    return HEADINGS[dimension].partition(",")[0] if dimension is not Dimension.FLAT else "Fixed fee"


def _component(tariff: Tariff, part: Component, kind: ReservationKind | None) -> str:
    price = price_words(part.dimension, part.price, tariff.currency) if part.price else "free of charge"
    if kind is not None:
        price = price.replace("per hour of charging", "per hour")
    tax = "" if part.vat is None or tariff.taxes is Taxes.NONE else f"{digits(part.vat)} % VAT"
    included = f"including {tax}" if tariff.taxes is Taxes.INCLUDED else f"plus {tax}"
    extras = [included if tax else "", step_words(part.dimension, part.step_size)] if part.price else []
    return ", ".join([price, *(extra for extra in extras if extra)])


def _when(element: Element, place: int) -> str:
    """Where conditions overlap the first that holds decides, so those after it are 'otherwise'."""
    said = condition_words(replace(element.restrictions, reservation=None))
    if not said:
        return "" if place == 0 else "(otherwise)"
    return f"({'otherwise, ' if place else ''}{said})"


def _notes(tariff: Tariff) -> Iterator[str]:
    for limit, words in ((tariff.min_price, "at least"), (tariff.max_price, "at most")):
        if limit is not None:
            yield f"A session costs {words} {_limits(limit, tariff.currency)}."
    priced = {part.dimension for one in tariff.elements for part in one.components}
    free = [dimension for dimension in (Dimension.ENERGY, Dimension.TIME) if dimension not in priced]
    if free and len(free) < 2:
        yield f"{HEADINGS[free[0]].partition(',')[0]} itself has no price."
    if Dimension.PARKING_TIME not in priced:
        yield "Parking without charging has no price."
    if any(_looks_at_load(one) for one in tariff.elements):
        yield "The table is for 11 kW, which is about 48 A over all phases."
    if any(part.step_size > 1 and part.price for one in tariff.elements for part in one.components):
        yield "What is used is rounded up to whole steps once, at the end of the session."


def _looks_at_load(element: Element) -> bool:
    read = element.restrictions
    return any(
        one is not None for one in (read.min_power, read.max_power, read.min_current, read.max_current)
    )


def _limits(limit: PriceLimit, currency: str) -> str:
    gross = "" if limit.after_taxes is None else f" ({money(limit.after_taxes, currency)} after taxes)"
    return f"{money(limit.before_taxes, currency)} before taxes{gross}"


def _escaped(words: str) -> str:
    """What Markdown would take for markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", words)
