"""The few moves that every translation between editions is made of.

None changes the document that it is given. What it has nothing to do to, it gives back as it is: a document
that is the same in two editions is then one object, and the store keeps it once.
"""

from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import is_
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
    gone = frozenset(names)

    def move(body: Json) -> Json:
        if gone.isdisjoint(body):
            return body
        return {name: value for name, value in body.items() if name not in gone}

    return move


def renamed(names: Mapping[str, str]) -> Move:
    """Gives fields their other name; a stranger that bore that name already goes."""
    new = set(names.values())
    concerned = new.union(names)

    def move(body: Json) -> Json:
        if concerned.isdisjoint(body):
            return body
        return {
            names.get(name, name): value for name, value in body.items() if name in names or name not in new
        }

    return move


def each(name: str, move: Move) -> Move:
    """Moves every object of a list; a list that is absent, null or empty stays as it is."""

    def moved(body: Json) -> Json:
        items = body.get(name)
        if not items:
            return body
        done = [move(item) for item in items]
        return body if all(map(is_, done, items)) else body | {name: done}

    return moved


def inside(name: str, move: Move) -> Move:
    """Moves a nested object, if there is one."""
    return field(name, move)


def field(name: str, change: Callable[[Any], Any]) -> Move:
    """Changes the value of a field, if it has one; None takes the field away."""

    def move(body: Json) -> Json:
        value = body.get(name)
        if value is None:
            return body
        changed = change(value)
        if changed is value:
            return body
        return without(name)(body) if changed is None else body | {name: changed}

    return move


def only(name: str, known: Collection[str]) -> Move:
    """Keeps the values of a list that the other edition knows."""

    def kept(values: list[Any]) -> list[Any]:
        found = [value for value in values if value in known]
        return values if len(found) == len(values) else found

    return lambda body: field(name, kept)(body) if body.get(name) else body


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
