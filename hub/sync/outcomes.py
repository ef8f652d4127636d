"""How a try to deliver can end, and what follows from each end: two tables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.net.failures import Unreachable
from hub.sync.peer import Reply, Request

DUE, LEASED, DONE, WITHHELD, DEAD = "due", "leased", "done", "withheld", "dead"


class Outcome(StrEnum):
    """The end of one try; kept with the mark as the reason of its state."""

    ACCEPTED = "accepted"
    ASSUMED = "assumed"  # a CDR that an unanswered try had delivered already, as it seems
    UNSURE = "unsure"  # no answer, and the partner may have acted on it
    UNREACHED = "unreached"  # nothing was sent
    FAILED = "failed"
    REDIRECTED = "redirected"
    UNAUTHORISED = "unauthorised"
    MISSING = "missing"  # the partner knows no such place
    LOST = "lost"  # still no such place, where its version details now say that it is
    REFUSED = "refused"
    WITHHELD = "withheld"  # nothing the partner's edition could say
    FAULT = "fault"  # of the hub
    UNSENT = "unsent"  # the claim would not have lasted until the deadline


class Said(StrEnum):
    """What the end of a try says of the partner as a whole."""

    WELL = "well"
    ILL = "ill"  # it could not be talked to
    STUMBLED = "stumbled"  # it answered that it failed, which may be because of this one object
    CLOSED = "closed"  # it does not know the hub any more
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from an outcome.

    state     of the mark, unless the object has changed meanwhile: then it is due again at once
    said      of the partner
    at_once   tried again without a wait; for a mark that is due
    discover  the partner is asked anew where its interfaces are
    """

    state: str
    said: Said
    at_once: bool = False
    discover: bool = False


CONSEQUENCES: Mapping[Outcome, Consequence] = {
    Outcome.ACCEPTED: Consequence(DONE, Said.WELL),
    Outcome.ASSUMED: Consequence(DONE, Said.WELL),
    Outcome.UNSURE: Consequence(DUE, Said.ILL),
    Outcome.UNREACHED: Consequence(DUE, Said.ILL),
    Outcome.FAILED: Consequence(DUE, Said.STUMBLED),
    Outcome.REDIRECTED: Consequence(DUE, Said.STUMBLED, discover=True),
    Outcome.UNAUTHORISED: Consequence(DUE, Said.CLOSED, at_once=True),  # the partner is parked, not its marks
    Outcome.MISSING: Consequence(DUE, Said.WELL, at_once=True, discover=True),
    Outcome.LOST: Consequence(DEAD, Said.WELL),
    Outcome.REFUSED: Consequence(DEAD, Said.WELL),
    Outcome.WITHHELD: Consequence(WITHHELD, Said.NOTHING),
    Outcome.FAULT: Consequence(DUE, Said.NOTHING),
    Outcome.UNSENT: Consequence(DUE, Said.NOTHING, at_once=True),
}

ANY = range(1000, 10_000)
ENVELOPES: tuple[tuple[range, range, Outcome], ...] = (
    (range(200, 300), range(1000, 2000), Outcome.ACCEPTED),  # TR-20: nothing else is success
    (range(200, 300), range(2000, 3000), Outcome.REFUSED),
    (range(200, 300), ANY, Outcome.FAILED),
)
"""HTTP status and status_code -> outcome, the first that fits; an answer without an envelope fits none."""

STATUSES: Mapping[int, Outcome] = {
    **dict.fromkeys((401, 403), Outcome.UNAUTHORISED),
    **dict.fromkeys((404, 410), Outcome.MISSING),
    **dict.fromkeys((400, 405, 409, 413, 415, 422), Outcome.REFUSED),
    **dict.fromkeys(range(300, 400), Outcome.REDIRECTED),
}
"""HTTP status -> outcome; every other one is a failure of the partner, which may pass."""

ASKS_FOR_PATIENCE = frozenset({429, 503})
ALREADY_THERE = re.compile(r"exist|duplicate|already", re.IGNORECASE)
NOT_THERE = frozenset({Outcome.MISSING, Outcome.LOST})


def of_failure(failure: Unreachable) -> Outcome:
    return Outcome.UNSURE if failure.sent else Outcome.UNREACHED


def of_reply(reply: Reply) -> Outcome:
    """What the answer says by itself."""
    code = reply.status_code or 0
    for statuses, codes, outcome in ENVELOPES:
        if reply.http in statuses and code in codes:
            return outcome
    return STATUSES.get(reply.http, Outcome.FAILED)


def of_answer(request: Request, reply: Reply, *, ambiguous: bool, before: str | None) -> Outcome:
    """What the answer says in the light of what was asked, and of the tries before.

    ambiguous  an earlier try may have arrived
    before     the outcome of the last try
    """
    outcome = of_reply(reply)
    if request.method == "DELETE" and (outcome is Outcome.MISSING or reply.status_code == 2003):
        return Outcome.ACCEPTED  # it is gone, which is what was asked for
    if outcome is Outcome.MISSING and before == Outcome.MISSING:
        return Outcome.LOST
    if outcome is Outcome.REFUSED and ambiguous and request.method == "POST" and already_there(reply):
        return Outcome.ASSUMED
    return outcome


def already_there(reply: Reply) -> bool:
    return reply.http == 409 or ALREADY_THERE.search(reply.message) is not None
