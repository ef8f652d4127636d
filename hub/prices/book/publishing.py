"""How an operator changes prices: publish, end, revert, withdraw; each adds to the book, none edits it.

All of them take the lock of the tariff first and judge by what then stands in the book: of two at once, the
second sees what the first did. What takes force now is put into `tariffs` in the same transaction; what takes
force later is left to `taking_force`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.wire import fold
from hub.prices.book import entries, notice, versions
from hub.prices.book.content import content_hash
from hub.prices.book.drafting import drafted
from hub.prices.book.entries import Book, Signed
from hub.prices.book.problems import (
    DraftRefused,
    NoSuchTariff,
    NoSuchVersion,
    NothingHolds,
    NotWithdrawable,
    Overlapping,
    Retroactive,
)
from hub.prices.book.taking_force import wake
from hub.prices.book.versions import Version
from hub.prices.shown import readers
from hub.store import audit
from hub.store.audit import Actor
from hub.store.pricebook import OPERATOR, tariff_ends, tariff_versions
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Edit:
    """What goes with every change of prices: who makes it, why, when it takes force.

    at      None for now
    until   of what is published: where it ends; None for the beginning of the next version, or never
    expect  the number of the latest version that the author has seen, 0 for none: StaleEdit when another is
    """

    author: Actor
    reason: str | None = None
    at: int | None = None
    until: int | None = None
    expect: int | None = None

    @property
    def signed(self) -> Signed:
        return Signed(self.author.name, self.reason, OPERATOR)


@dataclass(frozen=True, slots=True)
class NoChange:
    """What was to be published is what holds then anyway: nothing was written."""

    version: Version


def publish(unit: Unit, tariff: Json, owner: Party, edit: Edit) -> Version | NoChange:
    """A new version of a tariff, which is written in any edition of OCPI.

    DraftRefused, Overlapping, Retroactive: nothing was written.
    """
    document = drafted(unit, tariff, owner, unit.now if edit.at is None else edit.at)
    return enter(entries.opened(unit, owner, document.key, edit.expect), document, edit, "publish")


def revert(unit: Unit, owner: Party, key: str, to_number: int, edit: Edit) -> Version | NoChange:
    """A new version that says what an earlier one said, in the same words."""
    book = known(unit, owner, key, edit.expect)
    former = numbered(book, to_number)
    told = replace(edit, reason=edit.reason or f"back to version {to_number}")
    return enter(book, former.document, told, "revert")


def end(unit: Unit, owner: Party, key: str, edit: Edit) -> Version:
    """The version that is the last to begin before that moment ends then; how it stands afterwards. An end
    that was set for it, and is still to come, is replaced."""
    book = known(unit, owner, key, edit.expect)
    at = begin_of(book, edit.at)
    held = book.begun_by(at - 1)
    if held is None or (held.valid_to is not None and held.valid_to <= book.now):
        raise NothingHolds(f"No version of {owner} {key} holds until {instants.text(at)}")
    if held.valid_to == at:
        raise NothingHolds(f"Version {held.number} of {owner} {key} ends at {instants.text(at)} anyway")
    refuse_short_notice(book, held, at)
    entries.add_end(book, held.number, at, edit.signed)
    follow(book, at)
    told(book, edit, "end", held.document.newest, None)
    return again(book, held)


def withdraw(unit: Unit, owner: Party, key: str, number: int, edit: Edit) -> Version:
    """Take back a version that has not taken force yet; how it stands afterwards."""
    book = known(unit, owner, key, edit.expect)
    planned = numbered(book, number)
    if planned.withdrawn_at is not None:
        raise NotWithdrawable(f"Version {number} of {owner} {key} is withdrawn already")
    if planned.valid_from <= book.now:
        raise NotWithdrawable(
            f"Version {number} of {owner} {key} took force at {instants.text(planned.valid_from)}: "
            "end it, or revert to another one"
        )
    for table in (tariff_versions, tariff_ends):
        entries.withdraw(book, table, table.c.number == number)
    told(book, edit, "withdraw", planned.document.newest, None)
    return again(book, planned)


def withdraw_end(unit: Unit, owner: Party, key: str, number: int, edit: Edit) -> Version:
    """Take back the end of a version that is still to come: it goes on; how it stands afterwards."""
    book = known(unit, owner, key, edit.expect)
    version = numbered(book, number)
    coming = (tariff_ends.c.number == number) & (tariff_ends.c.at > book.now)
    if not entries.withdraw(book, tariff_ends, coming):
        raise NotWithdrawable(f"Version {number} of {owner} {key} has no end that is still to come")
    told(book, edit, "withdraw end", None, version.document.newest)
    return again(book, version)


def restrict(unit: Unit, owner: Party, key: str, parties: Collection[Party], edit: Edit) -> None:
    """From now on only these parties may read the tariff, which need not be there yet; with none, all may."""
    folded = fold(key)
    before = named(unit, owner, folded)
    readers.restrict(unit, owner, folded, parties)
    after = named(unit, owner, folded)
    if before != after:
        audit.record(unit, edit.author, "restrict", f"tariff/{owner}/{folded}", before, after, edit.reason)


def named(unit: Unit, owner: Party, key: str) -> Json:
    """Who may read a tariff, as the audit trail has it."""
    found = readers.of(unit, owner, key)
    return {"readers": None if found is None else sorted(map(str, found))}


# What they have in common ----------------------------------------------------------------------------------


def enter(book: Book, document: Document, edit: Edit, action: str) -> Version | NoChange:
    begin = begin_of(book, edit.at)
    before = book.at(begin)
    if before is not None and says(before, document) and edit.until in (None, before.valid_to):
        return NoChange(before)
    refuse_overlap(book, begin, edit.until)
    if before is not None:
        refuse_short_notice(book, before, begin)
    made = entries.add_version(book, document, begin, edit.signed)
    if edit.until is not None:
        entries.add_end(book, made.number, edit.until, edit.signed)
        follow(book, edit.until)
    follow(book, begin)
    told(book, edit, action, None if before is None else before.document.newest, document.newest)
    return again(book, made)


def told(book: Book, edit: Edit, action: str, before: Json | None, after: Json | None) -> None:
    audit.record(book.unit, edit.author, action, entries.what(book), before, after, edit.reason)


def begin_of(book: Book, at: int | None) -> int:
    """When it begins: now if nothing else is said, and never in the past."""
    if at is None:
        return book.now
    if at < book.now:
        raise Retroactive(
            f"{instants.text(at)} is past, for it is {instants.text(book.now)}: prices are changed from now "
            "on, never backwards. Leave the moment out to change them now"
        )
    return at


def says(version: Version, document: Document) -> bool:
    """Whether the version says what the document does, words and `last_updated` aside."""
    return version.content_hash == content_hash(document.newest)


def refuse_overlap(book: Book, begin: int, until: int | None) -> None:
    planned = book.begun_by(begin)
    if planned is not None and planned.valid_from == begin:
        raise Overlapping(
            f"Version {planned.number} begins at {instants.text(begin)} already: both would hold then. "
            "Withdraw that one first, or choose another moment"
        )
    if until is None:
        return
    if until <= begin:
        raise Overlapping(f"It would end at {instants.text(until)}, before it begins. Choose a later end")
    following = book.next_after(begin)
    if following is not None and following < until:
        raise Overlapping(
            f"A version begins at {instants.text(following)}, before the end at {instants.text(until)}: both "
            f"would hold at {instants.text(following)}. Choose an earlier end, or withdraw that version"
        )


def refuse_short_notice(book: Book, held: Version, begin: int) -> None:
    """A price that partners know changes: some are to know of it so many days before, by agreement."""
    short = notice.short(book.unit, held.party, held.key, begin)
    refusals = [each.refusal for each in short if each.blocks]
    if refusals:
        raise DraftRefused(refusals)


def follow(book: Book, instant: int) -> None:
    """What takes force now is put into `tariffs` at once; else somebody must be awake then."""
    if instant <= book.now:
        entries.settle(book)
    else:
        wake(book.unit, instant)


def known(unit: Unit, owner: Party, key: str, expect: int | None = None) -> Book:
    book = entries.opened(unit, owner, fold(key), expect)
    if not book.latest:
        raise NoSuchTariff(f"{owner} has no tariff {key}; `hub tariff list` shows those there are")
    return book


def numbered(book: Book, number: int) -> Version:
    found = versions.by_number(book.unit, book.owner, book.key, number)
    if found is None:
        raise NoSuchVersion(
            f"{book.owner} {book.key} has no version {number}; it has versions 1 to {book.latest}"
        )
    return found


def again(book: Book, version: Version) -> Version:
    """The version as it stands after the change."""
    found = versions.by_id(book.unit, version.id)
    assert found is not None
    return found
