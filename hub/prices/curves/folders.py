"""Files that are put into a folder are imported by themselves: each once, a bad one told of and left.

A file counts when its name ends in .csv or .json and nothing has been written to it for some seconds; whoever
writes slowly moves the file in when it is whole. What a refused file lacked is corrected by another content.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.prices.book.problems import DraftRefused, PriceProblem
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import Version
from hub.prices.curves import importing as curve_import
from hub.prices.curves import log as curve_log
from hub.prices.curves.files import LARGEST
from hub.prices.curves.importing import Offered, Plan
from hub.prices.curves.log import Read, Seen, Source
from hub.prices.curves.terms import InvalidTerms
from hub.store.audit import Actor
from hub.store.curves import IMPORTED, REFUSED
from hub.store.engine import Store
from hub.store.unit import Unit

log = logging.getLogger(__name__)

ENDINGS = (".csv", ".json")
QUIET = 5_000_000
"""Microseconds since it was last written to."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How many files were imported, and refused; `trouble` is why others wait."""

    imported: int = 0
    refused: int = 0
    trouble: str | None = None


def look(store: Store, source: Source, over: Callable[[], bool] = lambda: False) -> Looked:
    """Import what is new in the folder of a source, the file written first first; until `over`."""
    outcomes: list[str | None] = []
    trouble: str | None = None
    try:
        for file, seen in news(store, source):
            if over():
                break
            try:
                outcomes.append(take(store, source, file, seen))
            except OSError as fault:  # this one cannot be read, or has gone: the others can
                trouble = f"{seen.name}: {fault.strerror or fault}"
            except PriceProblem:
                raise
            except Exception as fault:  # one of the hub's own: neither other files nor other folders suffer
                log.exception("a file of prices was not read", extra={"file": seen.name, "source": source.id})
                trouble = f"{seen.name}: a fault of the hub, see its log ({type(fault).__name__})"
    except OSError as fault:
        trouble = fault.strerror or str(fault)
    except PriceProblem as fault:  # the rest waits in its order: it may be better at the next look
        trouble = str(fault)
    with store.unit() as unit:
        curve_log.looked(unit, source.id, trouble)
    return Looked(outcomes.count(IMPORTED), outcomes.count(REFUSED), trouble)


def news(store: Store, source: Source) -> Iterator[tuple[Path, Seen]]:
    """The files that nobody has read yet, in the order in which they were written."""
    with store.reading() as unit:
        known, _ = curve_log.known(unit, source.id)
        now = unit.now
    with os.scandir(source.folder) as entries:
        found = [(Path(each.path), seen_of(each)) for each in entries if counts(each)]
    for file, seen in sorted(found, key=lambda pair: (pair[1].modified, pair[1].name)):
        if seen not in known and seen.modified <= now - QUIET:
            yield file, seen


def counts(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(ENDINGS) and not entry.name.startswith(".") and entry.is_file()


def seen_of(entry: os.DirEntry[str]) -> Seen:
    told = entry.stat()
    name = entry.name.encode(errors="replace").decode()  # bytes that are no UTF-8 are question marks
    return Seen(name, told.st_size, told.st_mtime_ns // 1000)


def take(store: Store, source: Source, file: Path, seen: Seen) -> str | None:
    """Read a file and do what it says; None when its content was read already under whatever name."""
    content = content_of(file)
    digest = hashlib.sha256(content).hexdigest()
    offered = Offered(seen.name, content, source.owner, source.tariff, source.terms, source.template)
    edit = Edit(Actor(f"curve source {source.id}", "JOB"), f"prices of {seen.name}")
    try:
        with store.unit() as unit:
            if digest in curve_log.known(unit, source.id)[1]:
                return None
            imported(unit, offered, edit, (source.id, seen, digest))
    except (DraftRefused, InvalidTerms) as fault:
        told = faults(fault)
        with store.unit() as unit:
            read = Read(source.id, source.owner, offered.key, seen, digest, REFUSED, told)
            curve_log.note(unit, read)
        return REFUSED
    return IMPORTED


def content_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST + 1)


def by_hand(unit: Unit, offered: Offered, edit: Edit) -> tuple[Plan, list[Version]]:
    """Import what somebody holds in the hand; it is noted as well."""
    digest = hashlib.sha256(offered.content).hexdigest()
    return imported(unit, offered, edit, (None, Seen(offered.name, len(offered.content), unit.now), digest))


def imported(
    unit: Unit, offered: Offered, edit: Edit, which: tuple[int | None, Seen, str]
) -> tuple[Plan, list[Version]]:
    source_id, seen, digest = which
    plan, made = curve_import.publish(unit, offered, edit)
    numbers = tuple(each.number for each in made)
    curve_log.note(
        unit,
        Read(
            source_id,
            offered.owner,
            offered.key,
            seen,
            digest,
            IMPORTED,
            list(plan.remarks),
            plan.since,
            plan.until,
            numbers,
        ),
    )
    return plan, made


def faults(fault: DraftRefused | InvalidTerms) -> list[object]:
    if isinstance(fault, DraftRefused):
        return [each.as_dict() for each in fault.refusals]
    return [{"rule": "terms", "path": "", "message": str(fault), "remedy": "", "example": None}]
