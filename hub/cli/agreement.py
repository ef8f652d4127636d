"""`hub agreement`: what a CPO and an eMSP have settled with each other, one by one or from a CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli.acting import at_the_terminal
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.moments import MomentType, moment
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType, warn_of_stranger
from hub.cli.tables import show_facts, show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import agreement_files
from hub.parties import agreements as book
from hub.parties.agreement_files import InvalidLine
from hub.parties.agreements import Agreement, Pair, Signed
from hub.parties.terms import TERMS, NoSuchTerm, plain, read_terms
from hub.store.agreements import agreements

HEADINGS = ("ID", "CPO", "eMSP", "Currency", "From", "To", "Billing", "VAT", "Fee per CDR", "Tolerance")


@click.group(cls=Group, example="hub agreement add NL/EXA DE/EMS EUR --term vat_rate=19")
def agreement() -> None:
    """What a CPO and an eMSP have settled: how they bill, what they let pass, what the hub gets.

    An agreement is of one currency. It holds from a moment on, until the next one of the two begins or until
    it is ended; what is settled anew is a new agreement.
    """


@agreement.command("add", example="hub agreement add NL/EXA DE/EMS EUR --from 2026-12-01 --term vat_rate=19")
@click.argument("cpo", type=PartyType())
@click.argument("emsp", type=PartyType())
@click.argument("currency")
@click.option("--from", "since", type=MomentType(), metavar="WHEN", help="Since when.  [default: now]")
@click.option("--until", type=MomentType(), metavar="WHEN", help="Where it ends.  [default: open]")
@click.option("--term", "terms", multiple=True, metavar="NAME=VALUE", help="See `hub agreement terms`.")
@click.option("--reason", metavar="TEXT", help="Why; kept with it and in the audit trail.")
@with_hub
def add(
    hub: Hub,
    cpo: Party,
    emsp: Party,
    currency: str,
    since: int | None,
    until: int | None,
    terms: Sequence[str],
    reason: str | None,
) -> None:
    """Settle the terms of a CPO and an eMSP from a moment on."""
    told = dict(term.partition("=")[::2] for term in terms)
    with hub.store.unit() as unit:
        pair = Pair(cpo, emsp, read_currency(currency))
        span = (unit.now if since is None else since, until)
        made = book.add(unit, pair, checked(told), span, Signed(at_the_terminal(), reason))
        warn_of_stranger(unit, cpo, Role.CPO)
        warn_of_stranger(unit, emsp, Role.EMSP)
    click.echo(f"Agreement {made.id}: {made.pair} from {instants.text(made.valid_from)}.")


def checked(told: dict[str, str]) -> Any:
    try:
        return read_terms(told)
    except NoSuchTerm as fault:
        raise click.BadParameter(str(fault), param_hint="--term") from fault


def read_currency(text: str) -> str:
    try:
        return agreement_files.currency(text)
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="CURRENCY") from fault


@agreement.command("list", example="hub agreement list --party NL/EXA")
@click.option("--party", type=PartyType(), help="Only those of this CPO or eMSP.")
@click.option("--at", type=MomentType(), metavar="WHEN", help="Only those that hold at this moment.")
@as_json_option
@with_hub
def list_(hub: Hub, party: Party | None, at: int | None, as_json: bool) -> None:
    """Show who has settled what, since when and until when."""
    with hub.store.reading() as unit:
        found = book.listed(unit, *([] if party is None else [of_party(party)]))
    shown = [each for each in found if at is None or each.holds_at(at)]
    if as_json:
        show_json([told_of(each) for each in shown])
    else:
        show_table(HEADINGS, list(map(row, shown)))


def of_party(party: Party) -> Any:
    return (agreements.c.cpo == party.code) | (agreements.c.emsp == party.code)


def row(each: Agreement) -> Sequence[Any]:
    terms = each.terms
    rate = "" if terms.vat_rate is None else f" {terms.vat_rate} %"
    until = None if each.valid_to is None else instants.text(each.valid_to)
    return (
        each.id,
        str(each.pair.cpo),
        str(each.pair.emsp),
        each.pair.currency,
        instants.text(each.valid_from),
        until,
        terms.billing.lower(),
        f"{terms.vat_category}{rate}",
        terms.fee_per_cdr,
        f"{terms.tolerance} + {terms.tolerance_percent} %",
    )


def told_of(each: Agreement) -> dict[str, Any]:
    """Its JSON, for scripts: instants as text."""
    told = each.as_json()
    moments = {name: told[name] for name in ("valid_from", "valid_to")}
    return told | {name: None if at is None else instants.text(at) for name, at in moments.items()}


@agreement.command("show", example="hub agreement show 1")
@click.argument("identity", metavar="ID", type=int)
@as_json_option
@with_hub
def show(hub: Hub, identity: int, as_json: bool) -> None:
    """Show one with all its terms."""
    with hub.store.reading() as unit:
        found = book.by_id(unit, identity)
    if as_json:
        show_json(told_of(found))
        return
    told = told_of(found)
    show_facts({name: told[name] for name in ("cpo", "emsp", "currency", "valid_from", "valid_to", "reason")})
    click.echo()
    values = plain(found.terms)
    show_table(
        ("Term", "Value", "Meaning"),
        [(name, shown_term(values[name]), term.meaning) for name, term in TERMS.items()],
    )


def shown_term(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


@agreement.command("end", example="hub agreement end 1 --at 2027-01-01T00:00:00Z")
@click.argument("identity", metavar="ID", type=int)
@click.option("--at", type=MomentType(), metavar="WHEN", help="Since when it does not hold.  [default: now]")
@click.option("--reason", metavar="TEXT", help="Why; kept in the audit trail.")
@with_hub
def end(hub: Hub, identity: int, at: int | None, reason: str | None) -> None:
    """End an agreement: sessions that start later fall under none, and their CDRs are held."""
    with hub.store.unit() as unit:
        ended = book.end(unit, identity, unit.now if at is None else at, Signed(at_the_terminal(), reason))
    click.echo(f"Agreement {ended.id}: {ended.pair} until {instants.text(ended.valid_to or 0)}.")


@agreement.command("terms", example="hub agreement terms")
def terms_() -> None:
    """Show every term that can be settled, how it is written, and its usual value."""
    usual = plain(read_terms({}))
    show_table(
        ("Term", "Written", "Usual", "Meaning"),
        [(name, term.form, shown_term(usual[name]), term.meaning) for name, term in TERMS.items()],
    )


@agreement.command("import", example="hub agreement import agreements.csv")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", metavar="TEXT", help="Why; kept with each and in the audit trail.")
@with_hub
def import_(hub: Hub, file: Path, reason: str | None) -> None:
    """Add agreements from a CSV file: cpo, emsp, currency, from; then `to` and any term as a column.

    All of its rows, or none: the first that cannot be is told with its line.
    """
    signed = Signed(at_the_terminal(), reason)
    with file.open(encoding="utf-8-sig", newline="") as lines, hub.store.unit() as unit:
        try:
            made = agreement_files.add(unit, lines, moment, signed)
        except InvalidLine as fault:
            raise CommandFailed(str(fault)) from fault
    click.echo(f"{len(made)} agreements added.")
