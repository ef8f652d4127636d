"""The fixtures of `apps` for the tests of this folder."""

from apps import app, connect, cpo, emsp

__all__ = ["app", "connect", "cpo", "emsp"]
