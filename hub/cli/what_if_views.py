"""How what-if shows its sums to a person: all, then each grouping, every table as wide as the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from hub.cli.tables import console, text
from hub.cli.tariff_views import cents
from tariffs.what_if import Sums, WhatIf, most_changed

HEADINGS = ("Sessions", "Before", "After", "Change", "%")
MOST_REASONS = 5
MOST_GROUPS = 20

Row = tuple[Any, ...]
Section = tuple[str, list[Row]]
"""What the first column is, and the rows."""


def show(found: WhatIf, axes: Sequence[str]) -> None:
    """All, then each grouping with what changes most first."""
    out = console()
    sections = [all_of(found), *(by(axis, found.groups[axis]) for axis in axes if found.groups[axis])]
    lines = [line for name, rows in sections for line in ((name, *HEADINGS), *rows)]
    widths = [max(len(text(cell)) for cell in column) for column in zip(*lines, strict=True)]
    out.print(table(sections[0], widths))
    same = found.total.count - found.dearer - found.cheaper
    out.print(f"\n{found.dearer} cost more, {found.cheaper} less, {same} the same.")
    for name, rows in sections[1:]:
        out.print()
        out.print(table((name, rows), widths))
        if (left_out := len(found.groups[name.removeprefix("By ")]) - len(rows)) > 0:
            out.print(f"and {left_out} that change less: --json tells all", style="dim")
    show_reasons(found)


def show_several(named: Sequence[tuple[str, WhatIf]]) -> None:
    """A line for each."""
    rows = [(name, *cells(found.total)) for name, found in named]
    widths = [len(name) for name in ("", *HEADINGS)]
    console().print(table(("Tariff", rows), widths))


def show_reasons(found: WhatIf) -> None:
    """Why some could not be priced."""
    if not found.unpriced:
        return
    out = console()
    out.print(f"\n{found.unpriced} could not be priced:", style="yellow")
    for name, reason in found.reasons[:MOST_REASONS]:
        out.print(f"  {name}: {reason}", soft_wrap=True)


def all_of(found: WhatIf) -> Section:
    return f"All, {found.currency}", [("before taxes", *cells(found.total))]


def by(axis: str, groups: Mapping[str, Sums]) -> Section:
    """Hours as the day goes, the rest by how much changes."""
    in_order = sorted(groups.items()) if axis == "hour" else most_changed(groups, MOST_GROUPS)
    return f"By {axis}", [(name, *cells(one)) for name, one in in_order]


def table(section: Section, widths: Sequence[int]) -> Table:
    """Names to the left, figures to the right."""
    name, rows = section
    made = Table(box=None, pad_edge=False)
    for place, heading in enumerate((name, *HEADINGS)):
        made.add_column(
            heading, justify="right" if place else "left", min_width=widths[place], overflow="fold"
        )
    for row in rows:
        made.add_row(*map(text, row))
    return made


def cells(sums: Sums) -> Row:
    share = "" if not sums.before else round(sums.delta / sums.before * 100, 1)
    amounts = (sums.before, sums.after, sums.delta)
    return (sums.count, *map(cents, amounts), share)
