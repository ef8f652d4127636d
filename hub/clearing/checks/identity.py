"""B: whether it was billed already, or cannot be beside another CDR."""

from collections.abc import Iterator
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt

from hub.clearing.case import Case, Other
from hub.clearing.rule import Limits, Rule, Severity
from hub.ocpi.document import Party
from hub.ocpi.wire import fold

SECOND = 1_000_000
EARTH = 6371
NOT_USED = "#NA"


def same_session(case: Case, limits: Limits) -> Iterator[str]:
    session = case.cdr.get("session_id")
    if session is None:
        return
    for other in case.others:
        if of_one_session(case, other) and not other.credited:
            yield f"{named(case, other)} bills session {session}"


def looks_the_same(case: Case, limits: Limits) -> Iterator[str]:
    for other in case.others:
        apart = abs(other.start - case.facts.start)
        same = same_place(case, other) and same_token(case, other) and other.energy == case.facts.energy
        fresh = not other.credited and not of_one_session(case, other)
        if same and fresh and apart <= limits["seconds"] * SECOND:
            yield f"{named(case, other)} is of the same EVSE, token, time and energy"


def overlaps(case: Case, limits: Limits) -> Iterator[str]:
    for other in case.others:
        at_once = min(other.end, case.facts.end) - max(other.start, case.facts.start)
        here = same_place(case, other) and other.connector_id == folded(case.place["connector_id"])
        if here and not other.credited and at_once > limits["seconds"] * SECOND:
            yield f"{named(case, other)} has the connector for {at_once // SECOND} s of this time"


def in_two_places(case: Case, limits: Limits) -> Iterator[str]:
    here = coordinates_of(case)
    for other in case.others:
        if not same_token(case, other) or other.coordinates is None or same_place(case, other):
            continue
        apart = distance(here, other.coordinates)
        hours = gap(case, other) / 3600 / SECOND
        if not other.credited and apart > limits["km"] and apart > float(limits["km_per_hour"]) * hours:
            yield f"{named(case, other)} used the token {apart:.0f} km away, {hours:.1f} h apart"


def reference_used_twice(case: Case, limits: Limits) -> Iterator[str]:
    reference = case.cdr.get("authorization_reference")
    if reference is None:
        return
    for other in case.others:
        different = other.session_id != folded(case.cdr.get("session_id"))
        if other.reference == reference and different and not other.credited:
            yield f"{named(case, other)} has authorization_reference {reference} for another session"


def no_evse(case: Case, limits: Limits) -> Iterator[str]:
    if case.place["evse_uid"] == NOT_USED and not case.only_reserved:
        yield "evse_uid is #NA"


# Comparing -------------------------------------------------------------------------------------------------


def folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def named(case: Case, other: Other) -> str:
    """By its id where both parties of the CDR are its parties too: what others bill is not theirs to know."""
    token = case.cdr["cdr_token"]
    if other.owner != case.owner.code:
        return "a CDR of another CPO"
    if other.emsp != Party.of(token["country_code"], token["party_id"]).code:
        return "a CDR of another eMSP"
    return f"CDR {other.key}"


def same_place(case: Case, other: Other) -> bool:
    return other.owner == case.owner.code and other.evse_uid == folded(case.place["evse_uid"])


def same_token(case: Case, other: Other) -> bool:
    return other.token_uid == folded(case.cdr["cdr_token"]["uid"])


def of_one_session(case: Case, other: Other) -> bool:
    """Whether both name the same session, which B3 tells already."""
    mine = folded(case.cdr.get("session_id"))
    return mine is not None and mine == other.session_id and other.owner == case.owner.code


def coordinates_of(case: Case) -> tuple[Decimal, Decimal]:
    told = case.place["coordinates"]
    return Decimal(told["latitude"]), Decimal(told["longitude"])


def gap(case: Case, other: Other) -> int:
    """Microseconds between the two; nought when they overlap."""
    return max(other.start - case.facts.end, case.facts.start - other.end, 0)


def distance(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> float:
    """Kilometres on the globe; no money hangs on it, so floats will do."""
    (a, b), (c, d) = ([radians(float(each)) for each in place] for place in (one, other))
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1, half)))


H, W = Severity.HOLD, Severity.WARN
ONE = "Ask the CPO which of the two is right; it credits the other, or drop this one."
RULES = (
    Rule("B3", H, "Its session is billed already.", ONE, same_session),
    Rule("B4", H, "Another CDR is like it.", ONE, looks_the_same, {"seconds": Decimal(60)}),
    Rule("B5", H, "Another session used the connector at the time.", ONE, overlaps, {"seconds": Decimal(60)}),
    Rule(
        "B6",
        W,
        "Its token was used in two places that are too far apart.",
        "Tell the eMSP: the token may have been copied.",
        in_two_places,
        {"km": Decimal(50), "km_per_hour": Decimal(1000)},
    ),
    Rule(
        "B7",
        W,
        "Its authorisation was used for another session.",
        "Tell the eMSP and the CPO; nothing must be done.",
        reference_used_twice,
    ),
    Rule(
        "B8", H, "It names no EVSE, though it is no mere reservation.", "Ask the CPO where it was.", no_evse
    ),
)
