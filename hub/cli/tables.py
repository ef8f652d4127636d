"""How commands show rows to a person: columns that line up, figures to the right, colour on terminals."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import click
import msgspec
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from hub.ocpi import strictjson

WIDE = 160
"""Columns where there is no terminal, so that a log or a pipe is not wrapped."""


def console() -> Console:
    made = Console(highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = WIDE
    return made


def show_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A column of numbers stands at the right; nothing at all is shown when there are no rows. A cell that is
    a `Text` has its own colour."""
    if not rows:
        return
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify=justified([row[place] for row in rows]), overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    console().print(table)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, those without a value left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value is not None:
            table.add_row(name, text(value))
    console().print(table)


def justified(cells: Sequence[Any]) -> JustifyMethod:
    return "right" if any(isinstance(cell, int | Decimal) for cell in cells) else "left"


def text(cell: Any) -> str:
    """A number with all its digits and no exponent."""
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def show_json(value: Any) -> None:
    """Indented, numbers with the digits they have."""
    click.echo(msgspec.json.format(strictjson.write(value), indent=2))
