"""Lists of which not all is shown: how many, and that there are more."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import click

T = TypeVar("T")
USUAL = 50


def limit_option(usual: int = USUAL) -> Callable[..., Any]:
    return click.option(
        "--limit", type=click.IntRange(1), default=usual, show_default=True, help="How many at most."
    )


def cut(found: Sequence[T], limit: int, which: str = "first") -> Sequence[T]:
    """Those that are shown, of one more than that; when there is one more, it is told below the list."""
    if len(found) > limit:
        told = f"hub: these are the {which} {limit}; see --limit for more."
        click.get_current_context().call_on_close(partial(click.echo, told, err=True))
    return found[:limit]
