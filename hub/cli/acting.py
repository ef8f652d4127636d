"""Who is at the command line, for the audit trail; and what the API would refuse, told at the terminal."""

import functools
import getpass
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from hub.cli.faults import CommandFailed
from hub.operator.problems import Problem
from hub.store.audit import Actor

reason_option = click.option("--reason", help="Why, for the audit trail.")

P = ParamSpec("P")
R = TypeVar("R")


def at_the_terminal() -> Actor:
    """The user of the operating system; in a container without a name, its number."""
    try:
        return Actor(getpass.getuser(), "CLI")
    except (KeyError, OSError):
        return Actor(f"uid {os.getuid()}", "CLI")


def problems_told(run: Callable[P, R]) -> Callable[P, R]:
    """A command that refuses what the API would refuse, in a line: what is wrong, then what to do."""

    @functools.wraps(run)
    def command(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return run(*arguments, **options)
        except Problem as problem:
            fields = "; ".join(f"{name}: {fault}" for name, fault in problem.fields.items())
            detail = problem.detail + (f" ({fields})" if fields else "")
            raise CommandFailed(f"{detail} {problem.what_to_do}") from problem

    return command
