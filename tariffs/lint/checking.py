"""All checks of one tariff, in one table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tariffs.errors import PricingError
from tariffs.lint import conditions, prices, reach, shape, steps
from tariffs.lint.finding import Check, Finding, Findings, Subject, finding
from tariffs.lint.rules import RULES, Severity
from tariffs.reading import read_tariff

CHECKS: tuple[Check, ...] = (
    prices.currency,
    prices.limits,
    prices.validity,
    prices.taxes,
    prices.prices,
    prices.free,
    prices.text,
    steps.steps,
    conditions.maxima,
    conditions.loads,
    conditions.midnights,
    conditions.dates,
    conditions.reservations,
    conditions.clock_changes,
    reach.unreachable,
    reach.gaps,
    reach.flats,
)

USUAL_DAY = date(2026, 1, 5)
"""A Monday, for examples when no day is given."""


def lint(
    document: Mapping[str, Any], time_zone: str | None = None, near: date = USUAL_DAY
) -> tuple[Finding, ...]:
    """What looks wrong in a tariff document of any edition, errors first; nothing when all is well.

    With `time_zone` the nights on which clocks change are looked at too; examples lie on or soon after
    `near`. A document that cannot be priced is a finding as well, never an exception.
    """
    named = shape.names(document) if isinstance(document, Mapping) else ()
    found = dict.fromkeys([*named, *_read(document, time_zone, near)])
    return tuple(sorted(found, key=lambda one: one.severity is not Severity.ERROR))


def _read(document: Mapping[str, Any], time_zone: str | None, near: date) -> Findings:
    try:
        tariff = read_tariff(document)
    except PricingError as error:
        if error.rule not in ("choice", "required") or not _named(document, error.path):
            yield finding(error.rule if error.rule in RULES else "unreadable", error.path, error.message)
        return
    for remark in tariff.warnings:
        yield from _remark(remark.id, remark.path, remark.message)
    subject = Subject(document, tariff, time_zone, near)
    for check in CHECKS:
        yield from check(subject)


def _named(document: Mapping[str, Any], path: str) -> bool:
    """Whether the fields' names already told what the reading stumbled over."""
    parent = path.rpartition(".")[0]
    return isinstance(document, Mapping) and any(
        one.path == path
        or (one.id in ("wrong-case", "field-misspelt", "field-null") and _parent(one.path) == parent)
        for one in shape.names(document)
    )


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _remark(rule: str, path: str, message: str) -> Findings:
    """What the reading remarks, under the linter's rules."""
    if rule == "never":
        rule = "time-window-empty" if path.endswith("_time") else "impossible"
    if rule in RULES and rule != "dialect":  # the fields' names told it already
        yield finding(rule, path, message)
