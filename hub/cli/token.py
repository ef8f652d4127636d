"""`hub token`: what opens the operators' API for its users."""

import click

from hub.cli.acting import at_the_terminal, problems_told, reason_option
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, with_hub
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json
from hub.operator import people
from hub.operator.people import MOST_DAYS, USUAL_DAYS, NewToken, Token

HEADINGS = ("ID", "User", "For", "Created", "Expires", "Revoked", "Last used")


@click.group(cls=Group, example="hub token create ann --for 'price import'")
def token() -> None:
    """Make, see and revoke the tokens that open the operators' API.

    A token is shown once, as it is made; the hub keeps only a hash of it.
    """


@token.command(example="hub token create ann --for 'price import' --days 30")
@click.argument("user", metavar="USER")
@click.option("--for", "name", default="command line", show_default=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=USUAL_DAYS,
    show_default=True,
    help="How long it holds.",
)
@reason_option
@as_json_option
@with_hub
@problems_told
def create(hub: Hub, user: str, name: str, days: int, reason: str | None, as_json: bool) -> None:
    """Make a token for a user. Whoever has it can do what the user can: it is shown this once."""
    with hub.store.unit() as unit:
        owner = people.named(unit, user)
        made, secret = people.issue(unit, at_the_terminal(), owner, NewToken(name, days), reason)
    if as_json:
        show_json(described(made) | {"token": secret})
        return
    click.echo(secret)
    click.echo(f"hub: token {made.id} of {user}, until {instants.text(made.expires_at)}.", err=True)


@token.command("list", example="hub token list ann")
@click.argument("user", metavar="[USER]", required=False)
@as_json_option
@with_hub
@problems_told
def list_(hub: Hub, user: str | None, as_json: bool) -> None:
    """Show the tokens of a user, or of all: until when each holds, and when it was used last."""
    with hub.store.reading() as unit:
        found = people.tokens_of(unit, None if user is None else people.named(unit, user))
    told = [described(each) for each in found]
    if as_json:
        show_json(told)
    else:
        show_table(HEADINGS, [(str(each["id"]), *list(each.values())[1:]) for each in told])


@token.command(example="hub token revoke 3 --reason 'laptop lost'")
@click.argument("identity", metavar="ID", type=int)
@reason_option
@with_hub
@problems_told
def revoke(hub: Hub, identity: int, reason: str | None) -> None:
    """Have a token open nothing from now on."""
    with hub.store.unit() as unit:
        revoked = people.revoke(unit, at_the_terminal(), people.token_by_id(unit, identity), reason)
    click.echo(f"Token {revoked.id} of {revoked.user} is revoked.")


def described(each: Token) -> Json:
    return {
        "id": each.id,
        "user": each.user,
        "for": each.name,
        "created_at": instants.text(each.created_at),
        "expires_at": instants.text(each.expires_at),
        "revoked_at": each.revoked_at and instants.text(each.revoked_at),
        "last_used_at": each.last_used_at and instants.text(each.last_used_at),
    }
