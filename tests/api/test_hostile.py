"""What hostile and broken clients send gets the answer of the table of threats, and never a 500."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from factories import example
from flask import Flask
from platforms import Platform, code, envelope
from werkzeug.test import TestResponse

from hub.cli.server import Server, listening
from hub.hub import Hub
from hub.ocpi import strictjson
from hub.ocpi.module import Role
from hub.parties import registry

Connect = Callable[..., Platform]
MIB = 1024 * 1024
CPU_LIMIT = 2.0
"""Seconds; far more than any of these may take, and on a busy machine still far from the harm they intend."""

LOCATION = "locations/NL/CPO/HARBOUR"


def is_envelope(response: TestResponse) -> dict[str, Any]:
    """The envelope, which every answer is, whatever was asked (TR-13, TR-24)."""
    assert response.mimetype == "application/json"
    assert b"<html" not in response.data.lower()
    content = dict(envelope(response))
    assert content["status_code"] >= 1000
    assert content["timestamp"]
    return content


def refused(response: TestResponse, *statuses: int) -> None:
    """Not done, said in an envelope, and with no fault of the hub's own."""
    content = is_envelope(response)
    assert response.status_code in statuses, content
    assert 2000 <= content["status_code"] < 3000, content


# 1, 2: who asks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ocpi/2.2.1/receiver/nothing"),
        ("GET", "/ocpi/9.9"),
        ("DELETE", "/ocpi/versions"),
        ("POST", "/ocpi/2.2.1/sender/locations"),
        ("GET", "/ocpi/"),
    ],
)
def test_a_stranger_is_not_told_what_is_there(app: Flask, cpo: Platform, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Token bm9ib2R5"}):
        answer = app.test_client().open(path, method=method, headers=headers)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Token"
    refused(cpo.call(method, path), 404, 405)


def tokens_of_nobody(good: str) -> list[str | None]:
    encoded = base64.b64encode(good.encode()).decode()
    return [
        None,
        "",
        "Token",
        "Token ",
        "Token  " + encoded,
        "Token " + encoded + " x",
        "Token\t" + encoded,
        "Bearer " + encoded,
        "Basic " + encoded,
        encoded,
        "Token nonsense",
        "Token " + base64.b64encode(b"nonsense").decode(),
        "Token " + base64.b64encode("naïve €".encode()).decode(),
        "Token " + "x" * 10_000,
        "Token naïve",
        "Token " + good[:-1],
        "Token " + good.swapcase(),
        "Token " + base64.b64encode(encoded.encode()).decode(),  # encoded twice
        "Token ' OR 1=1--",
    ]


@pytest.mark.parametrize("path", [LOCATION, "tokens/NL/CPO/T"])
def test_nobody_is_let_in(cpo: Platform, path: str) -> None:  # threat 1, TR-01, TR-02
    for header in tokens_of_nobody(cpo.token):
        headers = {} if header is None else {"Authorization": header}
        answer = cpo.client.get(f"/ocpi/2.2.1/receiver/{path}", headers=headers)
        refused(answer, 401)
        assert "data" not in envelope(answer)
        assert answer.headers["WWW-Authenticate"] == "Token"


def test_an_invitation_opens_no_module(app: Flask, cpo: Platform) -> None:  # threat 2, TR-07
    hub: Hub = app.extensions["hub"]
    with hub.store.unit() as unit:
        token = registry.invite(unit, "Newcomer", [(Role.CPO, cpo.party._replace(party_id="NEW"))])
    encoded = base64.b64encode(token.encode()).decode()
    for path in (
        "sender/locations",
        "sender/cdrs",
        "receiver/locations/NL/NEW/L",
        "receiver/tokens/NL/NEW/T",
    ):
        answer = cpo.client.get(f"/ocpi/2.2.1/{path}", headers={"Authorization": f"Token {encoded}"})
        refused(answer, 401)
    versions = cpo.client.get("/ocpi/versions", headers={"Authorization": f"Token {encoded}"})
    assert versions.status_code == 200


def test_a_suspended_partner_is_out_at_once_even_between_two_pages(cpo: Platform) -> None:
    for number in range(2):
        cpo.put(f"tariffs/NL/CPO/T{number}", example("2.2.1", "tariffs", id=f"T{number}"))
    page = cpo.sender("GET", "tariffs?limit=1")
    following = page.headers["Link"].partition(">")[0].removeprefix("<http://127.0.0.1:8000")
    with cpo.hub.store.unit() as unit:
        partner = registry.by_id(unit, cpo.id)
        assert partner is not None
        registry.suspend(unit, partner)
    refused(cpo.call("GET", following), 401)


# 3 to 7: in whose name ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["locations", "tariffs", "sessions"])
def test_nobody_writes_into_anothers_part(connect: Connect, cpo: Platform, module: str) -> None:  # threat 3
    mine = example("2.2.1", module)
    path = f"{module}/NL/CPO/{mine['id']}"
    cpo.put(path, mine)
    thief = connect("NL/THF", Role.CPO, "2.2.1")
    for theirs in (path, path.replace("NL/CPO", "nl/cpo"), path.replace("NL/CPO", "NL/%43PO")):
        refused(thief.put(theirs, mine | {"last_updated": "2025-12-01T00:00:00Z"}), 404)
        if module != "tariffs":
            refused(thief.patch(theirs, {"last_updated": "2025-12-01T00:00:00Z"}), 404)
    assert cpo.get(path) == mine


@pytest.mark.parametrize("changes", [{"country_code": "DE"}, {"party_id": "OTH"}, {"id": "OTHER"}])
def test_the_body_names_what_the_url_names(cpo: Platform, changes: dict[str, str]) -> None:  # threat 4
    refused(cpo.put(LOCATION, example("2.2.1", "locations", **changes)), 200)
    refused(cpo.receiver("GET", LOCATION), 404)
    assert cpo.pulled("locations") == []


def test_a_cdr_of_somebody_else_cannot_be_guessed(connect: Connect, cpo: Platform) -> None:  # threat 7
    cpo.receiver("POST", "cdrs", example("2.2.1", "cdrs"))
    thief = connect("NL/THF", Role.CPO, "2.2.1")
    for path in ("cdrs/NL/CPO/CDR-1", "cdrs/NL/THF/CDR-1", "cdrs/nl/cpo/cdr-1"):
        refused(thief.receiver("GET", path), 404)


# 19: JSON that is none ------------------------------------------------------------------------------------


def with_number(digits: bytes) -> bytes:
    body = strictjson.write(example("2.2.1", "sessions", kwh=0))
    return body.replace(b'"kwh":0', b'"kwh":' + digits)


GOOD = strictjson.write(example("2.2.1", "sessions"))
STRANGE = {
    "nothing": b"",
    "blanks": b"   ",
    "half": GOOD[: len(GOOD) // 2],
    "two": GOOD + GOOD,
    "html": b"<html></html>",
    "form": b"id=SESSION-1&status=COMPLETED",
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep in a field": b'{"id":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
    "long integer": with_number(b"9" * 5000),
    "huge exponent": with_number(b"1e1000000"),
    "tiny exponent": with_number(b"1e-1000000"),
    "infinite": with_number(b"1e400"),
    "NaN": with_number(b"NaN"),
    "Infinity": with_number(b"-Infinity"),
    "twice": b'{"id":"SESSION-1",' + GOOD[1:],
    "NUL": GOOD.replace(b"METER-9", b"METER\\u00009"),
    "surrogate": GOOD.replace(b"METER-9", b"\\ud800"),
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "Latin-1": GOOD.replace(b"METER-9", b"M\xe9TER"),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(100),
    "too large": GOOD[:-1] + b',"x":"' + b"x" * MIB + b'"}',
}


def test_strange_json_is_refused_quickly(cpo: Platform) -> None:  # threats 19, 20, TR-12
    path = "sessions/NL/CPO/SESSION-1"
    for name, body in STRANGE.items():
        begun = time.process_time()
        for method in ("PUT", "PATCH"):
            refused(cpo.receiver(method, path, body), 400, 413)
        refused(cpo.receiver("POST", "cdrs", body), 400, 413)
        assert time.process_time() - begun < CPU_LIMIT, name
        refused(cpo.receiver("GET", path), 404)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7", b"true", b"{}"])
def test_json_that_is_no_such_object_is_refused(cpo: Platform, body: bytes) -> None:
    for method, path in (("PUT", LOCATION), ("PATCH", LOCATION), ("POST", "cdrs")):
        assert code(cpo.receiver(method, path, body)) == (200, 2001)


VALUES = (None, True, 7, -1, "", "x", [], [None], [[]], [7], ["x"], {}, {"x": 1}, [{}], [{"x": None}])


@pytest.mark.parametrize("module", ["locations", "tariffs", "sessions", "tokens", "cdrs"])
def test_any_value_in_any_field_is_taken_or_refused(connect: Connect, cpo: Platform, module: str) -> None:
    sender = connect("DE/MSP", Role.EMSP, "2.2.1") if module == "tokens" else cpo
    whole = example("2.2.1", module, status="ACTIVE") if module == "sessions" else example("2.2.1", module)
    identity = whole.get("id") or whole["uid"]
    path = f"{module}/{sender.party.country_code}/{sender.party.party_id}/{identity}"
    for field in whole:
        for value in VALUES:
            changed = strictjson.write(whole | {field: value})
            answer = (
                sender.receiver("POST", module, changed) if module == "cdrs" else sender.put(path, changed)
            )
            assert answer.status_code in (200, 201), (field, value)
            assert is_envelope(answer)["status_code"] in (1000, 2001), (field, value)


@pytest.mark.parametrize(
    "field", ["charging_periods", "last_updated", "cdr_token", "total_cost", "kwh", "id"]
)
def test_any_value_in_a_patch_is_taken_or_refused(cpo: Platform, field: str) -> None:  # SES-02
    for value in VALUES:
        cpo.put("sessions/NL/CPO/SESSION-1", example("2.2.1", "sessions", status="ACTIVE"))
        change = {"last_updated": "2025-03-11T00:00:00Z", field: value}
        answer = cpo.patch("sessions/NL/CPO/SESSION-1", change)
        assert answer.status_code == 200, value
        assert is_envelope(answer)["status_code"] in (1000, 2001), value


# 20: bodies that are too large, over a real connection ----------------------------------------------------


@pytest.fixture
def address(app: Flask) -> Iterator[tuple[str, int]]:
    """Where the application is served as `hub serve` does it."""
    at = listening("127.0.0.1", 0)
    server = Server(app, at)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield at.getsockname()
    server.stop()
    thread.join(30)


def exchange(address: tuple[str, int], *parts: bytes) -> tuple[int, dict[str, Any]]:
    """HTTP status and envelope of what is answered to these bytes."""
    with socket.create_connection(address, timeout=20) as there:
        try:
            for part in parts:
                there.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        answer = b"".join(iter(lambda: there.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def head(cpo: Platform, *lines: str, method: str = "PUT", path: str = LOCATION) -> bytes:
    authorization = cpo.headers()["Authorization"]
    request = f"{method} /ocpi/2.2.1/receiver/{path} HTTP/1.1"
    fixed = ("Host: hub", f"Authorization: {authorization}", "Connection: close")
    return "\r\n".join((request, *fixed, *lines, "", "")).encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_chunked_body_is_read(cpo: Platform, address: tuple[str, int]) -> None:
    body = strictjson.write(example("2.2.1", "locations"))
    told = exchange(address, head(cpo, "Transfer-Encoding: chunked"), chunked(body, 100))
    assert (told[0], told[1]["status_code"]) == (201, 1000)
    assert cpo.get(LOCATION) == example("2.2.1", "locations")


def test_a_chunked_body_that_is_too_large_leaves_nothing(cpo: Platform, address: tuple[str, int]) -> None:
    body = strictjson.write(example("2.2.1", "locations", x="x" * 3 * MIB))
    status, told = exchange(address, head(cpo, "Transfer-Encoding: chunked"), chunked(body, 65536))
    assert (status, told["status_code"]) == (413, 2001)
    refused(cpo.receiver("GET", LOCATION), 404)


def test_a_length_that_is_too_large_is_refused(cpo: Platform, address: tuple[str, int]) -> None:
    body = strictjson.write(example("2.2.1", "locations", x="x" * 3 * MIB))
    status, told = exchange(address, head(cpo, f"Content-Length: {len(body)}"), body)
    assert (status, told["status_code"]) == (413, 2001)
    refused(cpo.receiver("GET", LOCATION), 404)


def test_a_body_on_a_get_is_ignored(cpo: Platform, address: tuple[str, int]) -> None:
    cpo.put(LOCATION, example("2.2.1", "locations"))
    status, told = exchange(address, head(cpo, "Content-Length: 4", method="GET"), b"junk")
    assert (status, told["status_code"]) == (200, 1000)


# 23, 24, 35: what stands in paths, queries and headers -----------------------------------------------------

ODD_IDS = [
    "%00",
    "a%00b",
    "%0d%0aX-Evil:%201",
    "..%2f..%2fetc",
    "..",
    "%2e%2e",
    "%ff%fe",
    "%ed%a0%80",
    "%F0%9F%94%8C",
    "x" * 4096,
    "%27%20OR%201=1--",
    "%22%3E%3Cscript%3E",
    "%25s%25n",
    "*",
    "a%2Fb",
    "%c4%b1",
    "%23",
]


@pytest.mark.parametrize("identity", ODD_IDS)
def test_odd_paths_lead_nowhere(connect: Connect, cpo: Platform, emsp: Platform, identity: str) -> None:
    # threats 23 and 35
    cpo.put(LOCATION, example("2.2.1", "locations"))
    change = {"last_updated": "2025-03-11T00:00:00Z"}
    for each in (
        cpo.receiver("GET", f"locations/NL/CPO/{identity}"),
        cpo.receiver("GET", f"locations/NL/{identity}/HARBOUR"),
        cpo.receiver("GET", f"locations/{identity}/CPO/HARBOUR"),
        cpo.receiver("GET", f"{LOCATION}/{identity}"),
        cpo.receiver("GET", f"{LOCATION}/EVSE-1/{identity}"),
        cpo.patch(f"locations/NL/CPO/{identity}", change),
        cpo.patch(f"{LOCATION}/{identity}", change),
        cpo.receiver("DELETE", f"tariffs/NL/CPO/{identity}"),
        cpo.receiver("GET", f"cdrs/NL/CPO/{identity}"),
        cpo.call("GET", f"/ocpi/{identity}"),
        cpo.call("GET", f"/ocpi/2.2.1/receiver/{identity}"),
        cpo.sender("GET", f"locations/{identity}x"),
        cpo.sender("POST", f"tokens/{identity}/authorize"),
        emsp.receiver("GET", f"tokens/DE/MSP/{identity}"),
        emsp.receiver("GET", f"tokens/DE/MSP/04A1?type={identity}"),
    ):
        refused(each, 200, 404, 405)
        assert "X-Evil" not in each.headers


def test_nothing_is_stored_under_odd_ids(cpo: Platform) -> None:  # threat 35
    for identity in ODD_IDS:
        refused(cpo.put(f"tariffs/NL/CPO/{identity}", example("2.2.1", "tariffs", id="x")), 200, 404, 405)
    assert cpo.pulled("tariffs") == []


@pytest.mark.parametrize("identity", ["a\r\nX-Evil: 1", "a\nb", "a\tb", "a\x7fb", "é", "", "x" * 40])
def test_ids_that_are_no_ids_are_refused(cpo: Platform, identity: str) -> None:  # threat 35, TR-72
    answer = cpo.receiver("POST", "cdrs", example("2.2.1", "cdrs", id=identity))
    refused(answer, 200)
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["limit", "offset", "date_from", "date_to", "after", "total"])
def test_sql_in_a_filter_is_only_text(cpo: Platform, name: str) -> None:  # threat 24
    cpo.put(LOCATION, example("2.2.1", "locations"))
    assert code(cpo.sender("GET", f"locations?{name}=%27%20OR%201=1--")) == (200, 2001)
    assert len(cpo.pulled("locations", "x=%27%20OR%201=1--&type=%27;DROP%20TABLE%20locations")) == 1


def test_an_id_may_have_a_slash_in_it(cpo: Platform, address: tuple[str, int]) -> None:  # CDR-01, TR-72
    body = example("2.2.1", "tariffs", id="a/b %c")
    assert code(cpo.put("tariffs/NL/CPO/a%2Fb%20%25c", body)) == (201, 1000)
    assert cpo.get("tariffs/NL/CPO/A%2fB%20%25C") == body
    status, told = exchange(address, head(cpo, method="GET", path="tariffs/NL/CPO/a%2Fb%20%25c"))
    assert (status, told["data"]["id"]) == (200, "a/b %c")
    refused(cpo.receiver("GET", "tariffs/NL/CPO/a/b%20%25c"), 404)
    posted = cpo.receiver("POST", "cdrs", example("2.2.1", "cdrs", id="2025/1"))
    there = posted.headers["Location"].removeprefix("http://127.0.0.1:8000")
    assert cpo.call("GET", there).status_code == 200


def test_sql_in_an_id_is_only_text(cpo: Platform) -> None:  # threat 24
    body = example("2.2.1", "tariffs", id="' OR 1=1--")
    assert code(cpo.put("tariffs/NL/CPO/%27%20OR%201=1--", body)) == (201, 1000)
    assert cpo.get("tariffs/NL/CPO/%27%20OR%201=1--") == body
    refused(cpo.receiver("GET", "tariffs/NL/CPO/%27%20OR%202=2--"), 404)


@pytest.mark.parametrize("given", ["", " ", "a" * 5000, "a\x01b", "é", "r-1"])
def test_request_ids_that_cannot_go_back_are_replaced(cpo: Platform, given: str) -> None:  # threat 35, TR-90
    headers = cpo.headers() | {"X-Request-ID": given}
    answer = cpo.client.get("/ocpi/2.2.1/sender/tariffs", headers=headers)
    assert answer.status_code == 200
    assert 0 < len(answer.headers["X-Request-ID"]) <= 200
    if given == "r-1":
        assert answer.headers["X-Request-ID"] == "r-1"


# Nothing but envelopes (TR-13, TR-23, TR-24) ----------------------------------------------------------------


NO_PATHS = [
    "/",
    "/ocpi",
    "/ocpi/",
    "/ocpi/9.9",
    "/ocpi/2.2.1/receiver",
    "/ocpi/2.2.1/receiver/nothing",
    "/ocpi/2.2.1/sender/locations/a/b/c/d",
    "/ocpi//2.2.1//sender//locations",
    "/OCPI/2.2.1/sender/locations",
    "/ocpi/2.2.1/Sender/locations",
    "/ocpi/2.2.1/sender/locations/../tariffs",
    "/favicon.ico",
    "/static/x",
]


def test_paths_that_are_none_are_not_found_in_an_envelope(cpo: Platform) -> None:
    for path in NO_PATHS:
        answer = cpo.call("GET", path)
        refused(answer, 404)
        assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", [f"/ocpi/2.2.1/receiver/{LOCATION}", "/ocpi/versions", "/ocpi/2.2.1"])
def test_methods_that_are_none_are_refused_in_an_envelope(cpo: Platform, path: str) -> None:
    for method in ("TRACE", "OPTIONS", "CONNECT", "DELETE", "POST", "PROPFIND", "NONSENSE"):
        answer = cpo.call(method, path)
        refused(answer, 405)
        assert "GET" in answer.headers["Allow"]
        assert answer.headers["X-Request-ID"]


def test_a_head_is_a_get_without_its_body(cpo: Platform) -> None:
    cpo.put(LOCATION, example("2.2.1", "locations"))
    answer = cpo.sender("HEAD", "locations")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Total-Count"] == "1"


def test_a_fault_of_the_hub_tells_nothing_of_itself(app: Flask, cpo: Platform) -> None:  # threat 40, TR-24
    hub: Hub = app.extensions["hub"]
    with hub.store.unit() as unit:
        unit.connection.exec_driver_sql("ALTER TABLE tariffs RENAME TO taken_away")
    answer = cpo.sender("GET", "tariffs")
    assert code(answer) == (500, 3000)
    assert b"tariffs" not in is_envelope(answer)["status_message"].encode()
    assert b"Traceback" not in answer.data


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense", ""],
)
def test_json_is_read_whatever_it_is_called(cpo: Platform, kind: str) -> None:  # TR-11
    assert code(cpo.receiver("PUT", LOCATION, example("2.2.1", "locations"), Content_Type=kind)) == (
        201,
        1000,
    )


# 36: where the hub says it is -------------------------------------------------------------------------------


def test_urls_are_the_hubs_own_whatever_is_claimed(cpo: Platform) -> None:  # threat 36
    claimed = {
        "Host": "evil.example.com",
        "X_Forwarded_Host": "evil.example.com",
        "X_Forwarded_Proto": "gopher",
        "X_Forwarded_Prefix": "/evil",
        "Forwarded": "host=evil.example.com",
        "X_Original_URL": "/evil",
    }
    for number in range(2):
        cpo.put(f"tariffs/NL/CPO/T{number}", example("2.2.1", "tariffs", id=f"T{number}"))
    for answer in (
        cpo.call("GET", "/ocpi/versions", **claimed),
        cpo.call("GET", "/ocpi/2.2.1", **claimed),
        cpo.call("GET", "/ocpi/2.2.1/credentials", **claimed),
        cpo.sender("GET", "tariffs?limit=1", **claimed),
        cpo.receiver("POST", "cdrs", example("2.2.1", "cdrs"), **claimed),
    ):
        assert answer.status_code in (200, 201)
        assert b"evil" not in answer.data
        assert "evil" not in str(answer.headers)


# Size and number --------------------------------------------------------------------------------------------


def test_a_location_of_two_thousand_evses_is_bounded_work(cpo: Platform, emsp: Platform) -> None:
    connector = {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "last_updated": "2025-03-10T08:00:00Z",
    }
    evse = {"status": "AVAILABLE", "connectors": [connector], "last_updated": "2025-03-10T08:00:00Z"}
    body = example("2.2.1", "locations", evses=[evse | {"uid": f"E{number}"} for number in range(2000)])
    begun = time.process_time()
    assert code(cpo.put(LOCATION, body)) == (201, 1000)
    change = {"status": "BLOCKED", "last_updated": "2025-03-11T08:00:00Z"}
    assert code(cpo.patch(f"{LOCATION}/E1999", change)) == (200, 1000)
    assert emsp.pulled("locations")[0]["evses"][-1]["status"] == "BLOCKED"
    assert time.process_time() - begun < 2 * CPU_LIMIT
    too_many = body | {"evses": body["evses"] * 3}
    refused(cpo.put(LOCATION, too_many), 413)


def test_a_query_of_very_many_arguments_is_bounded_work(cpo: Platform) -> None:
    begun = time.process_time()
    answer = cpo.sender("GET", "tariffs?" + "&".join(f"a{number}={number}" for number in range(5000)))
    is_envelope(answer)
    assert time.process_time() - begun < CPU_LIMIT
