"""C: whether the times of a CDR can be."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from hub.clearing.case import Case
from hub.clearing.facts import hours
from hub.clearing.rule import Limits, Rule, Severity
from hub.ocpi import instants

SECOND = 1_000_000
DAY = 86_400 * SECOND
FIRST_YEAR = 2010
"""No charge point was there before; 1970 is a clock that was never set."""


def ends_before_it_starts(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.end <= case.facts.start and not case.only_reserved:
        yield f"from {case.cdr['start_date_time']} to {case.cdr['end_date_time']}"


def lies_in_the_future(case: Case, limits: Limits) -> Iterator[str]:
    ahead = case.facts.end - case.received_at
    if ahead > limits["minutes"] * 60 * SECOND:
        yield f"it ends {ahead // (60 * SECOND)} minutes after it came"


def clock_never_set(case: Case, limits: Limits) -> Iterator[str]:
    if instants.moment(case.facts.start).year < FIRST_YEAR:
        yield f"it starts {case.cdr['start_date_time']}"


def too_long(case: Case, limits: Limits) -> Iterator[str]:
    where = "at home" if case.at_home else "on DC" if case.is_dc else "on AC"
    most = limits[{"at home": "home_hours", "on DC": "dc_hours", "on AC": "ac_hours"}[where]]
    if case.facts.clock > most:
        yield f"{case.facts.clock:.1f} hours {where}, at most {most}"


def too_short(case: Case, limits: Limits) -> Iterator[str]:
    short = case.facts.clock * 60 < limits["minutes"]
    if short and case.facts.energy < limits["kwh"] and not case.only_reserved:
        yield f"{case.facts.clock * 60:.1f} minutes and {case.facts.energy} kWh"


def too_old(case: Case, limits: Limits) -> Iterator[str]:
    if case.replaces:  # as late as the dispute was decided
        return
    days = (case.received_at - case.facts.end) // DAY
    if days > limits["days"]:
        yield f"it came {days} days after its end"


def periods_out_of_order(case: Case, limits: Limits) -> Iterator[str]:
    spans, facts = case.facts.spans, case.facts
    if spans and abs(spans[0].start - facts.start) > limits["seconds"] * SECOND:
        yield f"the first period starts {instants.text(spans[0].start)}"
    for place, (one, other) in enumerate(pairwise(spans)):
        if other.start <= one.start:
            yield f"charging_periods[{place + 1}] does not start after the one before it"
    for place, span in enumerate(spans):
        if span.start >= facts.end > facts.start:
            yield f"charging_periods[{place}] does not start before the end"


def time_of_periods(case: Case, limits: Limits) -> Iterator[str]:
    facts = case.facts
    told = facts.volume("TIME") + facts.volume("PARKING_TIME")
    allowed = limits["seconds"] * max(len(facts.spans), 1) / 3600
    if told and abs(told - facts.time) > allowed:
        yield f"total_time is {facts.time} h, the periods have {told} h"


def time_of_the_clock(case: Case, limits: Limits) -> Iterator[str]:
    facts = case.facts
    if abs(facts.time - facts.clock) * 3600 > limits["seconds"] and not case.only_reserved:
        yield f"total_time is {facts.time} h, start and end are {facts.clock:.4f} h apart"


def parks_longer_than_it_lasts(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.parking > case.facts.time:
        yield f"total_parking_time {case.facts.parking} h, total_time {case.facts.time} h"


def written_before_its_end(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.last_updated < case.facts.end:
        yield f"last_updated {case.cdr['last_updated']}, end {case.cdr['end_date_time']}"


def starts_apart_from_its_session(case: Case, limits: Limits) -> Iterator[str]:
    if case.session is None:
        return
    apart = abs(case.facts.start - instants.micros(case.session["start_date_time"]))
    if apart > limits["seconds"] * SECOND:
        yield f"the session started {case.session['start_date_time']}, {hours(apart):.2f} h apart"


H, W = Severity.HOLD, Severity.WARN
ASK = "Ask the CPO which times are right; it credits this CDR and sends another."
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("C1", H, "It ends before it starts.", ASK, ends_before_it_starts),
    Rule("C2", H, "It ends in the future.", ASK, lies_in_the_future, {"minutes": Decimal(5)}),
    Rule("C3", H, "The charge point's clock was never set.", ASK, clock_never_set),
    Rule(
        "C4",
        H,
        "It lasts longer than a session does.",
        "Ask the CPO whether the plug was stuck; drop it, or accept what is agreed.",
        too_long,
        {"ac_hours": Decimal(72), "dc_hours": Decimal(12), "home_hours": Decimal(336)},
    ),
    Rule(
        "C5",
        H,
        "It is too short to have charged anything.",
        "Drop it, or accept it when the agreement bills such sessions.",
        too_short,
        {"minutes": Decimal(2), "kwh": Decimal("0.1")},
    ),
    Rule(
        "C6",
        H,
        "It came so late that the eMSP need not pay it.",
        "Accept it when the eMSP agrees, else drop it.",
        too_old,
        {"days": Decimal(90)},
    ),
    Rule("C6b", W, "It came late.", SEE, too_old, {"days": Decimal(30)}),
    Rule("C7", H, "Its periods are out of order.", ASK, periods_out_of_order, {"seconds": Decimal(1)}),
    Rule("C8", H, "The time of its periods is not its total.", ASK, time_of_periods, {"seconds": Decimal(1)}),
    Rule(
        "C8b", H, "Its total time is not that of the clock.", ASK, time_of_the_clock, {"seconds": Decimal(60)}
    ),
    Rule("C9", H, "It parks longer than it lasts.", ASK, parks_longer_than_it_lasts),
    Rule("C10", W, "It was written before it ended.", SEE, written_before_its_end),
    Rule(
        "C11",
        W,
        "It starts at another time than its session.",
        SEE,
        starts_apart_from_its_session,
        {"seconds": Decimal(120)},
    ),
)
