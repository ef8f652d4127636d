"""Lists that lead astray, never end, or are none: every pull ends, and a token stays with its platform."""

import pytest
from factories import example
from odd_list import Answer, odd_list

from hub.sync import crawl


def location(number):
    return example("2.2.1", "locations", id=f"LOC-{number}", last_updated="2026-03-01T08:00:00Z")


def test_a_link_to_another_host_is_not_followed(clockwork, odd):  # threat 14
    with odd_list() as other:
        odd.script = lambda query: Answer([location(1)], {"Link": f'<{other.url}/locations>; rel="next"'})
        ended = clockwork.run("pull", "locations")
        assert other.authorizations == []
    assert ended.outcome == "failed"
    assert "another place" in ended.told
    assert set(clockwork.held("locations")) == {"LOC-1"}


@pytest.mark.parametrize(
    "scheme", ["https://127.0.0.1:1/x", "ftp://127.0.0.1/", "//evil.example.com/", "http://["]
)
def test_nor_one_over_another_scheme_or_of_no_form(clockwork, odd, scheme):
    odd.script = lambda query: Answer([location(1)], {"Link": f'<{scheme}>; rel="next"'})
    assert clockwork.run("pull", "locations").outcome == "failed"
    assert "another place" in clockwork.scheduled("pull", "locations").told
    assert len(odd.asked) == 1


def test_a_link_to_itself_ends_the_pull(clockwork, odd):
    odd.script = lambda query: Answer([location(1)], odd.link("page=1"))
    assert clockwork.run("pull", "locations").outcome == "failed"
    assert len(odd.asked) == 2


def test_pages_that_never_end_are_left_at_what_was_announced(clockwork, odd):
    def endless(query):
        page = int(query.get("page", 0))
        return Answer([location(page)], odd.link(f"page={page + 1}") | {"X-Total-Count": "3"})

    odd.script = endless
    ended = clockwork.run("pull", "locations")
    assert ended.outcome == "failed"
    assert len(odd.asked) == 3 + crawl.SPARE_PAGES
    odd.asked.clear()
    clockwork.run("pull", "locations")
    assert odd.asked[0].get("page") is None


def test_empty_pages_that_never_end_are_left_too(clockwork, odd, monkeypatch):
    monkeypatch.setattr(crawl, "MOST_PAGES", 20)
    odd.script = lambda query: Answer([], odd.link(f"page={int(query.get('page', 0)) + 1}"))
    assert clockwork.run("pull", "locations").outcome == "failed"
    assert len(odd.asked) == 20


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=b"<html>It works!</html>"),
        Answer(raw=b"[]"),
        Answer(raw=b'{"status_code":"1000","data":[]}'),
        Answer(raw=b'{"data":[]}'),
        Answer(raw=b'{"status_code":1000,"data":[NaN]}'),
        Answer(raw=b'{"status_code":1000,"data":' + b"[" * 300 + b"]" * 300 + b"}"),
        Answer(raw=b'{"status_code":2000,"data":[]}'),
        Answer(data={"id": 1}),
        Answer(data=None),
        Answer(status=401),
        Answer(status=302, headers={"Location": "http://169.254.169.254/"}),
    ],
    ids=lambda answer: f"{answer.status} {(answer.raw or b'data')[:30]!r}",
)
def test_what_is_no_list_is_a_failure_that_is_told(clockwork, odd, answer):  # threats 15, 18
    odd.script = lambda query: answer
    ended = clockwork.run("pull", "locations")
    assert ended.outcome == "failed"
    assert "GET /locations" in ended.told
    assert ended.next_at < clockwork.hub.store.clock() + 120_000_000


@pytest.mark.parametrize(
    ("header", "leads_to"),
    [
        ('<http://a/x?p=2>; rel="next"', "http://a/x?p=2"),
        ("<http://a/x?p=2>; rel=next", "http://a/x?p=2"),
        ('<http://a/1>; rel="first", <http://a/2>; title="b"; REL="last next"', "http://a/2"),
        ('</x?p=2>; rel="next"', "http://host/x?p=2"),
        ('<http://a/1>; rel="prev"', None),
        ("http://a/1", None),
        ("", None),
    ],
)
def test_the_link_is_read_as_http_writes_it(header, leads_to):  # TR-35
    assert crawl.next_link(header, "http://host/x") == leads_to
