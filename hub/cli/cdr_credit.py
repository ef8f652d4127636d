"""What `hub cdr` gives back: credits, goodwill, the file of rejected CDRs; and how a CPO rounds."""

from decimal import Decimal
from pathlib import Path

import click

from hub.clearing import crediting, goodwill, profile, returns
from hub.cli.acting import at_the_terminal
from hub.cli.cdr import id_argument, known, party_argument, reason_option
from hub.cli.credit_words import AmountType, anew_option, in_its_place, refused, replacement_option, words
from hub.cli.frame import Command
from hub.cli.moments import MomentType
from hub.cli.opening import as_json_option, with_hub
from hub.cli.tables import console, show_facts, show_json, show_table
from hub.hub import Hub
from hub.ocpi.document import Party

FORMATS = {"csv": returns.as_csv, "jsonl": returns.as_json_lines}


@click.command(cls=Command, example="hub cdr credit NL/CPO CDR-1 --replace --reason 'tariff T2 held'")
@party_argument
@id_argument
@click.option(
    "--line", "by_line", is_flag=True, help="By a line of the next statement, without a credit CDR."
)
@anew_option
@replacement_option
@reason_option
@with_hub
def credit(
    hub: Hub,
    party: Party,
    identity: str,
    by_line: bool,
    anew: bool,
    replacement: Path | None,
    reason: str | None,
) -> None:
    """Take back a whole CDR that the hub issued; its eMSP is sent the credit.

    An eMSP that takes no credit CDRs gets a line of its next statement. What its CPO issued, the CPO credits;
    `--line` takes back its amount nevertheless.
    """
    wanted = in_its_place(anew, replacement)
    if by_line and wanted:
        raise click.UsageError("--line replaces nothing: who issued the CDR issues the one in its place.")
    with refused(), hub.store.unit() as unit:
        row = known(unit, party, identity)
        if by_line:
            done = crediting.credit_by_line(unit, row, at_the_terminal(), reason)
        else:
            done = crediting.credit(unit, row, at_the_terminal(), reason, wanted)
    click.echo(f"{row.cdr_key}: {words(done)}.")


@click.command(
    "goodwill", cls=Command, example="hub cdr goodwill NL/CPO CDR-1 5.00 --reason 'the charger failed'"
)
@party_argument
@id_argument
@click.argument("amount", type=AmountType())
@reason_option
@with_hub
def goodwill_(hub: Hub, party: Party, identity: str, amount: Decimal, reason: str | None) -> None:
    """Give something for the trouble, once: a line of the next statement; the CDR stays as it is."""
    with refused(), hub.store.unit() as unit:
        row = known(unit, party, identity)
        number = goodwill.give(unit, row, amount, at_the_terminal(), reason)
    click.echo(f"{row.cdr_key}: line {number} of the next statement, -{amount} {row.currency}.")


@click.command("returns", cls=Command, example="hub cdr returns NL/CPO --format csv --out returned.csv")
@party_argument
@click.option("--since", type=MomentType(), metavar="WHEN", help="Only those that ended then or later.")
@click.option("--until", type=MomentType(), metavar="WHEN", help="Only those that ended before.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="For a spreadsheet, or for a program.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Into a file, whole or not.",
)
@with_hub
def returns_(
    hub: Hub, party: Party, since: int | None, until: int | None, form: str, out: Path | None
) -> None:
    """Write the CDRs of a CPO that were rejected, with codes, what is wrong, and amounts."""
    with hub.store.reading() as unit:
        lines = list(FORMATS[form](returns.returned(unit, party, since, until)))
    if out is None:
        click.echo("".join(lines), nl=False)
        return
    part = out.with_name(out.name + ".part")
    part.write_bytes("".join(lines).encode())
    part.replace(out)
    count = len(lines) - (form == "csv")
    click.echo(f"{count} rejected CDR{'' if count == 1 else 's'} in {out}.")


@click.command("profile", cls=Command, example="hub cdr profile NL/CPO")
@party_argument
@click.option("--last", type=click.IntRange(1), default=profile.LAST, show_default=True, help="So many CDRs.")
@as_json_option
@with_hub
def profile_(hub: Hub, party: Party, last: int, as_json: bool) -> None:
    """Tell how a CPO rounds: up or to even, to how many decimals, the total or each part of it."""
    with hub.store.reading() as unit:
        found = profile.profile(unit, party, last)
    if as_json:
        show_json(found.as_dict())
        return
    show_facts({"looked at": f"{found.looked_at} CDRs", "telling": f"{found.telling} of them"})
    if not found.best:
        click.echo("Nothing tells how it rounds: look again when there are more CDRs.")
        return
    console().print()
    rows = [(str(way.mode), way.places, way.level, count) for way, count in found.fits[:10]]
    show_table(("Mode", "Decimals", "Rounded", "CDRs that fit"), rows)


GIVING_BACK: tuple[click.Command, ...] = (credit, goodwill_, returns_, profile_)
"""What they are called within `hub cdr`."""
