"""What hostile clients send to the operators' API is refused in words, and never a 500."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask
from operators import SETUP, Caller
from werkzeug.test import TestResponse

from hub.hub import Hub
from hub.ocpi import strictjson
from hub.operator import people
from hub.operator.people import NewToken
from hub.operator.resources import SECTIONS

OPERATIONS = [operation for section in SECTIONS for operation in section.operations]
MIB = 1024 * 1024
Api = Callable[..., Caller]
CPU_LIMIT = 2.0


def refused(answer: TestResponse, *statuses: int) -> None:
    assert answer.status_code in statuses, (answer.status_code, answer.get_data()[:300])
    assert answer.mimetype == "application/problem+json"
    assert "Traceback" not in answer.text


def raw(caller: Caller, method: str, path: str, body: bytes, kind: str = "application/json") -> TestResponse:
    sent = {"Authorization": f"Bearer {caller.token}"}
    return caller.app.test_client().open(path, method=method, data=body, headers=sent, content_type=kind)


# Bodies ----------------------------------------------------------------------------------------------------

BODIES = {
    "depth": b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "endless digits": b'{"name":"x","role":"admin","days":' + b"9" * 5000 + b"}",
    "an exponent": b'{"name":"x","role":"admin","days":1e1000000}',
    "NaN": b'{"name":NaN}',
    "duplicate keys": b'{"name":"x","role":"read-only","role":"admin"}',
    "a NUL": b'{"name":"x\\u0000","role":"admin"}',
    "half a surrogate pair": b'{"name":"\\ud800","role":"admin"}',
    "a BOM": b'\xef\xbb\xbf{"name":"x","role":"admin"}',
    "UTF-16": '{"name":"x","role":"admin"}'.encode("utf-16"),
    "no UTF-8": b'{"name":"\xff","role":"admin"}',
    "a list": b'[{"name":"x","role":"admin"}]',
    "a text": b'"admin"',
    "half": b'{"name":"x"',
    "more than it knows": b'{"name":"x","role":"admin","disabled_at":null}',
    "an object for a text": b'{"name":{"$ne":1},"role":"admin"}',
    "a name with a line": b'{"name":"x\\r\\nSet-Cookie: a=b","role":"admin"}',
    "a party of other digits": '{"name":"x","role":"admin","party":"NL/\u0661\u0662\u0663"}'.encode(),
    "a huge reason": b'{"name":"x","role":"admin","reason":"' + b"x" * 3000 + b'"}',
    "a boolean for a text": b'{"name":true,"role":"admin"}',
}


def test_a_hostile_body_is_refused_and_makes_nobody(admin: Caller) -> None:
    for name, body in BODIES.items():
        begun = time.process_time()
        answer = raw(admin, "POST", "/api/v1/users", body)
        assert answer.status_code in (400, 422), (name, answer.text)
        assert answer.mimetype == "application/problem+json"
        assert time.process_time() - begun < CPU_LIMIT, name
    assert admin.get("/users").json["total"] == 1


def test_a_body_is_bounded_with_and_without_its_length(admin: Caller) -> None:
    large = b'{"name":"' + b"x" * (MIB + 1) + b'"}'
    refused(raw(admin, "POST", "/api/v1/users", large), 413)
    endless = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    sent = {"Authorization": f"Bearer {admin.token}"}
    answer = admin.app.test_client().post(
        "/api/v1/users", headers=sent, content_type="application/json", environ_overrides=endless
    )
    refused(answer, 413)


class Endless:
    """A body that never ends; it is read as often as somebody asks."""

    count = 0

    def read(self, size: int = -1) -> bytes:
        size = 65536 if size < 0 else size
        self.count += size
        assert self.count < 4 * MIB, "nobody reads so much"
        return b" " * size

    readline = read


def test_only_json_is_read(admin: Caller) -> None:
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/xml",
    ]:
        refused(raw(admin, "POST", "/api/v1/users", b'{"name":"x","role":"admin"}', kind), 415, 422)
    assert admin.get("/users").json["total"] == 1


def test_every_change_bears_every_strange_body(populated: Flask, api: Api) -> None:
    caller = api("admin")
    strange: list[Any] = [
        {},
        [],
        1,
        {"reason": 5},
        {"": ""},
        {"reason": "\u202e" * 2000},
        {"party": "NL/CPO", "tariff": []},
        {"tariff": {"id": 10**18}},
        {"roles": [{}] * 20},
        {"quirks": ["\x01", "=", "ca-file=/etc/passwd"]},
        {"everything": "yes"},
        {"months": ["9999-99"], "party": "NL/CPO", "tariff": {}},
    ]
    wrong = []
    for operation in OPERATIONS:
        if operation.method == "GET":
            continue
        path = filled(operation.rule, "1")
        for body in strange:
            answer = caller.send(operation.method, path, body, If_Match="*")
            if answer.status_code >= 500:
                wrong.append((operation.name, body, answer.get_data()[:200]))
    assert wrong == []


def filled(rule: str, value: str) -> str:
    return re.sub(r"<[^>]*>", value, rule)


# Paths and queries -----------------------------------------------------------------------------------------

IDS = [
    "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%0d%0aX-A:%20b", "'%20OR%201=1--", "%25%5f", "9" * 30, "-1",
    "x" * 4000, "%ED%A0%80", "9007199254740992", "9223372036854775808", "%F0%9F%92%A9", "1e5", "%1F", "a%2Fb",
]  # fmt: skip


def test_no_id_in_a_path_is_more_than_an_id(populated: Flask, api: Api) -> None:
    caller = api("admin")
    wrong = []
    for operation, identity in product(OPERATIONS, IDS):
        if "<" not in operation.rule:
            continue
        body = None if operation.method == "GET" else {}
        answer = caller.send(operation.method, filled(operation.rule, identity), body, If_Match="*")
        if answer.status_code not in (400, 404, 405, 409, 422):
            wrong.append((operation.name, answer.status_code, answer.get_data()[:200]))
        assert "X-A" not in answer.headers
        assert b"root:" not in answer.get_data()
    assert wrong == []


VALUES = [
    "%27%20OR%201=1--", "%25", "_", "%00", "%ff", "9" * 25, "-1", "%ED%A0%80", "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59.999999-14:00", "id;drop%20table%20users", "\u0661", "9007199254740991",
]  # fmt: skip


def test_no_filter_is_more_than_a_filter(populated: Flask, api: Api) -> None:
    caller = api("admin")
    wrong = []
    for operation in OPERATIONS:
        if operation.method != "GET" or "<" in operation.rule:
            continue
        total = caller.get(operation.rule).json.get("total", 0)
        for name in operation.query().fields:
            for value in VALUES:
                answer = caller.get(f"{operation.rule}?{name}={value}")
                if answer.status_code >= 500 or answer.status_code == 404:
                    wrong.append((operation.name, name, value, answer.get_data()[:300]))
                if answer.status_code == 200:
                    assert answer.json.get("total", 0) <= total
    assert wrong == []


def cursors() -> list[str]:
    said: list[Any] = [
        ["-id", 10**17, 10**17], ["-id", -(10**17), 0], ["-id", 10**18 - 1, 1], ["-id", "a", 1],
        ["-id", True, True], ["-id", None, None], ["-id", 1.5, 1], ["-id", [], {}], ["-id", 1], "x",
        {"a": 1}, ["id", 1, 1], [1, 1, 1],
    ]  # fmt: skip
    texts = [strictjson.write(each) for each in said]
    texts += [
        b'["-id",99999999999999999999,1]',
        b'["-id",1e400,1]',
        b'["-id","\\u0000",1]',
        b"[" * 600,
        b"\xff",
    ]
    made = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in texts]
    return [*made, "=", "a", "%00", "*", "\u00e9", "A" * 1000]


def test_a_forged_cursor_is_refused_or_only_a_place(populated: Flask, api: Api) -> None:
    caller = api("admin")
    wrong = []
    for operation in OPERATIONS:
        if operation.method != "GET" or "after" not in operation.query().fields:
            continue
        if "<" in operation.rule:
            continue
        for cursor in cursors():
            answer = caller.get(f"{operation.rule}?after={cursor}")
            if answer.status_code not in (200, 400, 422):
                wrong.append((operation.name, cursor, answer.get_data()[:200]))
    assert wrong == []


def test_a_cursor_of_another_shows_nothing_of_it(populated: Flask, api: Api, admin: Caller) -> None:
    cursor = admin.get("/locations?limit=1").json["next"]
    mine = api("support", "NL/CPO").get(f"/locations?limit=10&after={cursor}")
    assert "XYZ" not in mine.text


# Methods and headers ---------------------------------------------------------------------------------------


def test_no_header_makes_another_method_of_a_request(admin: Caller) -> None:
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = admin.send("POST", "/users/1", {"disabled": True}, **{name: "PATCH"}, If_Match="*")
        refused(answer, 405)
    refused(admin.send("POST", "/users/1?_method=PATCH", {"disabled": True}), 405)


def test_other_methods_tell_a_stranger_nothing(admin: Caller) -> None:
    methods = ["OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "FOO"]
    for method, path in product(methods, ("/api/v1/users", "/api/v1/nothing", "/api/v1/users/1")):
        answer = admin.app.test_client().open(path, method=method)
        assert answer.status_code == 401
        assert "Allow" not in answer.headers
        assert admin.send(method, path).status_code in (200, 404, 405)


def test_head_is_for_who_may_get(api: Api) -> None:
    assert api("read-only").send("HEAD", "/users").status_code == 403
    assert api("admin", "NL/CPO").send("HEAD", "/audit").status_code == 403


def test_ids_of_requests_come_back_bounded_and_printable(admin: Caller) -> None:
    values = ["x" * 5000, "\u00e9\u00e9", "a\tb", "<script>"]
    for name, value in product(["X-Request-ID", "X-Correlation-ID"], values):
        answer = admin.get("/me", **{name: value})
        assert answer.status_code == 200
        assert len(answer.headers[name]) <= 200
        assert answer.headers[name].isascii()
        assert answer.headers[name].isprintable()


def test_an_unusable_key_does_nothing(admin: Caller) -> None:
    for key in ["", "x" * 201, "\u00e9", "a\x7fb"]:
        refused(admin.post("/users", {"name": "eve", "role": "admin"}, Idempotency_Key=key), 400, 422)
    assert admin.get("/users").json["total"] == 1


def test_no_etag_but_that_of_the_state_changes_it(admin: Caller, api: Api) -> None:
    api("support")
    for tag in ["", '"', '""', "W/", "x" * 9000, '"a", "b"', "\u00e9", "**"]:
        refused(admin.send("PATCH", "/users/2", {"role": "admin"}, If_Match=tag), 412, 428)
    assert admin.get("/users/2").json["role"] == "support"


PATHS = [
    "/api/../ocpi/versions",
    "/api//v1/users",
    "/api/v1//users",
    "/API/v1/users",
    "/api/v1/users/",
    "/apix",
    "/api/ocpi/versions",
    "/ocpi/api/v1/users",
    "/api/v1/../v1/users",
    "/api/v1;x/users",
    "/api%2Fv1/users",
]


def test_no_way_of_writing_the_path_gets_around_the_token(admin: Caller) -> None:
    for path in PATHS:
        answer = admin.app.test_client().get(path)
        assert answer.status_code in (401, 404)
        assert "admin" not in answer.text


def test_the_tokens_of_one_api_open_nothing_of_the_other(populated: Flask, admin: Caller) -> None:
    client = populated.test_client()
    bearing = {"Authorization": f"Token {admin.token}"}
    assert client.get("/ocpi/versions", headers=bearing).status_code == 401
    encoded = base64.b64encode(admin.token.encode()).decode()
    assert client.get("/ocpi/versions", headers={"Authorization": f"Token {encoded}"}).status_code == 401


def test_a_host_header_is_in_no_answer(admin: Caller) -> None:
    made = admin.post("/users", {"name": "ann", "role": "support"}, Host="evil.example")
    assert made.status_code == 201
    assert "evil" not in made.headers["Location"] + made.text


# Who may -------------------------------------------------------------------------------------------------


def test_what_was_answered_under_a_key_is_answered_to_nobody_else(admin: Caller, api: Api) -> None:
    made = admin.post("/users", {"name": "ann", "role": "support"}, Idempotency_Key="k")
    assert made.status_code == 201
    refused(api("support").post("/users", {"name": "ann", "role": "support"}, Idempotency_Key="k"), 403)
    other = api("admin").post("/users", {"name": "ann", "role": "support"}, Idempotency_Key="k")
    refused(other, 409)
    assert "Idempotent-Replayed" not in other.headers


def test_what_was_answered_under_a_key_is_not_answered_to_who_may_not_any_more(
    admin: Caller, api: Api
) -> None:
    boss = api("admin")
    asked = {"name": "ann", "role": "support"}
    assert boss.post("/users", asked, Idempotency_Key="k").status_code == 201
    identity = next(each["id"] for each in admin.get("/users").json["items"] if each["name"] == boss.name)
    admin.change("PATCH", f"/users/{identity}", {"role": "read-only"})
    refused(boss.post("/users", asked, Idempotency_Key="k"), 403)
    admin.change("PATCH", f"/users/{identity}", {"disabled": True})
    refused(boss.post("/users", asked, Idempotency_Key="k"), 401)


def test_what_was_seen_of_all_is_not_answered_again_to_who_is_bound_since(
    populated: Flask, admin: Caller, api: Api
) -> None:
    support = api("support")
    asked = {"everything": True}
    first = support.post("/deliveries/replay", asked, Idempotency_Key="k")
    assert first.status_code == 200
    identity = next(each["id"] for each in admin.get("/users").json["items"] if each["name"] == support.name)
    assert admin.change("PATCH", f"/users/{identity}", {"party": "NL/CPO"}).status_code == 200
    again = support.post("/deliveries/replay", asked, Idempotency_Key="k")
    assert again.headers.get("Idempotent-Replayed") is None
    refused(again, 409, 422)


def test_a_token_holds_until_its_last_microsecond_and_not_in_it(app: Flask, admin: Caller) -> None:
    hub: Hub = app.extensions["hub"]
    now = hub.store.clock()
    hub.store.clock = lambda: now
    with hub.store.unit() as unit:
        user = people.named(unit, admin.name)
        _, secret = people.issue(unit, SETUP, user, NewToken("short", days=1), None)
    mine = Caller(app, secret, admin.name)
    hub.store.clock = lambda: now + people.DAY - 1
    assert mine.get("/me").status_code == 200
    hub.store.clock = lambda: now + people.DAY
    assert mine.get("/me").status_code == 401


def test_nobody_makes_more_of_themselves(admin: Caller, api: Api) -> None:
    for role in ("pricing", "finance", "support", "read-only"):
        mine = api(role)
        identity = next(each["id"] for each in admin.get("/users").json["items"] if each["name"] == mine.name)
        for method, path, body in (
            ("PATCH", f"/users/{identity}", {"role": "admin"}),
            ("POST", "/users", {"name": "other", "role": "admin"}),
            ("POST", f"/users/{identity}/tokens", {"name": "more", "days": 730}),
            ("POST", "/users/1/tokens", {"name": "his"}),
        ):
            refused(mine.send(method, path, body, If_Match="*"), 403)
    bound = api("admin", "NL/CPO")
    refused(bound.send("PATCH", "/users/1", {"disabled": True}, If_Match="*"), 403)
    refused(bound.post("/users", {"name": "free", "role": "admin"}), 403)


def test_files_of_the_hub_are_named_by_administrators_alone(populated: Flask, api: Api) -> None:
    support = api("support")
    for entry in ("ca-file=/etc/passwd", "client-certificate=/etc/shadow", "ca-file=/nowhere"):
        refused(support.send("PUT", "/partners/2/quirks", {"quirks": [entry]}, If_Match="*"), 403)
    for entry in (
        "CA-FILE=/etc/passwd",
        " ca-file=/etc/passwd",
        "ca-file =/etc/passwd",
        "ca_file=/etc/passwd",
    ):
        refused(support.send("PUT", "/partners/2/quirks", {"quirks": [entry]}, If_Match="*"), 403, 422)


# What is kept and told -------------------------------------------------------------------------------------


def test_neither_log_nor_trail_nor_job_has_a_token(
    populated: Flask, api: Api, admin: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = admin.post("/users/1/tokens", {"name": "other"}, Idempotency_Key="t")
        secret = made.json["token"]
        again = admin.post("/users/1/tokens", {"name": "other"}, Idempotency_Key="t")
        invited = admin.post("/partners", {"name": "New", "roles": [{"role": "EMSP", "party": "FR/NEW"}]})
        token_a = invited.json["token"]
        admin.get(f"/users?{secret}")
        admin.get("/nothing/" + secret)
        Caller(populated, secret + "x", "eve").get("/me")
    assert again.json["token"] is None
    trail = admin.get("/audit?limit=500").text + admin.get("/jobs").text + admin.get("/tokens").text
    logged = json.dumps([vars(each) for each in caplog.records], default=str)
    for hidden in (secret, token_a, admin.token):
        assert hidden not in trail
        assert hidden not in logged
    hub: Hub = populated.extensions["hub"]
    with hub.store.reading() as unit:
        for table in ("idempotency_keys", "api_tokens", "audit_events", "tasks"):
            rows = unit.connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert secret.encode() not in repr([tuple(row) for row in rows]).encode()
            assert token_a.encode() not in repr([tuple(row) for row in rows]).encode()


def test_jobs_of_other_parties_are_neither_read_nor_cancelled(
    populated: Flask, api: Api, admin: Caller
) -> None:
    of_all, of_cpo = (each["id"] for each in reversed(admin.get("/jobs").json["items"]))
    stranger = api("support", "BE/XYZ")
    for job in (of_all, of_cpo):
        refused(stranger.get(f"/jobs/{job}"), 404)
        refused(stranger.post(f"/jobs/{job}/cancel"), 404)
    refused(api("support", "NL/CPO").post(f"/jobs/{of_all}/cancel"), 404)
    refused(api("read-only").post(f"/jobs/{of_all}/cancel"), 403)
    assert {each["state"] for each in admin.get("/jobs").json["items"]} == {"queued"}


def test_a_user_of_one_party_cannot_say_that_it_is_another(populated: Flask, api: Api) -> None:
    """Every operation that takes a party in its body or query, asked with that of another."""
    for role in ("pricing", "finance", "support"):
        mine = api(role, "NL/CPO")
        for operation in OPERATIONS:
            takes = operation.takes
            if takes is None or "party" not in takes().fields or operation.name.startswith("users."):
                continue
            answer = mine.send(
                operation.method, filled(operation.rule, "1"), {"party": "BE/XYZ"}, If_Match="*"
            )
            assert answer.status_code in (403, 404, 422, 400), (operation.name, answer.text)
            assert "L-XYZ" not in answer.text
            assert "T-XYZ" not in answer.text
