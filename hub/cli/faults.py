"""How a fault is shown to a person at a terminal: one line, what is wrong, what to do next."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click
from alembic.util import CommandError
from click.exceptions import NoArgsIsHelpError
from sqlalchemy.exc import DBAPIError

from hub.closing.problems import ClosingProblem
from hub.ocpi.errors import OcpiError
from hub.prices.book.problems import PriceProblem
from hub.settings import SettingsError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class CommandFailed(Exception):
    """What a command could not do. The argument is the line: what is wrong, then what to do next."""


def of_usage(fault: click.UsageError) -> str:
    path = fault.ctx.command_path if fault.ctx else "hub"
    return f"{fault.format_message()} See '{path} --help'."


def of_database(fault: DBAPIError) -> str:
    """The driver's own words without SQL, which is of no help and may hold personal data."""
    return f"the database says: {fault.orig}. Check HUB_DATABASE_URL, and `hub db status`."


def of_system(fault: OSError) -> str:
    where = f" ({fault.filename})" if fault.filename else ""
    return f"{fault.strerror or fault}{where}."


def of_defect(fault: BaseException) -> str:
    return f"unexpected {type(fault).__name__}: {fault}. `hub --traceback ...` shows where; please report it."


SENTENCES: tuple[tuple[type[BaseException], Callable[[Any], str]], ...] = (
    (click.UsageError, of_usage),
    (click.ClickException, lambda fault: fault.format_message()),
    (CommandFailed, str),
    (PriceProblem, lambda problem: str(problem).rstrip(".") + "."),
    (SettingsError, str),
    (ClosingProblem, str),
    (OcpiError, lambda fault: fault.message),
    (DBAPIError, of_database),
    (CommandError, lambda fault: f"{fault}. `hub db status` shows the revisions."),
    (OSError, of_system),
    (BaseException, of_defect),
)
"""The first that fits is used."""


def fault_shown(fault: BaseException) -> int:
    """Say what is wrong on standard error; the exit code."""
    if isinstance(fault, NoArgsIsHelpError):
        fault.show()
        return MISUSED
    if isinstance(fault, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    if isinstance(fault, BrokenPipeError):  # `hub partner list | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    sentence = next(say for kind, say in SENTENCES if isinstance(fault, kind))
    print("hub:", " ".join(sentence(fault).split()), file=sys.stderr)
    return MISUSED if isinstance(fault, click.UsageError) else FAILED
