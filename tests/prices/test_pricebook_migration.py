"""What there was of tariffs before the price book: each revision that said something else is a version."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pricebooks import BEGINNING, OWNER, SECOND, Clock, price_of, tariff

import migrations
from hub.ocpi import instants, strictjson
from hub.prices.book import versions
from hub.prices.book.content import content_hash
from hub.prices.book.versions import Version
from hub.store.engine import Store, engine_for


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = engine_for(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def row(price: str, said: int, came: int, **more: Any) -> dict[str, Any]:
    """A revision; instants in seconds after the beginning."""
    at = BEGINNING + said * SECOND
    body = tariff(price, last_updated=instants.text(at))
    told = {"edition": "2.3.0", "sent": strictjson.write(body), "newest": None, "last_updated": at}
    return told | {"received_at": BEGINNING + came * SECOND} | more


def filled(url: str, present: dict[str, Any], *former: dict[str, Any]) -> list[Version]:
    """The versions that a tariff has after the upgrade."""
    migrations.upgrade(url, "0002")
    with connected(url) as connection:
        found = sa.MetaData()
        found.reflect(connection, only=["tariffs", "revisions"])
        table, owned = found.tables["tariffs"], {"owner": OWNER.code, "key": "T1", "rev": len(former) + 1}
        added = sa.insert(table).values(owned | present).returning(table.c.seq)
        seq = connection.execute(added).scalar_one()
        for number, each in enumerate(former, 1):
            kept = {"module": "tariffs", "document": seq, "rev": number, "replaced_at": BEGINNING}
            connection.execute(sa.insert(found.tables["revisions"]).values(kept | each))
    migrations.upgrade(url)
    store = Store(url, clock=Clock(BEGINNING + 3600 * SECOND))
    with store.reading() as unit:
        versions_now = versions.of_tariff(unit, OWNER, "T1")
        held = versions.in_force(unit, OWNER, "T1", BEGINNING + 3600 * SECOND)
    store.close()
    assert (held is None) == (present.get("deleted_at") is not None)
    return versions_now


def test_every_revision_that_said_something_else_becomes_a_version(empty_url: str) -> None:
    found = filled(
        empty_url, row("0.50", 30, 31), row("0.30", 0, 1), row("0.300", 10, 11), row("0.40", 20, 21)
    )
    assert [(each.number, price_of(each.document.newest)) for each in found] == [
        (1, Decimal("0.30")),
        (2, Decimal("0.40")),
        (3, Decimal("0.50")),
    ]
    assert [each.valid_from for each in found] == [BEGINNING + at * SECOND for at in (0, 20, 30)]
    assert [each.supersedes for each in found] == [None, 1, 2]
    assert [each.content_hash for each in found] == [content_hash(each.document.newest) for each in found]


def test_a_deleted_tariff_has_ended(empty_url: str) -> None:
    (version,) = filled(empty_url, row("0.30", 0, 1, deleted_at=BEGINNING + 60 * SECOND))
    assert version.valid_to == BEGINNING + 60 * SECOND


def test_words_that_came_out_of_order_still_follow_each_other(empty_url: str) -> None:
    found = filled(empty_url, row("0.40", 5, 21), row("0.30", 10, 11))
    assert [(each.valid_from, each.valid_to) for each in found] == [
        (BEGINNING + 10 * SECOND, BEGINNING + 10 * SECOND + 1),
        (BEGINNING + 10 * SECOND + 1, None),
    ]


def test_a_word_of_the_future_holds_since_it_came(empty_url: str) -> None:
    (version,) = filled(empty_url, row("0.40", 500, 21))
    assert version.valid_from == BEGINNING + 21 * SECOND
