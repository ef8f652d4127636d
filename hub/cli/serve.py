"""`hub serve`: the whole hub in one process."""

import socket
from dataclasses import replace
from urllib.parse import urlsplit

import click

import migrations
from hub.api import watch
from hub.app import create_app, create_hub
from hub.cli.background import Background
from hub.cli.faults import CommandFailed
from hub.cli.frame import Command, with_settings
from hub.cli.process import when_told_to_stop
from hub.cli.server import Server, listening
from hub.observing import logs
from hub.settings import DEFAULTS, Settings, is_loopback

DEFAULT_PORT = 8000
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - to recognise them, not to listen there


@click.command(cls=Command, example="hub serve --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.  [default: that of a local HUB_PUBLIC_URL, or 8000]",
)
@with_settings
def serve(settings: Settings, host: str, port: int | None) -> None:
    """Serve partners and do the background work.

    One process does both. The database is brought up to date first. SIGINT and SIGTERM end it once
    the requests under way are answered.
    """
    settings.check_exposure(host)
    logs.begin(settings.log_format, watch.identify)
    at = bound(host, local_port(settings) if port is None else port)
    run(reached(settings, at).with_sealing_key(), at)


def run(settings: Settings, at: socket.socket) -> None:
    """Serve on the bound socket until the process is told to stop."""
    migrations.upgrade(settings.database_url)
    hub = create_hub(settings)
    background = Background(hub)
    server = Server(create_app(settings, hub), at)
    when_told_to_stop(server.stop)
    background.start()
    click.echo(f"The hub is open: partners begin at {settings.public_url}/ocpi/versions")
    server.run()
    background.stop()
    hub.client.close()
    hub.store.close()


def bound(host: str, port: int) -> socket.socket:
    try:
        return listening(host, port)
    except OSError as fault:
        why = fault.strerror or fault
        raise CommandFailed(f"cannot listen on {host} port {port}: {why}. Choose another --port.") from fault


def local_port(settings: Settings) -> int:
    """Where HUB_PUBLIC_URL points to when it is on this machine; behind a proxy its port is the proxy's."""
    parts = urlsplit(settings.public_url)
    return parts.port or DEFAULT_PORT if is_loopback(parts.hostname or "") else DEFAULT_PORT


def reached(settings: Settings, at: socket.socket) -> Settings:
    """Unless HUB_PUBLIC_URL was set, partners reach the hub where it listens."""
    if settings.public_url != DEFAULTS["HUB_PUBLIC_URL"]:
        return settings
    host, port = at.getsockname()[:2]
    name = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    url = f"http://{name}:{port}"
    if url != settings.public_url:
        click.echo(
            f"HUB_PUBLIC_URL is not set: taken as {url}. Set it for the other commands, too.", err=True
        )
    return replace(settings, public_url=url)
