"""What all commands share: an example in their help, and settings handed in."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from hub.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Command(click.Command):
    """A command whose help ends with an example.

    >>> @click.command(cls=Command, example="hub db upgrade")
    """

    def __init__(self, *arguments: Any, example: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")


class Group(Command, click.Group):
    """A command with subcommands, each of which has its own example."""

    command_class = Command
    group_class = type  # a group in a group is of this class too

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they were added, which is the order of use."""
        return list(self.commands)


def with_settings(run: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Hand the settings of the environment to a command as its first argument.

    They are read when the command runs, so that `--help` works whatever the environment says.
    """

    @functools.wraps(run)
    def command(*arguments: P.args, **options: P.kwargs) -> R:
        return run(Settings.from_environment(), *arguments, **options)

    return command
