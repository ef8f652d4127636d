"""When something is done again and again: the slots of an interval or of a cron line, in UTC.

The slots of an interval are fixed on the time line, whenever it was set: every process reckons the same ones.
They are spread over partners by a hash of the schedule's name, so that partners are not all asked at once
(TR-40), and each at the same time of its day.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

from apscheduler.triggers.cron import CronTrigger

from hub.ocpi import instants

SECOND = 1_000_000
UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
INTERVAL = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
SUNDAY_FIRST = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = re.compile(r"(?<![/\w])([0-7])(?!\w)")


class InvalidTimes(ValueError):
    """Neither an interval as 30s, 15m, 6h, 7d, 2w nor a cron line of five fields as '0 3 * * *' (UTC)."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one schedule; all instants in microseconds.

    every  distance of the slots of an interval; None for cron
    cron   the line; None for an interval
    shift  how far this schedule's slots lie behind the plain ones
    """

    every: int | None
    cron: str | None
    shift: int

    @classmethod
    def read(cls, text: str, splay: int, name: str) -> "Slots":
        """InvalidTimes when nobody can tell what is meant; `splay` in seconds."""
        shift = spread(name, splay * SECOND)
        found = INTERVAL.fullmatch(text.strip().lower())
        if found is not None:
            return cls(int(found[1]) * UNITS[found[2]] * SECOND, None, shift)
        trigger(text)
        return cls(None, text, shift)

    def after(self, instant: int) -> int:
        """The first slot later than this."""
        plain = instant - self.shift
        if self.every is not None:
            return (plain // self.every + 1) * self.every + self.shift
        return fire_after(str(self.cron), plain) + self.shift

    def last_until(self, instant: int, slot: int) -> int:
        """The last slot until this instant, of those that begin with `slot`."""
        if self.every is not None:
            return max(slot, self.after(instant) - self.every)
        for _ in range(COUNTED):
            following = self.after(slot)
            if following > instant:
                break
            slot = following
        return slot


COUNTED = 10_000
"""So many slots of a cron line that were missed are gone through; the rest follows as one more run."""


def spread(name: str, width: int) -> int:
    """A place between 0 and `width` that belongs to the name."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return number % width if width > 0 else 0


@lru_cache(maxsize=1024)
def trigger(text: str) -> CronTrigger:
    fields = text.split()
    if len(fields) != 5:
        raise InvalidTimes(f"{text!r}: {InvalidTimes.__doc__}")
    days = DAY.sub(
        lambda found: SUNDAY_FIRST[int(found[1])], fields[4]
    )  # APScheduler counts them from Monday
    try:
        made = CronTrigger.from_crontab(" ".join([*fields[:4], days]), timezone=UTC)
        never = made.get_next_fire_time(None, instants.moment(0)) is None
    except (ValueError, OverflowError) as error:
        raise InvalidTimes(f"{text!r}: {error}. {InvalidTimes.__doc__}") from None
    if never:
        raise InvalidTimes(f"{text!r} never comes. {InvalidTimes.__doc__}")
    return made


def fire_after(text: str, instant: int) -> int:
    found = trigger(text).get_next_fire_time(None, instants.moment(instant + 1))
    assert found is not None, "a cron line that never comes is refused when it is read"
    return instants.instant(found)
