"""The fixtures of `apps` and `operators` for the tests of this folder."""

from apps import app, connect, cpo, emsp
from operators import admin, api

__all__ = ["admin", "api", "app", "connect", "cpo", "emsp"]
