"""Partners' lists are pulled page by page, over HTTP, in the version of each; what was read is read once."""

from collections import Counter

import pytest
from factories import example
from odd_list import Answer
from sqlalchemy import select, text

from hub.demo.wire import later, now, stamp
from hub.ocpi.instants import micros
from hub.parties import registry
from hub.store import cursors, findings
from hub.store import quarantine as entries
from hub.store.parties import endpoints
from hub.sync import pulling

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
MINUTE = 60_000_000


def location(number, at="2026-03-01T08:00:00Z", **changes):
    return example("2.2.1", "locations", id=f"LOC-{number}", last_updated=at, **changes)


def pages(everything, size):
    """A list whose pages are named by an offset, in order of creation."""

    def script(query):
        start = int(query.get("offset", 0))
        total = {"X-Total-Count": str(len(everything))}
        more = start + size < len(everything)
        page = everything[start : start + size]
        return Answer(page, total | (script.link(f"offset={start + size}") if more else {}))

    return script


def listing(odd, everything, size=2):
    odd.script = pages(everything, size)
    odd.script.link = odd.link
    return odd.script


def cursor(clockwork, module="locations", kind=pulling.NEWS):
    with clockwork.hub.store.reading() as unit:
        return cursors.load(unit, clockwork.scheduled("pull", module).partner_id, module, kind)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_partner_lists_is_here_after_it_has_connected(clockwork, join, version):  # TR-92
    cpo, emsp = join("CPO", version, "NL/EXA"), join("EMSP", version, "DE/MSP")
    cpo.do("publish")
    emsp.do("issue")
    with clockwork.hub.store.unit() as unit:
        for module in ("locations", "tariffs", "tokens"):
            unit.connection.execute(cursors.TABLES[module].delete())
    for module, count in (("locations", 12), ("tariffs", 3), ("tokens", 3)):
        ended = clockwork.run("pull", module)
        assert (ended.outcome, ended.told) == ("done", f"{count} new")
        assert len(clockwork.held(module)) == count
    assert cpo.book.complaints + emsp.book.complaints == []


def test_a_pull_is_due_at_once_when_a_partner_connects_and_others_wait(clockwork, odd):
    with clockwork.hub.store.reading() as unit:
        connected_at = registry.named(unit, "Odd").registered_at
    assert clockwork.scheduled("pull", "locations").next_at == connected_at
    for job in ("alive", "rotate"):
        assert clockwork.scheduled(job).next_at > connected_at
    assert clockwork.scheduled("crawl", "locations").next_at > connected_at


def test_only_news_are_asked_for_ten_minutes_overlapping(clockwork, odd):
    listing(odd, [location(1), location(2, "2026-03-02T08:00:00Z"), location(3)])
    clockwork.run("pull", "locations")
    assert "date_from" not in odd.asked[0]
    assert cursor(clockwork).watermark == micros("2026-03-02T08:00:00Z")
    odd.asked.clear()
    assert clockwork.run("pull", "locations").told == "3 same"
    assert odd.asked[0]["date_from"] == "2026-03-02T07:50:00Z"


def test_the_watermark_goes_no_further_than_the_partners_clock_stood(clockwork, odd):
    odd.script = lambda query: Answer(
        [location(1, "2026-03-02T08:00:00Z")], {"Date": "Sun, 01 Mar 2026 00:00:00 GMT"}
    )
    clockwork.run("pull", "locations")
    assert cursor(clockwork).watermark == micros("2026-03-01T00:00:00Z")


def test_the_watermark_never_goes_back_nor_into_the_future(clockwork, odd):
    ahead = later(stamp(now()), hours=1)
    listing(odd, [location(1, "2026-03-02T08:00:00Z"), location(2, ahead)])
    clockwork.run("pull", "locations")
    listing(odd, [location(3, "2026-03-01T08:00:00Z")])
    clockwork.run("pull", "locations")
    assert cursor(clockwork).watermark == micros("2026-03-02T08:00:00Z")


def test_older_words_are_left_and_equally_old_ones_apply(clockwork, odd):
    listing(odd, [location(1)])
    clockwork.run("pull", "locations")
    listing(odd, [location(1, "2026-02-01T08:00:00Z", name="Older")])
    assert clockwork.run("pull", "locations").told == "1 stale"
    listing(odd, [location(1, name="As old")])
    assert clockwork.run("pull", "locations").told == "1 changed"
    assert clockwork.held("locations") == {"LOC-1": 2}


def test_a_crash_in_the_middle_is_gone_on_with_from_the_next_page(clockwork, odd):
    script = listing(odd, [location(number) for number in range(6)])
    odd.script = lambda query: Answer(status=503) if query.get("offset") == "4" else script(query)
    ended = clockwork.run("pull", "locations")
    assert ended.outcome == "failed"
    assert len(clockwork.held("locations")) == 4
    assert cursor(clockwork).watermark is None
    odd.script = script
    odd.asked.clear()
    assert clockwork.run("pull", "locations").outcome == "done"
    assert [query.get("offset") for query in odd.asked] == ["4"]
    assert cursor(clockwork).watermark == micros("2026-03-01T08:00:00Z")


def test_a_process_that_ends_leaves_off_between_two_pages(clockwork, odd):
    script = listing(odd, [location(number) for number in range(6)])

    def then_stop(query):
        clockwork.jobs._stopping.set()
        return script(query)

    odd.script = then_stop
    interrupted = clockwork.run("pull", "locations")
    assert (interrupted.outcome, len(clockwork.held("locations"))) == ("partial", 2)
    assert interrupted.next_at <= clockwork.hub.store.clock()
    clockwork.jobs._stopping.clear()
    odd.script = script
    assert clockwork.run("pull", "locations").told == "4 new"


def test_a_list_that_is_updated_while_it_is_read_is_read_without_a_gap_or_a_repeat(clockwork, odd):
    everything = [location(number) for number in range(20)]
    script, seen = listing(odd, everything, 3), Counter()

    def updating(query):
        answer = script(query)
        seen.update(each["id"] for each in answer.data)
        number = len(everything)
        everything.append(location(number))
        everything[0] = location(0, later("2026-03-01T08:00:00Z", minutes=number))
        if number > 26:
            odd.script = counting
        return answer

    def counting(query):
        answer = script(query)
        seen.update(each["id"] for each in answer.data)
        return answer

    odd.script = updating
    assert clockwork.run("pull", "locations").outcome == "done"
    assert set(seen.values()) == {1}
    assert set(clockwork.held("locations")) == {each["id"] for each in everything}


def test_a_list_that_became_shorter_is_read_again(clockwork, odd):  # TR-39
    everything = [location(number) for number in range(6)]
    script = listing(odd, everything)

    def shrinking(query):
        answer = script(query)
        if "offset" not in query:
            del everything[0]
        return answer

    odd.script = shrinking
    assert clockwork.run("pull", "locations").outcome == "failed"
    assert cursor(clockwork).watermark is None
    odd.script = script
    assert clockwork.run("pull", "locations").outcome == "done"
    assert len(clockwork.held("locations")) == 6


def test_good_objects_of_a_page_are_kept_and_bad_ones_put_aside(clockwork, odd):
    listing(odd, [location(1), location(2) | {"coordinates": "here"}, "no object", location(3)])
    ended = clockwork.run("pull", "locations")
    assert (ended.outcome, ended.told) == ("partial", "2 in quarantine, 2 new")
    assert set(clockwork.held("locations")) == {"LOC-1", "LOC-3"}
    with clockwork.hub.store.reading() as unit:
        first, second = sorted(entries.latest(unit, 9), key=lambda entry: entry.object_key)
    assert first.object_key == "LOC-2"
    assert "coordinates" in first.fields
    assert (second.error, second.raw) == ("not a JSON object", b'"no object"')


def test_what_lay_in_quarantine_leaves_it_when_it_comes_well(clockwork, odd):
    listing(odd, [location(2) | {"coordinates": "here"}])
    clockwork.run("pull", "locations")
    listing(odd, [location(2)])
    assert clockwork.run("pull", "locations").outcome == "done"
    with clockwork.hub.store.reading() as unit:
        assert entries.latest(unit, 9) == []


def test_objects_of_parties_that_were_not_announced_are_ignored(clockwork, odd):  # TR-61
    listing(odd, [location(1), location(2, party_id="OTH")])
    assert clockwork.run("pull", "locations").told == "1 new, 1 of other parties"
    assert set(clockwork.held("locations")) == {"LOC-1"}


def test_what_a_whole_list_has_no_more_is_told_and_stays(clockwork, odd):  # LOC-25
    listing(odd, [location(number) for number in range(4)])
    clockwork.run("pull", "locations")
    listing(odd, [location(0), location(1) | {"coordinates": "here"}, location(3)])
    clockwork.run("crawl", "locations")
    with clockwork.hub.store.reading() as unit:
        (found,) = findings.all_of(unit)
    assert (found.missing.kind, found.missing.object_key) == ("unlisted", "LOC-2")
    assert "LOC-2" in clockwork.held("locations")
    listing(odd, [location(number) for number in range(4)])
    clockwork.run("crawl", "locations")
    with clockwork.hub.store.reading() as unit:
        assert findings.all_of(unit) == []


def test_what_is_pushed_while_the_whole_list_is_read_is_not_missing(clockwork, odd):
    script = listing(odd, [location(1)])
    clockwork.run("pull", "locations")

    def pushed_meanwhile(query):
        odd.script = script
        other = clockwork.hub.store
        with other.unit() as unit:
            table = cursors.TABLES["locations"]
            row = dict(unit.connection.execute(select(table)).one()._mapping)
            del row["seq"]
            unit.connection.execute(table.insert().values(row | {"key": "LOC-9", "received_at": unit.now}))
        return script(query)

    odd.script = pushed_meanwhile
    assert clockwork.run("crawl", "locations").outcome == "done"
    with clockwork.hub.store.reading() as unit:
        assert findings.all_of(unit) == []


def test_a_list_that_has_moved_is_found_where_the_partner_says_now(clockwork, join):
    cpo = join("CPO", "2.2.1", "NL/EXA")
    cpo.do("publish")
    with clockwork.hub.store.unit() as unit:
        here = endpoints.c.module == "locations"
        unit.connection.execute(endpoints.update().where(here).values(url=f"{cpo.base_url}/peer/2.2.1/moved"))
    assert clockwork.run("pull", "locations").outcome == "failed"
    assert clockwork.run("pull", "locations").outcome == "done"


def test_one_object_that_the_database_cannot_take_does_not_hold_up_the_list(clockwork, odd):
    listing(odd, [location(1), location(2), location(3)], 3)
    with clockwork.hub.store.unit() as unit:
        unit.connection.execute(text(NOT_TWO[unit.dialect.name]))
    ended = clockwork.run("pull", "locations")
    assert (ended.outcome, ended.told) == ("partial", "1 in quarantine, 2 new")
    assert set(clockwork.held("locations")) == {"LOC-1", "LOC-3"}


NOT_TWO = {
    "sqlite": (
        "CREATE TRIGGER not_two BEFORE INSERT ON locations WHEN NEW.key = 'LOC-2'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END"
    ),
    "postgresql": "ALTER TABLE locations ADD CHECK (key <> 'LOC-2')",
}
"""A database that refuses one object, for a reason that nobody foresaw."""
