"""Moments as people write and read them: an instant with its offset, or what the clocks of a place show."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from hub.ocpi import instants

FORMS = "2026-11-30T05:00:00Z, 2026-11-30T06:00+01:00 or '2026-11-30 06:00 Europe/Berlin'"


class MomentType(click.ParamType[int]):
    """An instant in microseconds, written in one of FORMS; a local time that no clock or two clocks show is
    refused."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return moment(str(value))
        except ValueError as fault:
            self.fail(f"{fault}.", param, ctx)


def moment(text: str) -> int:
    """ValueError says what is wrong with it."""
    written, _, last = text.strip().rpartition(" ")
    zone = last if last in available_timezones() else None
    try:
        found = datetime.fromisoformat(written if zone else text.strip())
    except ValueError as fault:
        raise ValueError(f"{text!r} is no moment; write it as {FORMS}") from fault
    if zone is None and found.tzinfo is None:
        raise ValueError(f"{text!r} does not say by which clock; write it as {FORMS}")
    if zone is not None and found.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset and a time zone; leave one out")
    return instants.instant((local(found, zone) if zone else found).astimezone(UTC))


def local(shown: datetime, name: str) -> datetime:
    """The moment at which clocks of a place show this."""
    zone = ZoneInfo(name)
    first, second = (shown.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != shown:
        raise ValueError(f"clocks in {name} never show {shown:%Y-%m-%d %H:%M}: they are set forward then")
    if first.utcoffset() != second.utcoffset():
        raise ValueError(
            f"clocks in {name} show {shown:%Y-%m-%d %H:%M} twice; write {first.isoformat()} or "
            f"{second.isoformat()}"
        )
    return first


def shown(instant: int | None, zone: str) -> str | None:
    """What the clocks of a place show then, to the second where that is needed."""
    if instant is None:
        return None
    there = instants.moment(instant).astimezone(ZoneInfo(zone))
    return f"{there:%a %Y-%m-%d %H:%M:%S}" if there.second else f"{there:%a %Y-%m-%d %H:%M}"


def shown_in_full(instant: int, zone: str) -> str:
    """The same with the place, and the instant as OCPI writes it."""
    return f"{shown(instant, zone)} {zone} ({instants.text(instant)})"


def day(text: str, zone: str) -> tuple[int, int]:
    """The first instant of a local day, and that of the next: 23, 24 or 25 hours."""
    try:
        midnight = datetime.fromisoformat(text)
    except ValueError as fault:
        raise click.BadParameter(f"{text!r} is no date; write it as 2026-11-30.") from fault
    begins, ends = (first_of_day(midnight.date().toordinal() + more, zone) for more in (0, 1))
    return begins, ends


def first_of_day(ordinal: int, zone: str) -> int:
    """The first instant that clocks show of a day: in some places a day begins at 01:00."""
    midnight = datetime.fromordinal(ordinal).replace(tzinfo=ZoneInfo(zone))
    return instants.instant(midnight.astimezone(UTC))
