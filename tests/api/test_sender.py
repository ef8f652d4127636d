"""The Sender interfaces: pages that miss and repeat nothing, and nobody sees what is not meant for it."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from factories import example
from platforms import Platform, code, data, envelope
from werkzeug.test import TestResponse

from hub.ocpi.checking import check
from hub.ocpi.editions import edition
from hub.ocpi.module import Role

Connect = Callable[..., Platform]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
SINCE = "date_from=2000-01-01T00:00:00Z"
LATER = "2025-06-01T00:00:00Z"
LINK = re.compile(r'<([^<>]+)>; rel="next"')


def minute(number: int) -> str:
    return f"2025-04-01T10:{number:02}:00Z"


def put_tariffs(cpo: Platform, count: int) -> None:
    for number in range(count):
        body = example("2.2.1", "tariffs", id=f"T{number:02}", last_updated=minute(number))
        assert code(cpo.put(f"tariffs/NL/CPO/T{number:02}", body)) == (201, 1000)


@pytest.fixture
def tariffs(cpo: Platform) -> int:
    """How many tariffs T00, T01 ... there are, each a minute younger than the one before."""
    put_tariffs(cpo, 7)
    return 7


def next_of(response: TestResponse) -> str | None:
    """Path and query of the one Link to the next page, None when there is none."""
    links = response.headers.getlist("Link")
    if not links:
        return None
    assert len(links) == 1
    found = LINK.fullmatch(links[0])
    assert found
    assert found[1].startswith("http://127.0.0.1:8000/ocpi/")  # absolute, and the hub's own (TR-35)
    parts = urlsplit(found[1])
    return f"{parts.path}?{parts.query}"


def crawled(reader: Platform, path: str) -> Iterator[TestResponse]:
    """Every page, the Link followed as it is."""
    there: str | None = f"/ocpi/{reader.version}/sender/{path}"
    while there:
        page = reader.call("GET", there)
        yield page
        there = next_of(page)


def ids(items: Sequence[Any]) -> list[str]:
    return [item.get("id") or item["uid"] for item in items]


def counted(response: TestResponse) -> tuple[list[str], str]:
    """The ids on a page, and X-Total-Count."""
    return ids(data(response)), response.headers["X-Total-Count"]


# Pages ----------------------------------------------------------------------------------------------------


def test_a_crawl_finds_every_object_once_the_oldest_first(emsp: Platform, tariffs: int) -> None:  # TR-36
    pages = list(crawled(emsp, "tariffs?limit=3"))
    assert [len(data(page)) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in ids(data(page))] == [f"T{n:02}" for n in range(tariffs)]
    assert {page.headers["X-Total-Count"] for page in pages} == {"7"}  # TR-33
    assert {page.headers["X-Limit"] for page in pages} == {"3"}  # TR-34
    assert next_of(pages[-1]) is None  # TR-35


def test_a_page_that_is_full_and_the_last_has_no_link(emsp: Platform, tariffs: int) -> None:  # TR-35
    page = emsp.sender("GET", f"tariffs?limit={tariffs}")
    assert len(data(page)) == tariffs
    assert next_of(page) is None


def test_an_empty_list_is_a_list(emsp: Platform) -> None:  # TR-14
    for module in ("locations", "tariffs", "cdrs", "tokens", f"sessions?{SINCE}"):
        page = emsp.sender("GET", module)
        assert data(page) == []
        assert page.headers["X-Total-Count"] == "0"
        assert page.headers["X-Limit"] == "100"
        assert "Link" not in page.headers


@pytest.mark.parametrize("asked", ["101", "2000", "1000000000", "999999999999999", "0", ""])
def test_a_limit_above_the_most_is_lowered(emsp: Platform, tariffs: int, asked: str) -> None:  # TR-37
    page = emsp.sender("GET", f"tariffs?limit={asked}")
    assert len(data(page)) == tariffs
    assert page.headers["X-Limit"] == "100"


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "limit=%D9%A3",  # an Arabic three
        "limit=9999999999999999999999",
        "offset=-1",
        "offset=1e3",
        "offset=%00",
        "date_from=x",
        "date_from=2025-01-01",
        "date_from=2025-01-01T00:00:00%2B02:00",
        "date_from=2025-02-30T00:00:00Z",
        "date_from=0000-01-01T00:00:00Z",
        "date_to=99999-01-01T00:00:00Z",
        "date_to=2025-01-01T24:00:00Z",
        "after=x",
        "total=x",
    ],
)
def test_what_cannot_be_read_in_a_query_is_refused(emsp: Platform, query: str) -> None:  # TR-38
    refused = emsp.sender("GET", f"tariffs?{query}")
    assert code(refused) == (200, 2001)
    assert [each["field"] for each in envelope(refused)["data"]] == [query.partition("=")[0]]


def test_offsets_work(emsp: Platform, tariffs: int) -> None:  # TR-30
    page = emsp.sender("GET", "tariffs?offset=4&limit=2")
    assert counted(page) == (["T04", "T05"], "7")
    following = emsp.call("GET", next_of(page) or "")
    assert counted(following) == (["T06"], "7")
    assert next_of(following) is None


@pytest.mark.parametrize("offset", ["7", "8", "999999999999999"])
def test_beyond_the_end_is_nothing(emsp: Platform, tariffs: int, offset: str) -> None:  # TR-38
    page = emsp.sender("GET", f"tariffs?offset={offset}")
    assert counted(page) == ([], "7")
    assert next_of(page) is None


def test_a_link_keeps_every_filter_of_the_request(emsp: Platform, tariffs: int) -> None:  # TR-35
    query = f"date_from={minute(1)}&date_to={minute(6)}&limit=2&offset=1&x_custom=a%26b"
    pages = list(crawled(emsp, f"tariffs?{query}"))
    assert [ids(data(page)) for page in pages] == [["T02", "T03"], ["T04", "T05"]]
    assert [page.headers["X-Total-Count"] for page in pages] == ["5", "5"]
    kept = parse_qs(urlsplit(next_of(pages[0]) or "").query)
    assert kept["date_from"] == [minute(1)]
    assert kept["x_custom"] == ["a&b"]


def test_dates_are_half_open_so_that_windows_join(emsp: Platform, tariffs: int) -> None:  # TR-31
    first = emsp.sender("GET", f"tariffs?date_to={minute(3)}")
    second = emsp.sender("GET", f"tariffs?date_from={minute(3)}")
    assert counted(first) == (["T00", "T01", "T02"], "3")
    assert counted(second) == (["T03", "T04", "T05", "T06"], "4")
    assert counted(emsp.sender("GET", f"tariffs?date_from={minute(3)}&date_to={minute(3)}")) == ([], "0")
    assert counted(emsp.sender("GET", f"tariffs?date_from={minute(5)}&date_to={minute(3)}")) == ([], "0")


def test_dates_with_fractions_and_without_z_are_read(emsp: Platform, tariffs: int) -> None:  # TR-70
    assert counted(emsp.sender("GET", "tariffs?date_from=2025-04-01T10:05:00.001")) == (["T06"], "1")


def test_an_object_updated_while_it_is_crawled_does_not_move(
    cpo: Platform, emsp: Platform, tariffs: int
) -> None:  # TR-36
    pages = crawled(emsp, "tariffs?limit=2")
    found = ids(data(next(pages)))
    cpo.put("tariffs/NL/CPO/T00", example("2.2.1", "tariffs", id="T00", last_updated=LATER))
    cpo.put("tariffs/NL/CPO/T06", example("2.2.1", "tariffs", id="T06", last_updated=LATER))
    found += [each for page in pages for each in ids(data(page))]
    assert found == [f"T{n:02}" for n in range(tariffs)]


def test_an_object_deleted_or_added_while_it_is_crawled_hides_no_other(
    cpo: Platform, emsp: Platform, tariffs: int
) -> None:  # TR-36
    pages = crawled(emsp, "tariffs?limit=2")
    found = ids(data(next(pages)))
    cpo.receiver("DELETE", "tariffs/NL/CPO/T00")
    cpo.put("tariffs/NL/CPO/NEW", example("2.2.1", "tariffs", id="NEW"))
    found += [each for page in pages for each in ids(data(page))]
    assert found == [*(f"T{n:02}" for n in range(tariffs)), "NEW"]


def test_a_deleted_tariff_is_not_listed(cpo: Platform, emsp: Platform, tariffs: int) -> None:  # TAR-03
    cpo.receiver("DELETE", "tariffs/NL/CPO/T03")
    page = emsp.sender("GET", "tariffs")
    assert counted(page) == (["T00", "T01", "T02", "T04", "T05", "T06"], "6")


def test_a_location_changed_by_a_part_of_it_is_listed_whole(cpo: Platform, emsp: Platform) -> None:  # LOC-01
    body = example("2.2.1", "locations")
    cpo.put("locations/NL/CPO/HARBOUR", body)
    cpo.patch("locations/NL/CPO/HARBOUR/EVSE-1", {"status": "BLOCKED", "last_updated": LATER})
    (found,) = data(emsp.sender("GET", f"locations?date_from={LATER}"))
    assert [evse["status"] for evse in found["evses"]] == ["BLOCKED", "CHARGING"]


def test_links_are_the_hubs_own_whatever_host_is_claimed(emsp: Platform, tariffs: int) -> None:  # TR-35
    page = emsp.sender("GET", "tariffs?limit=1", Host="evil.example.com", X_Forwarded_Host="evil.example.com")
    assert next_of(page)
    assert "evil" not in str(page.headers)


def test_a_list_with_a_trailing_slash_is_crawled_too(emsp: Platform, tariffs: int) -> None:  # VER-10
    assert len([each for page in crawled(emsp, "tariffs/?limit=3") for each in data(page)]) == tariffs


# Sessions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_are_listed_since_a_moment(connect: Connect, version: str) -> None:  # TR-32, SES-18
    emsp = connect("DE/MSP", Role.EMSP, version)
    refused = emsp.sender("GET", "sessions")
    assert code(refused) == (200, 2001)
    assert envelope(refused)["data"] == [{"field": "date_from", "error": "required"}]
    assert data(emsp.sender("GET", f"sessions?{SINCE}")) == []
    emsp.set(lenient=frozenset({"sessions_without_date_from"}))
    assert data(emsp.sender("GET", "sessions")) == []


# Who sees what --------------------------------------------------------------------------------------------


@pytest.fixture
def business(connect: Connect, cpo: Platform) -> Callable[[str], Platform]:
    """Two CPOs with a location each, one session and one CDR for DE/MSP; business(version) is the eMSP."""
    other = connect("BE/OTH", Role.CPO, "2.2.1")
    cpo.set(hub_issues_cdrs=False)
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    cpo.put("sessions/NL/CPO/SESSION-1", example("2.2.1", "sessions"))
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", example("2.2.1", "tariffs"))
    assert code(cpo.receiver("POST", "cdrs", example("2.2.1", "cdrs"))) == (201, 1000)
    belgian = example("2.2.1", "locations", country_code="BE", party_id="OTH")
    assert code(other.put("locations/BE/OTH/HARBOUR", belgian)) == (201, 1000)
    return lambda version: connect("DE/MSP", Role.EMSP, version)


@pytest.mark.parametrize("module", ["sessions", "cdrs"])
def test_what_is_meant_for_one_is_seen_by_it_and_its_owner_alone(
    connect: Connect, cpo: Platform, business: Callable[[str], Platform], module: str
) -> None:  # SES-20, CDR-16, TR-33
    emsp = business("2.2.1")
    stranger = connect("FR/STR", Role.EMSP, "2.2.1")
    rival = connect("FR/RIV", Role.CPO, "2.2.1")
    for reader, count in ((emsp, 1), (cpo, 1), (stranger, 0), (rival, 0)):
        page = reader.sender("GET", f"{module}?{SINCE}")
        assert len(data(page)) == count
        assert page.headers["X-Total-Count"] == str(count)


def test_locations_are_for_every_emsp_and_for_no_other_cpo(
    cpo: Platform, business: Callable[[str], Platform]
) -> None:  # HUB-11
    assert business("2.2.1").sender("GET", "locations").headers["X-Total-Count"] == "2"
    assert counted(cpo.sender("GET", "locations")) == (["HARBOUR"], "1")


def test_tokens_are_for_cpos_and_for_no_other_emsp(connect: Connect, cpo: Platform) -> None:  # TR-58
    emsp, other = connect("DE/MSP", Role.EMSP, "2.2.1"), connect("FR/STR", Role.EMSP, "2.2.1")
    emsp.put("tokens/DE/MSP/04A1B2C3D4", example("2.2.1", "tokens"))
    assert counted(cpo.sender("GET", "tokens")) == (["04A1B2C3D4"], "1")
    assert counted(emsp.sender("GET", "tokens")) == (["04A1B2C3D4"], "1")
    assert counted(other.sender("GET", "tokens")) == ([], "0")


def test_a_list_addressed_to_a_party_is_of_that_party(business: Callable[[str], Platform]) -> None:  # HUB-16
    emsp = business("2.2.1")
    page = emsp.sender("GET", "locations", OCPI_to_country_code="be", OCPI_to_party_id="oth")
    assert page.headers["X-Total-Count"] == "1"
    assert [each["country_code"] for each in data(page)] == ["BE"]


# Single objects -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_location_and_its_parts_are_read_one_by_one(
    connect: Connect, cpo: Platform, version: str
) -> None:  # LOC-02
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    emsp = connect("DE/MSP", Role.EMSP, version)
    for path, name, identity in (
        ("harbour", "locations", "HARBOUR"),
        ("HARBOUR/evse-1", "evses", "EVSE-1"),
        ("HARBOUR/EVSE-1/1/", "connectors", "1"),
    ):
        body = data(emsp.sender("GET", f"locations/{path}"))
        check(edition(version), name, body)
        assert ids([body]) == [identity]


@pytest.mark.parametrize("path", ["NONE", "HARBOUR/NONE", "HARBOUR/EVSE-1/NONE", "HARBOUR/NONE/1"])
def test_what_does_not_exist_is_not_found(cpo: Platform, emsp: Platform, path: str) -> None:  # TR-17
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations"))
    assert code(emsp.sender("GET", f"locations/{path}")) == (404, 2003)


def test_of_two_owners_of_one_id_a_header_says_which(business: Callable[[str], Platform]) -> None:
    emsp = business("2.2.1")
    refused = emsp.sender("GET", "locations/HARBOUR")
    assert code(refused) == (200, 2001)
    assert "OCPI-to" in envelope(refused)["status_message"]
    for country, party in (("NL", "CPO"), ("BE", "OTH")):
        to = {"OCPI_to_country_code": country, "OCPI_to_party_id": party}
        assert data(emsp.sender("GET", "locations/HARBOUR", **to))["country_code"] == country


def test_a_cpo_reads_one_by_one_only_its_own(cpo: Platform, business: Callable[[str], Platform]) -> None:
    assert data(cpo.sender("GET", "locations/HARBOUR"))["country_code"] == "NL"
    to = {"OCPI_to_country_code": "BE", "OCPI_to_party_id": "OTH"}
    assert code(cpo.sender("GET", "locations/HARBOUR", **to)) == (404, 2003)


# Editions -------------------------------------------------------------------------------------------------


IN_EDITIONS = [(module, version) for module in ("locations", "sessions", "cdrs") for version in VERSIONS]
IN_EDITIONS += [("tariffs", "2.2.1"), ("tariffs", "2.3.0")]  # 2.1.1 cannot say when this one is valid


@pytest.mark.parametrize(("module", "version"), IN_EDITIONS)
def test_what_a_2_2_1_cpo_wrote_is_listed_in_the_readers_edition(
    business: Callable[[str], Platform], module: str, version: str
) -> None:
    found = business(version).pulled(module)
    assert len(found) == (2 if module == "locations" else 1)
    for each in found:
        check(edition(version), module, each)
        if version == "2.2.1" and each.get("country_code") == "NL":
            assert each == example("2.2.1", module)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("writes", VERSIONS)
def test_tokens_are_listed_in_the_readers_edition(connect: Connect, writes: str, version: str) -> None:
    emsp = connect("DE/MSP", Role.EMSP, writes)
    emsp.put("tokens/DE/MSP/04A1B2C3D4", example(writes, "tokens"))
    (found,) = connect("BE/OTH", Role.CPO, version).pulled("tokens")
    check(edition(version), "tokens", found)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_open_tariff_is_listed_in_the_readers_edition(
    connect: Connect, cpo: Platform, version: str
) -> None:
    body = example("2.2.1", "tariffs", start_date_time=None, end_date_time=None)
    cpo.put("tariffs/NL/CPO/DAY-NIGHT", body)
    (found,) = connect("DE/MSP", Role.EMSP, version).pulled("tariffs")
    check(edition(version), "tariffs", found)


def test_a_hidden_location_is_hidden_from_2_1_1(connect: Connect, cpo: Platform) -> None:  # LOC-11, C2
    hidden = example("2.2.1", "locations", id="HIDDEN", publish=False)
    cpo.put("locations/NL/CPO/HIDDEN", hidden)
    old, new = connect("DE/MSP", Role.EMSP, "2.1.1"), connect("FR/NEW", Role.EMSP, "2.2.1")
    assert ids(new.pulled("locations")) == ["HIDDEN"]
    page = old.sender("GET", "locations")
    assert counted(page) == ([], "0")  # TR-33
    assert code(old.sender("GET", "locations/HIDDEN")) == (404, 2003)
    assert b"HIDDEN" not in page.data


def test_a_2_1_1_reader_crawls_past_what_it_cannot_be_told(connect: Connect, cpo: Platform) -> None:  # TR-35
    for number in range(6):
        body = example("2.2.1", "locations", id=f"L{number}", publish=number in (0, 5))
        cpo.put(f"locations/NL/CPO/L{number}", body)
    old = connect("DE/MSP", Role.EMSP, "2.1.1")
    assert old.sender("GET", "locations").headers["X-Total-Count"] == "2"  # TR-33
    assert [each["id"] for page in crawled(old, "locations?limit=2") for each in data(page)] == ["L0", "L5"]


def test_what_is_hidden_in_words_that_2_1_1_does_not_have_is_hidden_all_the_same(
    connect: Connect,
) -> None:  # LOC-11
    cpo, emsp = connect("NL/CPO", Role.CPO, "2.1.1"), connect("DE/MSP", Role.EMSP, "2.1.1")
    body = example("2.1.1", "locations", publish=False)
    cpo.put("locations/NL/CPO/HARBOUR", body)
    assert counted(emsp.sender("GET", "locations")) == ([], "0")
    assert code(emsp.sender("GET", "locations/HARBOUR")) == (404, 2003)
    assert cpo.pulled("locations") == [body]
    assert data(cpo.sender("GET", "locations/HARBOUR")) == body


@pytest.mark.parametrize("version", VERSIONS)
def test_unknown_fields_are_listed_in_their_own_edition(connect: Connect, version: str) -> None:  # TR-77
    cpo, emsp = connect("NL/CPO", Role.CPO, version), connect("DE/MSP", Role.EMSP, version)
    body = example(version, "locations", x_unknown={"kept": [1, "two", None]})
    cpo.put("locations/NL/CPO/HARBOUR", body)
    assert emsp.pulled("locations") == [body]


def test_a_page_is_translated_as_the_operator_has_noted(connect: Connect, cpo: Platform) -> None:
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations", postal_code=None))
    emsp = connect("DE/MSP", Role.EMSP, "2.1.1").set(postal_code="0000")
    assert [each["postal_code"] for each in emsp.pulled("locations")] == ["0000"]
    assert data(emsp.sender("GET", "locations/HARBOUR"))["postal_code"] == "0000"
