"""The tariff of a session for which no rule gives one: of those that its connector names."""

from collections.abc import Sequence
from functools import lru_cache

import tariffs
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Party
from hub.ocpi.wire import fold
from hub.prices.book import versions
from hub.prices.book.versions import Version
from hub.store.unit import Unit
from tariffs import Tariff, TariffError


class Unresolved(Exception):
    """No tariff holds for a session; `code` says why, as sessions are held with it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} ({detail})" if detail else code)
        self.code = code
        self.detail = detail


def pinned(unit: Unit, owner: Party, tariff_id: str, start: int, seen: int | None) -> Version:
    """The version of a tariff for a session that began at `start` and became known at `seen`."""
    found = versions.in_force(unit, owner, fold(tariff_id), start, seen)
    if found is None:
        known = versions.of_tariff(unit, owner, fold(tariff_id))
        raise Unresolved("TARIFF_NOT_IN_FORCE" if known else "TARIFF_UNKNOWN", tariff_id)
    return found


def valid(version: Version, at: int) -> Version:
    """The version, unless the tariff itself says that it does not hold then."""
    if not readable(version).valid_at(at):
        raise Unresolved("TARIFF_NOT_IN_FORCE", str(version.document.newest["id"]))
    return version


def readable(version: Version) -> Tariff:
    try:
        return read(version.newest or version.sent)
    except TariffError as fault:
        raise Unresolved("TARIFF_UNPRICEABLE", str(fault)) from fault


LONGEST_KNOWN = 16_384
"""Bytes of a tariff that is kept as it was read: nearly all are shorter."""


def read(written: bytes) -> Tariff:
    """A tariff of the newest edition as the hub has written it; one that was read lately is known again.
    TariffError when it cannot be priced."""
    return known(written) if len(written) <= LONGEST_KNOWN else read_anew(written)


def read_anew(written: bytes) -> Tariff:
    return tariffs.read_tariff(strictjson.reread(written))


known = lru_cache(maxsize=1024)(read_anew)


def choose(
    unit: Unit, owner: Party, tariff_ids: Sequence[str], kind: str, at: tuple[int, int | None]
) -> Version:
    """Of those named, the one for this type of session (P-01 to P-03); `at` is its start and when it became
    known."""
    if not tariff_ids:
        raise Unresolved("TARIFF_NONE")
    start, seen = at
    held = [versions.in_force(unit, owner, fold(tariff_id), start, seen) for tariff_id in tariff_ids]
    candidates = [(readable(each), each) for each in held if each is not None]
    chosen = tariffs.choose([tariff for tariff, _ in candidates], instants.moment(start), kind)
    for tariff, each in candidates:
        if tariff is chosen:
            return each
    known = any(versions.latest(unit, owner, fold(tariff_id)) for tariff_id in tariff_ids)
    raise Unresolved("TARIFF_NOT_IN_FORCE" if known else "TARIFF_UNKNOWN", ", ".join(tariff_ids))
