"""What a check is: a code, how bad it is when it finds something, its limits, and what to do then."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from hub.clearing.case import Case


class Severity(StrEnum):
    """What follows when a check finds something: the CDR is refused, held until somebody decides, or only
    remarked upon; or the check is not made at all."""

    REJECT = "REJECT"
    HOLD = "HOLD"
    WARN = "WARN"
    OFF = "OFF"


Limits = Mapping[str, Decimal]
Look = Callable[[Case, Limits], Iterator[str]]
"""What a check finds in a case: a sentence for each; a pure function, so the same case has the same codes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check.

    code    a letter for the family and a number; it never changes its meaning
    says    what is wrong when it finds something; remedy: what an operator can do
    limits  the numbers it goes by, with their usual values; their names tell the unit
    """

    code: str
    severity: Severity
    says: str
    remedy: str
    look: Look
    limits: Limits = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a check has found in a CDR."""

    code: str
    severity: Severity
    detail: str
