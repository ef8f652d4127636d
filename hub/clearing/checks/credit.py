"""G: whether a credit takes back what it names, once and whole (CDR-06)."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from hub.clearing.case import Case
from hub.clearing.costs import aligned, as_told_by, negated, rest
from hub.clearing.facts import NOUGHT, Cost
from hub.clearing.rule import Limits, Rule, Severity

DAY = 86_400_000_000
MAY_DIFFER = frozenset(
    {"id", "credit", "credit_reference_id", "total_cost", "last_updated", "remark", "invoice_reference_id"}
)
SAME = ("currency", "session_id", "cdr_token", "country_code", "party_id")


def half_a_credit(case: Case, limits: Limits) -> Iterator[str]:
    if case.is_credit != (case.cdr.get("credit_reference_id") is not None):
        yield "credit and credit_reference_id go together"


def of_nothing_known(case: Case, limits: Limits) -> Iterator[str]:
    if not case.is_credit:
        return
    if case.original is None:
        yield f"there is no CDR {case.cdr.get('credit_reference_id')}"
        return
    for name in SAME:
        if case.cdr.get(name) != case.original.get(name):
            yield f"{name} is not that of the CDR it credits"


def twice(case: Case, limits: Limits) -> Iterator[str]:
    """A part may follow another one, as long as something is left."""
    left = left_of(case)
    if case.is_credit and not (in_part(case) and left is not None and left.net > 0):
        for other in case.credits:
            yield f"CDR {other} credits it already"


def other_amount(case: Case, limits: Limits) -> Iterator[str]:
    if case.original_facts is None:
        return
    credit, whole = negated(case.facts.total), case.original_facts.total
    if in_part(case):
        yield from more_than_is_left(credit, as_told_by(credit, rest(whole, case.parts)))
    elif credit.net != whole.net or taxes(credit) != taxes(as_told_by(credit, whole)):
        yield f"total_cost is {case.facts.total.net}, that of the CDR it credits {whole.net}"


def in_part(case: Case) -> bool:
    """Whether it takes back less than the whole, which the parties have agreed may be."""
    whole, credit = case.original_facts, case.facts.total.net
    return case.terms.credits == "PARTIAL" and whole is not None and 0 < -credit < whole.total.net


def left_of(case: Case) -> Cost | None:
    """What earlier credits and lines have left of what it credits."""
    return None if case.original_facts is None else rest(case.original_facts.total, case.parts)


def more_than_is_left(credit: Cost, left: Cost) -> Iterator[str]:
    """No part is above what is left, in net and in each tax; the last takes all of that."""
    if credit.net > left.net:
        yield f"it takes back {credit.net}, and of the CDR it credits {left.net} is left"
        return
    if Counter(rate for rate, _ in credit.taxes) - Counter(rate for rate, _ in left.taxes):
        yield "it names a tax that the CDR it credits has not, or one more often"
    for (rate, most), amount in zip(left.taxes, aligned(left, credit), strict=True):
        inside = min(most, NOUGHT) <= amount <= max(most, NOUGHT)
        if not inside or (credit.net == left.net and amount != most):
            named = "the tax" if rate is None else f"the tax of {rate} %"
            yield f"it takes back {amount} of {named}, of which {most} is left"


def taxes(cost: Cost) -> list[tuple[Decimal | None, Decimal]]:
    return sorted(cost.taxes, key=str)


def of_a_credit(case: Case, limits: Limits) -> Iterator[str]:
    if case.is_credit and case.original is not None and case.original.get("credit"):
        yield f"CDR {case.original['id']} is a credit itself"


def late(case: Case, limits: Limits) -> Iterator[str]:
    if case.is_credit and case.original_facts is not None:
        days = (case.received_at - case.original_facts.last_updated) // DAY
        if days > case.terms.credit_days:
            yield f"{days} days after the CDR it credits; agreed are {case.terms.credit_days}"


def changes_more(case: Case, limits: Limits) -> Iterator[str]:
    if not case.is_credit or case.original is None:
        return
    names = {*case.cdr, *case.original} - MAY_DIFFER - set(SAME)
    for name in sorted(names):
        if case.cdr.get(name) != case.original.get(name):
            yield f"{name} is not that of the CDR it credits"


H, W = Severity.HOLD, Severity.WARN
ASK = "Ask the CPO for a credit of the whole CDR, with its total negated and nothing else."
LEFT = "Ask the CPO for a credit of the whole CDR; of a part of it, where the term `credits` is `partial`."
RULES = (
    Rule("G1", H, "It is half a credit.", ASK, half_a_credit),
    Rule("G2", H, "What it credits is not known, or not its own.", ASK, of_nothing_known),
    Rule("G3", H, "What it credits is credited already.", "Drop it.", twice),
    Rule("G4", H, "It does not credit the whole amount.", LEFT, other_amount),
    Rule("G5", H, "It credits a credit.", ASK, of_a_credit),
    Rule("G6", W, "It credits later than agreed.", "Accept it, or tell the CPO what was agreed.", late),
    Rule("G7", W, "It changes more than the amount.", "Nothing must be done.", changes_more),
)
