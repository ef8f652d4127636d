"""The fixtures of `apps` for the tests of this folder, and the hostile servers of tests/net."""

import sys
from pathlib import Path

from apps import app, connect, cpo, emsp

sys.path.append(str(Path(__file__).parents[1] / "net"))

__all__ = ["app", "connect", "cpo", "emsp"]
