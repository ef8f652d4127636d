"""Disputes, closed months and statements over the operators' API."""

from decimal import Decimal

import pytest
from operators import Caller
from roaming import complete, own, prepare

from hub.clearing import clerk
from hub.ocpi import instants
from hub.operator.labour import Labour

APRIL = instants.micros("2025-04-02T12:00:00Z")
CLAIM = {"owner": "NL/CPO", "claim": "WRONG_PRICE", "text": "T2 held"}


@pytest.fixture
def rated(cpo, emsp):
    """A CDR that the hub issued and one of the CPO's, both right."""
    prepare(cpo, emsp)
    complete(cpo)
    later = {"start_date_time": "2025-03-10T08:00:00Z", "cdr_token": own()["cdr_token"] | {"uid": "OTHER"}}
    cpo.receiver("POST", "cdrs", own(**later))
    clerk.everything(cpo.hub.store)
    return cpo


@pytest.fixture
def finance(api) -> Caller:
    caller: Caller = api("finance")
    return caller


@pytest.fixture
def issued(rated, finance) -> str:
    """The id of the CDR that the hub has issued."""
    ids = [each["id"] for each in finance.get("/clearing/cdrs").json["items"]]
    for each in ids:
        if finance.get(f"/clearing/cdrs/NL/CPO/{each}").json["state"] != "RATED":
            finance.post(f"/clearing/cdrs/NL/CPO/{each}/accept")
    (found,) = [each for each in ids if each != "OWN-1"]
    return found


# Disputes --------------------------------------------------------------------------------------------------


def opened(caller: Caller, cdr: str, **more) -> dict:
    answer = caller.post("/disputes", CLAIM | {"cdr": cdr} | more)
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == f"/api/v1/disputes/{answer.json['id']}"
    return answer.json


def test_a_dispute_is_opened_talked_about_and_accepted_with_a_credit(issued, finance, api):
    payer, support = api("finance", "DE/MSP"), api("support")
    made = opened(payer, issued)
    assert (made["opened_by"], made["claim"], made["claimed"], made["outcome"]) == (
        "DE/MSP",
        "WRONG_PRICE",
        None,
        None,
    )
    one = f"/disputes/{made['id']}"
    evidence = {"name": "log.txt", "sha256": "a" * 64}
    said = support.post(f"{one}/answer", {"text": "see the log", "evidence": evidence}).json["messages"]
    assert [(each["party"], each["text"], each["file"]) for each in said] == [
        ("DE/MSP", "T2 held", None),
        (None, "see the log", "log.txt"),
    ]
    assert finance.get("/disputes?open=true&claim=WRONG_PRICE&party=DE/MSP").json["total"] == 1
    assert finance.get(f"/clearing/cdrs/NL/CPO/{issued}").json["state"] == "DISPUTED"
    accepted = finance.post(f"{one}/accept", {"reason": "it did"})
    assert (accepted.status_code, accepted.json["outcome"]) == (200, "ACCEPTED")
    credited = finance.get(f"/clearing/cdrs/NL/CPO/{issued}").json
    assert (credited["state"], credited["credited_by"].lower()) == (
        "CREDITED",
        accepted.json["credit"].lower(),
    )
    assert finance.post(f"{one}/decline", {"reason": "no"}).status_code == 409
    assert finance.get("/disputes?open=true").json["total"] == 0


def test_a_part_is_taken_back_or_the_claim_declined(issued, finance):
    made = opened(finance, issued, amount="1.25")
    assert made["claimed"] == "1.25"
    assert finance.post(f"/disputes/{made['id']}/decline", {}).status_code == 422
    declined = finance.post(f"/disputes/{made['id']}/decline", {"reason": "T held"}).json
    assert (declined["outcome"], declined["why"], declined["state"]) == ("DECLINED", "T held", "RATED")
    again = opened(finance, issued)["id"]
    several = finance.post(f"/disputes/{again}/accept", {"amount": "1", "goodwill": "1"})
    assert (several.status_code, sorted(several.json["fields"])) == (422, ["amount", "goodwill"])
    assert finance.post(f"/disputes/{again}/accept", {"amount": "0"}).status_code == 409
    part = finance.post(f"/disputes/{again}/accept", {"amount": "1"}).json
    assert (part["outcome"], part["adjustment"], part["state"]) == ("PARTIAL", 1, "RATED")


def test_a_party_disputes_what_it_pays_and_speaks_for_itself(issued, finance, api):
    payer, paid, other = (api("finance", party) for party in ("DE/MSP", "NL/CPO", "FR/XXX"))
    body = CLAIM | {"cdr": issued}
    assert [caller.post("/disputes", body).status_code for caller in (paid, other)] == [403, 404]
    assert payer.post("/disputes", body | {"party": "NL/CPO"}).status_code == 403
    one = f"/disputes/{opened(payer, issued)['id']}"
    assert [caller.get(one).status_code for caller in (payer, paid, other)] == [200, 200, 404]
    assert other.get("/disputes").json["total"] == 0
    assert paid.post(f"{one}/answer", {"text": "no"}).json["messages"][-1]["party"] == "NL/CPO"
    assert [caller.post(f"{one}/accept").status_code for caller in (payer, other)] == [403, 404]
    assert paid.post(f"{one}/decline", {"reason": "no"}).status_code == 403
    assert paid.post(f"{one}/accept").json["outcome"] == "ACCEPTED"


def test_a_dispute_that_cannot_be_is_refused(issued, finance, api):
    opened(finance, issued)
    assert finance.post("/disputes", CLAIM | {"cdr": issued}).status_code == 409
    assert finance.post("/disputes", CLAIM | {"cdr": "NONE"}).status_code == 404
    assert finance.post("/disputes", CLAIM | {"cdr": issued, "claim": "LATE"}).status_code == 422
    assert api("pricing").post("/disputes", CLAIM | {"cdr": issued}).status_code == 403
    assert finance.get("/disputes/77").status_code == 404


# Credits ---------------------------------------------------------------------------------------------------


def test_a_cdr_is_credited_once_and_another_issued_in_its_place(issued, finance, admin):
    one = f"/clearing/cdrs/NL/CPO/{issued}"
    done = finance.post(f"{one}/credit", {"anew": True, "reason": "wrong meter"})
    assert (done.status_code, done.json["state"]) == (200, "CREDITED")
    assert finance.get(f"/clearing/cdrs/NL/CPO/{done.json['credit']}").json["kind"] == "CREDIT"
    assert finance.get(f"/clearing/cdrs/NL/CPO/{done.json['replacement']}").json["net"] == "5.625"
    assert admin.get("/audit?limit=1").json["items"][0]["reason"] == "wrong meter"
    assert finance.post(f"{one}/credit").status_code == 409


def test_a_part_or_goodwill_is_a_line_and_the_cdr_stays(issued, finance):
    one = f"/clearing/cdrs/NL/CPO/{issued}"
    assert finance.post(f"{one}/credit", {"amount": "1", "by_line": True}).status_code == 422
    for amount in ("99", "0"):
        assert finance.post(f"{one}/credit", {"amount": amount}).status_code == 409
    part = finance.post(f"{one}/credit", {"amount": "1.5"}).json
    gift = finance.post(f"{one}/goodwill", {"amount": "5"}).json
    assert (part["state"], gift["state"], part["adjustment"], gift["adjustment"]) == ("RATED", "RATED", 1, 2)
    assert finance.post(f"{one}/goodwill", {"amount": "5"}).status_code == 409


def test_the_cpo_is_told_of_what_was_rejected(rated, finance, api):
    rated.receiver("POST", "cdrs", own(id="OWN-2"))
    clerk.everything(rated.hub.store)
    finance.post("/clearing/cdrs/NL/CPO/OWN-2/reject", {"reason": "billed already"})
    told = [
        [each["cdr_id"] for each in caller.get("/clearing/returns").json["items"]]
        for caller in (finance, api("read-only", "NL/CPO"), api("finance", "FR/XXX"))
    ]
    assert told == [["OWN-2"], ["OWN-2"], []]
    (one,) = finance.get("/clearing/returns?owner=NL/CPO").json["items"]
    assert (one["reason"], one["declared_net"], len(one["remedies"]) > 0) == ("billed already", "5.625", True)


# Closing ---------------------------------------------------------------------------------------------------


def closed(rated, finance, **more) -> dict:
    rated.hub.store.clock = lambda: APRIL
    answer = finance.post("/periods/close", {"period": "2025-03", **more})
    assert answer.status_code == 202, answer.json
    Labour(rated.hub).one()
    job = finance.get(answer.headers["Location"]).json
    assert job["state"] == "done", job
    return job["result"]["closed"]


def test_a_month_is_closed_once(rated, issued, finance):
    opened(finance, "OWN-1")
    (first,) = closed(rated, finance)
    (again,) = closed(rated, finance, agreement=1)
    assert (first["fresh"], again["fresh"], first["statement"]) == (True, False, again["statement"])
    (period,) = finance.get("/periods?period=2025-03&agreement=1&party=DE/MSP").json["items"]
    assert (period["cpo"], period["statement"], period["carried"]) == ("NL/CPO", first["statement"], 1)
    assert [(each["id"], each["period"]) for each in (first, period)] == [(period["id"], "2025-03")] * 2
    assert finance.get("/periods?period=2025-02").json["total"] == 0
    assert finance.get(f"/periods/{period['id']}").json == period
    (waiting,) = finance.get(f"/periods/{period['id']}/carried").json["items"]
    assert (waiting["id"], waiting["state"]) == ("OWN-1", "DISPUTED")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"period": "2025-03"}, 409),
        ({"period": "2025-13"}, 422),
        ({"period": "9999-12"}, 422),
        ({}, 422),
        ({"period": "2025-02", "agreement": 9}, 404),
    ],
)
def test_a_month_that_cannot_be_closed_is_refused(rated, finance, body, status):
    assert finance.post("/periods/close", body).status_code == status


def test_a_statement_goes_its_way_and_its_lines_make_its_sums(rated, issued, finance, api):
    payer, paid = api("finance", "DE/MSP"), api("finance", "NL/CPO")
    (made,) = closed(rated, finance)
    one = f"/statements/{made['statement']}"
    draft = finance.get(one).json
    assert (draft["state"], draft["next"], draft["lines"], draft["number"]) == ("DRAFT", ["approve"], 4, None)
    assert (draft["compared"]["within"], draft["terms"]["netting"]) == (True, "no")
    assert draft["period"] == "2025-03"
    lines = finance.get(f"{one}/lines").json["items"]
    assert [each["number"] for each in lines] == list(range(1, len(lines) + 1))
    assert draft["net"] == "11.25"
    assert sum(Decimal(each["net"]) for each in lines) == Decimal("11.25")
    assert [caller.get(one).status_code for caller in (payer, paid)] == [404, 404]
    assert finance.post(f"{one}/send").status_code == 409
    assert finance.post(f"{one}/approve").json["number"]
    assert finance.post(f"{one}/send").json["state"] == "SENT"
    assert [caller.get("/statements?period=2025-03").json["total"] for caller in (payer, paid)] == [1, 1]
    assert finance.get("/statements?period=2025-03&state=DRAFT").json["total"] == 0
    assert finance.get("/statements?period=2025-02").json["total"] == 0
    assert [caller.post(f"{one}/accept").status_code for caller in (paid, payer)] == [403, 200]
    final = finance.post(f"{one}/finalise", {"reason": "paid"}).json
    assert (final["state"], final["next"]) == ("FINAL", [])
    assert [each["to"] for each in final["states"]] == ["DRAFT", "APPROVED", "SENT", "ACCEPTED", "FINAL"]
    assert finance.get(f"/clearing/cdrs/NL/CPO/{issued}").json["state"] == "SETTLED"


def test_contested_lines_leave_and_the_rest_stands(rated, issued, finance, api):
    payer = api("finance", "DE/MSP")
    (made,) = closed(rated, finance)
    one = f"/statements/{made['statement']}"
    finance.post(f"{one}/approve")
    finance.post(f"{one}/send")
    body = {"claim": "WRONG_PRICE", "text": "T2 held"}
    strange = payer.post(f"{one}/contest", body | {"cdrs": ["NONE"]})
    assert strange.status_code == 409
    revised = payer.post(f"{one}/contest", body | {"cdrs": ["own-1"]}).json
    assert (revised["state"], revised["revision"], revised["net"]) == ("CONTESTED", 2, "5.63")
    assert [each["net"] for each in revised["revisions"]] == ["11.25", "5.63"]
    kept = {each["cdr"] for each in finance.get(f"{one}/lines").json["items"] if each["cdr"]}
    before = {each["cdr"] for each in finance.get(f"{one}/lines?revision=1").json["items"] if each["cdr"]}
    assert before - kept == {"OWN-1"}
    assert finance.get("/disputes?open=true").json["total"] == 1


def test_only_the_hub_closes_approves_and_sends(rated, api):
    caller = api("finance", "NL/CPO")
    assert caller.post("/periods/close", {"period": "2025-02"}).status_code == 403
    assert caller.post("/statements/1/approve").status_code == 403
    assert api("support").post("/statements/1/contest").status_code == 403
