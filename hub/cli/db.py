"""`hub db`: bring the database to a revision, take revisions back, see where it stands."""

import json

import click

import migrations
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group, with_settings
from hub.settings import Settings


@click.group(cls=Group, example="hub db upgrade")
def db() -> None:
    """Bring the database up to date, or back."""


@db.command(example="hub db upgrade")
@with_settings
def upgrade(settings: Settings) -> None:
    """Bring the database up to date. Safe at any time, by any number of processes."""
    migrations.upgrade(settings.database_url)
    click.echo(f"The database is at revision {status_of(settings).current}, the newest.")


@db.command(example="hub db downgrade 0001")
@click.argument("revision", metavar="REV")
@with_settings
def downgrade(settings: Settings, revision: str) -> None:
    """Take back what came after REV.

    `base` takes back every revision, and all data with them.
    """
    migrations.downgrade(settings.database_url, revision)
    click.echo(f"The database is at revision {status_of(settings).current or 'base'}.")


@db.command(example="hub db status --json")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show how far the database is.

    Exit code 1 when it is not at the newest revision.
    """
    found = status_of(settings)
    if as_json:
        click.echo(json.dumps(found._asdict()))
    else:
        click.echo(f"The database is at revision {found.current or 'base'}; the newest is {found.newest}.")
    if found.current != found.newest:
        raise CommandFailed("the database is not up to date. Run `hub db upgrade`.")


def status_of(settings: Settings) -> migrations.Status:
    """Of a SQLite file that is not there yet, too; looking does not make it."""
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        return migrations.Status(None, migrations.newest())
    return migrations.status(settings.database_url)
