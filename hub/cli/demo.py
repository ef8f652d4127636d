"""`hub demo`: see a hub at work, with nothing to set up."""

import click

from hub.cli.frame import Command
from hub.demo import story


@click.command(cls=Command, example="hub demo --once")
@click.option("--once", is_flag=True, help="End when the story is told, with exit code 0 if it went well.")
def demo(once: bool) -> int:
    """Watch sessions become priced CDRs.

    A hub, a CPO in OCPI 2.2.1 and two eMSPs in 2.1.1 and 2.3.0 start as processes of their own on this
    machine and talk OCPI over HTTP. All goes on running, with addresses to explore, until Ctrl-C.
    """
    return story.run(once)
