"""G: whether a credit takes back what it names, once and whole (CDR-06)."""

from collections.abc import Iterator
from decimal import Decimal

from hub.clearing.case import Case
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
    for other in case.credits if case.is_credit else ():
        yield f"CDR {other} credits it already"


def other_amount(case: Case, limits: Limits) -> Iterator[str]:
    if case.original_facts is None:
        return
    credit, whole = case.facts.total, case.original_facts.total
    if credit.net == -whole.net and sorted(map(negated, credit.taxes), key=str) == sorted(
        whole.taxes, key=str
    ):
        return
    in_part = whole.net > 0 and -whole.net < credit.net < 0
    if not (in_part and case.terms.credits == "PARTIAL"):
        yield f"total_cost is {credit.net}, that of the CDR it credits {whole.net}"


def negated(tax: tuple[Decimal | None, Decimal]) -> tuple[Decimal | None, Decimal]:
    return tax[0], -tax[1]


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
RULES = (
    Rule("G1", H, "It is half a credit.", ASK, half_a_credit),
    Rule("G2", H, "What it credits is not known, or not its own.", ASK, of_nothing_known),
    Rule("G3", H, "What it credits is credited already.", "Drop it.", twice),
    Rule("G4", H, "It does not credit the whole amount.", ASK, other_amount),
    Rule("G5", H, "It credits a credit.", ASK, of_a_credit),
    Rule("G6", W, "It credits later than agreed.", "Accept it, or tell the CPO what was agreed.", late),
    Rule("G7", W, "It changes more than the amount.", "Nothing must be done.", changes_more),
)
