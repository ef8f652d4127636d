"""What looks wrong among the tariffs of one connector (P-01, P-03, A23)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from tariffs.clock import as_text
from tariffs.lint.finding import Finding, finding
from tariffs.model import Tariff
from tariffs.reading import read_tariff

FIRST, LAST = -(2**63), 2**63
Placed = tuple[int, Tariff]


def lint_together(documents: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Overlaps and gaps of validity among a connector's tariffs of one type; TariffError when unreadable."""
    placed = [(place, read_tariff(document)) for place, document in enumerate(documents)]
    in_order = sorted(placed, key=lambda one: (one[1].type or "", _start(one[1])))
    groups = (list(same) for _, same in groupby(in_order, lambda one: one[1].type or ""))
    return tuple(found for group in groups for found in _neighbours(group))


def _neighbours(group: Sequence[Placed]) -> Iterator[Finding]:
    for (_, one), (place, other) in pairwise(group):
        until = LAST if one.end is None else one.end
        path = f"tariffs[{place}].start_date_time"
        if _start(other) < until:
            message = f"{other.id} is in force while {one.id} still is"
            yield finding("validity-overlap", path, message)
        elif _start(other) > until:
            message = f"none is in force from {as_text(until)} to {as_text(_start(other))}"
            yield finding("validity-gap", path, message)


def _start(tariff: Tariff) -> int:
    return FIRST if tariff.start is None else tariff.start
