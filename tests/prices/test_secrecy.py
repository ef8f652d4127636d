"""O10: whatever a partner asks, it learns nothing of prices for others, nor whether there are any."""

from collections.abc import Iterator

import pytest
from operators import SETUP, Caller
from platforms import Platform
from viewers import OWNER, READERS, Connect, Scene
from werkzeug.test import TestResponse

from hub.ocpi import strictjson
from hub.operator import people
from hub.operator.people import NewToken, NewUser
from hub.operator.resources import SECTIONS
from hub.operator.roles import Role
from hub.store import quarantine
from hub.sync import completeness

OPERATIONS = [operation for section in SECTIONS for operation in section.operations]
HIDDEN = ("secret", "0.07")
"""The id of the tariff that B may not know, and its price."""
RESTLESS = {"Date", "X-Request-ID", "X-Correlation-ID", "Content-Length", "ETag"}


@pytest.fixture
def scene(connect: Connect) -> Scene:
    """SECRET is for A; B and C may know of OPEN alone. A location names both."""
    made = Scene.made(connect, versions="2.2.1 2.2.1 2.1.1")
    made.tariff("OPEN")
    cheap = {"type": "ENERGY", "price": 0.07, "step_size": 1}
    made.tariff("SECRET", elements=[{"price_components": [cheap]}])
    made.location("L1", "SECRET", "OPEN")
    made.restrict("SECRET", "A")
    return made


def said(answer: TestResponse) -> str:
    """All of it, headers too, in small letters."""
    return f"{answer.status_code} {answer.headers} {answer.get_data(as_text=True)}".lower()


def alike(answer: TestResponse, name: str) -> tuple[object, ...]:
    """What of an answer does not tell when it was given; the name that was asked for is of no interest."""
    body = strictjson.read(answer.get_data()) if answer.get_data() else {}
    kept = (
        {key: value for key, value in body.items() if key != "timestamp"} if isinstance(body, dict) else body
    )
    headers = {key: value for key, value in answer.headers if key not in RESTLESS}
    text = repr((answer.status_code, kept, sorted(headers.items()))).lower()
    return (text.replace(name.lower(), "?"),)


QUERIES = ("", "limit=1", "offset=1", "limit=1&offset=1", "limit=1&after=0", "after=1", "total=99", "limit=0",
           "date_from=2000-01-01T00:00:00Z", "date_to=2999-01-01T00:00:00Z")  # fmt: skip


def asked_of_lists(partner: Platform) -> Iterator[TestResponse]:
    for module in ("tariffs", "locations", "sessions", "cdrs", "tokens", "hubclientinfo"):
        for query in QUERIES:
            dated = query if "date_from" in query else f"{query}&date_from=2000-01-01T00:00:00Z"
            yield partner.sender("GET", f"{module}?{dated}")


@pytest.mark.parametrize("name", ["B", "C"])
def test_no_list_names_it_whatever_the_query(scene: Scene, name: str) -> None:
    for answer in asked_of_lists(scene.emsps[name]):
        assert answer.status_code < 500
        assert not [each for each in HIDDEN if each in said(answer)], said(answer)


def test_who_may_read_it_finds_it_by_the_same_questions(scene: Scene) -> None:
    """Else the tests of this file would prove nothing."""
    assert all(any(each in said(answer) for answer in asked_of_lists(scene.emsps["A"])) for each in HIDDEN)


def test_the_count_and_the_pages_are_those_of_what_is_shown(scene: Scene) -> None:
    for query in ("limit=1", "offset=0&limit=50", "after=0"):
        answer = scene.emsps["B"].sender("GET", f"tariffs?{query}")
        assert answer.headers["X-Total-Count"] == "1"
        assert "Link" not in answer.headers


METHODS = ("GET", "PUT", "PATCH", "DELETE", "POST")


def test_what_is_hidden_and_what_is_not_there_are_answered_alike(scene: Scene) -> None:
    """By every method, on both interfaces, also with the headers of routing."""
    b = scene.emsps["B"]
    to = {"OCPI_to_country_code": "NL", "OCPI_to_party_id": "CPO"}
    for method in METHODS:
        body = None if method in ("GET", "DELETE") else {"id": "x"}
        for path in (
            "tariffs/NL/CPO/{}",
            "tariffs/{}",
            "tariffs/NL/CPO/{}/1",
            "locations/L1/{}",
            "locations/{}",
        ):
            for headers in ({}, to):
                for ask in (b.receiver, b.sender):
                    there = ask(method, path.format("SECRET"), body, **headers)
                    nowhere = ask(method, path.format("NOWHERE"), body, **headers)
                    assert alike(there, "SECRET") == alike(nowhere, "NOWHERE"), (method, path)


def test_who_writes_a_tariff_of_its_own_under_the_same_id_learns_nothing(scene: Scene) -> None:
    """Also a party that is CPO too."""
    connect_answer = [
        alike(scene.emsps["B"].receiver("PUT", f"tariffs/FR/BBB/{name}", {"id": name}), name)
        for name in ("SECRET", "NOWHERE")
    ]
    assert connect_answer[0] == connect_answer[1]


def test_a_restriction_and_a_change_push_nothing_that_names_it_to_others(scene: Scene) -> None:
    scene.settle()
    scene.tariff("SECRET", last_updated="2026-07-01T00:00:00Z")
    for name in "BC":
        for module in ("tariffs", "locations"):
            assert scene.owed(name, module) == []


def test_neither_hub_client_info_nor_findings_name_it(scene: Scene) -> None:
    with scene.hub.store.unit() as unit:
        completeness.look(unit)
        quarantined = quarantine.latest(unit, 100)
    assert quarantined == []
    assert not [each for each in HIDDEN if each in said(scene.emsps["B"].sender("GET", "hubclientinfo"))]


def user_of(scene: Scene, role: str, name: str) -> Caller:
    with scene.hub.store.unit() as unit:
        new = NewUser(f"{role} of {name}", Role(role), READERS[name])
        user = people.add(unit, SETUP, new, None)
        _, secret = people.issue(unit, SETUP, user, NewToken("tests"), None)
    return Caller(scene.cpo.client.application, secret, new.name)


@pytest.mark.parametrize("role", ["admin", "pricing", "read-only"])
def test_a_user_of_the_other_emsp_finds_it_nowhere_in_the_operators_api(scene: Scene, role: str) -> None:
    mine, wrong = user_of(scene, role, "B"), []
    at = {"location_id": "L1", "evse_uid": "E1", "connector_id": "1"}
    bodies = [{"party": "NL/CPO"}, {"party": "NL/CPO", "tariff_id": "SECRET"}, {"party": "NL/CPO", **at},
              {"party": "NL/CPO", "partner": "DE/AAA", **at}]  # fmt: skip
    for operation in OPERATIONS:
        path = operation.rule.replace("<country_code>", "NL").replace("<party_id>", "CPO")
        path = path.replace("<object_id>", "SECRET")
        path = path.partition("<")[0] + "1" + path.partition(">")[2] if "<" in path else path
        sent = bodies if operation.method != "GET" else [None]
        for body in sent:
            answer = mine.send(operation.method, path, body, If_Match="*")
            told = answer.get_data(as_text=True).lower()
            told = told if answer.status_code == 200 else told.replace("secret", "")
            found = [each for each in HIDDEN if each in told]
            if found or answer.status_code >= 500:
                wrong.append((operation.name, body, answer.status_code, told[:300]))
    assert wrong == []


def test_an_operators_user_cannot_tell_what_is_hidden_from_what_is_not_there(scene: Scene) -> None:
    mine = user_of(scene, "pricing", "B")
    for path in ("/tariffs/NL/CPO/{}", "/tariffs/NL/CPO/{}/versions", "/tariffs/NL/CPO/{}/versions/1",
                 "/tariffs/NL/CPO/{}/diff", "/tariffs/NL/CPO/{}/told"):  # fmt: skip
        there, nowhere = (mine.get(path.format(each)) for each in ("SECRET", "NOWHERE"))
        assert there.status_code == nowhere.status_code == 404, path
    assert mine.get(f"/tariffs?party={OWNER}").json["total"] == 0
