"""The price book of one tariff on a database of the test's own, and the fixtures of `apps`."""

from collections.abc import Iterator

import pytest
from apps import app, connect
from pricebooks import Book, book_on


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    made = book_on(database_url)
    yield made
    made.store.close()


__all__ = ["app", "book", "connect"]
