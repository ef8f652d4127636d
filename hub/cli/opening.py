"""How a command gets an open hub, and finds the partner that it is about."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

import migrations
from hub.app import create_hub
from hub.cli.faults import CommandFailed
from hub.cli.frame import with_settings
from hub.hub import Hub
from hub.ocpi.document import Party
from hub.parties import registry
from hub.parties.partner import Partner
from hub.parties.problems import NoSuchPartner, PartnerProblem
from hub.settings import PARTY, Settings
from hub.store.unit import Unit

R = TypeVar("R")

as_json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
name_argument = click.argument("name", metavar="NAME")


@contextmanager
def opened(settings: Settings) -> Iterator[Hub]:
    """The hub of these settings; the embedded database is made at first need."""
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        migrations.upgrade(settings.database_url)
    hub = create_hub(settings.with_sealing_key())
    try:
        yield hub
    except PartnerProblem as problem:
        raise CommandFailed(str(problem)) from problem
    finally:
        hub.client.close()
        hub.store.close()


def with_hub(run: Callable[..., R]) -> Callable[..., R]:
    """Hand an open hub to a command as its first argument."""

    def command(settings: Settings, /, **options: Any) -> R:
        with opened(settings) as hub:
            return run(hub, **options)

    return with_settings(functools.wraps(run)(command))


def found(unit: Unit, name: str) -> Partner:
    """The partner of this name, or the only one that has this party."""
    named = registry.by_name(unit, name)
    ids = PARTY.fullmatch(name)
    held = registry.of_party(unit, Party.of(*ids.groups())) if named is None and ids else []
    if len(held) > 1:
        names = ", ".join(partner.name for partner in held)
        raise NoSuchPartner(f"{name} belongs to several partners: {names}; write the name of one")
    return named or (held[0] if held else registry.named(unit, name))


def look_up(hub: Hub, name: str) -> Partner:
    with hub.store.reading() as unit:
        return found(unit, name)
