"""What a PATCH does to an object, in the words of the edition it came in."""

from collections.abc import Sequence

from hub.ocpi.document import Json
from hub.ocpi.instants import micros


def merge(stored: Json, patch: Json) -> Json:
    """The stored object with the fields sent replaced whole (TR-51); null takes a field away (TR-54).

    Whether what is left is still a whole object is for the check that follows.
    """
    merged = stored | patch
    return {name: value for name, value in merged.items() if name not in patch or value is not None}


def append_periods(stored: Sequence[Json] | None, new: Sequence[Json] | None) -> list[Json]:
    """The charging periods of a session after a PATCH that carries `new` ones (SES-02).

    A period that starts when a stored one does is that period again, not more energy (SES-03): a retry
    changes nothing, and a sender that has measured on is believed with its later word.
    """
    by_start = {micros(period["start_date_time"]): period for period in stored or ()}
    return list((by_start | {micros(period["start_date_time"]): period for period in new or ()}).values())


def is_stale(stored: Json, patch: Json) -> bool:
    """Whether a later word than this patch is stored (TR-55); one without a time never is stale (TR-52)."""
    said, known = patch.get("last_updated"), stored.get("last_updated")
    return bool(said and known) and micros(str(said)) < micros(str(known))
