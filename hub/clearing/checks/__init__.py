"""The checks of CDRs, by family: A structure, B identity, C time, D energy, E reference, F price, G credit,
H signed, I delivery. Each is a pure function of the case, so the same case has the same codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice

from hub.clearing.case import Case
from hub.clearing.checks import (
    credit,
    delivery,
    energy,
    identity,
    price,
    reference,
    signed,
    structure,
    time,
)
from hub.clearing.rule import Found, Limits, Rule, Severity

FAMILIES = (structure, identity, time, energy, reference, price, credit, signed, delivery)
RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.RULES)
"""A new check is a function and a Rule in its family."""
OF_CREDITS: tuple[Rule, ...] = (*structure.RULES, *credit.RULES)
"""A credit repeats the words of what it takes back, right or wrong; only whether it does so is asked."""
BY_CODE: Mapping[str, Rule] = {rule.code: rule for rule in RULES}
TOLD = 20
"""So many findings of one check are kept with a CDR."""
BADNESS = {Severity.REJECT: 3, Severity.HOLD: 2, Severity.WARN: 1, Severity.OFF: 0}


@dataclass(frozen=True, slots=True)
class Setting:
    """A check as somebody wants it otherwise than usual; None leaves it as it is."""

    severity: Severity | None = None
    limits: Limits = field(default_factory=dict)


Settings = Mapping[str, Setting]


def check(case: Case, settings: Settings) -> tuple[Found, ...]:
    """All that is wrong with a CDR, the worst first; the same for the same case and settings."""
    found = []
    for rule in OF_CREDITS if case.is_credit else RULES:
        severity = severity_of(rule, settings)
        if severity is not Severity.OFF:
            details = rule.look(case, limits_of(rule, settings))
            for first in details:  # most find nothing
                found += [Found(rule.code, severity, detail) for detail in some_of(chain((first,), details))]
    found = [each for each in found if not told_by_worse(each, found)]
    return tuple(sorted(found, key=lambda each: -BADNESS[each.severity]))


def some_of(details: Iterator[str]) -> Iterator[str]:
    """The first few, and how many more there are: a CDR may be wrong at thousands of places."""
    yield from islice(details, TOLD)
    more = sum(1 for _ in details)
    if more:
        yield f"and {more} more"


def severity_of(rule: Rule, settings: Settings) -> Severity:
    setting = settings.get(rule.code)
    return rule.severity if setting is None or setting.severity is None else setting.severity


def limits_of(rule: Rule, settings: Settings) -> Limits:
    setting = settings.get(rule.code)
    return rule.limits if setting is None else {**rule.limits, **setting.limits}


def told_by_worse(one: Found, all_found: list[Found]) -> bool:
    """C6b says nothing that C6 does not say already."""
    return one.code.endswith("b") and any(
        each.code == one.code[:-1] and BADNESS[each.severity] > BADNESS[one.severity] for each in all_found
    )


def worst(found: tuple[Found, ...]) -> Severity | None:
    """None when nothing was found."""
    return found[0].severity if found else None
