"""`hub worker`: the background work alone, beside web processes that only answer."""

import threading

import click

import migrations
from hub.app import create_hub
from hub.cli.db import status_of
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command, with_settings
from hub.cli.process import when_told_to_stop
from hub.observing import logs
from hub.settings import Settings
from hub.sync.worker import Worker


@click.command(cls=Command, example="hub db upgrade && hub worker")
@with_settings
def worker(settings: Settings) -> None:
    """Do the background work alone.

    For use beside a WSGI server that runs `wsgi:app`; any number may run, on any number of machines.
    """
    logs.begin(settings.log_format)
    found = status_of(settings)
    if migrations.is_behind(found.current):
        raise CommandFailed(f"the database is at revision {found.current or 'base'}. Run `hub db upgrade`.")
    told = threading.Event()
    when_told_to_stop(told.set)
    work(settings.with_sealing_key(), told)


def work(settings: Settings, told: threading.Event) -> None:
    hub = create_hub(settings)
    background = Worker(hub)
    background.start()
    click.echo("The worker is at work.")
    told.wait()
    background.stop()
    hub.client.close()
    hub.store.close()
