"""Who is let in to the operators' API, and who sees what."""

import json
import logging
import re
from itertools import product

import pytest
from operators import SETUP, Caller

from hub.operator import admission, people
from hub.operator.people import NewToken
from hub.operator.resources import SECTIONS
from hub.operator.roles import PERMISSIONS, Role
from hub.operator.section import Operation

OPERATIONS = [operation for section in SECTIONS for operation in section.operations]
OBJECTS = {"locations": "L-CPO", "sessions": "S-CPO"}
PROBLEM = "application/problem+json"


def path_of(operation: Operation) -> str:
    """The path of something that is there, and that a user of NL/CPO sees."""
    section = operation.name.partition(".")[0]
    numbered = re.sub(r"<int\(max=\d+\):\w+>", "2" if section == "partners" else "1", operation.rule)
    owned = numbered.replace("<country_code>", "NL").replace("<party_id>", "CPO")
    return re.sub(r"<\w+>", OBJECTS.get(section, "1"), owned)


def test_every_operation_has_its_row_of_permissions_and_every_row_its_operation():
    assert sorted(PERMISSIONS) == sorted(operation.name for operation in OPERATIONS)


def test_every_route_asks_for_the_role_and_no_role_fails(populated, api):
    """All routes, all roles, with users of all parties and of one."""
    api("read-only")  # the user and the token 1, which are changed and revoked on the way
    wrong = []
    for role in Role:
        for party in (None, "NL/CPO"):
            caller = api(role.value, party)
            for operation in OPERATIONS:
                permission = PERMISSIONS[operation.name]
                allowed = role in permission.roles and (party is None or permission.bound)
                answer = caller.send(
                    operation.method, path_of(operation), None if operation.method == "GET" else {}
                )
                refused = answer.status_code == 403
                if refused is allowed or answer.status_code in (401, 405) or answer.status_code >= 500:
                    wrong.append((operation.name, role, party, answer.status_code, answer.get_data()[:200]))
    assert wrong == []


def test_no_role_but_admin_changes_users_and_nobody_but_admin_and_finance_reads_the_trail():
    for name, permission in PERMISSIONS.items():
        if name.startswith("users."):
            assert permission.roles == {Role.ADMIN}
        if name.startswith("audit."):
            assert permission.roles == {Role.ADMIN, Role.FINANCE}


def test_read_only_changes_nothing():
    changing = {operation.name for operation in OPERATIONS if operation.changes}
    assert not {name for name in changing if Role.READ_ONLY in PERMISSIONS[name].roles}


def test_without_a_good_token_nothing_is_told(admin):
    headers = (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Token {token}",
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer x{token}",
        "Bearer {token} {token}",
        "Bearer " + "y" * 10_000,
        "Bearer t\u00f6ken",
    )
    for path, header in product(("/api/v1/me", "/api/v1/nothing/here", "/api/v1/users"), headers):
        given = {} if header is None else {"Authorization": header.format(token=admin.token)}
        answer = admin.app.test_client().get(path, headers=given)
        assert (answer.status_code, answer.mimetype) == (401, PROBLEM), (path, header)
        assert answer.headers["WWW-Authenticate"] == "Bearer", (path, header)
        assert admin.token not in answer.text, (path, header)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/me"])
def test_outside_of_the_version_there_is_nothing(admin, path):
    answer = admin.get(path)
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)


def test_a_revoked_token_opens_nothing(admin, api):
    other = api("pricing")
    assert other.get("/me").status_code == 200
    (token,) = [each for each in admin.get("/tokens").json["items"] if each["user"] == other.name]
    assert admin.post(f"/tokens/{token['id']}/revoke").status_code == 200
    assert other.get("/me").status_code == 401
    assert admin.post(f"/tokens/{token['id']}/revoke").status_code == 409


def test_the_tokens_of_a_disabled_user_open_nothing_until_it_is_enabled(admin, api):
    other = api("pricing")
    (user,) = [each for each in admin.get("/users").json["items"] if each["name"] == other.name]
    assert admin.change("PATCH", f"/users/{user['id']}", {"disabled": True}).status_code == 200
    assert other.get("/me").status_code == 401
    assert admin.change("PATCH", f"/users/{user['id']}", {"disabled": False}).status_code == 200
    assert other.get("/me").status_code == 200


def test_a_token_that_has_expired_opens_nothing(app, admin):
    hub = app.extensions["hub"]
    with hub.store.unit() as unit:
        user = people.named(unit, admin.name)
        _, secret = people.issue(unit, SETUP, user, NewToken("short", days=1), None)
    mine = Caller(app, secret, admin.name)
    assert mine.get("/me").status_code == 200
    present = hub.store.clock
    hub.store.clock = lambda: present() + people.DAY
    assert mine.get("/me").status_code == 401


def test_the_use_of_a_token_is_noted(admin):
    admin.get("/me")
    (token,) = admin.get("/tokens").json["items"]
    assert token["last_used_at"] is not None


def test_a_new_role_holds_at_once(admin, api):
    other = api("read-only")
    (user,) = [each for each in admin.get("/users").json["items"] if each["name"] == other.name]
    assert other.post("/deliveries/replay", {"everything": True}).status_code == 403
    admin.change("PATCH", f"/users/{user['id']}", {"role": "support"})
    assert other.post("/deliveries/replay", {"everything": True}).status_code == 200


def test_the_last_administrator_stays(admin):
    (user,) = admin.get("/users").json["items"]
    for change in ({"disabled": True}, {"role": "finance"}, {"party": "NL/CPO"}):
        assert admin.change("PATCH", f"/users/{user['id']}", change).status_code == 409
    assert admin.get("/me").status_code == 200


def everything_listed(caller: Caller) -> str:
    """The text of every list and of everything in them that this user can read."""
    told = ""
    for operation in OPERATIONS:
        if operation.method == "GET" and "<" not in operation.rule:
            answer = caller.get(operation.rule)
            if answer.status_code == 403:
                continue
            told += answer.text
            for item in answer.json.get("items", ()):
                told += one(caller, operation.rule, item)
    return told


def one(caller: Caller, rule: str, item: dict) -> str:
    party = item.get("party")
    place = f"{party}/{item['id']}" if party and "/" in str(party) else item.get("id")
    answer = caller.get(f"{rule}/{place}")
    return answer.text if answer.status_code == 200 else ""


def test_a_user_of_one_party_sees_nothing_of_another(populated, api):
    told = everything_listed(api("admin", "NL/CPO"))
    assert "L-CPO" in told
    assert "S-CPO" in told
    for strange in ("XYZ", "EMSP DE/MSP/"):
        assert strange not in told, told[max(0, told.index(strange) - 300) : told.index(strange) + 50]


def test_what_is_counted_for_a_user_of_one_party_is_its_own(populated, api, admin):
    mine = api("support", "NL/CPO")
    for path, all_there, own in (
        ("/locations", 2, 1),
        ("/sessions", 4, 2),
        ("/cdrs", 2, 1),
        ("/deliveries", 10, 5),
        ("/partners", 3, 1),
        ("/quarantine", 2, 1),
        ("/jobs", 2, 1),
    ):
        assert admin.get(path).json["total"] == all_there, path
        assert mine.get(path).json["total"] == own, path


def test_what_is_another_partys_is_not_there(populated, api, admin):
    for method, path in (
        ("GET", "/partners/3"),
        ("GET", "/partners/3/health"),
        ("GET", "/partners/3/quirks"),
        ("GET", "/locations/BE/XYZ/L-XYZ"),
        ("GET", "/sessions/BE/XYZ/S-XYZ"),
        ("POST", "/sessions/BE/XYZ/H-XYZ/rate"),
        ("GET", "/quarantine/2"),
        ("POST", "/quarantine/2/retry"),
        ("GET", "/jobs/1"),
        ("POST", "/jobs/1/cancel"),
        ("GET", "/deliveries/10"),
        ("POST", "/deliveries/10/replay"),
    ):
        shown = path if method == "GET" else path.rpartition("/")[0]
        assert admin.get(shown).status_code == 200, path
        mine = api("support" if method == "POST" and "rate" not in path else "finance", "NL/CPO")
        answer = mine.send(method, path, {} if method == "POST" else None)
        assert answer.status_code == 404, path
        assert "XYZ" not in re.sub("BE/XYZ|[LSH]-XYZ", "", answer.text), path


def test_a_schedule_of_another_party_is_not_there(populated, api, admin):
    support = api("support", "NL/CPO")
    for partner, there in ((2, 200), (3, 404)):
        (schedule, *_) = admin.get(f"/schedules?partner={partner}").json["items"]
        assert support.get(f"/schedules/{schedule['id']}").status_code == there
        assert support.post(f"/schedules/{schedule['id']}/run").status_code == there


def test_to_replay_everything_of_one_party_touches_no_other(populated, api, admin):
    assert api("support", "NL/CPO").post("/deliveries/replay", {"everything": True}).json == {"count": 5}
    assert admin.post("/deliveries/replay", {"everything": True}).json == {"count": 10}


def test_an_emsp_sees_what_is_meant_for_it(populated, api):
    emsp = api("finance", "DE/MSP")
    assert emsp.get("/cdrs").json["total"] == 2
    assert emsp.get("/locations").json["total"] == 0


def test_attempts_without_a_good_token_are_told_in_the_log_by_address_and_not_each(admin, caplog):
    admission.failures.told_at = 0.0
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            Caller(admin.app, "hubapi_wrong", "eve").get("/me")
    (record,) = [each for each in caplog.records if "without a good token" in each.message]
    assert vars(record)["address"] == "127.0.0.1"
    assert "hubapi_wrong" not in json.dumps(vars(record), default=str)
