"""A preview as a picture: prices over the hours, a panel for each unit that has a price."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from tariffs.drawing import Area, Drawing, Line, Shape, Text
from tariffs.model import Dimension
from tariffs.preview import Preview, Step
from tariffs.spot import zone_of
from tariffs.words import DAYS, MONTHS, digits, money

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM, GAP = 960, 170, 76, 24, 90, 56, 40
GRID, AXIS, INK, PALE = "#e4e7eb", "#9aa5b1", "#1f2933", "#616e7c"
LABEL_WIDTH = 58
MOST_LABELS_EACH_HOURS = (3, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class _Panel:
    """One unit and what is drawn in it."""

    title: str
    series: tuple[tuple[Dimension, str, str, str], ...]


START_FEE = _Panel("start fee", ((Dimension.FLAT, "start fee", "#653cad", "#eae2f8"),))
PANELS = (
    _Panel("per kWh", ((Dimension.ENERGY, "energy", "#0b69a3", "#dceefb"),)),
    _Panel(
        "per hour",
        (
            (Dimension.TIME, "charging", "#0c6b58", "#d3f3ea"),
            (Dimension.PARKING_TIME, "parked", "#b44d12", "#ffe8d9"),
        ),
    ),
    START_FEE,
)


def picture(preview: Preview) -> Drawing:
    """The prices of a preview over local time; nights on which clocks change have 23 and 25 hours."""
    zone = zone_of(preview.time_zone)
    panels = [panel for panel in PANELS if _priced(preview, panel)] or [PANELS[0]]
    height = TOP + len(panels) * (PANEL + GAP) - GAP + BOTTOM
    shapes: list[Shape] = [*_heading(preview, zone)]
    for number, panel in enumerate(panels):
        shapes += _panel(preview, panel, TOP + number * (PANEL + GAP), zone)
    shapes += _hours(preview, zone, height - BOTTOM)
    title = f"Prices in {preview.currency} from {preview.start:%Y-%m-%d %H:%M} UTC in {preview.time_zone}"
    return Drawing(WIDTH, height, title, tuple(shapes))


def _priced(preview: Preview, panel: _Panel) -> bool:
    """Whether there is something to draw: a start fee that never changes is told in the heading instead."""
    if panel is START_FEE and len({_price(step, Dimension.FLAT) for step in preview.steps}) == 1:
        return False
    return any(step.rate(dimension) for step in preview.steps for dimension, *_ in panel.series)


def _heading(preview: Preview, zone: ZoneInfo) -> Iterator[Shape]:
    names = sorted({step.tariff_id for step in preview.steps if step.tariff_id})
    local = preview.start.astimezone(zone)
    hours = (preview.end - preview.start) // timedelta(hours=1)
    yield Text((LEFT, 28), f"Price of charging, {preview.currency} ({preview.basis})", 18, INK, bold=True)
    span = f"{hours} hours from {_day(local)} {local:%H:%M}, {zone.key}"
    yield Text((LEFT, 47), f"{span}; tariff {', '.join(names)[:60] or 'none'}{_start_fee(preview)}", 12, PALE)


def _start_fee(preview: Preview) -> str:
    fees = {_price(step, Dimension.FLAT) for step in preview.steps}
    return f"; start fee {money(max(fees), preview.currency)}" if len(fees) == 1 and max(fees) else ""


def _panel(preview: Preview, panel: _Panel, top: float, zone: ZoneInfo) -> Iterator[Shape]:
    marks = _marks(_highest(preview, panel))
    most = marks[-1]
    yield from _midnights(preview, zone, top)
    for mark in marks:
        y = _y(mark, most, top)
        yield Line(((LEFT, y), (WIDTH - RIGHT, y)), AXIS if mark == 0 else GRID)
        yield Text((LEFT - 8, y + 4), digits(mark, _places(marks)), 11, PALE, "end")
    yield Text((LEFT, top - 8), panel.title, 12, INK, bold=True)
    for number, (dimension, name, colour, fill) in enumerate(panel.series):
        if len(panel.series) > 1:
            yield from _legend(number, name, colour, top)
        yield from _curve(preview, dimension, (colour, fill if number == 0 else ""), (top, most))


def _legend(number: int, name: str, colour: str, top: float) -> Iterator[Shape]:
    x = LEFT + 80 + number * 110
    yield Line(((x, top - 12), (x + 22, top - 12)), colour, 2.5)
    yield Text((x + 28, top - 8), name, 11, PALE)


def _curve(
    preview: Preview, dimension: Dimension, colours: tuple[str, str], scale: tuple[float, Decimal]
) -> Iterator[Shape]:
    colour, fill = colours
    top, most = scale
    points: list[tuple[float, float]] = []
    labels: list[Shape] = []
    for start, end, price in _runs(preview, dimension):
        left, right, y = _x(preview, start), _x(preview, end), _y(price, most, top)
        points += [(left, y), (right, y)]
        if price and right - left >= LABEL_WIDTH:
            words = money(price, preview.currency)
            labels.append(Text(((left + right) / 2, y - 6), words, 11, colour, "middle"))
    if fill:
        ground = _y(Decimal(0), most, top)
        yield Area(((points[0][0], ground), *points, (points[-1][0], ground)), fill)
    yield Line(tuple(points), colour, 2.5)
    yield from labels


def _runs(preview: Preview, dimension: Dimension) -> Iterator[tuple[datetime, datetime, Decimal]]:
    """Stretches of one price of one dimension, whatever the others do."""
    for price, steps in groupby(preview.steps, lambda step: _price(step, dimension)):
        alike = list(steps)
        yield alike[0].start, alike[-1].end, price


def _midnights(preview: Preview, zone: ZoneInfo, top: float) -> Iterator[Shape]:
    for at in _local_hours(preview, zone):
        local = at.astimezone(zone)
        if local.hour == 0 and local.fold == 0:
            x = _x(preview, at)
            yield Line(((x, top), (x, top + PANEL)), AXIS, 1, dashed=True)


def _hours(preview: Preview, zone: ZoneInfo, bottom: float) -> Iterator[Shape]:
    """Local hours below the last panel, and the date where a day begins."""
    total = (preview.end - preview.start) // timedelta(hours=1)
    every = next((one for one in MOST_LABELS_EACH_HOURS if total / one <= 16), 24)
    yield from (_day_labels(preview, zone, bottom))
    for at in _local_hours(preview, zone):
        local = at.astimezone(zone)
        if local.hour % every == 0 and every < 24:
            yield Text((_x(preview, at), bottom + 18), f"{local:%H:%M}", 11, PALE, "middle")


def _day_labels(preview: Preview, zone: ZoneInfo, bottom: float) -> Iterator[Shape]:
    starts = [at for at in _local_hours(preview, zone) if at.astimezone(zone).hour == 0]
    edges = [preview.start, *starts, preview.end]
    for start, end in pairwise(edges):
        left, right = _x(preview, start), _x(preview, end)
        if right - left >= LABEL_WIDTH * 2:
            yield Text(((left + right) / 2, bottom + 38), _day(start.astimezone(zone)), 12, INK, "middle")
        elif right - left >= LABEL_WIDTH:
            yield Text(
                ((left + right) / 2, bottom + 38), f"{start.astimezone(zone):%a %d}", 12, INK, "middle"
            )


def _day(local: datetime) -> str:
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def _local_hours(preview: Preview, zone: ZoneInfo) -> Iterator[datetime]:
    """Every instant of the span at which the clocks of the place show a full hour."""
    at = preview.start.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    while at < preview.end:
        if at > preview.start and at.astimezone(zone).minute == 0:
            yield at
        at += timedelta(minutes=15)


def _x(preview: Preview, at: datetime) -> float:
    share = (at - preview.start) / (preview.end - preview.start)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(price: Decimal, most: Decimal, top: float) -> float:
    return top + PANEL - float(price / most) * (PANEL - 18)


def _price(step: Step, dimension: Dimension) -> Decimal:
    rate = step.rate(dimension)
    return Decimal(0) if rate is None else rate.price


def _highest(preview: Preview, panel: _Panel) -> Decimal:
    return max(_price(step, dimension) for step in preview.steps for dimension, *_ in panel.series)


def _marks(highest: Decimal) -> Sequence[Decimal]:
    """Round prices from 0 to just above the highest, 3 to 6 of them."""
    if highest <= 0:
        return (Decimal(0), Decimal(1))
    size = Decimal(1).scaleb(highest.adjusted() - 1)
    step = next(size * many for many in (2, 5, 10, 20, 50, 100) if highest <= size * many * 5)
    count = int((highest / step).to_integral_value(ROUND_CEILING))
    return [step * place for place in range(count + 1)]


def _places(marks: Sequence[Decimal]) -> int:
    return max(len(f"{mark.normalize():f}".partition(".")[2]) for mark in marks)
