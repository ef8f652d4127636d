"""Instants, and the wall clock of a place, nights on which the clock changes included (A08).

An instant is a whole number of microseconds since 1970 in UTC. Local time is counted the same way, as the
wall clock shows it: `local // DAY` is the local date and `local % DAY` the local time of day.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tariffs.errors import TimeZoneError

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
GRAMMAR = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:?00)?", re.ASCII | re.IGNORECASE
)
EARLIEST = (datetime(1900, 1, 1, tzinfo=UTC) - EPOCH) // TICK
LATEST = (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // TICK
CHUNK = 400 * DAY


def micros(text: str) -> int:
    """The instant of an OCPI DateTime, which is UTC with or without a Z; ValueError when it is none."""
    found = GRAMMAR.fullmatch(text)
    if found is None:
        raise ValueError(f"not an OCPI DateTime: {text!r}")
    *parts, fraction = found.groups()
    year, month, day, hour, minute, second = map(int, parts)
    when = instant(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    if not EARLIEST <= when < LATEST:
        raise ValueError(f"not between 1900 and 2200: {text!r}")
    return when + int((fraction or "").ljust(6, "0")[:6])


def moment(instant: int) -> datetime:
    """The instant as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=instant)


def instant(when: datetime) -> int:
    """The microseconds of an aware datetime."""
    return (when - EPOCH) // TICK


def as_text(instant: int) -> str:
    """The instant as OCPI writes it, with milliseconds only when there are any."""
    stamp = moment(instant)
    fraction = f".{stamp.microsecond // 1000:03d}" if stamp.microsecond >= 1000 else ""
    return f"{stamp:%Y-%m-%dT%H:%M:%S}{fraction}Z"


class Clock:
    """The wall clock of one time zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._chunks: dict[int, tuple[list[int], list[int]]] = {}

    def local(self, instant: int) -> int:
        """What the wall clock shows at an instant, in microseconds."""
        starts, offsets = self._chunk(instant // CHUNK)
        return instant + offsets[bisect_right(starts, instant) - 1]

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """[start, end) in stretches of one offset: (from, to, offset)."""
        for number in range(start // CHUNK, (end - 1) // CHUNK + 1):
            starts, offsets = self._chunk(number)
            ends = [*starts[1:], (number + 1) * CHUNK]
            for first, last, offset in zip(starts, ends, offsets, strict=True):
                if first < end and last > start:
                    yield max(first, start), min(last, end), offset

    def _chunk(self, number: int) -> tuple[list[int], list[int]]:
        found = self._chunks.get(number)
        if found is None:
            found = self._chunks[number] = self._survey(number * CHUNK, (number + 1) * CHUNK)
        return found

    def _survey(self, start: int, end: int) -> tuple[list[int], list[int]]:
        starts, offsets = [start], [self._offset(start)]
        for day in range(start + DAY, end + DAY, DAY):
            offset = self._offset(min(day, end - 1))
            if offset != offsets[-1]:
                starts.append(self._change(day - DAY, day, offsets[-1]))
                offsets.append(offset)
        return starts, offsets

    def _change(self, before: int, after: int, offset: int) -> int:
        while after - before > SECOND:
            middle = (before + after) // (2 * SECOND) * SECOND
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, instant: int) -> int:
        offset = moment(instant).astimezone(self.zone).utcoffset()
        assert offset is not None  # a ZoneInfo always knows
        return offset // TICK


@lru_cache(maxsize=600)
def clock(time_zone: str) -> Clock:
    """The clock of a tz database name such as Europe/Amsterdam; TimeZoneError when there is none."""
    try:
        return Clock(ZoneInfo(time_zone))
    except (KeyError, ValueError, OSError) as error:
        message = f"{time_zone!r} is not a time zone of the tz database, such as Europe/Amsterdam"
        raise TimeZoneError("time_zone", "time-zone", message) from error
