"""`hub dispute`: who says that a CDR is wrong, what both sides say to it, and how it ends."""

import hashlib
from decimal import Decimal
from pathlib import Path

import click

from hub.clearing import disputes
from hub.clearing.disputes import REASONS, Claim, Evidence, Remedy, Wanted, Word
from hub.cli.acting import at_the_terminal
from hub.cli.cdr import known
from hub.cli.credit_words import AmountType, anew_option, in_its_place, refused, replacement_option, words
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import console, show_facts, show_json, show_table
from hub.hub import Hub
from hub.ocpi.document import Json, Party

HEADINGS = ("No.", "CPO", "eMSP", "CDR", "By", "Reason", "Claimed", "", "Due", "Days left", "Outcome")
COLUMNS = ("id", "cpo", "emsp", "cdr", "opened_by", "reason", "claimed", "currency", "due_at", "days_left")
file_option = click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Evidence: its name and SHA-256 are kept, the file stays with you.",
)
number_argument = click.argument("number", metavar="NUMBER", type=int)
REASON_NAMES = [name.lower().replace("_", "-") for name in REASONS]


@click.group(cls=Group, example="hub dispute open NL/CPO CDR-1 --reason wrong-price --text 'T2 held'")
def dispute() -> None:
    """Dispute CDRs, talk about them, and decide: a credit, a part, goodwill, or as it is.

    A CDR that is disputed comes onto no new statement. Who claims something has until the term that the
    agreement sets (`dispute_days`); a dispute that nobody has decided then is expired, and the CDR owed.
    """


@dispute.command("open", example="hub dispute open NL/CPO CDR-1 --reason charger-fault --text 'no energy'")
@click.argument("party", metavar="PARTY", type=PartyType())
@click.argument("identity", metavar="ID")
@click.option("--reason", required=True, type=click.Choice(REASON_NAMES), help="Why it is wrong.")
@click.option("--claim", type=AmountType(), metavar="AMOUNT", help="Net, too much.  [default: all of it]")
@click.option("--text", required=True, metavar="TEXT", help="In words.")
@click.option("--by", "by", type=PartyType(), metavar="DE/EMS", help="Who claims it.  [default: the eMSP]")
@file_option
@with_hub
def open_(
    hub: Hub,
    party: Party,
    identity: str,
    reason: str,
    claim: Decimal | None,
    text: str,
    by: Party | None,
    file: Path | None,
) -> None:
    """Dispute the CDR ID of a CPO; it must be on its way to being paid, or paid."""
    claimed = Claim(reason.upper().replace("-", "_"), claim)
    with refused(), hub.store.unit() as unit:
        row = known(unit, party, identity)
        number = disputes.open_(unit, row, claimed, Word(text, by, evidence(file)), at_the_terminal())
        due = disputes.shown(unit, number)["due_at"]
    click.echo(f"Dispute {number}, to be decided until {due}.")


@dispute.command("list", example="hub dispute list --party DE/EMS")
@click.option("--party", type=PartyType(), help="Only those of this CPO or eMSP.")
@click.option("--reason", type=click.Choice(REASON_NAMES), help="Only those for this reason.")
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@as_json_option
@with_hub
def list_(hub: Hub, party: Party | None, reason: str | None, everything: bool, as_json: bool) -> None:
    """Show the disputes that are open, and how many days are left to decide each."""
    wanted = Wanted(party, reason and reason.upper().replace("-", "_"), None if everything else True)
    with hub.store.reading() as unit:
        found = disputes.listed(unit, wanted)
    if as_json:
        show_json(found)
    else:
        show_table(HEADINGS, [(*(each[name] for name in COLUMNS), each["outcome"]) for each in found])


@dispute.command("show", example="hub dispute show 1")
@number_argument
@as_json_option
@with_hub
def show(hub: Hub, number: int, as_json: bool) -> None:
    """Show one with all that was said."""
    with refused(), hub.store.reading() as unit:
        found = disputes.shown(unit, number)
    if as_json:
        show_json(found)
    else:
        show_one(found)


def show_one(found: Json) -> None:
    show_facts({name: value for name, value in found.items() if name != "messages"})
    console().print()
    headings = ("At", "Party", "By", "Says", "File", "SHA-256")
    show_table(headings, [tuple(each.values()) for each in found["messages"]])


@dispute.command("answer", example="hub dispute answer 1 --text 'see the log' --file log.txt --as NL/CPO")
@number_argument
@click.option("--text", required=True, metavar="TEXT", help="What is said.")
@click.option("--as", "party", type=PartyType(), metavar="NL/CPO", help="Who says it.  [default: the hub]")
@file_option
@with_hub
def answer(hub: Hub, number: int, text: str, party: Party | None, file: Path | None) -> None:
    """Add something to what was said, with evidence."""
    with refused(), hub.store.unit() as unit:
        disputes.answer(unit, number, Word(text, party, evidence(file)), at_the_terminal())
    click.echo(f"Dispute {number}: said.")


@dispute.command("accept", example="hub dispute accept 1 --replace --reason 'tariff T2 held'")
@number_argument
@click.option("--amount", type=AmountType(), help="Take back only so much, net, by a line.")
@click.option("--goodwill", type=AmountType(), help="Leave the CDR, and give so much for the trouble.")
@click.option(
    "--line", "by_line", is_flag=True, help="By a line of the next statement, without a credit CDR."
)
@anew_option
@replacement_option
@click.option("--reason", metavar="TEXT", help="Why; kept with it and in the audit trail.")
@with_hub
def accept(
    hub: Hub,
    number: int,
    amount: Decimal | None,
    goodwill: Decimal | None,
    by_line: bool,
    anew: bool,
    replacement: Path | None,
    reason: str | None,
) -> None:
    """The claim is right: credit the CDR, wholly or in part."""
    if sum(map(bool, (amount, goodwill, by_line, anew or replacement))) > 1:
        raise click.UsageError("Choose one of --amount, --goodwill, --line, and --replace or --replacement.")
    remedy = Remedy(amount, goodwill, by_line, in_its_place(anew, replacement))
    with refused(), hub.store.unit() as unit:
        done = disputes.accept(unit, number, remedy, at_the_terminal(), reason)
    click.echo(f"Dispute {number}: {words(done)}.")


@dispute.command("decline", example="hub dispute decline 1 --reason 'the log shows 20 kWh'")
@number_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with it and in the audit trail.")
@with_hub
def decline(hub: Hub, number: int, reason: str) -> None:
    """The claim is wrong: the CDR is owed as before."""
    with refused(), hub.store.unit() as unit:
        disputes.decline(unit, number, at_the_terminal(), reason)
    click.echo(f"Dispute {number} declined.")


@dispute.command("reasons", example="hub dispute reasons")
def reasons() -> None:
    """Show why CDRs can be disputed."""
    show_table(("Reason", "Meaning"), list(zip(REASON_NAMES, REASONS.values(), strict=True)))


def evidence(file: Path | None) -> Evidence | None:
    return None if file is None else Evidence(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
