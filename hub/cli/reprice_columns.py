"""Packed CDRs for `hub reprice`: in a file of their own, and priced under several drafts while in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from hub.cli.faults import CommandFailed
from tariffs import Billed, Packed, Tariff, Terms, WhatIf, pack_billed, what_if_columns
from tariffs.packed import from_bytes, to_bytes
from tariffs.what_if import Case

MARK = b"OCPI CDR columns 1\n"
"""What such a file begins with; each pack follows behind its length in 8 bytes."""
Watch = Callable[[int], None]
"""Told of so many bytes more that have been read."""


def priced(parts: Iterable[Packed], drafts: Sequence[Terms], before: Terms | None) -> list[WhatIf]:
    """What the CDRs would cost under each draft; one pack at a time is in memory."""
    found = [WhatIf(draft.currency) for draft in drafts]
    for part in parts:
        batch = part.batch(lambda number: f"line {number}")
        for draft, sums in zip(drafts, found, strict=True):
            what_if_columns(batch, draft, before or part.claimed, sums)
    return found


def refuse_several(terms: Iterable[tuple[Path, Terms]]) -> None:
    """Packed CDRs do not name their tariffs."""
    for file, one in terms:
        if not isinstance(one.tariffs, Tariff):
            raise CommandFailed(
                f"{file}: holds several tariffs, but packed CDRs do not name theirs. Give one --tariff and "
                "no --columns, or write each tariff into a file of its own."
            )


def packed(cases: Iterable[tuple[int, Case]], file: Path | None) -> Iterator[Packed]:
    """The CDRs of numbered lines, which are written into a file on the way, if there is one."""
    parts = pack_billed(Billed(number, case) for number, case in cases)
    return parts if file is None else written(parts, file)


def written(parts: Iterable[Packed], file: Path) -> Iterator[Packed]:
    """The file is there when all of it is."""
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as out:
            out.write(MARK)
            for part in parts:
                data = to_bytes(part)
                out.write(len(data).to_bytes(8, "little") + data)
                yield part
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def read(file: Path, step: Watch) -> Iterator[Packed]:
    """The packs of a file that `written` has made."""
    with file.open("rb") as source:
        if source.read(len(MARK)) != MARK:
            raise CommandFailed(f"{file}: holds no packed CDRs. Make it with --cdrs FILE --columns {file}.")
        while size := source.read(8):
            data = source.read(int.from_bytes(size, "little"))
            step(len(data) + 8)
            try:
                yield from_bytes(data)
            except (ValueError, KeyError, IndexError) as fault:
                raise CommandFailed(f"{file}: is damaged. Make it again with --cdrs.") from fault
