"""The price book: what holds when, whatever is published, planned, ended, reverted, put and deleted."""

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pricebooks import ANN, BEGINNING, OWNER, SECOND, Book, price_of, tariff

from hub.ocpi import instants
from hub.prices.book import publishing, versions
from hub.prices.book.problems import (
    DraftRefused,
    NoSuchTariff,
    NoSuchVersion,
    NothingHolds,
    NotWithdrawable,
    Overlapping,
    PriceProblem,
    Retroactive,
    StaleEdit,
)
from hub.prices.book.publishing import Edit, NoChange
from hub.prices.book.versions import Gap, Version
from hub.store import audit

# Publishing ------------------------------------------------------------------------------------------------


def test_what_is_published_now_is_shown_now(book: Book) -> None:
    made = book.publish("0.30")
    assert isinstance(made, Version)
    assert (made.number, made.valid_from, made.valid_to, made.author) == (1, BEGINNING, None, "ann")
    assert book.shown == Decimal("0.30")


def test_the_same_content_is_no_new_version(book: Book) -> None:
    book.publish("0.30")
    book.forward(1)
    again = book.publish("0.300")
    assert isinstance(again, NoChange)
    assert again.version.number == 1
    assert len(book.versions) == 1
    assert book.stored is not None
    assert book.stored.rev == 1


def test_what_is_planned_takes_force_at_its_instant_and_partners_see_that_instant(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.40", at=60)
    book.forward(59.9)
    assert book.shown == Decimal("0.30")
    book.forward(7)
    assert book.shown == Decimal("0.40")
    assert book.stored is not None
    assert book.stored.document.newest["last_updated"] == instants.text(BEGINNING + 60 * SECOND)


def test_a_price_is_exact_also_while_nobody_takes_it_into_force(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.40", at=60)
    book.clock.forward(3600)
    edge = BEGINNING + 60 * SECOND
    held = [book.in_force(at) for at in (edge - 1, edge)]
    assert [each and each.number for each in held] == [1, 2]
    assert book.shown == Decimal("0.30")  # of what is shown, a worker sees to it
    assert book.take_force() == 1
    assert book.take_force() == 0
    assert book.shown == Decimal("0.40")


def test_a_tariff_that_is_only_planned_is_not_there_yet(book: Book) -> None:
    book.publish("0.30", at=60)
    assert book.stored is None
    assert book.in_force() is None
    book.forward(60)
    assert book.shown == Decimal("0.30")


def test_a_version_with_an_end_leaves_a_gap(book: Book) -> None:
    book.publish("0.30", until=60)
    book.forward(61)
    assert book.shown is None
    assert book.in_force() is None
    with book.store.reading() as unit:
        assert versions.gaps(unit, OWNER, "T1") == [Gap(BEGINNING + 60 * SECOND, None)]
    book.publish("0.50", at=9)
    with book.store.reading() as unit:
        assert versions.gaps(unit, OWNER, "T1") == [Gap(BEGINNING + 60 * SECOND, BEGINNING + 70 * SECOND)]
    book.forward(9)
    assert book.shown == Decimal("0.50")


def test_nothing_is_published_backwards(book: Book) -> None:
    with pytest.raises(Retroactive, match="2026-11-22T11:59:59Z is past"):
        book.publish("0.30", at=-1)
    assert book.versions == []


def test_two_versions_cannot_begin_at_one_instant(book: Book) -> None:
    book.publish("0.30", at=60)
    with pytest.raises(Overlapping, match="Version 1 begins at 2026-11-22T12:01:00Z already"):
        book.publish("0.40", at=60)
    book.withdraw(1)
    book.publish("0.40", at=60)
    book.forward(60)
    assert book.shown == Decimal("0.40")


def test_an_end_after_the_next_beginning_is_refused_with_the_moment(book: Book) -> None:
    book.publish("0.40", at=60)
    with pytest.raises(Overlapping, match="both would hold at 2026-11-22T12:01:00Z"):
        book.publish("0.30", until=61)
    with pytest.raises(Overlapping, match="before it begins"):
        book.publish("0.30", at=10, until=10)
    book.publish("0.30", until=60)
    assert [each.valid_to for each in book.versions] == [None, BEGINNING + 60 * SECOND]


def test_what_is_published_while_another_is_planned_holds_until_then(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.50", at=60)
    book.forward(1)
    book.publish("0.40")
    assert [(each.number, each.valid_to) for each in book.versions] == [
        (1, BEGINNING + SECOND),
        (2, None),
        (3, BEGINNING + 60 * SECOND),
    ]


def test_a_draft_that_cannot_be_priced_is_refused_with_its_place(book: Book) -> None:
    with pytest.raises(DraftRefused) as refused, book.store.unit() as unit:
        publishing.publish(unit, tariff("0.30", currency="EURO"), OWNER, Edit(ANN))
    (refusal,) = refused.value.refusals
    assert (refusal.rule, refusal.path) == ("invalid", "currency")
    assert book.versions == []


@pytest.mark.parametrize("changes", [{"country_code": "DE"}, {"party_id": "ABC"}])
def test_a_tariff_of_somebody_else_is_refused(book: Book, changes: dict[str, str]) -> None:
    with pytest.raises(DraftRefused, match="NL/CPO"), book.store.unit() as unit:
        publishing.publish(unit, tariff("0.30", **changes), OWNER, Edit(ANN))


# Ending, reverting, withdrawing ----------------------------------------------------------------------------


def test_an_end_now_takes_the_tariff_away(book: Book) -> None:
    book.publish("0.30")
    book.forward(5)
    ended = book.end()
    assert ended.valid_to == BEGINNING + 5 * SECOND
    assert book.shown is None
    assert book.in_force(BEGINNING + 5 * SECOND - 1) is not None
    assert book.in_force(BEGINNING + 5 * SECOND) is None


def test_an_end_that_is_planned_comes_at_its_instant_or_is_taken_back(book: Book) -> None:
    book.publish("0.30")
    book.end(60)
    book.withdraw_end(1)
    book.end(90)
    book.forward(89)
    assert book.shown == Decimal("0.30")
    book.forward(1)
    assert book.shown is None


def test_a_second_end_replaces_the_first(book: Book) -> None:
    book.publish("0.30")
    book.end(60)
    assert book.end(120).valid_to == BEGINNING + 120 * SECOND
    book.forward(61)
    assert book.shown == Decimal("0.30")


def test_where_nothing_holds_nothing_ends(book: Book) -> None:
    with pytest.raises(NoSuchTariff):
        book.end()
    book.publish("0.30", until=60)
    with pytest.raises(NothingHolds, match="anyway"):
        book.end(60)
    book.forward(60)
    with pytest.raises(NothingHolds, match="No version"):
        book.end(5)


def test_to_revert_is_a_new_version_with_the_old_words(book: Book) -> None:
    book.put("0.30", edition="2.2.1", x_note={"kept": ["as", "it", "was"]})
    book.forward(1)
    book.publish("0.90")
    book.forward(1)
    back = book.revert(1)
    assert isinstance(back, Version)
    assert (back.number, back.supersedes, back.edition) == (3, 2, "2.2.1")
    assert back.reason == "back to version 1"
    assert book.shown == Decimal("0.30")
    assert book.stored is not None
    assert book.stored.document.sent["x_note"] == {"kept": ["as", "it", "was"]}


def test_only_what_has_not_begun_can_be_withdrawn(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.40", at=60)
    with pytest.raises(NotWithdrawable, match="took force"):
        book.withdraw(1)
    book.forward(1)
    assert book.withdraw(2).withdrawn_at == BEGINNING + SECOND
    with pytest.raises(NotWithdrawable, match="already"):
        book.withdraw(2)
    with pytest.raises(NoSuchVersion, match="1 to 2"):
        book.withdraw(3)
    book.forward(61)
    assert book.shown == Decimal("0.30")
    assert book.versions[0].valid_to is None


# What a CPO says over OCPI ---------------------------------------------------------------------------------


def test_a_put_enters_by_the_same_door(book: Book) -> None:
    book.put("0.30", lag=5)
    (version,) = book.versions
    assert (version.origin, version.valid_from, version.recorded_at) == (
        "OCPI",
        BEGINNING - 5 * SECOND,
        BEGINNING,
    )


def test_a_put_that_says_the_same_is_no_new_version(book: Book) -> None:
    book.put("0.30")
    book.forward(60)
    book.put("0.300")
    assert len(book.versions) == 1
    assert book.stored is not None
    assert book.stored.rev == 2  # its words are kept all the same


def test_the_words_of_a_cpo_come_back_as_they_were(book: Book) -> None:
    book.put("0.3000", x_unknown=[1, None, {"deep": "x"}])
    (version,) = book.versions
    assert book.stored is not None
    assert version.sent == book.stored.body
    assert version.document.sent["x_unknown"] == [1, None, {"deep": "x"}]


def test_a_delete_ends_the_version_and_what_was_planned(book: Book) -> None:
    book.put("0.30")
    book.publish("0.40", at=60)
    book.forward(5)
    book.delete()
    assert [(each.valid_to, each.withdrawn_at) for each in book.versions] == [
        (BEGINNING + 5 * SECOND, None),
        (None, BEGINNING + 5 * SECOND),
    ]
    book.forward(60)
    assert book.shown is None


def test_a_late_put_does_not_begin_before_what_was_known(book: Book) -> None:
    book.publish("0.30")
    book.forward(60)
    book.put("0.40", lag=3600)
    assert [each.valid_from for each in book.versions] == [BEGINNING, BEGINNING + 1]


def test_a_cpo_that_repeats_its_words_does_not_undo_what_was_published_since(book: Book) -> None:
    """Many platforms send all their tariffs every night, with the old `last_updated`."""
    book.put("0.30")
    book.forward(60)
    book.publish("0.40")
    book.forward(60)
    book.put("0.30", lag=120)
    assert book.shown == Decimal("0.40")
    assert len(book.versions) == 2
    book.put("0.30")  # said anew
    assert book.shown == Decimal("0.30")
    assert len(book.versions) == 3


# Two at once -----------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gave, an exception for an act that failed; all begin together."""
    found: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[place] = act()
        except Exception as problem:  # noqa: BLE001 (told to the one who waits for all)
            found[place] = problem

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("seen", [0, 1])
def test_of_two_edits_at_once_one_wins(book: Book, seen: int) -> None:
    if seen:
        book.publish("0.30")
        book.forward(1)
    found = at_once(*(lambda price=price: book.publish(price, expect=seen) for price in ("0.40", "0.50")))
    assert sorted(type(each).__name__ for each in found) == ["StaleEdit", "Version"]
    assert len(book.versions) == seen + 1


def test_without_expectations_the_later_one_holds(book: Book) -> None:
    found = at_once(*(lambda price=price: book.publish(price) for price in ("0.1", "0.2", "0.3", "0.4")))
    assert sorted(each.number for each in found) == [1, 2, 3, 4]
    last = next(each for each in found if each.number == 4)
    assert book.shown == price_of(last.document.newest)
    book.clock.forward(1)
    assert sum(each.holds_at(book.clock.now) for each in book.versions) == 1


def test_several_workers_take_a_price_into_force_once(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.40", at=60)
    book.clock.forward(60)
    at_once(*[book.take_force] * 4)
    assert book.stored is not None
    assert (book.shown, book.stored.rev) == (Decimal("0.40"), 2)


@pytest.mark.parametrize("there", [False, True])
def test_cpo_operators_and_workers_at_once_leave_a_book_that_agrees_with_what_is_shown(
    book: Book, there: bool
) -> None:
    if there:
        book.put("0.1")
        book.publish("0.9", at=1)
    for _ in range(3):
        book.clock.forward(1)
        found = at_once(
            lambda: book.put("0.2"),
            lambda: book.publish("0.3"),
            lambda: book.publish("0.4", at=1),
            book.take_force,
            book.delete,
            book.take_force,
            lambda: book.put("0.5"),
            lambda: book.end(2),
        )
        assert [
            each for each in found if isinstance(each, Exception) and not isinstance(each, PriceProblem)
        ] == []
    book.forward(0.5)
    assert sum(each.holds_at(book.clock.now) for each in book.versions) <= 1
    present = book.in_force()
    assert book.shown == (None if present is None else price_of(present.document.newest))


def test_who_expects_another_version_is_told(book: Book) -> None:
    book.publish("0.30")
    with pytest.raises(StaleEdit, match="at version 1 by now, not 0"):
        book.publish("0.40", expect=0)


# Who changed what ------------------------------------------------------------------------------------------


def test_every_change_of_prices_is_in_the_audit_trail(book: Book) -> None:
    book.put("0.30")
    book.forward(1)
    book.publish("0.40", at=60)
    book.withdraw(2)
    book.end()
    book.revert(1)
    book.forward(1)
    book.delete()
    with book.store.reading() as unit:
        told = [(each.actor, each.via, each.action) for each in audit.listed(unit, limit=20)]
        assert audit.verify(unit).breaks == ()
    assert told[::-1] == [
        ("the hub", "OCPI", "put"),
        ("ann", "CLI", "publish"),
        ("ann", "CLI", "withdraw"),
        ("ann", "CLI", "end"),
        ("ann", "CLI", "revert"),
        ("the hub", "OCPI", "delete"),
    ]


# Whatever happens in whatever order ------------------------------------------------------------------------

SOON = st.none() | st.integers(1, 8)
NUMBERS = st.integers(1, 6)
PRICES = st.sampled_from(["0.1", "0.2", "0.3"])
ACTS = st.one_of(
    st.tuples(st.just("publish"), PRICES, SOON),
    st.tuples(st.just("publish_until"), PRICES, SOON, st.integers(1, 9)),
    st.tuples(st.just("end"), SOON),
    st.tuples(st.just("revert"), NUMBERS, SOON),
    st.tuples(st.just("withdraw"), NUMBERS),
    st.tuples(st.just("withdraw_end"), NUMBERS),
    st.tuples(st.just("put"), PRICES, st.integers(0, 5)),
    st.tuples(st.just("delete")),
    st.tuples(st.just("forward"), st.integers(1, 5)),
    st.tuples(st.just("wait"), st.integers(1, 5)),
)
keys = (f"P{number}" for number in itertools.count())


def do(book: Book, act: tuple[Any, ...]) -> None:
    name, *given = act
    if name == "wait":  # time passes, and no worker is running
        book.clock.forward(given[0])
    elif name == "publish_until":
        price, at, until = given
        book.publish(price, at, until=(at or 0) + until)
    else:
        getattr(book, name)(*given)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, min_size=2, max_size=14))
def test_at_every_instant_at_most_one_version_holds_and_what_was_pinned_stays(
    book: Book, acts: list[tuple[Any, ...]]
) -> None:  # O5
    book.key = next(keys)
    began = book.clock.now
    pinned: dict[tuple[int, int], int | None] = {}
    for act in acts:
        with suppress(PriceProblem):
            do(book, act)
        book.clock.forward(0.5)
        now = book.clock.now
        for start in (now, now - SECOND, now + SECOND):
            pinned[start, now] = number_of(book.in_force(start, now))
        book.clock.forward(0.5)
    held = book.versions
    for at in range(began - 6 * SECOND, book.clock.now + 20 * SECOND, SECOND // 2):
        holding = [each for each in held if each.holds_at(at)]
        assert len(holding) <= 1
        begun = any(each.valid_from <= at and each.withdrawn_at is None for each in held)
        if begun:
            assert number_of(book.in_force(at)) == (holding[0].number if holding else None)
    book.take_force()
    present = book.in_force()
    assert book.shown == (None if present is None else price_of(present.document.newest))
    for (start, seen), number in pinned.items():
        if number is not None:
            assert number_of(book.in_force(start, seen)) == number


def number_of(version: Version | None) -> int | None:
    return None if version is None else version.number
