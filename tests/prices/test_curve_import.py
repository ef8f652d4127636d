"""A file of prices becomes versions in the book, or nothing of it; from a folder each file once."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from factories import example

import tariffs
from hub.ocpi.document import Document, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.instants import micros, text
from hub.prices.book import publishing, versions
from hub.prices.book.problems import PriceProblem, StaleEdit
from hub.prices.book.publishing import Edit
from hub.prices.curves import folders as curve_folders
from hub.prices.curves import known as curve_known
from hub.prices.curves import log as curve_log
from hub.prices.curves.importing import Offered
from hub.prices.curves.log import SourceThere, Wanted
from hub.prices.curves.terms import Terms
from hub.store import documents
from hub.store.audit import Actor
from hub.store.engine import Store

EXA = Party("NL", "EXA")
ZONE = "Europe/Amsterdam"
HOUR = 3600 * 1_000_000
ANN = Edit(Actor("ann", "CLI"))
TERMS = Terms(time_zone=ZONE, margin=Decimal("0.03"))
FLAT = {"type": "FLAT", "price": Decimal("0.5"), "step_size": 1}
ENERGY = {"type": "ENERGY", "price": Decimal("0.61"), "step_size": 1}
TEMPLATE = {
    "id": "SPOT",
    "currency": "EUR",
    "tax_included": "NO",
    "elements": [{"price_components": [FLAT, ENERGY]}],
}


class Timed(Store):
    """A store whose clock is set by the test."""

    now = micros("2026-10-24T11:00:00Z")


@pytest.fixture
def timed(database_url: str) -> Iterator[Timed]:
    opened = Timed(database_url, clock=lambda: opened.now)
    yield opened
    opened.close()


def prices(first: str, *quoted: float) -> bytes:
    start = micros(first)
    rows = [f"{text(start + hour * HOUR)},{price}" for hour, price in enumerate(quoted)]
    return "\n".join(["start,price", *rows, ""]).encode()


def offered(content: bytes, **changes) -> Offered:
    return replace(Offered("da.csv", content, EXA, "spot", TERMS, TEMPLATE), **changes)


def do(timed: Timed, what: Offered, edit: Edit = ANN):
    with timed.unit() as unit:
        return curve_folders.by_hand(unit, what, edit)


def book(timed: Timed):
    with timed.reading() as unit:
        return versions.in_order(versions.of_tariff(unit, EXA, "SPOT"))


def energy(timed: Timed, start: str, minutes: int) -> Decimal:
    """Per kWh, of a session that begins then, by the version in force."""
    with timed.reading() as unit:
        version = versions.in_force(unit, EXA, "SPOT", micros(start))
    assert version is not None
    kwh = Decimal(minutes) / 10
    session = tariffs.read_session({"start": start, "segments": [{"minutes": minutes, "kwh": kwh}]})
    quote = tariffs.price(tariffs.read_tariff(version.document.newest), session, ZONE)
    assert quote.energy is not None
    return quote.energy.before_taxes / kwh


UNREADABLE = Path("/proc/self/mem")
"""Nobody can read that from its beginning, not even root."""
DAY = prices("2026-10-23T22:00:00Z", *range(100, 124))
"""24 October in Amsterdam: at 13:00, the present of these tests, 113."""
NIGHT = prices("2026-10-24T22:00:00Z", *range(200, 225))
"""The 25th, which has 25 hours: 202 at two o'clock, 203 at two o'clock once more."""


def test_a_file_holds_from_now_on_with_what_lies_before_it(timed):
    plan, made = do(timed, offered(DAY))
    assert [(each.number, text(each.valid_from), each.author) for each in made] == [
        (1, "2026-10-24T11:00:00Z", "ann")
    ]
    assert energy(timed, "2026-10-24T11:10:00Z", 30) == Decimal("0.143")
    assert energy(timed, "2026-10-24T21:30:00Z", 60) == (Decimal("0.153") + Decimal("0.61")) / 2
    assert plan.remarks == ()


def test_a_session_over_midnight_has_the_prices_of_both_days(timed):
    do(timed, offered(DAY))
    timed.now += 2 * HOUR
    _, made = do(timed, offered(NIGHT, template=None))
    assert [text(each.valid_from) for each in made] == [
        "2026-10-24T13:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:00:00Z",
    ]
    assert energy(timed, "2026-10-24T21:30:00Z", 60) == (Decimal("0.153") + Decimal("0.23")) / 2
    assert energy(timed, "2026-10-25T00:00:00Z", 60) == Decimal("0.232")
    assert energy(timed, "2026-10-25T01:00:00Z", 60) == Decimal("0.233")
    assert energy(timed, "2026-10-25T00:45:00Z", 30) == Decimal("0.2325")
    assert energy(timed, "2026-10-24T23:30:00Z", 120) == Decimal("0.23175")  # 0.231, then 0.232 in both


def test_the_same_file_once_more_changes_nothing(timed):
    do(timed, offered(NIGHT))
    before = book(timed)
    timed.now += HOUR
    _, made = do(timed, offered(NIGHT))
    assert made == []
    assert book(timed) == before


def test_a_correction_replaces_what_was_to_come(timed):
    do(timed, offered(NIGHT))
    timed.now += HOUR
    _, made = do(timed, offered(prices("2026-10-24T22:00:00Z", *[300] * 25)))
    assert [text(each.valid_from) for each in made] == ["2026-10-24T22:00:00Z"]
    assert [text(each.valid_from) for each in book(timed)] == ["2026-10-24T22:00:00Z"]
    assert energy(timed, "2026-10-25T00:15:00Z", 60) == Decimal("0.33")


def test_what_holds_until_the_first_price_stays_where_it_says_something_else(timed):
    with timed.unit() as unit:
        publishing.publish(unit, TEMPLATE | {"elements": [{"price_components": [ENERGY]}]}, EXA, ANN)
    _, made = do(timed, offered(NIGHT))
    assert text(made[0].valid_from) == "2026-10-24T22:00:00Z"
    timed.now += HOUR
    with timed.unit() as unit:
        publishing.publish(unit, TEMPLATE, EXA, ANN)
    _, made = do(timed, offered(NIGHT))
    assert text(made[0].valid_from) == "2026-10-24T12:00:00Z"


def test_what_a_person_has_scheduled_stays_and_is_told_of(timed):
    do(timed, offered(DAY))
    planned = replace(ANN, author=Actor("bob", "CLI"), at=micros("2026-10-25T00:10:00Z"))
    with timed.unit() as unit:
        publishing.publish(unit, TEMPLATE, EXA, planned)
    plan, made = do(timed, offered(NIGHT, template=None))
    assert [text(each.valid_from) for each in made] == ["2026-10-24T11:00:00Z", "2026-10-25T00:00:00Z"]
    assert ["version 2 holds, scheduled by bob" in each for each in plan.remarks] == [True]
    assert text(book(timed)[-1].valid_from) == "2026-10-25T00:10:00Z"


def test_an_end_that_was_set_stays(timed):
    do(timed, offered(DAY))
    with timed.unit() as unit:
        publishing.end(unit, EXA, "SPOT", replace(ANN, at=micros("2026-10-25T10:00:00Z")))
    do(timed, offered(NIGHT))
    assert text(book(timed)[-1].valid_to or 0) == "2026-10-25T10:00:00Z"


def test_hours_that_no_file_has_told_of_have_the_fallback_and_are_told_of(timed):
    do(timed, offered(prices("2026-10-24T10:00:00Z", 100, 100)))
    plan, _ = do(timed, offered(NIGHT))
    assert ["2026-10-24T12:00:00Z to 2026-10-24T22:00:00Z" in each for each in plan.remarks] == [True]
    assert energy(timed, "2026-10-24T13:00:00Z", 60) == Decimal("0.61")


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        (offered(prices("2026-10-20T00:00:00Z", 1, 2)), "past"),
        (offered(NIGHT, terms=replace(TERMS, unit="SEK/MWh")), "currency"),
        (offered(NIGHT + b"2026-10-25T23:30Z,1\n"), "gap"),
        (
            offered(NIGHT, terms=replace(TERMS, fallback=None), template=TEMPLATE | {"elements": []}),
            "elements",
        ),
        (offered(NIGHT, template=None), "--template FILE"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(timed, what, fault):
    with pytest.raises(PriceProblem, match=fault):
        do(timed, what)
    assert book(timed) == []
    with timed.reading() as unit:
        assert curve_known.known(unit, EXA, "SPOT") == []
        assert curve_log.reads(unit) == []


def test_a_place_where_clocks_show_other_times_is_told_of(timed):
    for name, zone, tariff in (
        ("L1", "Europe/Lisbon", "Spot"),
        ("L2", "Europe/Berlin", "SPOT"),
        ("L3", "UTC", "DAY"),
        ("L4", "Mars/Base", "spot"),
    ):
        evse = example("2.3.0", "evses", connectors=[example("2.3.0", "connectors", tariff_ids=[tariff])])
        body = example("2.3.0", "locations", id=name, evses=[evse], time_zone=zone)
        location = Document("locations", EXA, name, NEWEST.version, body, body)
        with timed.unit() as unit:
            documents.save(unit, location, None, audience=None, source=None)
    plan, _ = do(timed, offered(DAY))
    assert [
        "Location L1 and 1 more names the tariff and is in Europe/Lisbon" in each for each in plan.remarks
    ] == [True]


def test_of_two_edits_the_later_is_stale(timed):
    do(timed, offered(DAY))
    with pytest.raises(StaleEdit):
        do(timed, offered(NIGHT), replace(ANN, expect=0))
    do(timed, offered(NIGHT), replace(ANN, expect=1))


def test_many_who_import_the_same_file_at_once_publish_it_once(timed):
    do(timed, offered(DAY))
    with ThreadPoolExecutor(6) as threads:
        ends = list(threads.map(lambda _: do(timed, offered(NIGHT)), range(6)))
    assert sorted(len(made) for _, made in ends) == [0, 0, 0, 0, 0, 4]
    assert [each.number for each in book(timed)] == [1, 2, 3, 4, 5]


def test_old_prices_are_forgotten(timed):
    do(timed, offered(DAY))
    timed.now += 5 * 24 * HOUR
    do(timed, offered(prices("2026-10-29T12:00:00Z", 1, 2)))
    with timed.reading() as unit:
        assert len(curve_known.known(unit, EXA, "SPOT")) == 2


# From a folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def put(timed: Timed, folder: Path, name: str, content: bytes, age: int = 60) -> None:
    file = folder / name
    file.write_bytes(content)
    at = timed.now * 1000 - age * 10**9
    os.utime(file, ns=(at, at))


def added(timed: Timed, folder: Path, **changes):
    with timed.unit() as unit:
        return curve_log.add(
            unit, replace(Wanted(EXA, "spot", str(folder), TERMS, TEMPLATE), **changes), "ann"
        )


def look(timed: Timed, source) -> tuple[int, int, str | None]:
    found = curve_folders.look(timed, source)
    return found.imported, found.refused, found.trouble


def outcomes(timed: Timed):
    with timed.reading() as unit:
        return [(each.seen.name, each.outcome) for each in curve_log.reads(unit)]


def test_each_file_of_a_folder_is_imported_once_by_its_content(timed, folder):
    source = added(timed, folder)
    put(timed, folder, "a.csv", DAY)
    put(timed, folder, "b.csv", NIGHT, age=30)
    put(timed, folder, "notes.txt", b"x")
    put(timed, folder, ".hidden.csv", b"x")
    (folder / "sub.csv").mkdir()
    assert look(timed, source) == (2, 0, None)
    assert outcomes(timed) == [("b.csv", "IMPORTED"), ("a.csv", "IMPORTED")]
    held = book(timed)
    put(timed, folder, "copy.csv", DAY, age=20)
    assert look(timed, source) == (0, 0, None)
    assert book(timed) == held
    assert held[0].author == f"curve source {source.id}"


def test_a_file_that_is_still_being_written_waits(timed, folder):
    source = added(timed, folder)
    put(timed, folder, "a.csv", DAY, age=1)
    assert look(timed, source) == (0, 0, None)
    timed.now += 10_000_000
    assert look(timed, source) == (1, 0, None)


def test_a_fault_of_the_hub_in_one_file_holds_up_no_other(timed, folder, monkeypatch, caplog):
    source = added(timed, folder)
    put(timed, folder, "a.csv", DAY)
    put(timed, folder, "b.csv", NIGHT, age=30)
    publish = curve_folders.curve_import.publish

    def faulty(unit, offered, edit):
        if offered.name == "a.csv":
            raise ZeroDivisionError
        return publish(unit, offered, edit)

    monkeypatch.setattr(curve_folders.curve_import, "publish", faulty)
    trouble = "a.csv: a fault of the hub, see its log (ZeroDivisionError)"
    assert look(timed, source) == (1, 0, trouble)
    with timed.reading() as unit:
        assert curve_log.sources(unit)[0].trouble == trouble
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [ZeroDivisionError]
    monkeypatch.undo()
    assert look(timed, source) == (1, 0, None)


def test_a_bad_file_is_told_of_and_left_and_holds_up_no_other(timed, folder):
    source = added(timed, folder)
    put(timed, folder, "a.csv", DAY.replace(b"110", b"much"))
    put(timed, folder, "b.csv", DAY, age=30)
    assert look(timed, source) == (1, 1, None)
    assert look(timed, source) == (0, 0, None)
    with timed.reading() as unit:
        refused = curve_log.reads(unit)[1]
    assert (refused.outcome, refused.told[0]["rule"], refused.told[0]["path"]) == (
        "REFUSED",
        "number",
        "line 12",
    )
    assert (folder / "a.csv").exists()
    put(timed, folder, "a.csv", DAY.replace(b"110", b"111"), age=10)
    assert look(timed, source) == (1, 0, None)


def test_what_may_be_better_later_is_tried_again(timed, folder):
    source = added(timed, folder, template=None)
    put(timed, folder, "a.csv", DAY)
    imported, refused, trouble = look(timed, source)
    assert (imported, refused) == (0, 0)
    assert "has no tariff spot" in (trouble or "")
    with timed.unit() as unit:
        publishing.publish(unit, TEMPLATE, EXA, ANN)
    assert look(timed, source) == (1, 0, None)
    with timed.reading() as unit:
        (stored,) = curve_log.sources(unit)
    assert (stored.trouble, stored.looked_at) == (None, timed.now)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="there is no /proc")
def test_a_file_that_cannot_be_read_holds_up_no_other(timed, folder):
    source = added(timed, folder)
    (folder / "a.csv").symlink_to(UNREADABLE)
    timed.now = max(timed.now, time.time_ns() // 1000 + 60_000_000)
    put(timed, folder, "b.csv", prices(text(timed.now // HOUR * HOUR), 1, 2, 3))
    assert look(timed, source) == (1, 0, "a.csv: Input/output error")


def test_a_folder_that_is_not_there_is_told(timed, folder):
    source = added(timed, folder / "away")
    assert look(timed, source) == (0, 0, "No such file or directory")


def test_sources_keep_their_terms_to_the_digit_and_are_there_once(timed, folder):
    terms = replace(TERMS, cap=Decimal("0.80"), vat=Decimal(21), floor=None)
    source = added(timed, folder, terms=terms)
    assert (source.terms, source.template, source.owner) == (terms, TEMPLATE, EXA)
    with pytest.raises(SourceThere):
        added(timed, folder)
    with timed.unit() as unit:
        curve_log.remove(unit, source.id)
    with timed.reading() as unit:
        assert curve_log.sources(unit) == []
    added(timed, folder)


def test_what_a_removed_source_has_scheduled_is_still_replaced_by_the_next_import(timed, folder):
    source = added(timed, folder)
    put(timed, folder, "a.csv", NIGHT)
    look(timed, source)
    with timed.unit() as unit:
        curve_log.remove(unit, source.id)
    plan, _ = do(timed, offered(prices("2026-10-24T22:00:00Z", *[300] * 25)))
    assert len(plan.withdrawn) == 4
    assert plan.remarks == ()
