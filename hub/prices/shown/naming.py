"""Which tariffs an object names, and the object without those of them that a reader may not see.

Anywhere in a location, session or CDR, `tariff_id` and `tariff_ids` hold ids of tariffs: in connectors and in
periods, in the location that 2.1.1 repeats in a session, and in what a CPO adds of its own. The first look is
at the bytes: most objects name nothing that is hidden, and are never parsed.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from hub.ocpi import strictjson
from hub.ocpi.document import Json

NAMED = re.compile(rb'"tariff_ids?":(\[(?:"(?:[^"\\]|\\.)*",?)*\]|"(?:[^"\\]|\\.)*"|\[|\{)')
"""As the hub writes JSON: without spaces. The last two are for what only a field unknown to OCPI can hold."""
ODD = frozenset({b"[", b"{"})

Keep = Callable[[str], bool]
"""Whether a tariff with this id may be named."""

GONE: Final = object()


def ids_in(body: bytes) -> Iterator[str]:
    """Every id under one of the two names, at any depth; some of them twice."""
    found = set(NAMED.findall(body))
    if ODD & found:
        yield from ids_of(strictjson.reread(body))
        return
    for each in found:
        value = strictjson.reread(each)
        yield from [value] if isinstance(value, str) else value


def ids_of(value: Any, name: str = "") -> Iterator[str]:
    """The same of an object that is read."""
    if isinstance(value, dict):
        for field, inner in value.items():
            yield from ids_of(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_of(inner, name)
    elif isinstance(value, str) and name in ("tariff_id", "tariff_ids"):
        yield value


def without(body: Any, keep: Keep) -> Any:
    """The object less the ids that may not be named; itself where nothing goes. An empty list goes too."""
    if isinstance(body, dict):
        return of_object(body, keep)
    if isinstance(body, list):
        less = [without(each, keep) for each in body]
        return body if all(new is old for new, old in zip(less, body, strict=True)) else less
    return body


def of_object(body: Json, keep: Keep) -> Json:
    less = {name: shown for name, value in body.items() if (shown := of_field(name, value, keep)) is not GONE}
    same = len(less) == len(body) and all(value is body[name] for name, value in less.items())
    return body if same else less


def of_field(name: str, value: Any, keep: Keep) -> Any:
    """The value as it is shown; GONE where it is not."""
    if name not in ("tariff_id", "tariff_ids"):
        return without(value, keep)
    if isinstance(value, str):
        return value if keep(value) else GONE
    if isinstance(value, list):
        kept = [shown for each in value if (shown := of_field(name, each, keep)) is not GONE]
        same = len(kept) == len(value) and all(one is other for one, other in zip(kept, value, strict=True))
        return value if same else kept or GONE
    return without(value, keep)
