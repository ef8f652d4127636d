"""How a mend goes through an object: single fields wherever they are, or the object as a whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.ocpi.document import Json, Party

Notes = dict[str, str]
"""Path of a field ("elements[0].restrictions") -> what was done to it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an object came, for the mends that need it."""

    name: str
    owner: Party | None = None
    now: int | None = None


Function = Callable[[Json, Arrival], tuple[Json, Notes]]


Change = Callable[[str, Any, Json], tuple[Any, str] | None]
"""(field, its value, the object around it) -> its new value or GONE, and what was done; None leaves it."""

GONE: Any = object()


def everywhere(change: Change) -> Function:
    """A mend of single fields, wherever they are."""

    def function(body: Json, _: Arrival) -> tuple[Json, Notes]:
        notes: Notes = {}
        return _object(body, "", change, notes), notes

    return function


def _object(body: Json, path: str, change: Change, notes: Notes) -> Json:
    mended: Json = {}
    for name, value in body.items():
        if name == "tariffs" and "connectors" in body:  # not OCPI's: an EVSE has no tariffs
            mended[name] = value
            continue
        here = f"{path}.{name}" if path else name
        done = change(name, value, body)
        if done is not None:
            notes[here] = done[1]
        new = value if done is None else done[0]
        if new is not GONE:
            mended[name] = _value(new, here, change, notes)
    return mended


def _value(value: Any, path: str, change: Change, notes: Notes) -> Any:
    if isinstance(value, dict):
        return _object(value, path, change, notes)
    if isinstance(value, list):
        return [_value(item, f"{path}[{at}]", change, notes) for at, item in enumerate(value)]
    return value


def fields(names: str, change: Callable[[Any], tuple[Any, str] | None]) -> Function:
    """A mend of the fields of these names."""
    known = frozenset(names.split())
    return everywhere(lambda name, value, _: change(value) if name in known else None)
