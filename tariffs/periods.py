"""The charging periods that a quote rests on: begun anew wherever another component becomes active (P-23)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tariffs.clock import as_text
from tariffs.exact import HOUR, MILLION, Exact, whole
from tariffs.rounding import to_places
from tariffs.session import Load, Phase

PLACES = 4
"""Decimals of an OCPI number."""

TIMES = {Phase.RESERVATION: "RESERVATION_TIME", Phase.CHARGING: "TIME", Phase.PARKING: "PARKING_TIME"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one period and phase in which the same components were active."""

    place: int
    phase: Phase
    start: int
    energy: Exact
    time: Exact
    power: Load
    current: Load
    tariff_id: str | None
    active: tuple[int | None, ...]

    @property
    def kind(self) -> tuple[object, ...]:
        """What must stay the same for a stretch to go on."""
        return self.place, self.phase, self.active


def joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one kind as one."""
    last: Stretch | None = None
    for stretch in stretches:
        if last is not None and last.kind == stretch.kind:
            energy, time = whole(last.energy + stretch.energy), whole(last.time + stretch.time)
            last = replace(last, energy=energy, time=time)
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last


def charging_periods(stretches: Iterable[Stretch]) -> list[dict[str, object]]:
    """Stretches as ChargingPeriods of OCPI; rounding is carried over, so that volumes add up."""
    volumes = _Volumes()
    return [_period(stretch, volumes) for stretch in stretches]


class _Volumes:
    """Rounds volumes so that their sum is at any time the rounded sum."""

    def __init__(self) -> None:
        self.sums: dict[str, Exact] = {}

    def next(self, name: str, volume: Exact, unit: int) -> dict[str, object]:
        before = self.sums.get(name, 0)
        after = self.sums[name] = before + volume
        rounded = to_places(after, unit, PLACES) - to_places(before, unit, PLACES)
        return {"type": name, "volume": rounded}


def _period(stretch: Stretch, volumes: _Volumes) -> dict[str, object]:
    dimensions = []
    if stretch.energy or stretch.phase is Phase.CHARGING:
        dimensions.append(volumes.next("ENERGY", stretch.energy, MILLION))
    if stretch.time:
        dimensions.append(volumes.next(TIMES[stretch.phase], stretch.time, HOUR))
    dimensions += [*_load("POWER", stretch.power), *_load("CURRENT", stretch.current)]
    named = {} if stretch.tariff_id is None else {"tariff_id": stretch.tariff_id}
    return {"start_date_time": as_text(stretch.start), "dimensions": dimensions, **named}


def _load(name: str, load: Load) -> Iterator[dict[str, object]]:
    for prefix, value in (("MIN_", load.low), ("MAX_", load.high)):
        if value is not None:
            yield {"type": prefix + name, "volume": to_places(value, MILLION, PLACES)}
