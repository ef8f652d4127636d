"""How long to wait before a delivery is tried again."""

from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from hub.ocpi import instants
from hub.sync.outcomes import ASKS_FOR_PATIENCE
from hub.sync.peer import Reply

SECOND = 1_000_000
Chance = Callable[[float, float], float]
"""A random number between two others, such as random.uniform."""

SHORTEST = 1.0
HOUR = 3600.0
LONGEST = 900.0
LONGEST_OF: Mapping[str, float] = {"cdrs": HOUR}
"""A CDR is never given up, and is in no hurry: it does not change."""


def wait(module: str, attempts: int, chance: Chance) -> float:
    """Seconds before the next try: full jitter, so that what failed together does not come back together.

    attempts  how often it was tried, 1 after the first time
    """
    most = min(LONGEST_OF.get(module, LONGEST), 2.0 ** min(attempts, 12))
    return max(SHORTEST, chance(0, most))


def asked_for(reply: Reply, now: int) -> float | None:
    """The seconds of Retry-After (RFC 9110, 10.2.3), of an answer that asks for patience."""
    text = (reply.headers or {}).get("Retry-After", "").strip()
    if reply.http not in ASKS_FOR_PATIENCE or not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (instants.instant(until.replace(tzinfo=until.tzinfo or UTC)) - now) / SECOND)


def no_sooner(own: float, asked: float | None) -> float:
    """What the partner asks for, but not less than we would wait, and not more than an hour."""
    return own if asked is None else max(own, min(asked, HOUR))
