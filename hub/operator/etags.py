"""The ETag of an answer, and whether a change was meant for the state that there is."""

import hashlib
import re

from sqlalchemy import bindparam, func, select

from hub.operator.problems import NeedsIfMatch, Stale
from hub.store.prepared import Prepared
from hub.store.unit import Unit

TAG = re.compile(r'(?:W/)?"([^"]*)"')
ANY = "*"

ALONE = Prepared(postgresql=select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0))))


def of(body: bytes) -> str:
    """Equal for equal answers."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def lock(unit: Unit, name: str) -> None:
    """Nobody else changes what has this name over the API until the commit: two who have read the same state
    must not both change it. On SQLite the whole unit is the lock."""
    if unit.dialect.name == "postgresql":
        ALONE.first(unit, name=f"api {name}")


def named(header: str) -> list[str]:
    return [f'"{tag}"' for tag in TAG.findall(header)]


def is_unchanged(header: str | None, present: str) -> bool:
    """Whether who asks, by If-None-Match, has this state already."""
    return header is not None and (header.strip() == ANY or present in named(header))


def check(header: str | None, present: str, *, needed: bool) -> None:
    """NeedsIfMatch without the header where it is needed, Stale when it names another state."""
    if header is None:
        if needed:
            raise NeedsIfMatch(headers={"ETag": present})
        return
    if header.strip() != ANY and present not in named(header):
        raise Stale(headers={"ETag": present})
