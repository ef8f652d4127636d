"""`hub tariff publish`: a file becomes the next version of a tariff, unless something speaks against it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli import tariff_book_views as views
from hub.cli.acting import at_the_terminal
from hub.cli.draft_views import show_faults, show_meaning
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command
from hub.cli.moments import MomentType
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.price_files import objects_in
from hub.cli.tables import console, show_json
from hub.cli.tariff_book_views import EVERYBODY
from hub.cli.tariff_options import FROM, expect_option, reason_option, when, zone_option
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.parties.quirk_table import NoSuchValue
from hub.parties.quirk_table import party as party_of
from hub.prices.book import drafts, publishing
from hub.prices.book.drafts import Findings
from hub.prices.book.publishing import Edit, NoChange
from hub.prices.book.versions import Version
from hub.store.unit import Unit

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def checked_readers(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> set[Party] | None:
    """The parties named; an empty set for everybody; None when the option is not given."""
    if not value:
        return None
    if EVERYBODY in value:
        return set()
    try:
        return set(map(party_of, value))
    except NoSuchValue as fault:
        raise click.BadParameter(f"{fault}, or {EVERYBODY}.") from fault


@click.command(cls=Command, example=f"hub tariff publish night.json --owner NL/EXA --from '{FROM}'")
@click.argument("file", metavar="FILE", type=FILE)
@click.option(
    "--owner", type=PartyType(), metavar="NL/EXA", help="Whose tariff it is.  [default: as the file says]"
)
@when("--from", "When it takes force")
@click.option("--until", type=MomentType(), metavar="WHEN", help="When it ends.  [default: never]")
@click.option(
    "--for",
    "parties",
    multiple=True,
    callback=checked_readers,
    metavar="PARTY",
    help="Only this party may read the tariff, as DE/EMS, from now on and in all its versions; may be given "
    f"more than once. `{EVERYBODY}` makes it public again.  [default: as it is]",
)
@reason_option
@expect_option
@click.option("--anyway", is_flag=True, help="Publish although the linter finds errors.")
@click.option("--dry-run", is_flag=True, help="Show all that can be said of it, and publish nothing.")
@zone_option
@as_json_option
@with_hub
def publish(hub: Hub, file: Path, dry_run: bool, as_json: bool, **told: Any) -> None:
    """Make a tariff a new version in the price book, now or at a moment to come.

    FILE holds a tariff of any OCPI version, or a list of them: all are published or none. A session keeps the
    version of its start. What says the same as what holds then is no new version.
    """
    given = [(each, owner_of(file, each, told["owner"])) for each in drafts_in(file)]
    given.sort(key=lambda each: (each[1], str(each[0].get("id"))))  # locks are taken in one order
    edit = Edit(at_the_terminal(), told["reason"], told["at"], told["until"], told["expect"])
    with hub.store.reading() as unit:
        found = [drafts.examine(unit, each, owner, edit, told["time_zone"]) for each, owner in given]
    refused = any(each.refusals or (each.errors and not told["anyway"]) for each in found)
    made: list[Version | NoChange] | None = None
    if not (dry_run or refused):
        with hub.store.unit() as unit:
            made = [entered(unit, each, owner, edit, told["parties"]) for each, owner in given]
    if as_json:
        show_json(as_plain(found, made, hub.store.clock()))
    else:
        show_published(found, made, dry_run=dry_run)
        if dry_run or made is not None:
            show_readers(found, told["parties"], dry_run=dry_run)
    if refused:
        only_lint = not any(each.refusals for each in found)
        hint = "; --anyway overrides the linter" if only_lint else ""
        raise CommandFailed(f"nothing was published: correct what is refused{hint}.")


def entered(
    unit: Unit, draft: Json, owner: Party, edit: Edit, parties: set[Party] | None
) -> Version | NoChange:
    if parties is not None:  # first, so that nobody else is told
        publishing.restrict(unit, owner, str(draft["id"]), parties, edit)
    return publishing.publish(unit, draft, owner, edit)


def drafts_in(file: Path) -> list[Json]:
    found = objects_in(file)
    if not found or not all(isinstance(each, dict) for each in found):
        raise CommandFailed(f"{file}: holds no tariff. Write a tariff as OCPI has it, or a list of them.")
    return found


def owner_of(file: Path, draft: Json, owner: Party | None) -> Party:
    if owner is not None:
        return owner
    try:
        return party_of(f"{draft['country_code']}/{draft['party_id']}")
    except (KeyError, NoSuchValue) as fault:
        raise CommandFailed(
            f"{file}: does not say whose tariff it is. Name the party with --owner."
        ) from fault


def as_plain(found: Sequence[Findings], made: Sequence[Version | NoChange] | None, now: int) -> Json:
    return {
        "published": made is not None,
        "tariffs": [
            each.as_dict() | ({} if made is None else outcome(made[place], now))
            for place, each in enumerate(found)
        ],
    }


def outcome(made: Version | NoChange, now: int) -> Json:
    version = made.version if isinstance(made, NoChange) else made
    return {"changed": version is made, "version": views.of_version(version, now)}


def show_published(
    found: Sequence[Findings], made: Sequence[Version | NoChange] | None, *, dry_run: bool
) -> None:
    for place, each in enumerate(found):
        show_faults(each.name, each)
        if dry_run and each.draft is not None:
            show_meaning(each.name, each)
        if made is not None:
            console().print(views.published(each.name, made[place], each.time_zone), soft_wrap=True)


def show_readers(found: Sequence[Findings], parties: set[Party] | None, *, dry_run: bool) -> None:
    """Who may read it from now on, which is not a matter of when its price takes force."""
    if parties is None:
        return
    whom = f"only {', '.join(sorted(map(str, parties)))}" if parties else EVERYBODY
    for each in found:
        if each.draft is not None:
            may = "would be able to read" if dry_run else "can read"
            console().print(f"{each.name}: from now on {whom} {may} it, whatever version.", soft_wrap=True)
