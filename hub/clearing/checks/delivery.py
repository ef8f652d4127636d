"""I: whether a CDR came when and where it should."""

from collections.abc import Iterator
from decimal import Decimal

from hub.clearing.case import Case
from hub.clearing.rule import Limits, Rule, Severity

HOUR = 3_600_000_000


def slow(case: Case, limits: Limits) -> Iterator[str]:
    hours = (case.received_at - case.facts.end) // HOUR
    if hours > limits["hours"]:
        yield f"{hours} hours after its end"


RULES = (
    Rule(
        "I1",
        Severity.WARN,
        "It came later than CDRs should.",
        "Nothing must be done; tell the CPO when it happens often.",
        slow,
        {"hours": Decimal(24)},
    ),
)
"""I2 and I3 are of what did not come at all: `hub sync check` finds it, see `hub.sync.completeness`."""
