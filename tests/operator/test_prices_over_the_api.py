"""The price book, rules, previews and curves over the operators' API; a preview is the bill."""

import json
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operators import Caller
from platforms import Platform, code, connected

from hub.hub import Hub
from hub.ocpi.instants import text
from hub.ocpi.module import Role as OcpiRole
from hub.operator.labour import Labour

ENERGY = {"type": "ENERGY", "price": Decimal("0.40"), "vat": 21, "step_size": 1}
PARKING = {"type": "PARKING_TIME", "price": 6, "vat": 21, "step_size": 60}
HOUR = 3_600_000_000


def draft(price: str = "0.40", **changes: Any) -> Any:
    components = [ENERGY | {"price": Decimal(price)}, PARKING]
    return {
        "id": "DAY",
        "currency": "EUR",
        "tax_included": "NO",
        "elements": [{"price_components": components}],
    } | changes


def now(app: Flask, hours: int = 0) -> str:
    hub: Hub = app.extensions["hub"]
    return text(hub.store.clock() + hours * HOUR)


@pytest.fixture
def pricing(api) -> Caller:
    caller: Caller = api("pricing")
    return caller


def publish(caller: Caller, tariff: Any = None, **more: Any) -> Any:
    answer = caller.post("/tariffs", {"party": "NL/CPO", "tariff": tariff or draft(), **more})
    assert answer.status_code == 201, answer.json
    return answer


ONE = "/tariffs/NL/CPO/DAY"


# The price book --------------------------------------------------------------------------------------------


def test_a_tariff_is_published_changed_planned_reverted_and_ended(app, pricing):
    made = publish(pricing, reason="first prices")
    assert made.headers["Location"] == f"/api/v1{ONE}"
    assert (made.json["latest"], made.json["present"], made.json["document"]["currency"]) == (1, 1, "EUR")
    begin = now(app, hours=2)
    planned = pricing.change("PUT", ONE, {"tariff": draft("0.50"), "valid_from": begin}).json
    assert (planned["present"], planned["planned"], planned["valid_to"]) == (1, [2], begin)
    (turn,) = pricing.get("/tariff-changes").json["items"]
    assert (turn["before"], turn["after"], turn["at"], turn["id"]) == (1, 2, begin, "DAY")
    assert pricing.post(f"{ONE}/versions/2/withdraw").json["withdrawn_at"]
    assert pricing.get(ONE).json["planned"] == []
    pricing.change("PUT", ONE, {"tariff": draft("0.60")})
    assert pricing.post(f"{ONE}/revert", {"to": 1}).json["latest"] == 4
    numbers = [each["number"] for each in pricing.get(f"{ONE}/versions").json["items"]]
    assert numbers == [4, 3, 2, 1]
    assert (
        pricing.get(f"{ONE}/versions/3").json["document"]["elements"][0]["price_components"][0]["price"]
        == 0.6
    )
    ended = pricing.post(f"{ONE}/end").json
    assert (ended["present"], ended["document"]) == (None, None)
    assert [each["latest"] for each in pricing.get("/tariffs").json["items"]] == [4]


def test_the_same_content_again_is_no_version(pricing):
    publish(pricing)
    assert pricing.change("PUT", ONE, {"tariff": draft()}).json["latest"] == 1


def test_a_change_needs_the_state_it_is_meant_for(pricing):
    read = publish(pricing).headers["ETag"]
    assert pricing.get(ONE).headers["ETag"] == read
    assert pricing.send("PUT", ONE, {"tariff": draft("0.50")}).status_code == 428
    assert pricing.send("PUT", ONE, {"tariff": draft("0.50")}, If_Match=read).status_code == 200
    for stale in (
        pricing.send("PUT", ONE, {"tariff": draft("0.60")}, If_Match=read),
        pricing.post(f"{ONE}/end", {}, If_Match=read),
        pricing.send("PUT", f"{ONE}/readers", {"readers": None}, If_Match=read),
    ):
        assert (stale.status_code, stale.json["type"]) == (412, "/api/v1/problems/stale")
    assert pricing.get(ONE).json["latest"] == 2


def test_two_versions_are_compared_in_words_and_in_money(pricing):
    publish(pricing)
    pricing.change("PUT", ONE, {"tariff": draft("0.50")})
    found = pricing.get(f"{ONE}/diff?old=1&time_zone=Europe/Amsterdam").json
    assert (found["old"], found["new"]) == (1, 2)
    assert "0.5" in json.dumps(found["changes"])


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"party": "NL/CPO", "tariff": draft(elements=[])}, 422, "elements"),
        ({"party": "NL/CPO", "tariff": {}}, 422, "id"),
        ({"party": "NL/CPO", "tariff": draft(country_code="BE")}, 422, "country_code"),
        ({"party": "NL/CPO", "tariff": draft(), "valid_from": "2020-01-01T00:00:00Z"}, 422, "valid_from"),
        ({"party": "NL/CPO", "tariff": draft(), "from": "now"}, 422, "from"),
        ({"party": "NL", "tariff": draft()}, 422, "party"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_by_its_fields_and_leaves_nothing(pricing, body, status, said):
    answer = pricing.post("/tariffs", body)
    assert answer.status_code == status
    assert any(said in path or said in why for path, why in answer.json["fields"].items())
    assert answer.json["remedy"]
    assert pricing.get("/tariffs").json["total"] == 0


def test_what_is_there_already_and_what_is_not(pricing):
    publish(pricing)
    assert pricing.post("/tariffs", {"party": "NL/CPO", "tariff": draft()}).status_code == 409
    assert pricing.change("PUT", ONE, {"tariff": draft(id="NIGHT")}).status_code == 422
    for path in ("/tariffs/NL/CPO/NIGHT", f"{ONE}/versions/7", f"{ONE}/diff?old=7"):
        assert pricing.get(path).status_code == 404
    assert pricing.post(f"{ONE}/revert", {"to": 9}).status_code == 404
    assert pricing.post(f"{ONE}/revert", {"to": 2**40}).status_code == 422
    assert pricing.get(f"{ONE}/diff?old={2**40}").status_code == 422
    assert pricing.post(f"{ONE}/versions/1/withdraw").status_code == 409


def test_who_may_read_a_tariff_is_said_with_it_or_later(app, pricing):
    emsp = connected(app, "DE/MSP", OcpiRole.EMSP, "2.2.1")
    other = connected(app, "FR/MSP", OcpiRole.EMSP, "2.2.1")
    publish(pricing, readers=["DE/MSP"])
    assert [len(each.pulled("tariffs")) for each in (emsp, other)] == [1, 0]
    etag = pricing.get(ONE).headers["ETag"]
    assert pricing.send("PUT", f"{ONE}/readers", {"readers": None}, If_Match=etag).json["readers"] is None
    assert [len(each.pulled("tariffs")) for each in (emsp, other)] == [1, 1]


def test_a_user_of_one_party_sees_and_changes_its_own_prices_only(pricing, api):
    publish(pricing)
    mine, other = api("pricing", "NL/CPO"), api("pricing", "BE/XYZ")
    assert mine.get("/tariffs").json["total"] == 1
    assert other.get("/tariffs").json["total"] == 0
    assert other.get("/tariff-changes").json["items"] == []
    rule = {"party": "NL/CPO", "kind": "PERCENT", "value": "-10"}
    refused = [
        other.get(ONE),
        other.get(f"{ONE}/versions"),
        other.post(f"{ONE}/end"),
        other.post("/tariffs", {"party": "NL/CPO", "tariff": draft(id="X")}),
        other.post("/rules", rule),
        other.post("/prices/examine", {"party": "NL/CPO", "tariff": draft()}),
        other.post("/prices/explain", {"party": "NL/CPO", "tariff_id": "DAY"}),
        other.post("/memberships", {"party": "NL/CPO", "kind": "PLAN", "name": "P", "members": ["C"]}),
        other.post("/prices/preview", {"party": "NL/CPO", "tariff_id": "DAY"}),
        other.get("/tariff-changes?party=NL/CPO"),
    ]
    assert {answer.status_code for answer in refused} == {404}
    made = mine.post("/rules", rule)
    assert made.status_code == 201
    assert other.get("/rules").json["total"] == 0
    assert other.get(f"/rules/{made.json['id']}").status_code == 404


def test_who_ends_a_tariff_is_told_which_rules_still_give_it(app, pricing):
    publish(pricing)
    assert pricing.get(ONE).json["given_after"] == []
    rule = {"party": "NL/CPO", "kind": "TARIFF", "tariff_id": "DAY", "match": {"partner": "DE/MSP"}}
    made = pricing.post("/rules", rule).json
    assert made["match"] == {"partner": "DE/MSP"}
    assert pricing.get(ONE).json["given_after"] == []
    later = now(app, hours=2)
    ended = pricing.post(f"{ONE}/end", {"valid_from": later})
    assert (ended.status_code, ended.json["given_after"]) == (200, [made["id"]])
    twice = pricing.post("/rules", rule)
    assert "partner DE/MSP" in twice.json["detail"]
    again = {"tariff": draft("0.50"), "valid_from": later}
    assert pricing.change("PUT", ONE, again).json["given_after"] == []  # no gap is left


def test_every_change_of_prices_is_in_the_trail(pricing, admin):
    publish(pricing, readers=["DE/MSP"], reason="as agreed")
    rule = pricing.post("/rules", {"party": "NL/CPO", "kind": "PERCENT", "value": "-10"}).json["id"]
    pricing.post(f"/rules/{rule}/end", {"reason": "over"})
    events = admin.get("/audit?limit=4").json["items"]
    assert [(each["action"], each["actor"] == pricing.name, each["via"]) for each in events] == [
        ("end", True, "API"),
        ("create", True, "API"),
        ("publish", True, "API"),
        ("readers", True, "API"),
    ]
    assert (events[0]["reason"], events[2]["reason"]) == ("over", "as agreed")


# Before it is so -------------------------------------------------------------------------------------------


def test_a_draft_is_examined_and_nothing_is_written(pricing):
    publish(pricing)
    body = {"party": "NL/CPO", "tariff": draft("0.50"), "time_zone": "Europe/Amsterdam"}
    found = pricing.post("/prices/examine", body).json
    assert (found["publishable"], found["same"], found["replaces"]) == (True, False, 1)
    assert found["changes"]
    assert found["preview"]["steps"]
    assert pricing.post("/prices/examine", body | {"tariff": draft(elements=[])}).json["publishable"] is False
    assert pricing.get(ONE).json["latest"] == 1


def test_a_tariff_is_linted_and_told_in_words(pricing):
    publish(pricing)
    bad = draft(elements=[{"price_components": [PARKING], "restrictions": {"min_kwh": 5, "max_kwh": 5}}])
    assert pricing.post("/prices/lint", {"tariff": bad}).json["errors"] >= 1
    for body in ({"tariff": draft()}, {"party": "NL/CPO", "tariff_id": "day"}):
        told = pricing.post("/prices/explain", body).json
        assert "0.40" in told["text"]
    assert pricing.post("/prices/explain", {"tariff": {"id": 1}}).status_code == 422
    assert pricing.post("/prices/explain", {}).status_code == 422


# A preview is the bill -------------------------------------------------------------------------------------


@pytest.fixture
def charging(app: Flask, pricing: Caller) -> Platform:
    """A CPO with one connector, whose tariff is DAY."""
    cpo = connected(app, "NL/CPO", OcpiRole.CPO, "2.3.0")
    connector = example("2.3.0", "connectors", id="1", tariff_ids=["DAY"])
    evse = example("2.3.0", "evses", uid="EVSE-1", connectors=[connector])
    location = example("2.3.0", "locations", id="HARBOUR", evses=[evse], last_updated="2025-03-10T07:00:00Z")
    own = {"country_code": "NL", "party_id": "CPO"}
    assert code(cpo.put("locations/NL/CPO/HARBOUR", location | own))[1] == 1000
    return cpo


WHERE = {"party": "NL/CPO", "location_id": "HARBOUR", "evse_uid": "EVSE-1", "connector_id": "1"}
WHO = {"partner": "DE/MSP", "contract_id": "DEMSPC0000017X"}


def soon(app: Flask) -> int:
    """The next whole second: what was made just now holds by then."""
    clock: int = app.extensions["hub"].store.clock()
    return (clock // 1_000_000 + 1) * 1_000_000


def charge(app: Flask, cpo: Platform, identity: str, kwh: Decimal, minutes: int, parked: int) -> str:
    """The CPO sends a completed session that begins within a second; its start."""
    begin = soon(app)
    charged = begin + (minutes - parked) * 60_000_000

    def hours(count: int) -> Decimal:
        return round(Decimal(count) / 60, 4)

    periods = [
        {
            "start_date_time": text(begin),
            "dimensions": [
                {"type": "ENERGY", "volume": kwh},
                {"type": "TIME", "volume": hours(minutes - parked)},
            ],
        }
    ]
    if parked:
        dimensions = [{"type": "PARKING_TIME", "volume": hours(parked)}]
        periods.append({"start_date_time": text(charged), "dimensions": dimensions})
    token = example("2.3.0", "sessions")["cdr_token"]
    body = example("2.3.0", "sessions", id=identity, kwh=kwh, charging_periods=periods, total_cost=None) | {
        "country_code": "NL",
        "party_id": "CPO",
        "cdr_token": token | {"country_code": "DE", "party_id": "MSP", "contract_id": "DEMSPC0000017X"},
        "location_id": "HARBOUR",
        "evse_uid": "EVSE-1",
        "connector_id": "1",
        "start_date_time": text(begin),
        "end_date_time": text(begin + minutes * 60_000_000),
        "status": "COMPLETED",
        "currency": "EUR",
        "last_updated": text(begin + minutes * 60_000_000),
    }
    assert code(cpo.put(f"sessions/NL/CPO/{identity}", body))[1] == 1000
    return text(begin)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 60_000).map(lambda wh: Decimal(wh) / 1000),
    st.integers(1, 600),
    st.data(),
)
def test_the_preview_of_a_session_is_its_bill(app, pricing, charging, kwh, minutes, data):  # P1
    """With a rule that gives another tariff, a discount and an allowance that is used up on the way."""
    parked = data.draw(st.integers(0, minutes - 1))
    if pricing.get(ONE).status_code == 404:
        publish(pricing)
        elements = [
            {"price_components": [ENERGY], "restrictions": {"max_kwh": 10}},
            {"price_components": [ENERGY | {"price": Decimal("0.31")}, PARKING]},
        ]
        publish(pricing, draft(id="MSP", elements=elements, min_price={"before_taxes": 1}))
        match = {"partner": "DE/MSP"}
        for rule in (
            {"kind": "TARIFF", "tariff_id": "MSP", "match": match},
            {"kind": "PERCENT", "value": "-12.5", "match": match},
            {"kind": "FREE_KWH", "value": "40", "per": "MONTH", "match": {"contract": "DEMSP*"}},
        ):
            assert pricing.post("/rules", {"party": "NL/CPO", **rule}).status_code == 201
    identity = f"S{app.extensions['hub'].store.clock()}"
    asked = {"kwh": str(kwh), "minutes": minutes, "parked_minutes": parked, "start": text(soon(app))}
    shown = pricing.post("/prices/preview", WHERE | WHO | asked)
    assert shown.status_code == 200, shown.json
    charge(app, charging, identity, kwh, minutes, parked)
    billed = pricing.get(f"/sessions/NL/CPO/{identity}").json
    told = shown.json
    assert billed["billing"] == "RATED", billed
    same = ("before_taxes", "after_taxes", "currency", "energy", "parking", "limits")
    assert {name: told["quote"][name] for name in same} == {
        name: billed["explanation"][name] for name in same
    }
    assert told["tariff_id"] == billed["tariff_id"] == "MSP"
    assert told["before_taxes"] == billed["explanation"]["before_taxes"]


def test_a_preview_shows_the_table_and_the_coming_prices(pricing, charging):
    publish(pricing)
    told = pricing.post("/prices/preview", WHERE | WHO | {"power_kw": "11"}).json
    assert [(each["kwh"], each["minutes"]) for each in told["table"]] == [
        (kwh, minutes) for kwh in (10, 20, 50) for minutes in (30, 60, 240)
    ]
    assert told["prices"]
    assert (told["tariff_id"], told["version"], told["rule"], told["adjustments"]) == ("DAY", 1, None, [])
    assert told["before_taxes"] == "8"
    same = pricing.post("/prices/preview", {"party": "NL/CPO", "tariff_id": "DAY"}).json
    assert (same["before_taxes"], same["version"]) == ("8", 1)
    other = pricing.post("/prices/preview", {"party": "NL/CPO", "tariff": draft("0.5")}).json
    assert (other["before_taxes"], other["version"]) == ("10", None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"party": "NL/CPO"}, 422),
        ({**WHERE, "location_id": "NOWHERE"}, 409),
        ({**WHERE, "parked_minutes": 90}, 422),
        ({**WHERE, "kwh": "1e400000"}, 422),
        ({**WHERE, "kwh": True}, 422),
        ({**WHERE, "minutes": 10**9}, 422),
        ({"party": "NL/CPO", "tariff_id": "NONE"}, 404),
        ({"party": "NL/CPO", "tariff": {"id": 5}}, 422),
        ({"party": "NL/CPO", "tariff_id": "DAY", "time_zone": "Mars/Base"}, 422),
        (WHERE, 409),
    ],
)
def test_what_cannot_be_previewed_is_told(pricing, charging, body, status):
    """Nothing is published, so whoever charged here would be held."""
    answer = pricing.post("/prices/preview", body)
    assert (answer.status_code, bool(answer.json["remedy"])) == (status, True)


# Rules -----------------------------------------------------------------------------------------------------


def test_why_a_rule_holds_or_does_not(app, pricing, charging):
    publish(pricing)
    publish(pricing, draft("0.30", id="MSP"))
    first = pricing.post(
        "/rules", {"party": "NL/CPO", "kind": "TARIFF", "tariff_id": "MSP", "match": {"partner": "DE/MSP"}}
    ).json["id"]
    second = pricing.post(
        "/rules", {"party": "NL/CPO", "kind": "TARIFF", "tariff_id": "DAY", "match": {"partner": "FR/MSP"}}
    ).json["id"]
    found = pricing.post("/rules/resolve", WHERE | WHO | {"start": now(app, hours=1)}).json
    assert (found["rule"], found["tariff_id"], found["version"], found["fault"]) == (first, "MSP", 1, None)
    why = {each["rule"]: (each["holds"], each["why_not"]) for each in found["considered"]}
    assert why[first] == (True, None)
    assert why[second] == (False, "partner is DE/MSP, not FR/MSP")
    charge(app, charging, "S1", Decimal(10), 60, 0)
    told = pricing.post("/rules/resolve", {"party": "NL/CPO", "session_id": "S1"}).json
    assert told["rule"] == first
    assert pricing.post("/rules/resolve", {"party": "NL/CPO", "session_id": "NONE"}).status_code == 404


def test_rules_are_made_listed_replaced_and_ended(app, pricing):
    rule = {"party": "NL/CPO", "kind": "FREE_KWH", "value": "20.5", "per": "MONTH", "match": {"plan": "GOLD"}}
    made = pricing.post("/rules", rule | {"reason": "loyal"})
    assert (made.status_code, made.json["value"], made.json["match"]) == (201, "20.5", {"plan": "GOLD"})
    assert pricing.get(made.headers["Location"]).json == made.json
    one = f"/rules/{made.json['id']}"
    other = pricing.post(f"{one}/replace", rule | {"value": "25"}).json
    assert (other["replaces"], pricing.get(one).json["valid_to"]) == (made.json["id"], other["valid_from"])
    assert pricing.post(f"{one}/end").status_code == 409
    assert pricing.post(f"/rules/{other['id']}/end", {"reason": "over"}).json["end_reason"] == "over"
    assert pricing.get("/rules?kind=FREE_KWH&party=NL/CPO").json["total"] == 2
    assert pricing.get(f"/rules?at={now(app, hours=1)}").json["total"] == 0
    assert pricing.get(f"/rules/{other['id']}/balances").json["items"] == []


def test_a_rule_that_is_ambiguous_or_wrong_is_refused(pricing):
    publish(pricing)
    rule = {"party": "NL/CPO", "kind": "TARIFF", "tariff_id": "DAY", "match": {"country": "NLD"}}
    assert pricing.post("/rules", rule).status_code == 201
    twice = pricing.post("/rules", rule)
    assert (twice.status_code, set(twice.json["fields"])) == (409, {"priority"})
    for wrong, field in (
        ({"match": {"planet": "Mars"}}, "match.planet"),
        ({"match": {"hours": "25:00-26:00"}}, "match.hours"),
        ({"tariff_id": "NONE"}, "tariff_id"),
        ({"value": "3"}, "value"),
        ({"valid_from": "2020-01-01T00:00:00Z"}, "valid_from"),
        ({"value": "NaN"}, "value"),
        ({"priority": 1.5}, "priority"),
    ):
        answer = pricing.post("/rules", rule | {"priority": 5} | wrong)
        assert (answer.status_code, list(answer.json["fields"])) == (422, [field]), answer.json


def test_members_join_and_leave(pricing, charging):
    group = {"party": "NL/CPO", "kind": "LOCATION", "name": "Port", "members": ["HARBOUR"]}
    made = pricing.post("/memberships", group)
    assert (made.status_code, made.json["items"][0]["member"]) == (201, "HARBOUR")
    listed = pricing.get("/memberships?kind=LOCATION&name=port").json
    assert listed["total"] == 1
    assert [each["id"] for each in made.json["items"]] == [each["id"] for each in listed["items"]]
    assert pricing.post("/memberships", group | {"members": ["NOWHERE"]}).status_code == 422
    assert pricing.post("/memberships/remove", group).json["items"][0]["name"] == "PORT"
    assert pricing.post("/memberships/remove", group).status_code == 404


# The past, and the market ----------------------------------------------------------------------------------


def test_the_past_under_a_draft_is_a_job(app, pricing, charging):
    publish(pricing)
    charge(app, charging, "S1", Decimal(10), 60, 0)
    month = now(app)[:7]
    asked = {"party": "NL/CPO", "tariff": draft("0.50"), "months": [month]}
    answer = pricing.post("/prices/what-if", asked)
    assert answer.status_code == 202, answer.json
    hub: Hub = app.extensions["hub"]
    assert Labour(hub).one()
    job = pricing.get(answer.headers["Location"]).json
    assert job["state"] == "done", job
    assert [Decimal(job["result"][name]) for name in ("before", "after", "delta", "count")] == [4, 5, 1, 1]
    wrong = pricing.post("/prices/what-if", asked | {"months": ["2026-13"]})
    assert (wrong.status_code, list(wrong.json["fields"])) == (422, ["months.0"])
    assert pricing.post("/prices/what-if", asked | {"tariff": draft(elements=[])}).status_code == 422


def curve(app: Flask, *prices: object) -> str:
    rows = [f"{now(app, hour)[:13]}:00Z,{price}" for hour, price in enumerate(prices)]
    return "\n".join(["start,price", *rows])


def test_a_curve_is_tried_imported_and_listed(app, pricing):
    publish(pricing)
    body = {
        "party": "NL/CPO",
        "tariff": "DAY",
        "content": curve(app, 100, 200, 300),
        "terms": {"time_zone": "Europe/Amsterdam", "margin": "0.03", "cap": "0.30"},
    }
    tried = pricing.post("/curves/import", body | {"dry_run": True}).json
    assert ([each["price"] for each in tried["prices"]], tried["published"]) == (
        ["0.13", "0.23", "0.3"],
        None,
    )
    assert pricing.get(ONE).json["latest"] == 1
    done = pricing.post("/curves/import", body | {"name": "today.csv"}).json
    assert (done["published"], done["fallback"]) == ([2], "0.40")
    assert pricing.post("/curves/import", body).json["published"] == []
    (again, first) = pricing.get("/curves/files").json["items"]
    assert (first["name"], first["versions"], again["versions"]) == ("today.csv", [2], [])
    assert pricing.get("/curves/sources").json["items"] == []
    bad = pricing.post("/curves/import", body | {"content": curve(app, 1, "x")})
    assert (bad.status_code, bad.json["fields"]) == (422, {"line 3": "'x' is no price [number]."})
    for wrong in ({"unit": "cents"}, {"cap": "0.1", "floor": "0.2"}, {"margin": "NaN"}):
        answer = pricing.post("/curves/import", body | {"terms": body["terms"] | wrong})
        assert answer.status_code == 422, answer.json
