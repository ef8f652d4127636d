"""`hub settings`: what the environment has set, and what it could."""

import json

import click

from hub.cli.frame import Command, with_settings
from hub.settings import VARIABLES, Settings


@click.command(cls=Command, example="HUB_PARTY=DE/ABC hub settings")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@with_settings
def settings(settings: Settings, as_json: bool) -> None:
    """Show every setting: its value here, and what it means. Secrets are not shown."""
    values = settings.described()
    if as_json:
        click.echo(json.dumps(values, indent=2))
        return
    for variable in VARIABLES:
        click.echo(f"{variable.name}={values[variable.name]}\n    {variable.meaning}")
