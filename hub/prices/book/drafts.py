"""All that can be said of a draft before it is published; nothing is written, nothing is locked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import tariffs
from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.wire import fold
from hub.prices.book import comparing, entries, notice, publishing
from hub.prices.book.drafting import completed, drafted
from hub.prices.book.entries import Book
from hub.prices.book.notice import ShortNotice
from hub.prices.book.problems import PriceProblem, Refusal
from hub.prices.book.publishing import Edit
from hub.prices.book.versions import Version
from hub.store import documents
from hub.store.unit import Unit
from tariffs import Comparison, Finding, Preview, Severity, Tariff

WEEK = 168
"""Hours of the coming prices that are shown."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a draft.

    name       whose it is and its id, for people
    draft      as it would be stored; None when it cannot be read or priced
    refusals   why it would not be published
    lint       what looks wrong in it, by `tariffs.lint`: errors, then warnings
    remarks    what else is worth knowing, in sentences
    notices    the partners that would know of the change later than was agreed
    before     the version that it would take the place of
    same       whether that says the same already
    valid_from, valid_to  when it would hold, by what stands in the book now
    changes    what would be different, in words and in money
    preview    the prices of its first 168 hours, and usual sessions as it begins
    """

    name: str
    time_zone: str
    draft: Document | None
    refusals: tuple[Refusal, ...]
    lint: tuple[Finding, ...]
    remarks: tuple[str, ...] = ()
    notices: tuple[ShortNotice, ...] = ()
    before: Version | None = None
    same: bool = False
    valid_from: int | None = None
    valid_to: int | None = None
    changes: Comparison | None = None
    preview: Preview | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.lint if each.severity is Severity.ERROR)

    def as_dict(self) -> Json:
        """JSON-ready."""
        return {
            "name": self.name,
            "time_zone": self.time_zone,
            "refusals": [each.as_dict() for each in self.refusals],
            "lint": [each.as_dict() for each in self.lint],
            "remarks": list(self.remarks),
            "notices": [each.as_dict() for each in self.notices],
            "replaces": None if self.before is None else self.before.number,
            "same": self.same,
            "valid_from": text(self.valid_from),
            "valid_to": text(self.valid_to),
            "changes": None if self.changes is None else self.changes.as_dict(),
            "preview": None if self.preview is None else self.preview.as_dict(),
        }


def text(instant: int | None) -> str | None:
    return None if instant is None else instants.text(instant)


def examine(unit: Unit, draft: Json, owner: Party, edit: Edit, time_zone: str | None = None) -> Findings:
    """What publishing would say, and what the linter, the agreed notice, the price book and the prices say.

    time_zone  where prices are local; if None, that of the owner's newest location
    """
    zone = time_zone or comparing.time_zone_of(unit, owner)
    begin = unit.now if edit.at is None else edit.at
    name = f"{owner} {draft.get('id', '(without id)')}"
    complete = completed(draft, owner, begin)
    found = tuple(sorted(tariffs.lint(complete, zone, instants.moment(begin).date()), key=by_severity))
    try:
        document = drafted(unit, draft, owner, begin)
    except PriceProblem as problem:
        return Findings(name, zone, None, tuple(problem.refusals), found)
    book = looked_into(unit, owner, document.key)
    return examined(book, document, edit, Findings(name, zone, document, (), found))


def looked_into(unit: Unit, owner: Party, key: str) -> Book:
    return entries.looked_into(unit, owner, fold(key), documents.find(unit, "tariffs", owner, fold(key)))


def by_severity(found: Finding) -> bool:
    return found.severity is not Severity.ERROR


def examined(book: Book, document: Document, edit: Edit, known: Findings) -> Findings:
    begin = book.now if edit.at is None else edit.at
    before = book.at(begin)
    same = before is not None and publishing.says(before, document)
    short = () if before is None or same else notice.short(book.unit, book.owner, book.key, begin)
    tariff = tariffs.read_tariff(document.newest)
    return replace(
        known,
        draft=document,
        refusals=() if same else tuple(refusals(book, edit, begin, short)),
        remarks=(*own_validity(tariff, begin), *gap_after(book, begin, edit.until)),
        notices=tuple(short),
        before=before,
        same=same,
        valid_from=begin,
        valid_to=edit.until or book.next_after(begin),
        changes=None if before is None else compared(before, document, known.time_zone),
        preview=tariffs.preview(tariff, known.time_zone, instants.moment(begin), WEEK),
    )


def compared(before: Version, document: Document, time_zone: str) -> Comparison | None:
    return comparing.between(before.document.newest, document.newest, time_zone)


def refusals(book: Book, edit: Edit, begin: int, short: Sequence[ShortNotice]) -> Iterator[Refusal]:
    """Why the book would not take it."""
    try:
        publishing.begin_of(book, edit.at)
        publishing.refuse_overlap(book, begin, edit.until)
    except PriceProblem as problem:
        yield from problem.refusals
    yield from chain(each.refusal for each in short if each.blocks)


def gap_after(book: Book, begin: int, until: int | None) -> Iterator[str]:
    """What held before does not come back by itself."""
    if until is not None and book.next_after(begin) != until:
        yield f"from {instants.text(until)} on nothing holds, unless another version is published from then"


def own_validity(tariff: Tariff, begin: int) -> Iterator[str]:
    """Where what the tariff says of its own validity leaves less than the price book gives it."""
    if tariff.end is not None and tariff.end <= begin:
        yield f"its own end_date_time is {instants.text(tariff.end)}: no session will ever have this price"
    elif tariff.start is not None and tariff.start > begin:
        yield f"its own start_date_time is {instants.text(tariff.start)}: no session has this price before"
