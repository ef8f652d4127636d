"""How step_size rounds what is billed up, once per session (P-40 to P-47, A03, A04, A17, A27)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tariffs.exact import Exact, multiple_above, whole
from tariffs.lines import Group, Use
from tariffs.policy import Step
from tariffs.rounding import rounded
from tariffs.uses import of_group

ROUNDINGS = ((Group.ENERGY,), (Group.TIME, Group.PARKING), (Group.RESERVATION,))
"""Energy once; charging and parking time once together; the time of a reservation by itself (A03)."""


def apply_steps(uses: Sequence[Use], unpriced: Mapping[Group, Exact], step: Step) -> None:
    """Add to the last use of each rounding what is missing to a whole multiple of its step."""
    if step is Step.OFF:
        return
    for groups in ROUNDINGS:
        relevant = list(of_group(uses, *groups))
        if relevant:
            last = relevant[-1]  # decides whose total is rounded, and how (P-42, P-43, P-45)
            beyond = unpriced.get(last.group, 0) if step is Step.UNPRICED_TOO else 0
            last.surplus = _missing(relevant, last, beyond)


def _missing(relevant: Sequence[Use], last: Use, beyond: Exact) -> Exact:
    candidate = last.candidate
    total = sum(use.volume for use in relevant if _counts(use, last)) + beyond
    if total <= 0 or not candidate.step:
        return 0
    if candidate.component.step_round:
        steps = rounded(Fraction(total) / candidate.step, candidate.component.step_round)
        return whole(steps * candidate.step - total)
    return multiple_above(total, candidate.step) - total


def _counts(use: Use, last: Use) -> bool:
    """Whose volume is rounded: that of one dimension, or of both that a SESSION_TIME is (A39)."""
    both = use.candidate.component.session_time and last.candidate.component.session_time
    return use.group is last.group or both
