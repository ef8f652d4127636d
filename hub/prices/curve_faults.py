"""What can be wrong with a file of prices: the place, the rule, an example, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

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

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `place` is the line or item, `moment` an example, `rule` one of RULES."""

    rule: str
    place: str
    message: str
    moment: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """JSON-ready."""
        return {
            "rule": self.rule,
            "place": self.place,
            "message": self.message,
            "moment": self.moment,
            "remedy": RULES[self.rule],
        }

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message} ({self.rule}). {RULES[self.rule]}"


class CurveRefused(Exception):
    """The curve cannot become a tariff; nothing of it was taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        more = f" And {len(faults) - 1} more." if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


def refuse(rule: str, place: str, message: str, moment: str | None = None) -> CurveRefused:
    """For raising one fault."""
    return CurveRefused([Fault(rule, place, message, moment)])
