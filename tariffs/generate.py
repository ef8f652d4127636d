"""Sample sessions for a tariff: each element in use, and each edge just before and just after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

from tariffs.cells import QUANTITIES, Moment, Part, Space, parts_of
from tariffs.clock import as_text, instant
from tariffs.model import Dimension, Element, ReservationKind, Restrictions, Tariff
from tariffs.spot import local_instants, zone_of

USUAL_DAY = date(2026, 1, 5)
STRETCH = 900
"""Seconds that a sample stays where it aims at."""

MOST_SAMPLES = 20_000
"""What no honest tariff needs."""

NUDGE = {
    "kwh": Decimal("0.001"),
    "duration": Decimal(1),
    "power": Decimal("0.001"),
    "current": Decimal("0.001"),
}
KINDS = (None, ReservationKind.RESERVATION, ReservationKind.RESERVATION_EXPIRES)

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sample:
    """A session as plain segments (`read_session` reads the document), and what it is for."""

    about: str
    document: Json

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"about": self.about, **self.document}


def generate(tariff: Tariff, time_zone: str = "UTC", near: date = USUAL_DAY) -> list[Sample]:
    """Sessions at a place in `time_zone`, from `near` on, that use every component which can be reached,
    and that begin just before and at every edge of every element."""
    zone = zone_of(time_zone)
    found: dict[str, Sample] = {}
    for sample in chain(_of_components(tariff, zone, near), _of_edges(tariff, zone, near)):
        found.setdefault(repr(sample.document), sample)
        if len(found) == MOST_SAMPLES:
            break
    return list(found.values())


def _of_components(tariff: Tariff, zone: ZoneInfo, near: date) -> Iterator[Sample]:
    for kind in KINDS:
        for dimension in Dimension:
            space = Space(parts_of(tariff.elements, kind, dimension), near, _valid(tariff))
            if not space.too_large:
                yield from _reaching(space, dimension, kind, zone)


def _reaching(
    space: Space, dimension: Dimension, kind: ReservationKind | None, zone: ZoneInfo
) -> Iterator[Sample]:
    """One session for each component that is first somewhere."""
    domain, covered = space.domain(dimension, kind), 0
    for element, _ in space.parts:
        left = space.box(element.restrictions) & domain & ~covered
        covered |= space.box(element.restrictions)
        if left:
            about = f"element {element.index}, {dimension}"
            yield Sample(about, _session(space.moment(left), zone, dimension, kind))


def _of_edges(tariff: Tariff, zone: ZoneInfo, near: date) -> Iterator[Sample]:
    for element in tariff.elements:
        kind = element.restrictions.reservation
        for dimension in dict.fromkeys(part.dimension for part in element.components):
            parts: list[Part] = [(element, next(p for p in element.components if p.dimension is dimension))]
            space = Space(parts, near, _valid(tariff))
            inside = space.box(element.restrictions) & space.domain(dimension, kind)
            if inside:
                yield from _around(element, space.moment(inside), (dimension, kind), zone)


def _around(
    element: Element,
    inside: Moment,
    what: tuple[Dimension, ReservationKind | None],
    zone: ZoneInfo,
) -> Iterator[Sample]:
    for name, moment in _edges(element.restrictions, inside):
        yield Sample(f"element {element.index}, {what[0]}, {name}", _session(moment, zone, *what))


def _edges(read: Restrictions, inside: Moment) -> Iterator[tuple[str, Moment]]:
    """A moment just before and one at each edge, all else as inside the element."""
    for side in ("start", "end"):
        edge = getattr(read, f"{side}_time")
        if edge is not None:
            yield f"{side}_time", replace(inside, minute=edge % 1440)
            yield f"before {side}_time", replace(inside, minute=(edge - 1) % 1440)
        day = getattr(read, f"{side}_date")
        if day is not None:
            yield f"{side}_date", replace(inside, day=day)
            yield f"before {side}_date", replace(inside, day=day - timedelta(days=1))
    for quantity in QUANTITIES:
        for name in (f"min_{quantity}", f"max_{quantity}"):
            edge = getattr(read, name)
            if edge is not None:
                yield name, _with(inside, quantity, edge)
                yield f"before {name}", _with(inside, quantity, max(edge - NUDGE[quantity], Decimal(0)))
    for weekday in range(7) if read.day_of_week else ():
        on = inside.day + timedelta(days=(weekday - inside.day.weekday()) % 7)
        yield f"weekday {weekday}", replace(inside, day=on)


def _with(moment: Moment, quantity: str, value: Decimal) -> Moment:
    return replace(moment, **{quantity: max(value, Decimal(0))})  # type: ignore[arg-type]


def _session(
    moment: Moment, zone: ZoneInfo, dimension: Dimension, kind: ReservationKind | None
) -> dict[str, object]:
    """A session that has used what it must when the moment comes, and then goes on as the dimension asks."""
    at = local_instants(moment.day, moment.minute, zone)[0]
    elapsed = int(-(-moment.duration // 1))
    if moment.kwh and not elapsed and kind is None:
        elapsed = STRETCH
    before = _leading(moment, elapsed, kind)
    start = at.astimezone(UTC) - timedelta(seconds=elapsed)
    segments = [*before, *_aimed(moment, dimension, kind)]
    return {"start": as_text(instant(_whole(start))), "segments": segments}


def _leading(moment: Moment, elapsed: int, kind: ReservationKind | None) -> Iterator[dict[str, object]]:
    if not elapsed:
        return
    if kind is not None:
        yield {"kind": "RESERVATION", "seconds": elapsed}
        return
    yield {"seconds": elapsed, "kwh": moment.kwh}


def _aimed(moment: Moment, dimension: Dimension, kind: ReservationKind | None) -> Iterator[dict[str, object]]:
    """The stretch that is aimed at; a used reservation is followed by a session, an expired one is not."""
    if kind is not None:
        yield {"kind": "RESERVATION", "seconds": STRETCH}
        if kind is ReservationKind.RESERVATION:
            yield {"seconds": STRETCH, "kwh": 1}
        return
    if dimension is Dimension.PARKING_TIME:
        yield {"kind": "PARKING", "seconds": STRETCH}
        return
    yield {"seconds": STRETCH, "kwh": Decimal(1), "power": moment.power, "current": moment.current}


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _valid(tariff: Tariff) -> tuple[date | None, date | None]:
    start, end = (
        None if edge is None else datetime.fromtimestamp(edge // 10**6, UTC).date()
        for edge in (tariff.start, tariff.end)
    )
    return start, end
