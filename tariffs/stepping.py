"""How step_size rounds what is billed up, once per session (P-40 to P-47, A03, A04, A17, A27)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tariffs.exact import Exact, multiple_above, whole
from tariffs.lines import Group, Use
from tariffs.model import Dimension
from tariffs.policy import Step
from tariffs.rounding import rounded

ROUNDINGS = {Group.ENERGY: 0, Group.TIME: 1, Group.PARKING: 1, Group.RESERVATION: 2}
"""Energy once; charging and parking time once together; the time of a reservation by itself (A03)."""


def apply_steps(uses: Sequence[Use], unpriced: Mapping[Group, Exact], step: Step) -> None:
    """Add to the last use of each rounding what is missing to a whole multiple of its step."""
    if step is Step.OFF:
        return
    lasts: dict[int, Use] = {}
    for use in uses:
        if use.candidate.dimension is not FLAT:
            lasts[ROUNDINGS[use.group]] = use  # decides whose total is rounded, and how (P-42, P-43, P-45)
    for last in lasts.values():
        beyond = unpriced.get(last.group, 0) if step is Step.UNPRICED_TOO else 0
        last.surplus = _missing(uses, last, beyond)


FLAT = Dimension.FLAT


def _missing(uses: Sequence[Use], last: Use, beyond: Exact) -> Exact:
    candidate = last.candidate
    group = last.group
    total = (
        sum(use.volume for use in uses if use.group is group and use.candidate.dimension is not FLAT) + beyond
    )
    if candidate.component.session_time and group is not Group.RESERVATION:
        total += sum(
            use.volume for use in uses if use.group is not group and use.candidate.component.session_time
        )
    if total <= 0 or not candidate.step:
        return 0
    if candidate.component.step_round:
        steps = rounded(Fraction(total) / candidate.step, candidate.component.step_round)
        return whole(steps * candidate.step - total)
    return multiple_above(total, candidate.step) - total
