"""What every operation has from the frame: strict reading, problems, ETags, keys, pages, the trail."""

import threading

import pytest
import sqlalchemy as sa
from operators import Caller

from hub.ocpi import strictjson
from hub.operator.problems import PROBLEMS
from hub.store.schema import metadata

PROBLEM = "application/problem+json"
NEW = {"name": "bob", "role": "pricing"}


def refusal(answer, status):
    """A problem of this status that says what is wrong and what to do; its fields."""
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    told = answer.json
    assert told["status"] == status
    assert told["detail"]
    assert told["remedy"]
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert told["type"].removeprefix("/api/v1/problems/") in PROBLEMS
    return told.get("fields", {})


# Reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "a\\u0000"}',
        b'{"name": "\\ud800"}',
        b"\xff",
        b'{"days": 1e999999}',
        b"[" * 100_000,
        b'{"days": ' + b"1" * 5000 + b"}",
    ],
)
def test_what_is_no_strict_json_is_refused(admin, body):
    answer = raw(admin, body)
    refusal(answer, 400)


def raw(admin: Caller, body: bytes, path: str = "/users", **more):
    headers = {"Authorization": f"Bearer {admin.token}"}
    more = {"content_type": "application/json"} | more
    return admin.app.test_client().post(f"/api/v1{path}", data=body, headers=headers, **more)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_a_body_that_is_no_object_is_refused(admin, body):
    refusal(raw(admin, body), 422)


def test_a_field_or_parameter_that_does_not_exist_is_named(admin):
    assert "rolle" in refusal(admin.post("/users", NEW | {"rolle": "admin"}), 422)
    assert "rolle" in refusal(admin.get("/users?rolle=admin"), 422)


def test_every_fault_of_a_body_is_named_by_its_field(admin):
    body = {"name": "x" * 101, "role": "boss", "party": "Netherlands"}
    assert set(refusal(admin.post("/users", body), 422)) == {"name", "role", "party"}
    roles = [{"role": "CPO", "party": "NL/ABC"}, {"role": "CPO", "party": "nothing"}]
    fields = refusal(admin.post("/partners", {"name": "x", "roles": roles}), 422)
    assert set(fields) == {"roles.1.party"}


def test_a_body_that_is_no_json_by_its_type_is_refused(admin):
    refusal(raw(admin, strictjson.write(NEW), content_type="text/plain"), 415)


def test_a_body_that_is_too_large_is_refused_also_when_its_length_is_not_told(admin):
    large = strictjson.write(NEW | {"reason": "x" * (1024 * 1024)})
    refusal(raw(admin, large), 413)
    chunked = admin.app.test_client().post(
        "/api/v1/users",
        data=large,
        headers={"Authorization": f"Bearer {admin.token}", "Transfer-Encoding": "chunked"},
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": None, "wsgi.input_terminated": True},
    )
    refusal(chunked, 413)


def test_unknown_paths_and_methods_are_problems(admin):
    refusal(admin.get("/nothing"), 404)
    answer = admin.send("DELETE", "/users")
    refusal(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    refusal(admin.send("OPTIONS", "/users"), 405)


@pytest.mark.parametrize("path", ["/users/x", "/users/-1", "/users/99", f"/users/{10**30}", "/users/1%00"])
def test_what_cannot_be_an_id_is_not_found(admin, path):
    refusal(admin.get(path), 404)


@pytest.mark.parametrize(
    "path", ["/locations/NL/CPO/a%00", "/locations/NLD/CPO/x", "/locations/\u00e9\u00e9/CPO/x"]
)
def test_what_cannot_be_an_object_is_not_found(admin, path):
    refusal(admin.get(path), 404)


def test_a_nul_in_the_query_is_refused(admin):
    assert "kind" in refusal(admin.get("/jobs?kind=%00"), 400)


def test_a_fault_of_ours_tells_nothing_of_itself(admin, monkeypatch):
    hub = admin.app.extensions["hub"]
    monkeypatch.setattr(type(hub.store), "reading", property(lambda self: 1 / 0))
    answer = admin.get("/users")
    refusal(answer, 500)
    assert "division" not in answer.text


# ETags -----------------------------------------------------------------------------------------------------


def made(admin: Caller) -> str:
    answer = admin.post("/users", NEW)
    assert answer.status_code == 201
    return answer.headers["Location"]


def test_a_change_needs_the_etag_of_what_it_changes(admin):
    place = made(admin)
    refusal(admin.send("PATCH", place, {"role": "finance"}), 428)
    refusal(admin.send("PATCH", place, {"role": "finance"}, If_Match='"stale"'), 412)
    tag = admin.get(place).headers["ETag"]
    changed = admin.send("PATCH", place, {"role": "finance"}, If_Match=tag)
    assert changed.json["role"] == "finance"
    assert changed.headers["ETag"] == admin.get(place).headers["ETag"] != tag
    refusal(admin.send("PATCH", place, {"role": "admin"}, If_Match=tag), 412)
    assert admin.get(place).json["role"] == "finance"


def test_the_answer_to_a_creation_has_the_etag_for_its_first_change(admin):
    answer = admin.post("/users", NEW)
    tag = answer.headers["ETag"]
    assert (
        admin.send("PATCH", answer.headers["Location"], {"role": "finance"}, If_Match=tag).status_code == 200
    )


def test_who_has_it_already_is_told_so(admin):
    place = made(admin)
    tag = admin.get(place).headers["ETag"]
    answer = admin.get(place, If_None_Match=tag)
    assert (answer.status_code, answer.get_data()) == (304, b"")
    assert admin.get(place, If_None_Match='"other"').status_code == 200


def test_of_many_who_change_the_same_state_one_wins(admin):
    place = made(admin)
    tag = admin.get(place).headers["ETag"]
    start = threading.Barrier(4)
    statuses = []

    def change(role: str) -> None:
        start.wait()
        statuses.append(admin.send("PATCH", place, {"role": role}, If_Match=tag).status_code)

    roles = ("admin", "finance", "support", "read-only")
    threads = [threading.Thread(target=change, args=(role,)) for role in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412, 412, 412]


# Repeating -------------------------------------------------------------------------------------------------


def test_a_post_that_is_repeated_with_its_key_is_done_once_and_answered_alike(admin):
    first = admin.post("/users", NEW, Idempotency_Key="k1")
    again = admin.post("/users", NEW, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert admin.get("/users").json["total"] == 2


def test_a_key_is_good_for_one_request_only(admin):
    admin.post("/users", NEW, Idempotency_Key="k1")
    refusal(admin.post("/users", NEW | {"name": "eve"}, Idempotency_Key="k1"), 422)
    refusal(admin.post("/deliveries/replay", {"everything": True}, Idempotency_Key="k1"), 422)
    assert admin.post("/users", NEW | {"name": "eve"}, Idempotency_Key="k2").status_code == 201


def test_a_refusal_is_not_kept(admin):
    refusal(admin.post("/users", NEW | {"role": "boss"}, Idempotency_Key="k1"), 422)
    assert admin.post("/users", NEW, Idempotency_Key="k1").status_code == 201


def test_keys_of_two_users_are_apart(admin, api):
    admin.post("/users", NEW, Idempotency_Key="k1")
    other = api("admin").post("/users", NEW | {"name": "eve"}, Idempotency_Key="k1")
    assert other.json["name"] == "eve"


@pytest.mark.parametrize("key", ["", "x" * 201, "k\u00e9y"])
def test_a_key_that_cannot_be_one_is_refused(admin, key):
    assert "Idempotency-Key" in refusal(admin.post("/users", NEW, Idempotency_Key=key), 400)


def test_a_key_is_forgotten_after_a_day(admin):
    admin.post("/users", NEW, Idempotency_Key="k1")
    hub = admin.app.extensions["hub"]
    present = hub.store.clock
    hub.store.clock = lambda: present() + 25 * 3600 * 1_000_000
    refusal(admin.post("/users", NEW, Idempotency_Key="k1"), 409)


def test_many_who_send_the_same_key_at_once_do_it_once(admin):
    start = threading.Barrier(4)
    answers = []

    def post() -> None:
        start.wait()
        answers.append(admin.post("/users", NEW, Idempotency_Key="k1"))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1


# Pages -----------------------------------------------------------------------------------------------------


def paged(admin: Caller, sort: str) -> list[str]:
    names, after = [], ""
    while True:
        page = admin.get(f"/users?limit=2&sort={sort}{after}").json
        names += [each["name"] for each in page["items"]]
        assert page["total"] == 6
        if page["next"] is None:
            return names
        after = f"&after={page['next']}"


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name"])
def test_pages_follow_each_other_without_a_gap(admin, sort):
    made_up = ["eve", "bob", "dan", "cat", "ann"]
    for name in made_up:
        admin.post("/users", {"name": name, "role": "finance"})
    in_order = {"id": [admin.name, *made_up], "name": sorted([admin.name, *made_up])}
    found = in_order[sort.lstrip("-")]
    assert paged(admin, sort) == (found[::-1] if sort.startswith("-") else found)


@pytest.mark.parametrize(
    "after", ["x", "e30", "WzEsMiwzXQ", "WyJpZCIsICJhIiwgMV0", "%F0%9F%98%80", "WyJpZCIsMSwxLDFd"]
)
def test_a_cursor_that_is_none_is_refused(admin, after):
    assert "after" in refusal(admin.get(f"/users?after={after}"), 422)


def test_a_cursor_of_another_order_is_refused(admin):
    made(admin)
    after = admin.get("/users?limit=1").json["next"]
    assert "after" in refusal(admin.get(f"/users?limit=1&sort=name&after={after}"), 422)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "1.5", "9" * 5000])
def test_a_limit_that_is_none_is_refused(admin, limit):
    assert "limit" in refusal(admin.get(f"/users?limit={limit}"), 422)


# The trail -------------------------------------------------------------------------------------------------


def test_every_change_is_in_the_trail_with_who_what_why_and_the_id_of_the_request(admin):
    answer = admin.post("/users", NEW | {"reason": "she starts on Monday"}, X_Request_ID="r-17")
    (event, *_) = admin.get("/audit").json["items"]
    assert answer.headers["X-Request-ID"] == event["request_id"] == "r-17"
    assert (event["actor"], event["via"], event["action"]) == (admin.name, "API", "create")
    assert (event["what"], event["reason"]) == ("user/bob", "she starts on Monday")
    assert (event["before"], len(event["after"])) == (None, 64)


def test_a_refused_change_leaves_no_trace(admin):
    before = admin.get("/audit").json["total"]
    admin.post("/users", NEW | {"name": admin.name})
    assert admin.get("/audit").json["total"] == before


def test_the_trail_is_searched_by_what_it_begins_with(admin):
    made(admin)
    assert admin.get("/audit?what=user/bob").json["total"] == 1
    assert admin.get("/audit?what=user/b%25").json["total"] == 0
    assert admin.get("/audit?actor=nobody").json["total"] == 0


# Secrets ---------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_lies_nowhere(admin, caplog):
    place = made(admin)
    shown = admin.post(f"{place}/tokens", {"name": "laptop"}, Idempotency_Key="t1")
    secret = shown.json["token"]
    assert Caller(admin.app, secret, "bob").get("/me").json["user"] == "bob"
    again = admin.post(f"{place}/tokens", {"name": "laptop"}, Idempotency_Key="t1")
    assert again.json == shown.json | {"token": None}
    roles = [{"role": "CPO", "party": "NL/ABC"}]
    invited = admin.post("/partners", {"name": "A", "roles": roles}, Idempotency_Key="t2").json["token"]
    lying = (
        "".join(everything_stored(admin)) + caplog.text + "".join(str(vars(each)) for each in caplog.records)
    )
    for token in (secret, invited, admin.token):
        assert token not in lying


def everything_stored(admin: Caller) -> list[str]:
    with admin.app.extensions["hub"].store.reading() as unit:
        return [
            str([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row])
            for table in metadata.sorted_tables
            for row in unit.connection.execute(sa.select(table))
        ]
