"""Every change of `tariffs` enters the price book: what a CPO puts is a version, what it deletes ends."""

from sqlalchemy import bindparam, select

from hub.ocpi import instants
from hub.ocpi.document import Document
from hub.parties import registry
from hub.prices.book import entries
from hub.prices.book.content import content_hash
from hub.prices.book.entries import Book, Signed
from hub.prices.book.versions import KEY, OWNER, Version
from hub.store import audit
from hub.store.audit import Actor
from hub.store.prepared import Prepared
from hub.store.pricebook import OCPI, OPERATOR, tariff_versions
from hub.store.unit import Change, Unit

DELETED = "deleted by its CPO"
THE_HUB = "the hub"


def record(unit: Unit, change: Change) -> None:
    """A reaction, and the same door for all: what stands in the book already, as when one of its versions has
    taken force, changes nothing."""
    document = change.document
    book = entries.opened(unit, document.owner, document.key)
    present = book.at(book.now)
    if change.gone:
        if change.source is not None:
            close(book, present, change)
    elif present is None or present.content_hash != content_hash(document.newest):
        keep(book, present, change)


def keep(book: Book, present: Version | None, change: Change) -> None:
    document = change.document
    said = instants.micros(document.newest["last_updated"])
    if present is not None and repeated(book, present, document, said):
        entries.put(book, present)
        return
    author = author_of(book.unit, change)
    begin = max(book.floor, min(said, book.now))  # not before what is known of later moments
    entries.add_version(book, document, begin, Signed(author.name, None, OCPI))
    entries.taken(book)
    before = None if present is None else present.document.newest
    audit.record(book.unit, author, "put", entries.what(book), before, document.newest)


def close(book: Book, present: Version | None, change: Change) -> None:
    """The CPO takes its tariff back: it ends now, and what was planned of it will not be."""
    author = author_of(book.unit, change)
    coming = tariff_versions.c.valid_from > book.now
    entries.withdraw(book, tariff_versions, coming)
    if present is not None:
        entries.add_end(book, present.number, book.now, Signed(author.name, DELETED, OCPI))
        audit.record(book.unit, author, "delete", entries.what(book), present.document.newest, None, DELETED)
    entries.taken(book)


SAID_BEFORE = Prepared(
    every=select(tariff_versions.c.id)
    .where(
        tariff_versions.c.owner == OWNER,
        tariff_versions.c.key == KEY,
        tariff_versions.c.origin == OCPI,
        tariff_versions.c.content_hash == bindparam("said"),
    )
    .limit(1)
)


def repeated(book: Book, present: Version, document: Document, said: int) -> bool:
    """Whether the CPO only repeats what it said before an operator published something else: many platforms
    send all they have now and then. What was published stays, and partners are told so again."""
    if present.origin != OPERATOR or said >= present.valid_from:
        return False
    given = {"owner": book.owner.code, "key": book.key, "said": content_hash(document.newest)}
    return SAID_BEFORE.first(book.unit, **given) is not None


def author_of(unit: Unit, change: Change) -> Actor:
    partner = None if change.source is None else registry.by_id(unit, change.source)
    return Actor(THE_HUB if partner is None else partner.name, "OCPI")
