"""How step_size rounds what is billed up, once per session (P-40 to P-47, A03, A04, A17, A27)."""

from collections.abc import Mapping, Sequence

from tariffs.exact import Exact, multiple_above
from tariffs.lines import Group, Use
from tariffs.policy import Step
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
    total = sum(use.volume for use in relevant if use.group is last.group) + beyond
    if total <= 0 or not last.candidate.step:
        return 0
    return multiple_above(total, last.candidate.step) - total
