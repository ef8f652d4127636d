"""What a session is when it is priced: periods with what was used in each, whatever document told it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from fractions import Fraction

from tariffs.exact import HOUR, SECOND, Exact, nearest, whole
from tariffs.model import Remark
from tariffs.policy import Hours


class Source(StrEnum):
    """What kind of document a session was read from."""

    CDR = "cdr"
    SESSION = "session"
    SEGMENTS = "segments"


class Phase(IntEnum):
    """What the EVSE is doing for this driver."""

    RESERVATION = 0
    CHARGING = 1
    PARKING = 2


@dataclass(frozen=True, slots=True)
class Load:
    """Power (1e-6 kW) or current (1e-6 A, all phases) in a period, as far as it is told."""

    low: Exact | None = None
    average: Exact | None = None
    high: Exact | None = None

    @property
    def told(self) -> bool:
        """Whether anything is known."""
        return self.low is not None or self.average is not None or self.high is not None


UNTOLD = Load()
NOTHING = Load(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Period:
    """What a document says of one period: instants, energy in 1e-6 kWh, times in microseconds."""

    start: int
    end: int
    energy: Exact = 0
    charging: Exact = 0
    parking: Exact = 0
    reservation: Exact = 0
    power: Load = UNTOLD
    current: Load = UNTOLD
    tariff_id: str | None = None

    @property
    def times(self) -> tuple[Exact, Exact, Exact]:
        """Time by phase."""
        return self.reservation, self.charging, self.parking


@dataclass(frozen=True, slots=True)
class Session:
    """A session to be priced. Totals are as measured: energy in 1e-6 kWh, times in microseconds (P-46)."""

    periods: tuple[Period, ...]
    start: int
    source: Source = Source.SEGMENTS
    energy: Exact = 0
    time: Exact = 0
    parking: Exact = 0
    currency: str | None = None
    time_zone: str | None = None
    warnings: tuple[Remark, ...] = ()

    @property
    def only_reserved(self) -> bool:
        """Whether nothing but a reservation took place (P-50)."""
        used = any(period.energy or period.charging or period.parking for period in self.periods)
        return not used and any(period.reservation for period in self.periods)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one phase; `time` is what is billed as time, `place` the number of its period."""

    place: int
    phase: Phase
    start: int
    end: int
    energy: Exact
    time: Exact
    power: Load
    current: Load


def pieces(session: Session, hours: Hours, derive: bool) -> Iterator[Piece]:
    """The periods of a session, each in pieces of one phase: reserved, then charging, then parked."""
    for place, period in enumerate(session.periods):
        for piece in _phases(place, period, hours):
            yield _loaded(piece, derive)


def _phases(place: int, period: Period, hours: Hours) -> Iterator[Piece]:
    billable = _billable(period, hours)
    times: dict[Phase, Exact] = {phase: billable[phase] for phase in Phase if billable[phase]}
    holder = _holder_of_energy(period, times)
    times.setdefault(holder, 0)
    passed: Exact = 0
    total = sum(times.values())
    for phase in sorted(times):
        start = _within(period, passed, total)
        passed += times[phase]
        end = _within(period, passed, total) if total else period.end
        energy = period.energy if phase is holder else 0
        yield Piece(place, phase, start, end, energy, times[phase], period.power, period.current)


def _holder_of_energy(period: Period, times: dict[Phase, Exact]) -> Phase:
    """Energy belongs to charging; only a period that is wholly parked or reserved can have it there."""
    if Phase.CHARGING in times or not times:
        return Phase.CHARGING
    if period.energy and Phase.PARKING not in times:
        return Phase.CHARGING
    return max(times)


def _within(period: Period, passed: Exact, total: Exact) -> int:
    return period.start + int((period.end - period.start) * passed // total) if total else period.start


def _billable(period: Period, hours: Hours) -> tuple[Exact, ...]:
    """What each time volume stands for (A12): a step must not be reached by the rounding of decimal hours."""
    if hours is Hours.RAW:
        return period.times
    length = period.end - period.start
    given = [time for time in period.times if time]
    if hours is Hours.TIMESTAMPS and len(given) == 1 and agrees(given[0], length):
        return tuple(length if time else 0 for time in period.times)
    return tuple(nearest(time, SECOND) for time in period.times)


def agrees(time: Exact, length: int) -> bool:
    """Whether a volume in hours, at the decimals it was written with, tells the length of its period."""
    last_place: int = HOUR
    while last_place > HOUR // 10**6 and time % last_place:
        last_place //= 10
    tolerance = min(max(last_place // 2, SECOND), 18 * SECOND)
    return -tolerance <= time - length <= tolerance


def _loaded(piece: Piece, derive: bool) -> Piece:
    """A parked vehicle takes nothing (A10); untold power is energy by time if that may be derived (A09)."""
    if piece.phase is not Phase.CHARGING:
        power = piece.power if piece.power.told and piece.energy else NOTHING
        current = piece.current if piece.current.told and piece.energy else NOTHING
        return replace(piece, power=power, current=current)
    if derive and not piece.power.told and piece.time:
        return replace(piece, power=Load(average=whole(Fraction(piece.energy * HOUR) / piece.time)))
    return piece
