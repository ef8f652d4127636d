"""Documents as they are kept: revisions, case-insensitive keys, and two writers at once, on both engines."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from factories import example

from hub.ocpi import strictjson
from hub.ocpi.document import Document, Json, Party
from hub.store import documents, pages
from hub.store.documents import Stored
from hub.store.engine import Store
from hub.store.pages import Listing, Place, Viewer, Window

CPO = Party.of("NL", "CPO")
EVERYTHING = Viewer((), (), hears=True)


def document(key: str = "T1", edition: str = "2.3.0", **changes: object) -> Document:
    body = example("2.3.0", "tariffs", id=key, **changes)
    return Document("tariffs", CPO, key, edition, body, body)


def key_of(row: Any) -> str:
    """The key of a document in a page, which its body tells."""
    return str(strictjson.reread(row.body)["id"])


def put(store: Store, saved: Document) -> None:
    with store.unit() as unit:
        existing = documents.claim(unit, saved.module, saved.owner, saved.key)
        documents.save(unit, saved, existing, audience=None, source=None)


def get(store: Store, key: str = "T1") -> Stored | None:
    with store.reading() as unit:
        return documents.find(unit, "tariffs", CPO, key)


def test_what_was_sent_comes_back_as_it_was(store: Store) -> None:
    sent = document(x_unknown={"nested": [1, None, "x"]})
    put(store, sent)
    found = get(store)
    assert found is not None
    assert found.document.sent == sent.sent
    assert (found.rev, found.deleted) == (1, False)


def test_an_older_edition_keeps_both_its_own_words_and_the_newest(store: Store) -> None:
    newest = example("2.3.0", "tariffs")
    sent = newest | {"only": "in the older"}
    put(store, Document("tariffs", CPO, "T1", "2.2.1", sent, newest))
    found = get(store)
    assert found is not None
    assert (found.document.sent, found.document.newest) == (sent, newest)


def test_every_revision_of_a_document_stays(store: Store) -> None:
    stamps = [f"2025-03-1{day}T00:00:00Z" for day in range(3)]
    for stamp in stamps:
        put(store, document(last_updated=stamp))
    found = get(store)
    assert found is not None
    with store.reading() as unit:
        told = [each.document.sent["last_updated"] for each in documents.history(unit, "tariffs", found.seq)]
    assert told == stamps


def test_a_deleted_document_is_found_as_deleted_and_keeps_its_place(store: Store) -> None:
    put(store, document())
    with store.unit() as unit:
        existing = documents.claim(unit, "tariffs", CPO, "T1")
        assert existing is not None
        documents.remove(unit, existing, source=None)
    gone = get(store)
    assert gone is not None
    assert gone.deleted
    put(store, document())
    back = get(store)
    assert back is not None
    assert (back.seq, back.rev, back.deleted) == (gone.seq, 3, False)


def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.unit() as unit:
            documents.save(unit, document(), None, audience=None, source=None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert get(store) is None


def together(count: int, work: Callable[[int], None]) -> None:
    """Run the work in threads that start at the same moment."""
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_patches_of_different_fields_at_once_are_all_there(store: Store) -> None:
    put(store, document())

    def patch(number: int) -> None:
        with store.unit() as unit:
            existing = documents.claim(unit, "tariffs", CPO, "T1")
            assert existing is not None
            body: Json = existing.document.sent | {f"x_{number}": number}
            changed = Document("tariffs", CPO, "T1", "2.3.0", body, body)
            documents.save(unit, changed, existing, audience=None, source=None)

    together(8, patch)
    found = get(store)
    assert found is not None
    assert {f"x_{number}" for number in range(8)} <= found.document.sent.keys()
    assert found.rev == 9


def test_one_new_document_from_many_at_once_is_one(store: Store) -> None:
    created = []

    def create(number: int) -> None:
        with store.unit() as unit:
            existing = documents.claim(unit, "tariffs", CPO, "T1")
            created.append(existing is None)
            documents.save(unit, document(x=number), existing, audience=None, source=None)

    together(8, create)
    assert created.count(True) == 1
    found = get(store)
    assert found is not None
    assert found.rev == 8


def test_a_crawl_misses_and_repeats_nothing_while_documents_change(store: Store) -> None:  # TR-36
    for number in range(10):
        put(store, document(f"T{number}", last_updated="2025-01-01T00:00:00Z"))
    listing, seen, after = Listing("tariffs", "2.3.0", EVERYTHING), [], None
    while True:
        with store.reading() as unit:
            rows = pages.page(unit, listing, Place(after), 3)
        if not rows:
            break
        seen += [key_of(row) for row in rows]
        after = rows[-1].seq
        put(store, document("T1", last_updated=f"2025-02-0{len(seen) // 3 + 1}T00:00:00Z"))
    assert seen == [f"T{number}" for number in range(10)]


def test_windows_that_touch_return_each_document_once(store: Store) -> None:  # TR-31
    put(store, document("A", last_updated="2025-01-01T00:00:00Z"))
    put(store, document("B", last_updated="2025-01-02T00:00:00Z"))
    day = 86_400_000_000
    first = 1_735_689_600_000_000
    with store.reading() as unit:
        told = [
            [
                key_of(row)
                for row in pages.page(unit, Listing("tariffs", "2.3.0", EVERYTHING, window), Place(), 10)
            ]
            for window in (Window(first, first + day), Window(first + day, first + 2 * day))
        ]
    assert told == [["A"], ["B"]]


def test_nobody_sees_what_is_neither_its_own_nor_meant_for_it(store: Store) -> None:
    put(store, document())
    with store.reading() as unit:
        told = {
            name: pages.total(unit, Listing("tariffs", "2.3.0", viewer))
            for name, viewer in {
                "owner": Viewer(("NLCPO",), (), hears=False),
                "other": Viewer(("NLXYZ",), ("NLXYZ",), hears=False),
                "hearer": EVERYTHING,
                "nobody": Viewer((), (), hears=False),
            }.items()
        }
    assert told == {"owner": 1, "other": 0, "hearer": 1, "nobody": 0}
