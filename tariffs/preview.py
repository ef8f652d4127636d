"""What charging at a place will cost: prices over the coming hours, and the price of usual sessions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tariffs.choosing import REGULAR, choose
from tariffs.clock import as_text, instant
from tariffs.errors import MismatchError
from tariffs.model import Tariff
from tariffs.pricing import price
from tariffs.session import Session
from tariffs.session_reading import read_session
from tariffs.spot import SHOWN, USUAL, Conditions, Rate, Spot, changes, spot, zone_of
from tariffs.taxes import Cost

LEAST_HOURS, MOST_HOURS = 1, 31 * 24
KWH = (10, 20, 50)
MINUTES = (30, 60, 240)


@dataclass(frozen=True, slots=True)
class Step:
    """The prices from `start` until `end`, which are UTC; `local` is what clocks at the place show then."""

    start: datetime
    end: datetime
    local: datetime
    tariff_id: str | None
    rates: tuple[Rate, ...]

    def rate(self, dimension: str) -> Rate | None:
        """That of one dimension; None costs nothing."""
        return next((rate for rate in self.rates if rate.dimension == dimension), None)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        rates = {one.value: rate.as_dict() if (rate := self.rate(one)) else None for one in SHOWN}
        return {
            "start": as_text(instant(self.start)),
            "end": as_text(instant(self.end)),
            "local": self.local.isoformat(),
            "tariff_id": self.tariff_id,
            **rates,
        }


@dataclass(frozen=True, slots=True)
class Example:
    """A session of so many kWh in so many minutes: the first at the power told, the rest parked."""

    kwh: Decimal
    minutes: int
    charging_seconds: int
    power: Decimal
    total: Cost

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        told = {name: getattr(self, name) for name in ("kwh", "minutes", "charging_seconds", "power")}
        return told | self.total.as_dict()


@dataclass(frozen=True, slots=True)
class Preview:
    """Prices over time, and usual sessions that begin at its start."""

    currency: str
    time_zone: str
    start: datetime
    end: datetime
    steps: tuple[Step, ...]
    examples: tuple[Example, ...] = field(default=())

    @property
    def basis(self) -> str:
        """What its unit prices are, as its tariffs write them: before taxes, including taxes, or either."""
        rates = [rate for step in self.steps for rate in step.rates if rate.price]
        if all(rate.price == rate.net == rate.gross for rate in rates):
            return "no taxes told"
        if all(rate.price == rate.net for rate in rates):
            return "before taxes"
        return (
            "including taxes" if all(rate.price == rate.gross for rate in rates) else "as each tariff tells"
        )

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "currency": self.currency,
            "time_zone": self.time_zone,
            "start": as_text(instant(self.start)),
            "end": as_text(instant(self.end)),
            "steps": [step.as_dict() for step in self.steps],
            "examples": [example.as_dict() for example in self.examples],
        }


def preview(
    tariffs: Tariff | Sequence[Tariff],
    time_zone: str,
    start: datetime,
    hours: int = 24,
    conditions: Conditions = USUAL,
) -> Preview:
    """The prices at a place in `time_zone` during `hours` from `start` (aware).

    Of several tariffs the one that a REGULAR session has counts at each instant (`choose`). Prices are those
    of a session that begins then; `conditions` decide where they depend on power or current. ValueError when
    `hours` is not from 1 to 744, MismatchError when the tariffs are of several currencies.
    """
    if not LEAST_HOURS <= hours <= MOST_HOURS:
        raise ValueError(f"a preview is of {LEAST_HOURS} to {MOST_HOURS} hours, not {hours}")
    given = (tariffs,) if isinstance(tariffs, Tariff) else tuple(tariffs)
    begin = start.astimezone(UTC)
    end = begin + timedelta(hours=hours)
    steps = tuple(_steps(given, time_zone, (begin, end), conditions))
    now = given[0] if len(given) == 1 else choose(given, begin)
    examples = () if now is None else tuple(usual_sessions(now, time_zone, begin, conditions))
    return Preview(_currency(given), time_zone, begin, end, steps, examples)


def usual_sessions(
    tariff: Tariff,
    time_zone: str,
    start: datetime,
    conditions: Conditions = USUAL,
) -> Iterator[Example]:
    """10, 20 and 50 kWh in 30, 60 and 240 minutes from `start`.

    Charging takes as long as the energy needs at the power of `conditions`, the rest is parked; where the
    time is too short for that, the power is what it must be.
    """
    for kwh in KWH:
        for minutes in MINUTES:
            session, charging, power = usual_session(start, kwh, minutes, conditions)
            total = price(tariff, session, time_zone, conditions.policy).total
            yield Example(Decimal(kwh), minutes, charging, power, total)


def usual_session(
    start: datetime, kwh: int, minutes: int, conditions: Conditions = USUAL
) -> tuple[Session, int, Decimal]:
    """One session of the table, its seconds of charging and its power."""
    needed = int(kwh * 3600 / conditions.power) if conditions.power > 0 else minutes * 60
    charging = max(min(needed, minutes * 60), 1)
    power = conditions.power if needed <= minutes * 60 else Decimal(kwh * 60) / minutes
    taken = conditions if power == conditions.power else replace(conditions, power=power, current=None)
    segments: list[dict[str, object]] = [{"seconds": charging, "kwh": kwh, **taken.as_fields()}]
    if charging < minutes * 60:
        segments.append({"kind": "PARKING", "seconds": minutes * 60 - charging})
    session = read_session({"start": as_text(instant(start)), "segments": segments})
    return session, charging, power


def _currency(given: Sequence[Tariff]) -> str:
    currencies = sorted({tariff.currency for tariff in given})
    if not given:
        raise MismatchError("tariffs", "required", "there is no tariff to preview")
    if len(currencies) > 1:
        raise MismatchError("currency", "currency", f"the tariffs differ: {', '.join(currencies)}")
    return currencies[0]


def _steps(
    given: Sequence[Tariff],
    time_zone: str,
    span: tuple[datetime, datetime],
    conditions: Conditions,
) -> Iterator[Step]:
    """One step for each stretch in which no price changes."""
    zone, (start, end) = zone_of(time_zone), span
    instants = {at for tariff in given for at in changes(tariff, time_zone, start, end)} | {start}
    instants |= {at for at in _validity_edges(given) if start < at < end}
    found: list[tuple[str | None, Spot]] = []
    for at in sorted(instants):
        tariff = given[0] if len(given) == 1 else choose(given, at, REGULAR)
        here = Spot(at, ()) if tariff is None else spot(tariff, at, time_zone, conditions)
        name = None if tariff is None else tariff.id
        if not found or (name, here.prices) != (found[-1][0], found[-1][1].prices):
            found.append((name, here))
    yield from _with_ends(found, zone, end)


def _with_ends(found: Sequence[tuple[str | None, Spot]], zone: ZoneInfo, end: datetime) -> Iterator[Step]:
    ends = [here.at for _, here in found[1:]] + [end]
    for (name, here), until in zip(found, ends, strict=True):
        yield Step(here.at, until, here.at.astimezone(zone), name, here.rates)


def _validity_edges(given: Sequence[Tariff]) -> Iterator[datetime]:
    for tariff in given:
        for edge in (tariff.start, tariff.end):
            if edge is not None:
                yield datetime.fromtimestamp(edge // 1_000_000, UTC)
