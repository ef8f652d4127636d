"""What can be wrong with a file of prices: the place, the rule, an example, and what to do about it."""

from hub.prices.book.problems import DraftRefused, Refusal

RULES = {
    "unreadable": "Write it as CSV or JSON, each row with an instant and a price.",
    "columns": "Give the columns `start` and `price`; `end`, `unit` and `currency` may stand beside them.",
    "time": "Write instants as 2026-11-30T00:00Z or 2026-11-30T01:00+01:00, on a whole minute.",
    "number": "Write prices as 87.35, without currency and without separators of thousands.",
    "ambiguous-time": "Write the offset behind it: clocks show this time twice.",
    "skipped-time": "Write the offset behind it: clocks never show this time.",
    "order": "Sort the rows by their instants.",
    "duplicate": "Give each instant once.",
    "overlap": "Let each price end where the next one begins.",
    "gap": "Give a price for every moment between the first and the last.",
    "step": "Let every price hold for equally long, a part or a multiple of an hour; or add a column `end`.",
    "unit": "Name the unit of the file with --unit, as EUR/MWh or EUR/kWh.",
    "currency": "The prices of a tariff are in its own currency; convert them first.",
    "absurd": "Look at the value and at --unit; a day-ahead market has no such price.",
    "past": "Import prices that are still to come.",
    "too-long": "Import a year at most at a time.",
}
"""The id of each rule, and the remedy."""


def fault(rule: str, place: str, message: str, moment: str | None = None) -> Refusal:
    """One fault: `place` is the line or item of the file, `moment` an example."""
    return Refusal(rule, place, message, RULES[rule], moment)


def refuse(rule: str, place: str, message: str, moment: str | None = None) -> DraftRefused:
    """For raising one fault: nothing of the curve is taken."""
    return DraftRefused([fault(rule, place, message, moment)])
