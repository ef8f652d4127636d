"""What commands that credit CDRs share: amounts, what comes in the place of a CDR, what cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from hub.clearing.crediting import CannotBeCredited, Credited, Replacement
from hub.clearing.disputes import DisputeProblem
from hub.clearing.states import MovedMeanwhile, NoSuchTransition
from hub.cli.faults import CommandFailed
from hub.ocpi import strictjson
from hub.ocpi.errors import OcpiError

REFUSALS = (DisputeProblem, CannotBeCredited, NoSuchTransition, MovedMeanwhile)

anew_option = click.option("--replace", "anew", is_flag=True, help="Rate the session anew in its place.")
replacement_option = click.option(
    "--replacement",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CDR.json",
    help="Issue this CDR of OCPI 2.3.0 in its place.",
)


class AmountType(click.ParamType[Decimal]):
    """An amount of money, more than 0, of at most six places."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(value)
        except ArithmeticError:
            amount = Decimal(0)
        if not amount.is_finite() or amount <= 0 or amount != round(amount, 6):
            self.fail(f"{value!r} is no amount; write it as 3.50", param, ctx)
        return amount


def in_its_place(anew: bool, file: Path | None) -> Replacement | None:
    """What replaces a CDR; None when nothing does."""
    if anew and file is not None:
        raise click.UsageError("Choose one of --replace and --replacement.")
    if file is None:
        return Replacement() if anew else None
    try:
        body = strictjson.read(file.read_bytes())
    except OcpiError as fault:
        raise CommandFailed(f"{file} is no JSON: {fault.message}") from fault
    if not isinstance(body, dict):
        raise CommandFailed(f"{file} is no CDR: it is no JSON object")
    return Replacement(body)


def words(done: Credited) -> str:
    """What came of a credit."""
    told_of = {
        "credited by {}": done.credit_key,
        "line {} of the next statement": done.adjustment_id,
        "{} comes in its place": done.replacement_key,
    }
    return ", ".join(text.format(value) for text, value in told_of.items() if value) or "nobody was to pay it"


@contextmanager
def refused() -> Iterator[None]:
    """What cannot be is a line at the terminal."""
    try:
        yield
    except REFUSALS as fault:
        raise CommandFailed(f"{str(fault).rstrip('.')}.") from fault
