"""Made-up charges in the shape of real ones, the same for the same seed: nobody is at two cars at once.

The parameters are those of 30,114 charges at car parks of Caltech (ACN-Data, 2018 to 2021): energy and time
are log-normal, most people come in the morning of a weekday, and a car stands full for two hours (median),
one in four not at all. Charging is faster here, on three phases; the fast ones are guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from hub.demo.month.cast import EMSPS, Emsp
from hub.demo.month.places import CARDS, SITES, Site, card

BY_HOUR = (6, 4, 3, 3, 3, 10, 47, 120, 160, 110, 60, 50, 55, 48, 42, 45, 60, 72, 60, 48, 36, 26, 18, 10)
BY_WEEKDAY = (19, 20, 20, 20, 17, 9, 7)
LOG_KWH, LOG_KWH_FAST = (2.43, 0.75), (3.3, 0.45)
"""Mean and deviation of the logarithm."""
LOG_IDLE_HOURS = (0.75, 0.9)
NEVER_IDLE = 0.27
GAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Stay:
    """A car at a charging point: it charges for so many minutes, then it stands there."""

    id: str
    site: Site
    evse_uid: str
    fast: bool
    emsp: Emsp
    card: str
    start: datetime
    charging: int
    idle: int
    kwh: Decimal
    currency: str

    @property
    def full(self) -> datetime:
        return self.start + timedelta(minutes=self.charging)

    @property
    def end(self) -> datetime:
        return self.full + timedelta(minutes=self.idle)


@dataclass
class Busy:
    """Until when every point and every card is used; what comes earlier is not looked at any more."""

    spans: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def free(self, name: str, start: datetime, end: datetime) -> bool:
        return all(end + GAP < begun or start > ended + GAP for begun, ended in self.spans.get(name, ()))

    def take(self, start: datetime, end: datetime, *names: str) -> None:
        for name in names:
            self.spans.setdefault(name, []).append((start, end))


def stays(count: int, month: tuple[datetime, datetime], dice: Random) -> list[Stay]:
    """So many, in order of their beginning; month: its first instant and that of the next."""
    busy = Busy()
    found: list[Stay] = []
    tries = made_up(month, dice)
    while len(found) < count:
        stay = next(tries)
        names = (stay.evse_uid, stay.card)
        if stay.end < month[1] - GAP and all(busy.free(name, stay.start, stay.end) for name in names):
            busy.take(stay.start, stay.end, *names)
            found.append(stay)
    return sorted(found, key=lambda stay: (stay.start, stay.evse_uid))


def made_up(month: tuple[datetime, datetime], dice: Random) -> Iterator[Stay]:
    number = 0
    while True:
        number += 1
        site = dice.choice(SITES)
        evse_uid, fast = dice.choice(site.evses)
        (emsp,) = dice.choices(EMSPS, [each.share for each in EMSPS])
        charging, idle, kwh = load(dice, fast=fast)
        yield Stay(
            f"{site.cpo.short}-S{number:06d}",
            site,
            evse_uid,
            fast,
            emsp,
            card(emsp, site, dice.randint(1, CARDS)),
            arrival(month, ZoneInfo(site.cpo.time_zone), dice),
            charging,
            idle,
            kwh,
            emsp.currency,
        )


def arrival(month: tuple[datetime, datetime], zone: ZoneInfo, dice: Random) -> datetime:
    """A minute of the month, by the weekday and the hour there."""
    first = month[0].astimezone(zone)
    days = [first + timedelta(days=each) for each in range((month[1] - month[0]).days)]
    (day,) = dice.choices(days, [BY_WEEKDAY[day.weekday()] for day in days])
    (hour,) = dice.choices(range(24), BY_HOUR)
    return max(day.replace(hour=hour, minute=dice.randrange(60)).astimezone(month[0].tzinfo), month[0])


def load(dice: Random, *, fast: bool) -> tuple[int, int, Decimal]:
    """Minutes of charging, minutes of standing, kWh to the Wh."""
    if fast:
        kwh = within(dice.lognormvariate(*LOG_KWH_FAST), 8, 80)
        return minutes(kwh / dice.uniform(45, 120)), dice.choice([0, 0, 1, 3, 12]), exact(kwh)
    kwh = within(dice.lognormvariate(*LOG_KWH), 1.5, 70)
    hours = 0.0 if dice.random() < NEVER_IDLE else within(dice.lognormvariate(*LOG_IDLE_HOURS), 0.1, 12)
    return minutes(kwh / dice.uniform(3.2, 10.4)), round(hours * 60), exact(kwh)


def within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def minutes(hours: float) -> int:
    return max(round(hours * 60), 6)


def exact(kwh: float) -> Decimal:
    return round(Decimal(kwh), 3)
