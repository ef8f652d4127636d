"""What looks wrong about the restrictions of a tariff."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tariffs.lint.finding import Findings, Subject, finding, restriction
from tariffs.model import Element, ReservationKind
from tariffs.spot import clock_changes_on, zone_of
from tariffs.words import clock, day

LOADS = ("min_power", "max_power", "min_current", "max_current")
MAXIMA = ("max_kwh", "max_duration", "max_power", "max_current")


def maxima(subject: Subject) -> Findings:
    """A maximum of nothing, which nothing is below."""
    for element in subject.tariff.elements:
        for name in MAXIMA:
            most = getattr(element.restrictions, name)
            if most is not None and most <= 0 and getattr(element.restrictions, f"min_{name[4:]}") is None:
                yield finding("impossible", restriction(element, name), f"is {most}: nothing is below it")


def loads(subject: Subject) -> Findings:
    """Restrictions on power or current, which most CDRs cannot prove (A09)."""
    for element in subject.tariff.elements:
        named = [name for name in LOADS if getattr(element.restrictions, name) is not None]
        if named:
            message = "depends on the load of the moment"
            yield finding("load-restriction", restriction(element, named[0]), message)


def midnights(subject: Subject) -> Findings:
    """Windows that end at or reach over midnight (A06, A07)."""
    for element in subject.tariff.elements:
        read = element.restrictions
        if read.end_time is not None and read.end_time % 1440 == 0:
            yield finding(
                "end-time-midnight", restriction(element, "end_time"), "is midnight, the end of the day"
            )
        elif read.day_of_week and read.end_time is not None and (read.start_time or 0) > read.end_time:
            message = (
                f"also means the early hours, until {clock(read.end_time)}, of the days named themselves"
            )
            yield finding("weekday-over-midnight", restriction(element, "day_of_week"), message)


def dates(subject: Subject) -> Findings:
    """Dates on every element."""
    read = [element.restrictions for element in subject.tariff.elements]
    if all(one.start_date or one.end_date for one in read):
        yield finding("date-restriction", "elements", "all have dates, as the tariff itself can")


def reservations(subject: Subject) -> Findings:
    """A price of expiry beside no price of reserving."""
    kinds = [element.restrictions.reservation for element in subject.tariff.elements]
    if ReservationKind.RESERVATION_EXPIRES in kinds and ReservationKind.RESERVATION not in kinds:
        element = subject.tariff.elements[kinds.index(ReservationKind.RESERVATION_EXPIRES)]
        message = "prices expired reservations, while reserving itself has no price"
        yield finding("expiry-without-reservation", restriction(element, "reservation"), message)


def clock_changes(subject: Subject) -> Findings:
    """Edges in an hour that is skipped or repeated within a year at the place (A08)."""
    if subject.time_zone is None:
        return
    for start, end, when, what in _odd_hours(zone_of(subject.time_zone), subject):
        for element in subject.tariff.elements:
            yield from _edges_within(
                element, (start, end), f"is in the hour that is {what} on {day(when.date())}"
            )


def _edges_within(element: Element, span: tuple[int, int], message: str) -> Findings:
    for name in ("start_time", "end_time"):
        edge = getattr(element.restrictions, name)
        if edge is not None and edge % 1440 and span[0] <= edge < span[1]:
            yield finding("dst-edge", restriction(element, name), message)


def _odd_hours(zone: ZoneInfo, subject: Subject) -> Iterator[tuple[int, int, datetime, str]]:
    """Local minutes that are skipped or repeated in the year after `near`."""
    for number in range(366):
        for at in clock_changes_on(subject.near + timedelta(days=number), zone):
            after, before = at.astimezone(zone), (at - timedelta(minutes=1)).astimezone(zone)
            jump = (_minute(after) - _minute(before) - 1 + 720) % 1440 - 720
            first, last = sorted((_minute(after), _minute(after) - jump))
            yield first, last, after, "skipped" if jump > 0 else "repeated"


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
