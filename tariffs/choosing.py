"""Which of a connector's tariffs a session has (P-01 to P-03, A22, A23)."""

from collections.abc import Sequence
from datetime import datetime

from tariffs.clock import instant
from tariffs.model import Tariff

REGULAR = "REGULAR"


def choose(candidates: Sequence[Tariff], at: datetime, kind: str = REGULAR) -> Tariff | None:
    """The tariff for a session of `kind` (REGULAR, AD_HOC_PAYMENT, PROFILE_CHEAP ...) that starts `at`.

    Of those valid then: the exact type, else one without type, else REGULAR; never another profile or ad hoc.
    Of several equals the one that took force last. None when nothing fits.
    """
    when = instant(at)
    valid = [tariff for tariff in candidates if tariff.valid_at(when)]
    for wanted in (kind, None, REGULAR):
        found = [tariff for tariff in valid if tariff.type == wanted]
        if found:
            return max(found, key=lambda tariff: tariff.start if tariff.start is not None else -(2**63))
    return None
