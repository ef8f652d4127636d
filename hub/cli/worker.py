"""`hub worker`: the background work alone, beside web processes that only answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

import migrations
from hub.app import create_hub, create_monitor
from hub.cli.background import Background
from hub.cli.db import status_of
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command, with_settings
from hub.cli.process import when_told_to_stop
from hub.cli.serve import bound
from hub.cli.server import Server
from hub.hub import Hub
from hub.observing import logs
from hub.settings import Settings


@click.command(cls=Command, example="hub db upgrade && hub worker")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address for --port.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Answer /health and /metrics on this port, where no web process does.  [default: none]",
)
@with_settings
def worker(settings: Settings, host: str, port: int | None) -> None:
    """Do the background work alone.

    For use beside a WSGI server that runs `wsgi:app`; any number may run, on any number of machines.
    """
    logs.begin(settings.log_format)
    found = status_of(settings)
    if migrations.is_behind(found.current):
        raise CommandFailed(f"the database is at revision {found.current or 'base'}. Run `hub db upgrade`.")
    at = None if port is None else bound(host, port)
    told = threading.Event()
    when_told_to_stop(told.set)
    work(settings.with_sealing_key(), told, at)


def work(settings: Settings, told: threading.Event, at: socket.socket | None = None) -> None:
    hub = create_hub(settings)
    background = Background(hub)
    with watched(hub, at):
        background.start()
        click.echo("The worker is at work.")
        told.wait()
        background.stop()
    hub.client.close()
    hub.store.close()


@contextmanager
def watched(hub: Hub, at: socket.socket | None) -> Iterator[None]:
    """Meanwhile the process can be asked how it is, where it listens."""
    if at is None:
        yield
        return
    server = Server(create_monitor(hub), at)
    thread = threading.Thread(target=server.run, name="monitor")
    thread.start()
    click.echo(f"Health and figures are on port {at.getsockname()[1]}.")
    try:
        yield
    finally:
        server.stop()
        thread.join()
