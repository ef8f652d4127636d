"""Who is at the command line, for the audit trail."""

import getpass
import os

from hub.store.audit import Actor


def at_the_terminal() -> Actor:
    """The user of the operating system; in a container without a name, its number."""
    try:
        return Actor(getpass.getuser(), "CLI")
    except (KeyError, OSError):
        return Actor(f"uid {os.getuid()}", "CLI")
