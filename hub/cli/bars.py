"""A bar on the terminal for what takes long; where nobody looks at one, nothing is shown."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Tick = Callable[[int], object]
"""Told how much is done since it was last told."""


@contextmanager
def bars() -> Iterator[Callable[[str, int], Tick]]:
    """One bar after the other: what begins the next, with its name and how much there is to do."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as progress:

        def begin(what: str, total: int) -> Tick:
            for former in progress.task_ids:
                progress.remove_task(former)
            task = progress.add_task(what, total=total)
            return lambda done: progress.advance(task, done)

        yield begin
