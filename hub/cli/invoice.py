"""`hub invoice`: which CDRs an invoice bills, and whether that is right."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import click

from hub.cli import invoice_views as views
from hub.cli.acting import at_the_terminal, reason_option
from hub.cli.frame import Group
from hub.cli.money import FIGURE
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json
from hub.closing.invoices import finding, issuing, telling
from hub.closing.invoices.amounts import Amount
from hub.closing.invoices.finding import Which, head
from hub.closing.invoices.matching import Match
from hub.hub import Hub
from hub.ocpi.document import Party

DIFFERS = 1
name_argument = click.argument("name", metavar="INVOICE")
statement_argument = click.argument("name", metavar="STATEMENT")
by_option = click.option("--by", type=PartyType(), metavar="NL/CPO", help="Who wrote it.")
for_option = click.option("--for", "other", type=PartyType(), metavar="DE/EMS", help="For whom it is.")


@click.group(cls=Group, example="hub invoice match INV-7 --amount 1234.56")
def invoice() -> None:
    """See which CDRs an invoice bills, and whether that is right.

    INVOICE is its number, or the id of a record that tells what it bills (OCPI 2.3.0, invoicereconciliation).
    """


@invoice.command("list", example="hub invoice list --party DE/EMS")
@click.option("--party", type=PartyType(), metavar="NL/CPO", help="Only those by it or for it.")
@click.option("--statement", type=int, metavar="ID", help="Only those that the hub wrote for this statement.")
@click.option("--withdrawn", is_flag=True, help="Those that were withdrawn too.")
@as_json_option
@with_hub
def list_(hub: Hub, party: Party | None, statement: int | None, withdrawn: bool, as_json: bool) -> None:
    """Show the records, the last first: by whom, for whom, how many CDRs they list."""
    wanted = [] if party is None else [finding.of_party(party)]
    wanted += [] if statement is None else [head.statement_id == statement]
    wanted += [] if withdrawn else [head.withdrawn_at.is_(None)]
    with hub.store.reading() as unit:
        told = telling.records(unit, *wanted)
    if as_json:
        show_json(told)
    elif told:
        views.show_list(told)
    else:
        click.echo("There is no such record. `hub statement send 1` makes one of a statement.")


def chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that say which invoice is meant."""
    return name_argument(by_option(for_option(command)))


@invoice.command("show", example="hub invoice show INV-7")
@chosen
@as_json_option
@with_hub
def show(hub: Hub, name: str, by: Party | None, other: Party | None, as_json: bool) -> None:
    """Show the records of an invoice, and the CDRs that they list."""
    with hub.store.reading() as unit:
        found = finding.named(unit, name, Which(by, other))
        told = telling.shown(found) | {"cdrs": telling.listed(Match(unit, found))}
    if as_json:
        show_json(told)
    else:
        views.show_one(told)


@invoice.command("match", example="hub invoice match INV-7 --by NL/CPO --amount 1234.56")
@chosen
@click.option("--amount", type=FIGURE, metavar="AMOUNT", help="What the invoice comes to, VAT included.")
@click.option("--net", type=FIGURE, metavar="AMOUNT", help="The same without VAT.")
@click.option("--currency", metavar="EUR", help="Of the amount, where the CDRs are in several.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="CDRs of each kind.")
@as_json_option
@with_hub
def match(hub: Hub, name: str, by: Party | None, other: Party | None, as_json: bool, **options: Any) -> int:
    """Tell which CDRs an invoice bills and which it should not, or leaves out, and whether the amount agrees.

    The exit code is 1 when anything does not agree. --json tells all CDRs.
    """
    amount = told_amount(options)
    with hub.store.reading() as unit:
        found = Match(unit, finding.named(unit, name, Which(by, other)))
        told = telling.matched(found, amount, None if as_json else options["most"])
    if as_json:
        show_json(told)
    else:
        views.show_match(told)
    return 0 if told["agrees"] else DIFFERS


def told_amount(options: Mapping[str, Any]) -> Amount:
    gross: Decimal | None = options["amount"]
    return Amount(gross, options["net"], options["currency"])


@invoice.command("issue", example="hub invoice issue NLCPO-2026-000001 --invoice-id INV-7")
@statement_argument
@click.option("--invoice-id", metavar="NUMBER", help="[default: the number of the statement]")
@reason_option
@as_json_option
@with_hub
def issue(hub: Hub, name: str, invoice_id: str | None, reason: str | None, as_json: bool) -> None:
    """Tell the other party which CDRs the invoice of a statement bills.

    Where `invoices_by` of the agreement is `hub`, this happens as the statement is sent. Done again, it gives
    the invoice another number.
    """
    refuse_unfit(invoice_id)
    with hub.store.unit() as unit:
        made = issuing.issue(unit, name, at_the_terminal(), invoice_id, reason)
        told = [telling.record(each) for each in made]
    say(told, "tells", as_json)


def refuse_unfit(invoice_id: str | None) -> None:
    if invoice_id is not None and not issuing.fits(invoice_id):
        raise click.UsageError(f"{invoice_id!r} is no number of an invoice: 1 to 255 plain characters.")


@invoice.command("withdraw", example="hub invoice withdraw NLCPO-2026-000001 --reason 'sent by mistake'")
@statement_argument
@reason_option
@as_json_option
@with_hub
def withdraw(hub: Hub, name: str, reason: str | None, as_json: bool) -> None:
    """Take back the records that the hub wrote for a statement: they were a mistake."""
    with hub.store.unit() as unit:
        gone = issuing.withdraw(unit, name, at_the_terminal(), reason)
        told = [telling.record(each) for each in gone]
    say(told, "told", as_json)


def say(told: list[dict[str, Any]], verb: str, as_json: bool) -> None:
    if as_json:
        show_json(told)
        return
    for each in told:
        one = f"Record {each['record']} of {each['by']} {verb} {each['for']}"
        click.echo(f"{one} that invoice {each['invoice']} bills {each['listed']} CDRs.")
