"""Two tariffs side by side: what changed in words, and where and by how much prices differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from difflib import SequenceMatcher

from tariffs.clock import as_text, instant, moment
from tariffs.explain import TAXES, USUAL_WEEK
from tariffs.generate import generate
from tariffs.model import Component, Dimension, Element, PriceLimit, Tariff
from tariffs.preview import KWH, usual_session
from tariffs.pricing import price
from tariffs.session import Session
from tariffs.session_reading import read_session
from tariffs.spot import SHOWN, clock_edges, local_instants, spot, zone_of
from tariffs.words import clock, condition_words, digits, money, price_words, step_words, weekdays

HOURS = range(0, 24, 3)
MINUTES = (30, 60, 240)
MOST_ALIGNED, MOST_EDGES = 500, 1_000
"""Elements that are aligned, and samples at the edges of each tariff: beyond them it would take too long."""

Window = tuple[int, int, Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A unit price that differs for sessions that begin on these weekdays, in [start, end) minutes.

    None is free.
    """

    dimension: Dimension
    weekdays: tuple[int, ...]
    start: int
    end: int
    before: Decimal | None
    after: Decimal | None

    def words(self, currency: str) -> str:
        """As a sentence."""
        told = ["free" if one is None else price_words(self.dimension, one, currency) for one in self._prices]
        when = "all day" if (self.start, self.end) == (0, 1440) else f"{clock(self.start)}-{clock(self.end)}"
        return f"{weekdays(self.weekdays)}, {when}: {self.dimension} {told[0]} -> {told[1]}"

    @property
    def _prices(self) -> tuple[Decimal | None, Decimal | None]:
        return self.before, self.after

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Impact:
    """A sample session and its price before taxes under both tariffs."""

    about: str
    start: datetime
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """How much more it costs now."""
        return self.after - self.before

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        told = {"about": self.about, "start": as_text(instant(self.start))}
        return told | {"before": self.before, "after": self.after, "delta": self.delta}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one tariff to another; `impacts` holds every sample, the greatest change first."""

    currency: str
    changes: tuple[str, ...]
    prices: tuple[PriceChange, ...]
    impacts: tuple[Impact, ...]

    @property
    def dearer(self) -> int:
        """How many samples cost more."""
        return sum(one.delta > 0 for one in self.impacts)

    @property
    def cheaper(self) -> int:
        """How many samples cost less."""
        return sum(one.delta < 0 for one in self.impacts)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "currency": self.currency,
            "changes": list(self.changes),
            "prices": [one.as_dict() for one in self.prices],
            "samples": len(self.impacts),
            "dearer": self.dearer,
            "cheaper": self.cheaper,
            "impacts": [one.as_dict() for one in self.impacts if one.delta],
        }


def diff(old: Tariff, new: Tariff, time_zone: str = "UTC", week: date = USUAL_WEEK) -> Comparison:
    """What changes for drivers in `time_zone` when `new` takes the place of `old`.

    Prices are compared over the week of `week`, and by sample sessions: 10, 20 and 50 kWh in 30, 60 and 240
    minutes every three hours of it, and those that stand at the edges of either tariff. Amounts in
    different currencies are not compared.
    """
    monday = week - timedelta(days=week.weekday())
    comparable = old.currency == new.currency
    return Comparison(
        currency=new.currency,
        changes=tuple(_changes(old, new)),
        prices=tuple(_prices(old, new, time_zone, monday)) if comparable else (),
        impacts=tuple(_impacts(old, new, time_zone, monday)) if comparable else (),
    )


def _changes(old: Tariff, new: Tariff) -> Iterator[str]:
    facts = (
        ("currency", old.currency, new.currency),
        ("taxes", TAXES[old.taxes], TAXES[new.taxes]),
        ("type", old.type or "any session", new.type or "any session"),
        ("valid from", _instant(old.start), _instant(new.start)),
        ("valid until", _instant(old.end), _instant(new.end)),
        ("min_price", _limit(old.min_price, old), _limit(new.min_price, new)),
        ("max_price", _limit(old.max_price, old), _limit(new.max_price, new)),
    )
    for name, before, after in facts:
        if before != after:
            yield f"{name}: {before} -> {after}"
    yield from _elements(old, new)


def _elements(old: Tariff, new: Tariff) -> Iterator[str]:
    """Elements added, removed and changed."""
    for first, last, from_, until in _blocks(old, new):
        gone, come = old.elements[first:last], new.elements[from_:until]
        for before, after in zip(gone, come, strict=False):
            yield from _element(before, after, old, new)
        for element in gone[len(come) :]:
            yield f"element {element.index} is removed: {_said(element, old)}"
        for element in come[len(gone) :]:
            yield f"element {element.index} is added: {_said(element, new)}"


def _blocks(old: Tariff, new: Tariff) -> Iterator[tuple[int, int, int, int]]:
    """Where elements differ, found by their longest common runs; of very many, place by place."""
    one, other = ([(each.components, each.restrictions) for each in tariff.elements] for tariff in (old, new))
    if max(len(one), len(other)) > MOST_ALIGNED:
        yield 0, len(one), 0, len(other)
        return
    for kind, *block in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            first, last, from_, until = block
            yield first, last, from_, until


def _element(before: Element, after: Element, old: Tariff, new: Tariff) -> Iterator[str]:
    where = f"element {after.index}"
    if before.restrictions != after.restrictions:
        was, now = (condition_words(one.restrictions) or "always" for one in (before, after))
        yield f"{where}: when it applies: {was} -> {now}"
    parts = [{part.dimension: part for part in one.components} for one in (before, after)]
    for dimension in Dimension:
        was, now = (_part(one.get(dimension), tariff) for one, tariff in zip(parts, (old, new), strict=True))
        if was != now:
            yield f"{where}: {dimension}: {was} -> {now}"


def _said(element: Element, tariff: Tariff) -> str:
    parts = ", ".join(f"{part.dimension} {_part(part, tariff)}" for part in element.components)
    return f"{parts or 'no components'} ({condition_words(element.restrictions) or 'always'})"


def _part(part: Component | None, tariff: Tariff) -> str:
    if part is None:
        return "no price"
    vat = "" if part.vat is None else f"{digits(part.vat)} % VAT"
    told = [price_words(part.dimension, part.price, tariff.currency), vat]
    return ", ".join(one for one in [*told, step_words(part.dimension, part.step_size)] if one)


def _limit(limit: PriceLimit | None, tariff: Tariff) -> str:
    if limit is None:
        return "none"
    gross = "" if limit.after_taxes is None else f" ({money(limit.after_taxes, tariff.currency)} after taxes)"
    return f"{money(limit.before_taxes, tariff.currency)}{gross}"


def _instant(edge: int | None) -> str:
    return "always" if edge is None else as_text(edge)


def _prices(old: Tariff, new: Tariff, time_zone: str, monday: date) -> Iterator[PriceChange]:
    """Over the week, cut at the times of both; neighbours and weekdays that are alike as one."""
    for dimension in SHOWN:
        found: dict[Window, list[int]] = {}
        for weekday in range(7):
            for window in _windows(old, new, time_zone, (monday + timedelta(days=weekday), dimension)):
                found.setdefault(window, []).append(weekday)
        for (start, end, before, after), days in found.items():
            if before != after:
                yield PriceChange(dimension, tuple(days), start, end, before, after)


def _windows(old: Tariff, new: Tariff, time_zone: str, what: tuple[date, Dimension]) -> list[Window]:
    (day, dimension), zone = what, zone_of(time_zone)
    found: list[Window] = []
    for edge in sorted({0, *clock_edges(old.elements), *clock_edges(new.elements)}):
        at = local_instants(day, edge, zone)[0]
        before, after = (_unit_price(tariff, at, time_zone, dimension) for tariff in (old, new))
        if found and found[-1][2:] == (before, after):
            continue
        if found:
            found[-1] = (found[-1][0], edge, *found[-1][2:])
        found.append((edge, 1440, before, after))
    return found


def _unit_price(tariff: Tariff, at: datetime, time_zone: str, dimension: Dimension) -> Decimal | None:
    rate = spot(tariff, at, time_zone).rate(dimension)
    return None if rate is None or not rate.price else rate.price


def _impacts(old: Tariff, new: Tariff, time_zone: str, monday: date) -> list[Impact]:
    found = []
    for about, session in _samples(old, new, time_zone, monday):
        before, after = (price(tariff, session, time_zone).before_taxes for tariff in (old, new))
        found.append(Impact(about, moment(session.start), before, after))
    return sorted(found, key=lambda one: -abs(one.delta))


def _samples(old: Tariff, new: Tariff, time_zone: str, monday: date) -> Iterator[tuple[str, Session]]:
    zone = zone_of(time_zone)
    for weekday in range(7):
        day = monday + timedelta(days=weekday)
        for hour in HOURS:
            at = local_instants(day, hour * 60, zone)[0].astimezone(UTC)
            for kwh, minutes in _usual():
                about = f"{weekdays((weekday,))} {hour:02d}:00, {kwh} kWh in {minutes} min"
                yield about, usual_session(at, kwh, minutes)[0]
    for name, tariff in (("old", old), ("new", new)):
        for sample in generate(tariff, time_zone, monday)[:MOST_EDGES]:
            yield f"at the edge of {name} {sample.about}", read_session(sample.document)


def _usual() -> Sequence[tuple[int, int]]:
    return [(kwh, minutes) for kwh in KWH for minutes in MINUTES]
