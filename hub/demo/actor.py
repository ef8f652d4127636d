"""What the actions of a CPO or an eMSP need of the partner they act for."""

from typing import Protocol

from hub.demo.book import Book
from hub.demo.calls import Caller
from hub.demo.identity import Identity
from hub.demo.wire import Json


class Actor(Protocol):
    """A partner that is registered with a hub."""

    identity: Identity
    book: Book
    caller: Caller


def put(actor: Actor, module: str, key: str, body: Json) -> None:
    """Make an object our own, so that it stands in our list, and push it whole."""
    actor.book.publish(module, key, body)
    answered = actor.caller.push("PUT", module, [key], body, actor.identity.first)
    answered.or_refused(f"PUT {module} {key}")


def patch(actor: Actor, module: str, parts: list[str], change: Json) -> None:
    """Push what changed of one of our objects; `parts` is its id and what is below."""
    answered = actor.caller.push("PATCH", module, parts, change, actor.identity.first)
    answered.or_refused(f"PATCH {module} {'/'.join(parts)}")
