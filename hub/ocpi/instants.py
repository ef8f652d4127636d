"""OCPI DateTimes and the whole microseconds since 1970 (UTC) that the hub reckons with (TR-70, TR-71)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

GRAMMAR = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def micros(text: str) -> int:
    """The instant of an OCPI DateTime in microseconds; ValueError when it is none."""
    found = GRAMMAR.fullmatch(text)
    if found is None:
        raise ValueError(f"not an OCPI DateTime: {text!r}")
    *whole, fraction = found.groups()
    moment = datetime(*(int(part) for part in whole), tzinfo=UTC)  # type: ignore[misc, arg-type]
    return (moment - EPOCH) // MICROSECOND + int((fraction or "").ljust(6, "0")[:6])


def moment(instant: int) -> datetime:
    """The instant as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=instant)


def instant(when: datetime) -> int:
    """The microseconds of an aware datetime."""
    return (when - EPOCH) // MICROSECOND


def text(instant: int) -> str:
    """The instant as OCPI writes it, with milliseconds only when there are any."""
    seconds, rest = divmod(instant, 1_000_000)
    thousandths = rest // 1000
    return f"{second(seconds)}.{thousandths:03d}Z" if thousandths else f"{second(seconds)}Z"


@lru_cache(maxsize=1024)
def second(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
