"""How findings, previews and comparisons of tariffs are shown to a person."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from rich.text import Text

from hub.cli.tables import console, show_table, text
from tariffs.diff import Comparison, Impact
from tariffs.lint import Finding, Severity
from tariffs.preview import Preview, Step
from tariffs.rounding import to_places
from tariffs.spot import SHOWN
from tariffs.taxes import Figures
from tariffs.words import DAYS, digits, length, minor_digits, weekdays

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
COLUMNS = {
    "ENERGY": "Per kWh",
    "TIME": "Per hour charging",
    "PARKING_TIME": "Per hour parked",
    "FLAT": "Start fee",
}
MOST_SHOWN = 20


def show_findings(found: Sequence[tuple[str, Finding]], tariffs: int, errors: int) -> None:
    """Each finding with its place, what it is, and what to do."""
    out = console()
    for name, one in found:
        head = Text.assemble(
            (one.severity.value, COLOURS[one.severity]), f" {one.id}  {name}: {one.path or 'tariff'}"
        )
        out.print(head, soft_wrap=True)
        out.print(f"    {one.message}", soft_wrap=True)
        if one.example:
            out.print(f"    for example {one.example}", soft_wrap=True)
        out.print(f"    {one.remedy}", soft_wrap=True)
    if found:
        out.print()
    warnings = counted(len(found) - errors, "warning")
    out.print(f"{counted(tariffs, 'tariff')}: {counted(errors, 'error')}, {warnings}.")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_preview(found: Preview) -> None:
    """The prices at each change, then the table of usual sessions."""
    shown = [one for one in SHOWN if any(step.rate(one) for step in found.steps)]
    several = len({step.tariff_id for step in found.steps}) > 1
    headings = ["From (local)", "For", *(COLUMNS[one] for one in shown), *(["Tariff"] if several else [])]
    rows = [
        [
            *moment(step),
            *(cell(step, one, found.currency) for one in shown),
            *([step.tariff_id or "none"] if several else []),
        ]
        for step in found.steps
    ]
    out = console()
    out.print(
        f"Prices in {found.currency} ({found.basis}) for a session that begins then, {found.time_zone}:"
    )
    show_table(headings, rows)
    if not found.examples:
        return
    out.print()
    minutes = list(dict.fromkeys(example.minutes for example in found.examples))
    out.print(f"Sessions from {found.steps[0].local:%a %d %b %H:%M}, {found.currency} before / after taxes:")
    show_table(["", *(length(one * 60) for one in minutes)], list(table(found, minutes)))


def moment(step: Step) -> list[str]:
    hours = length(int((step.end - step.start).total_seconds()))
    return [f"{step.local:%a %d %b %H:%M}", hours]


def cell(step: Step, dimension: str, currency: str) -> Decimal | str:
    """A price with at least the decimals of its currency."""
    rate = step.rate(dimension)
    return "free" if rate is None or not rate.price else Decimal(digits(rate.price, minor_digits(currency)))


def table(found: Preview, minutes: Sequence[int]) -> Sequence[list[str]]:
    """A row for each energy, a column for each time."""
    totals = {(one.kwh, one.minutes): one.total.figures(2) for one in found.examples}
    kwhs = list(dict.fromkeys(one.kwh for one in found.examples))
    return [[f"{text(kwh)} kWh", *(both_sides(totals[kwh, each]) for each in minutes)] for kwh in kwhs]


def both_sides(figures: Figures) -> str:
    gross = "?" if figures.after_taxes is None else f"{figures.after_taxes:.2f}"
    return f"{figures.before_taxes:.2f} / {gross}"


def show_diff(found: Comparison) -> None:
    """Words, prices, then the sessions that change most."""
    out = console()
    if not found.changes:
        out.print("Nothing that decides a price has changed.")
        return
    section("What changed", found.changes)
    section("Prices of sessions that begin then", [one.words(found.currency) for one in found.prices])
    changed = [one for one in found.impacts if one.delta]
    same = len(found.impacts) - len(changed)
    felt = f"{found.dearer} cost more, {found.cheaper} less, {same} the same"
    out.print(f"Of {len(found.impacts)} sample sessions {felt}.")
    rows = list(alike(changed))
    show_table(("Session", "Before", "After", "Change"), rows[:MOST_SHOWN])
    if len(rows) > MOST_SHOWN:
        out.print(f"... and {len(rows) - MOST_SHOWN} more; --json tells them all.")


def alike(changed: Sequence[Impact]) -> Iterator[tuple[object, ...]]:
    """Samples that differ by their weekday alone as one row."""
    days: dict[tuple[str, Decimal, Decimal, Decimal], list[int]] = {}
    for one in changed:
        day, _, rest = one.about.partition(" ")
        what = rest if day in DAYS else one.about
        key = (what, cents(one.before), cents(one.after), cents(one.delta))
        days.setdefault(key, []).extend([DAYS.index(day)] if day in DAYS else [])
    for (about, *amounts), on in days.items():
        yield (f"{weekdays(sorted(on))} {about}" if on else about, *amounts)


def cents(amount: Decimal) -> Decimal:
    """Two decimals, whatever the size."""
    return Decimal(digits(to_places(Fraction(amount), 1, 2), 2))


def section(title: str, lines: Sequence[str]) -> None:
    if lines:
        out = console()
        out.print(f"{title}:")
        for line in lines:
            out.print(f"  {line}", soft_wrap=True)
        out.print()
