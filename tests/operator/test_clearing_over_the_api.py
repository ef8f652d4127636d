"""Clearing over the operators' API: what is wrong is found, explained and decided; checks and agreements."""

import pytest
from operators import Caller
from roaming import DEAR, complete, own, prepare

from hub.clearing import clerk
from hub.operator.labour import Labour

ONE = "/clearing/cdrs/NL/CPO/OWN-1"


@pytest.fixture
def cleared(cpo, emsp):
    """One CDR that the hub issued, one of the CPO's that is too dear; both cleared."""
    prepare(cpo, emsp)
    complete(cpo)
    later = {"start_date_time": "2025-03-10T08:00:00Z", "cdr_token": own()["cdr_token"] | {"uid": "OTHER"}}
    cpo.receiver("POST", "cdrs", own(**DEAR, **later))
    clerk.everything(cpo.hub.store)
    return cpo


@pytest.fixture
def finance(api) -> Caller:
    caller: Caller = api("finance")
    return caller


def ids(caller: Caller, query: str = "") -> list[str]:
    return [each["id"] for each in caller.get(f"/clearing/cdrs?{query}").json["items"]]


# What is wrong ---------------------------------------------------------------------------------------------


def test_what_is_wrong_is_listed_with_the_reason(cleared, finance):
    (held,) = finance.get("/clearing/cdrs?state=HELD").json["items"]
    assert (held["id"], held["net"], held["expected_net"], held["currency"]) == (
        "OWN-1",
        "5.75",
        "5.625",
        "EUR",
    )
    assert "F6" in held["codes"]
    assert (held["cpo"], held["emsp"], held["energy"]) == ("NL/CPO", "DE/MSP", "20.45")


def test_a_list_is_of_what_its_filters_mean(cleared, finance):
    for query, count in (
        ("", 2),
        ("owner=NL/CPO&emsp=DE/MSP", 2),
        ("owner=DE/MSP", 0),
        ("emsp=NL/CPO", 0),
        ("code=F6", 1),
        ("currency=eur", 2),
        ("currency=NOK", 0),
        ("since=2025-03-10T10:30:00Z&until=2025-03-10T10:30:01Z", 2),
        ("until=2025-03-10T10:30:00Z", 0),
        ("cause=none-such", 0),
    ):
        total = finance.get(f"/clearing/cdrs?{query}").json["total"]
        assert len(ids(finance, query)) == total == count, query


def test_a_filter_that_is_misspelt_does_not_show_everything_or_nothing(cleared, finance):
    for query in ("state=held", "code=Z9", "status=HELD", "owner=NL"):
        assert finance.get(f"/clearing/cdrs?{query}").status_code == 422


def test_pages_follow_each_other(cleared, finance):
    first = finance.get("/clearing/cdrs?limit=1&sort=ended_at").json
    second = finance.get(f"/clearing/cdrs?limit=1&sort=ended_at&after={first['next']}").json
    assert sorted(each["items"][0]["id"] for each in (first, second)) == sorted(ids(finance))
    assert second["next"] is None


def test_one_is_shown_and_explained_with_all_it_stands_on(cleared, finance):
    shown = finance.get("/clearing/cdrs/nl/cpo/own-1")
    assert shown.headers["ETag"] == finance.get(ONE).headers["ETag"]
    assert all(each["remedy"] and each["says"] for each in shown.json["checks"])
    told = finance.get(f"{ONE}/explanation").json
    assert [each["to"] for each in told["states"]] == ["CHECKED", "HELD"]
    assert (told["tariff"]["id"], told["tariff"]["version"], told["agreement"]["id"]) == ("T", 1, 1)
    assert (told["cdr"]["id"], len(told["input_hash"])) == ("OWN-1", 64)
    (issued,) = [each["id"] for each in finance.get("/clearing/cdrs?state=RATED").json["items"]]
    quote = finance.get(f"/clearing/cdrs/NL/CPO/{issued}/explanation").json["quote"]
    assert quote["before_taxes"] == "5.625"


def test_what_differs_is_summed_up(cleared, finance, api):
    (told,) = finance.get("/clearing/differences").json["items"]
    assert (told["currency"], told["recomputed"], told["count"], told["delta"]) == ("EUR", 2, 1, "0.125")
    assert told["by"]["week"] == {"2025-W11": told["by"]["cpo"]["NL/CPO"]}
    assert list(told["by"]["tariff"]) == ["NL/CPO/T@1"]
    for party, count in (("NL/CPO", 1), ("DE/MSP", 1), ("FR/XXX", 0)):
        bound = api("finance", party)
        assert len(bound.get("/clearing/differences").json["items"]) == count
        asked = bound.post("/clearing/differences", {"owner": "NL/CPO"})
        assert asked.status_code == 202
        Labour(cleared.hub).one()
        summed = bound.get(asked.headers["Location"]).json["result"]["items"]
        assert summed == ([told] if count else [])  # the same, of any number


# What becomes of it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "state"), [("accept", "RATED"), ("drop", "DROPPED"), ("reject", "REJECTED")]
)
def test_a_decision_is_written_with_who_and_why_and_is_made_once(cleared, finance, admin, decision, state):
    decided = finance.post(f"{ONE}/{decision}", {"reason": "agreed by phone"})
    assert (decided.status_code, decided.json["state"]) == (200, state)
    last = finance.get(f"{ONE}/states?sort=-id&limit=1").json["items"][0]
    assert (last["from"], last["to"], last["by"], last["why"]) == (
        "HELD",
        state,
        finance.name,
        "agreed by phone",
    )
    (event,) = admin.get("/audit?limit=1").json["items"]
    assert (event["action"], event["what"], event["via"]) == (decision, "cdr/NL/CPO/OWN-1", "API")
    again = finance.post(f"{ONE}/accept")
    assert (again.status_code, again.json["type"]) == (409, "/api/v1/problems/conflict")


def test_what_was_dropped_by_mistake_is_checked_once_more(cleared, finance):
    finance.post(f"{ONE}/drop")
    assert finance.post(f"{ONE}/check").json["state"] == "HELD"


def test_a_decision_may_name_the_state_it_is_meant_for(cleared, finance):
    seen = finance.get(ONE).headers["ETag"]
    assert finance.post(f"{ONE}/drop", If_Match=seen).status_code == 200
    finance.post(f"{ONE}/check")
    assert finance.post(f"{ONE}/accept", {}, If_Match='"other"').status_code == 412


def done(cleared, caller: Caller, body) -> dict:
    answer = caller.post("/clearing/decisions", body)
    assert answer.status_code == 202, answer.json
    Labour(cleared.hub).one()
    job = caller.get(answer.headers["Location"]).json
    assert job["state"] == "done", job
    return job


def test_many_are_decided_by_what_they_have_in_common(cleared, finance, admin):
    job = done(cleared, finance, {"decision": "drop", "code": "F6", "reason": "too dear"})
    assert job["result"] == {"counts": {"DROPPED": 1}, "refused": 0, "first_refused": []}
    assert (job["progress"], job["total"]) == (1, 1)
    (event,) = admin.get("/audit?limit=1").json["items"]
    assert (event["action"], event["actor"], event["via"], event["reason"]) == (
        "drop",
        finance.name,
        "JOB",
        "too dear",
    )
    assert done(cleared, finance, {"decision": "drop", "everything": True})["result"]["counts"] == {}
    told = {"decision": "check", "state": "DROPPED", "owner": "NL/CPO", "since": "2025-03-10T00:00:00Z"}
    assert done(cleared, finance, told)["result"]["counts"] == {"HELD": 1}


def test_what_comes_after_the_decision_was_asked_for_is_not_decided(cleared, finance):
    answer = finance.post("/clearing/decisions", {"decision": "drop", "everything": True})
    cleared.receiver("POST", "cdrs", own(id="OWN-2", **DEAR))
    clerk.everything(cleared.hub.store)
    Labour(cleared.hub).one()
    assert finance.get(answer.headers["Location"]).json["result"]["counts"] == {"DROPPED": 1}
    assert ids(finance, "state=HELD") == ["OWN-2"]


def test_it_must_be_clear_which_are_meant(cleared, finance):
    for body in (
        {"decision": "drop"},
        {"decision": "drop", "everything": True, "code": "F6"},
        {"decision": "drop", "state": "DROPPED", "code": "F6"},
        {"decision": "pay", "everything": True},
    ):
        assert finance.post("/clearing/decisions", body).status_code == 422, body


def test_a_party_sees_its_own_and_who_pays_decides(cleared, api):
    payer, paid, other = (api("finance", party) for party in ("DE/MSP", "NL/CPO", "FR/XXX"))
    assert [len(ids(caller)) for caller in (payer, paid, other)] == [2, 2, 0]
    for path in (ONE, f"{ONE}/explanation", f"{ONE}/states"):
        assert [caller.get(path).status_code for caller in (payer, paid, other)] == [200, 200, 404]
    assert [caller.post(f"{ONE}/drop").status_code for caller in (paid, other)] == [403, 404]
    assert done(cleared, paid, {"decision": "drop", "everything": True})["result"]["counts"] == {}
    assert payer.post(f"{ONE}/drop").status_code == 200
    assert payer.post(f"{ONE}/check").status_code == 200
    assert done(cleared, payer, {"decision": "accept", "code": "F6"})["result"]["counts"] == {"RATED": 1}


def test_others_read_and_do_not_decide(cleared, api):
    everything = {"decision": "drop", "everything": True}
    for role in ("support", "pricing", "read-only"):
        caller = api(role)
        assert caller.get(f"{ONE}/explanation").status_code == 200, role
        assert caller.post(f"{ONE}/accept").status_code == 403, role
        assert caller.post("/clearing/decisions", everything).status_code == 403, role


def test_a_cdr_that_is_not_there_is_told(cleared, finance):
    answer = finance.get("/clearing/cdrs/NL/CPO/NOBODY")
    assert (answer.status_code, "owner=NL/CPO" in answer.json["remedy"]) == (404, True)


# Checks ----------------------------------------------------------------------------------------------------


def test_a_check_is_set_for_one_party_and_reset(cleared, finance, admin):
    path = "/checks/C4?party=NL/CPO"
    usual = finance.get(path).json
    changed = finance.change("PATCH", path, {"severity": "WARN", "limits": {"ac_hours": "48"}})
    assert changed.status_code == 200, changed.json
    assert (changed.json["severity"], changed.json["limits"]["ac_hours"]) == ("WARN", "48")
    assert (changed.json["set"]["author"], changed.json["usual_limits"]) == (finance.name, usual["limits"])
    listed = {each["code"]: each for each in finance.get("/checks?party=NL/CPO").json["items"]}
    assert listed["C4"] == changed.json
    assert finance.get("/checks/C4").json == usual
    assert admin.get("/audit?limit=1").json["items"][0]["what"] == "check/C4/NL/CPO"
    finance.change("PATCH", path, {"severity": "HOLD", "reason": "chargers without a clock"})
    assert admin.get("/audit?limit=1").json["items"][0]["reason"] == "chargers without a clock"
    assert finance.change("DELETE", path).json == usual
    assert finance.change("DELETE", path).status_code == 404


def test_a_check_that_is_set_holds_from_then_on(cleared, finance):
    codes = [each["code"] for each in finance.get(ONE).json["checks"] if each["severity"] != "WARN"]
    for code in codes:
        finance.change("PATCH", f"/checks/{code}?party=NL/CPO", {"severity": "OFF"})
    assert finance.post(f"{ONE}/check").json["state"] == "RATED"


def test_a_setting_that_cannot_be_is_refused(finance):
    for path, body, status in (
        ("/checks/C4", {}, 422),
        ("/checks/C4", {"limits": {"miles": "3"}}, 422),
        ("/checks/C4", {"limits": {"ac_hours": "-3"}}, 422),
        ("/checks/C4", {"severity": "bad"}, 422),
        ("/checks/Z9", {"severity": "OFF"}, 404),
    ):
        assert finance.send("PATCH", path, body, If_Match="*").status_code == status, (path, body)


def test_a_change_of_a_check_needs_the_state_it_is_meant_for(finance):
    seen = finance.get("/checks/C4").headers["ETag"]
    assert finance.send("PATCH", "/checks/C4", {"severity": "OFF"}).status_code == 428
    assert finance.send("PATCH", "/checks/C4", {"severity": "OFF"}, If_Match=seen).status_code == 200
    assert finance.send("DELETE", "/checks/C4", If_Match=seen).status_code == 412


def test_nobody_who_is_bound_loosens_the_checks_of_its_own_cdrs(api):
    caller = api("finance", "NL/CPO")
    assert caller.get("/checks?party=NL/CPO").status_code == 200
    assert caller.get("/checks?party=BE/XYZ").status_code == 404
    refused = caller.send("PATCH", "/checks/C4?party=NL/CPO", {"severity": "OFF"}, If_Match="*")
    assert refused.status_code == 403


# Agreements ------------------------------------------------------------------------------------------------

NEW = {"cpo": "NL/CPO", "emsp": "DE/MSP", "currency": "EUR", "since": "2026-01-01T00:00:00Z"}


def test_an_agreement_is_made_followed_by_another_and_ended(finance, admin):
    made = finance.post("/agreements", NEW | {"terms": {"vat_rate": "21", "netting": "yes"}})
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/agreements/1")
    assert (made.json["terms"]["vat_rate"], made.json["terms"]["netting"], made.json["until"]) == (
        "21",
        "yes",
        None,
    )
    anew = finance.post("/agreements", NEW | {"since": "2026-06-01T00:00:00Z", "terms": made.json["terms"]})
    assert anew.json["terms"] == made.json["terms"]
    assert finance.get("/agreements/1").json["until"] == "2026-06-01T00:00:00Z"
    held = [
        [each["id"] for each in finance.get(f"/agreements?at={at}").json["items"]]
        for at in ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z")
    ]
    assert held == [[], [1], [2]]
    ended = finance.post("/agreements/2/end", {"at": "2027-01-01T00:00:00Z", "reason": "merged"})
    assert ended.json["until"] == "2027-01-01T00:00:00Z"
    assert finance.get("/agreements?at=2027-01-01T00:00:00Z").json["total"] == 0
    assert [each["reason"] for each in admin.get("/audit?limit=2").json["items"]] == ["merged", None]


def test_an_agreement_that_cannot_be_is_refused_by_its_field(finance):
    for body, field in (
        ({"terms": {"vat_rate": "much"}}, "terms.vat_rate"),
        ({"terms": {"vat_category": "AE"}}, "terms.vat_category"),
        ({"terms": {"colour": "red"}}, "terms.colour"),
        ({"currency": "XXZ"}, "currency"),
        ({"until": "2025-01-01T00:00:00Z"}, "until"),
        ({"since": "tomorrow"}, "since"),
    ):
        answer = finance.post("/agreements", NEW | body)
        assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
        assert finance.get("/agreements").json["total"] == 0, field


def test_two_agreements_do_not_begin_at_once(finance):
    assert [finance.post("/agreements", NEW).status_code for _ in range(2)] == [201, 409]


def test_the_terms_are_a_table(finance):
    found = {each["name"]: each for each in finance.get("/agreements/terms").json["items"]}
    assert (found["netting"]["written"], found["netting"]["usual"]) == ("yes|no", "no")


def test_agreements_come_from_a_csv_file_all_or_none(finance):
    head = "cpo,emsp,currency,from,to,vat_rate\n"
    good = "NL/CPO,DE/MSP,eur,2026-01-01T00:00:00Z,,21\nNL/CPO,FR/MSP,EUR,2026-01-01T00:00:00+01:00,,\n"
    refused = finance.post("/agreements/import", {"content": head + good + "NL/CPO,DE/MSP,EUR,soon,,\n"})
    assert (refused.status_code, "Line 4" in refused.json["detail"]) == (422, True)
    for content in ("cpo,emsp\n", head, head + "NL,DE/MSP,EUR,2026-01-01T00:00:00Z\n", 'cpo,"\x0b'):
        assert finance.post("/agreements/import", {"content": content}).status_code == 422
    assert finance.get("/agreements").json["total"] == 0
    made = finance.post("/agreements/import", {"content": "\ufeff" + head + good}).json["ids"]
    assert len(made) == finance.get("/agreements").json["total"] == 2
    assert finance.get(f"/agreements/{made[0]}").json["terms"]["vat_rate"] == "21"


def test_a_party_sees_its_own_agreements_and_makes_none_alone(finance, api):
    finance.post("/agreements", NEW)
    mine, other = api("finance", "DE/MSP"), api("finance", "FR/XXX")
    assert [caller.get("/agreements").json["total"] for caller in (mine, other)] == [1, 0]
    assert [caller.get("/agreements/1").status_code for caller in (mine, other)] == [200, 404]
    assert mine.post("/agreements", NEW | {"since": "2026-02-01T00:00:00Z"}).status_code == 403
