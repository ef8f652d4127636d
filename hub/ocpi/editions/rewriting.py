"""The few moves that every translation between editions is made of; each gives a new document."""

from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

from hub.ocpi.document import Json

Move = Callable[[Json], Json]
Number = int | Decimal

FOUR_PLACES = Decimal("0.0001")


def through(body: Json, *moves: Move) -> Json:
    """The document after one move after another."""
    return reduce(lambda done, move: move(done), moves, body)


def without(*names: str) -> Move:
    """Takes fields away."""
    return lambda body: {name: value for name, value in body.items() if name not in names}


def renamed(names: Mapping[str, str]) -> Move:
    """Gives fields their other name; a stranger that bore that name already goes."""
    new = set(names.values())
    return lambda body: {
        names.get(name, name): value for name, value in body.items() if name in names or name not in new
    }


def each(name: str, move: Move) -> Move:
    """Moves every object of a list; a list that is absent, null or empty stays as it is."""
    return lambda body: body | {name: [move(item) for item in body[name]]} if body.get(name) else body


def inside(name: str, move: Move) -> Move:
    """Moves a nested object, if there is one."""
    return lambda body: body if body.get(name) is None else body | {name: move(body[name])}


def field(name: str, change: Callable[[Any], Any]) -> Move:
    """Changes the value of a field, if it has one; None takes the field away."""

    def move(body: Json) -> Json:
        if body.get(name) is None:
            return body
        value = change(body[name])
        return without(name)(body) if value is None else body | {name: value}

    return move


def only(name: str, known: Collection[str]) -> Move:
    """Keeps the values of a list that the other edition knows."""
    return lambda body: (
        body | {name: [value for value in body[name] if value in known]} if body.get(name) else body
    )


def default(name: str, value: Any) -> Move:
    """Fills a field that has no value."""
    return lambda body: body if body.get(name) is not None else body | {name: value}


def cut(name: str, limit: int) -> Move:
    """Shortens prose to the room there is; counted in characters (TR-73)."""
    return field(name, lambda text: text[:limit])


def exact(number: Number) -> Decimal:
    """A number the hub computed, half up to four decimals (TR-74), written without an exponent."""
    return plain(Decimal(number).quantize(FOUR_PLACES, ROUND_HALF_UP))


def plain(number: Number) -> Decimal:
    """The number without needless zeros and without an exponent."""
    return Decimal(f"{Decimal(number).normalize():f}")
