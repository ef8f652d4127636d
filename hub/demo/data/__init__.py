"""The synthetic charging data that partners publish; see README.md beside this file."""

from functools import cache
from importlib.resources import files
from typing import Any

from hub.demo.wire import Json, read


def locations() -> list[Json]:
    """OCPI 2.2.1 locations, without owner and last_updated."""
    return list(load("locations"))


def tariffs() -> list[Json]:
    """OCPI 2.2.1 tariffs, without owner and last_updated."""
    return list(load("tariffs"))


def sessions() -> dict[str, Json]:
    """Name -> arrival (local HH:MM), legs of hours and kwh, idle_hours. Hours are whole hundredths: exact."""
    return {str(each["name"]): each for each in load("sessions")}


@cache
def load(name: str) -> Any:
    return read((files(__package__) / f"{name}.json").read_bytes())
