"""How a draft is shown before it is published: what is wrong with it, when it would hold, what it costs."""

from collections.abc import Iterator

from rich.text import Text

from hub.cli.moments import shown, shown_in_full
from hub.cli.tables import console
from hub.cli.tariff_views import show_diff, show_findings, show_preview
from hub.prices.book.drafts import Findings


def show_faults(name: str, found: Findings) -> None:
    """What the linter finds, why it is refused, and who would know of it later than was agreed."""
    out = console()
    if found.lint:
        show_findings([(name, each) for each in found.lint], 1, len(found.errors))
    for refusal in found.refusals:
        out.print(Text.assemble(("refused", "bold red"), f" {name}: {refusal}"), soft_wrap=True)
    for remark in found.remarks:
        out.print(Text.assemble(("note", "yellow"), f" {name}: {remark}."), soft_wrap=True)
    for notice in found.notices:
        if not notice.blocks:
            out.print(Text.assemble(("notice", "yellow"), f" {name}: {notice.message}."), soft_wrap=True)


def show_meaning(name: str, found: Findings) -> None:
    """When it would hold, what would change, and what charging would cost in its first week."""
    out = console()
    for line in intent(name, found):
        out.print(line, soft_wrap=True)
    if found.changes is not None and not found.same:
        out.print()
        show_diff(found.changes)
    if found.preview is not None:
        out.print()
        show_preview(found.preview)


def intent(name: str, found: Findings) -> Iterator[str]:
    """When it would hold, and instead of what."""
    if found.same and found.before is not None:
        yield f"{name}: version {found.before.number} says the same; nothing would change."
    elif found.valid_from is not None:
        until = "" if found.valid_to is None else f" until {shown(found.valid_to, found.time_zone)}"
        instead = "" if found.before is None else f", instead of version {found.before.number}"
        yield f"{name}: would hold from {shown_in_full(found.valid_from, found.time_zone)}{until}{instead}."
