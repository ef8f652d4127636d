"""What refusals of the price book, the rules, the curves and of pricing itself mean in the API."""

from collections.abc import Callable, Sequence
from typing import Any

from hub.billing.holding import Held
from hub.operator import problems
from hub.operator.problems import Problem
from hub.prices.book.problems import (
    DraftRefused,
    NoSuchTariff,
    NoSuchVersion,
    PriceProblem,
    Retroactive,
    StaleEdit,
)
from hub.prices.curves.log import NoSuchSource
from hub.prices.curves.terms import InvalidTerms
from hub.prices.rules.faults import (
    AlreadyEnded,
    Ambiguous,
    NoSuchMembership,
    NoSuchRule,
    Overlapping,
    RuleFault,
)
from tariffs import PricingError


def of_draft(error: DraftRefused) -> Problem:
    """Every refusal by its place; the first in words."""
    remedies = dict.fromkeys(each.remedy for each in error.refusals if each.remedy)
    fields: dict[str, str] = {}
    for each in error.refusals:
        example = f" For example {each.example}." if each.example else ""
        said = f"{each.message} [{each.rule}].{example}"
        fields[each.path] = f"{fields[each.path]} {said}" if each.path in fields else said
    return problems.Unfit(str(error), fields=fields, remedy=" ".join(remedies) or None)


def of_rule(error: RuleFault) -> Problem:
    return problems.Unfit(error.message, fields=error.fields)


def of_conflict(error: RuleFault) -> Problem:
    return problems.Conflict(error.message, fields=error.fields)


def of_pricing(error: PricingError) -> Problem:
    return problems.Unfit(str(error), fields={error.path: f"{error.message} [{error.rule}]"})


def missing(error: Exception) -> Problem:
    return problems.NotFound(str(error))


def past(error: Retroactive) -> Problem:
    return problems.Unfit(str(error), fields={"valid_from": "has passed"})


def held(error: Held) -> Problem:
    remedy = "Whoever charges so now would be held with this code; `resolve` tells which rules were tried."
    return problems.Conflict(f"{error.code}: {error.message}", remedy=remedy)


PRICES: Sequence[tuple[type[Exception], Callable[[Any], Problem]]] = (
    (NoSuchTariff, missing),
    (NoSuchVersion, missing),
    (NoSuchSource, missing),
    (NoSuchRule, missing),
    (NoSuchMembership, missing),
    (StaleEdit, lambda error: problems.Stale(str(error))),
    (DraftRefused, of_draft),
    (Retroactive, past),
    (InvalidTerms, lambda error: problems.Unfit(str(error), fields={"terms": str(error)})),
    (Ambiguous, of_conflict),
    (AlreadyEnded, of_conflict),
    (Overlapping, of_conflict),
    (RuleFault, of_rule),
    (PriceProblem, lambda error: problems.Conflict(str(error))),
    (PricingError, of_pricing),
    (Held, held),
)
"""The first that fits is used."""
