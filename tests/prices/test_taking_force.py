"""A price takes force at its instant: the job is awake then, and who dies leaves nothing half done."""

import subprocess
import sys
from decimal import Decimal

import pytest
from pricebooks import BEGINNING, OWNER, SECOND, Book, price_of, tariff
from sqlalchemy import select

from hub.prices.book import publishing, taking_force
from hub.store import documents
from hub.store.schedules import schedules
from hub.sync import schedule_defaults

TARIFFS = 30
PROGRAM = """
import sys
from hub.prices.book import taking_force
from hub.reactions import react
from hub.store.engine import Store

url, now = sys.argv[1:]
store = Store(url, react=react, clock=lambda: int(now))
for owner, key in taking_force.due(store):
    with store.unit() as unit:
        taking_force.take(unit, owner, key)
        print(key, flush=True)
"""


class Died(Exception):
    """In the midst of it."""


def take_and_die(book: Book) -> None:
    with book.store.unit() as unit:
        taking_force.take(unit, OWNER, "T1")
        book.store.react(unit)
        raise Died


def next_at(book: Book) -> int:
    with book.store.reading() as unit:
        query = select(schedules.c.next_at).where(schedules.c.job == taking_force.JOB)
        return int(unit.connection.execute(query).scalar_one())


def scheduled(book: Book) -> None:
    with book.store.unit() as unit:
        schedule_defaults.of_hub(unit)


def test_the_job_is_due_at_the_instant_of_what_is_published(book: Book) -> None:
    scheduled(book)
    book.clock.forward(1)
    book.publish("0.30", at=7.25)
    assert next_at(book) == BEGINNING + 8 * SECOND + SECOND // 4


def test_the_job_is_due_where_a_version_ends(book: Book) -> None:
    scheduled(book)
    book.clock.forward(1)
    book.publish("0.30", until=9)
    assert next_at(book) == BEGINNING + 10 * SECOND


def test_after_one_instant_the_job_waits_for_the_next(book: Book) -> None:
    scheduled(book)
    book.publish("0.30", at=3)
    book.publish("0.40", at=4)
    book.clock.forward(3)
    with book.store.unit() as unit:
        unit.connection.execute(schedules.update().values(next_at=BEGINNING + 60 * SECOND))
    book.take_force()
    with book.store.unit() as unit:
        taking_force.wake_for_next(unit)
    assert next_at(book) == BEGINNING + 4 * SECOND


def test_who_dies_before_the_commit_has_done_nothing(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.40", at=60)
    book.clock.forward(60)
    with pytest.raises(Died):
        take_and_die(book)
    assert (book.shown, book.versions[1].taken_at) == (Decimal("0.30"), None)
    assert book.take_force() == 1
    assert book.shown == Decimal("0.40")


@pytest.mark.parametrize("after", [1, 7])
def test_a_worker_that_is_killed_leaves_the_rest_to_another(
    book: Book, database_url: str, after: int
) -> None:
    for number in range(TARIFFS):
        book.key = f"K{number}"
        book.publish("0.30")
        book.publish("0.40", at=60)
    book.clock.forward(60)
    command = [sys.executable, "-c", PROGRAM, database_url, str(book.clock.now)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for _ in range(after):
            worker.stdout.readline()
        worker.kill()
    assert book.take_force() <= TARIFFS - after + 1
    with book.store.reading() as unit:
        found = [documents.find(unit, "tariffs", OWNER, f"K{number}") for number in range(TARIFFS)]
    told = {(each.rev, price_of(each.document.newest)) for each in found if each is not None}
    assert told == {(2, Decimal("0.40"))}


def test_what_was_planned_before_a_newer_word_of_the_cpo_still_takes_force(book: Book) -> None:
    book.put("0.30")
    book.publish("0.50", at=60)
    book.forward(10)
    book.put("0.35")
    assert book.shown == Decimal("0.35")
    book.forward(50)
    assert book.shown == Decimal("0.50")


def test_of_several_that_were_missed_the_last_takes_force(book: Book) -> None:
    for number, at in enumerate((10, 20, 30)):
        book.publish(f"0.{number + 1}", at=at)
    book.clock.forward(25)
    assert book.take_force() == 1
    assert book.shown == Decimal("0.2")
    assert [each.taken_at is not None for each in book.versions] == [True, True, False]


def test_a_tariff_with_a_word_of_the_future_is_still_news_to_partners(book: Book) -> None:
    """A CPO's clock may run ahead; partners heed only what is newer than what they have."""
    book.put("0.30", lag=-3600)
    book.publish("0.40", at=60)
    book.forward(60)
    assert book.stored is not None
    assert book.stored.last_updated == BEGINNING + 3600 * SECOND + 1000


def test_what_stands_in_tariffs_already_is_not_put_again(book: Book) -> None:
    book.publish("0.30")
    with book.store.unit() as unit:
        publishing.publish(unit, tariff("0.40"), OWNER, book.edit())
    assert book.stored is not None
    assert book.stored.rev == 2
    with book.store.unit() as unit:
        taking_force.take(unit, OWNER, "T1")
    assert book.stored.rev == 2
