"""Over the operators' API: what is missing, how a CPO rounds, what was rejected as a file, replay, ledger."""

import csv
import json
from decimal import Decimal

import pytest
from operators import Caller
from roaming import complete, own, prepare

from hub.clearing import clerk
from hub.ocpi import instants
from hub.operator import missing_kinds
from hub.operator.labour import Labour
from hub.sync.jobs import Jobs

APRIL = instants.micros("2025-04-02T12:00:00Z")
DAY = 86_400_000_000


@pytest.fixture
def finance(api) -> Caller:
    caller: Caller = api("finance")
    return caller


@pytest.fixture
def rated(cpo, emsp):
    """A CDR that the hub issued and one of the CPO's."""
    prepare(cpo, emsp)
    complete(cpo)
    later = {"start_date_time": "2025-03-10T08:00:00Z", "cdr_token": own()["cdr_token"] | {"uid": "OTHER"}}
    cpo.receiver("POST", "cdrs", own(**later))
    clerk.everything(cpo.hub.store)
    return cpo


def done(hub, caller: Caller, answer) -> dict:
    assert answer.status_code == 202, answer.json
    while Labour(hub).one():
        pass
    told = caller.get(answer.headers["Location"]).json
    assert (told["state"], told["error"]) == ("done", None)
    return told["result"]


# What is missing -------------------------------------------------------------------------------------------


def test_what_is_missing_is_looked_for_and_listed(populated, finance, api):
    hub = populated.extensions["hub"]
    assert finance.get("/missing").json["total"] == 0
    present = hub.store.clock
    hub.store.clock = lambda: present() + 2 * DAY
    result = done(hub, finance, finance.post("/missing/look", {"reason": "before the close"}))
    assert result == {"missing": {"session-without-cdr": 2, "unreadable": 2}, "lists": []}
    listed = finance.get("/missing?kind=session-without-cdr").json["items"]
    assert sorted((str(each["owner"]), each["object_id"]) for each in listed) == [
        ("BE/XYZ", "H-XYZ"),
        ("NL/CPO", "H-CPO"),
    ]
    assert "LOCATION_UNKNOWN" in listed[0]["detail"]
    assert finance.get("/missing?party=NL/CPO").json["total"] == 1
    bound = api("read-only", "NL/CPO")
    assert [each["object_id"] for each in bound.get("/missing?kind=session-without-cdr").json["items"]] == [
        "H-CPO"
    ]
    assert bound.get("/missing").json["total"] == 2  # what its own list has and could not be kept
    assert api("finance", "NL/CPO").post("/missing/look").status_code == 403
    assert finance.post("/missing/look", {"partner": 77}).status_code == 404


def test_whole_lists_are_read_before_when_that_is_wanted(populated):
    """The job asks for them and waits until a worker has read each."""
    hub = populated.extensions["hub"]
    jobs, seen = Jobs(hub), []

    def worker(done, total=None):
        seen.append((done, total))
        with hub.store.reading() as unit:
            due = [each for each in missing_kinds.lists_of(unit, 2) if each.next_at <= unit.now]
        for each in due:
            assert jobs.at_once(each)

    try:
        result = missing_kinds.look(hub, {"partner": 2, "lists": True}, worker)
    finally:
        jobs.stop()
    told = {each["module"]: (each["partner"], each["outcome"]) for each in result["lists"]}
    assert told.keys() >= {"cdrs", "sessions"}
    assert all(partner and outcome for partner, outcome in told.values())
    assert (seen[0][0], seen[-1]) == (0, (len(told), len(told)))


# How a CPO rounds ------------------------------------------------------------------------------------------


def test_how_a_cpo_rounds_is_told_to_itself_and_to_the_hub(rated, finance, api):
    told = finance.get("/clearing/rounding?owner=NL/CPO").json
    assert (told["party"], told["looked_at"]) == ("NL/CPO", 2)
    assert all(each["cdrs"] <= 2 for each in told["fits"])
    assert api("finance", "NL/CPO").get("/clearing/rounding?owner=NL/CPO").status_code == 200
    assert api("finance", "DE/MSP").get("/clearing/rounding?owner=NL/CPO").status_code == 404
    for wrong in ("", "?owner=NL/CPO&last=0", "?owner=NL/CPO&last=501"):
        assert finance.get(f"/clearing/rounding{wrong}").status_code == 422


# What was rejected -----------------------------------------------------------------------------------------


def test_rejected_cdrs_come_as_a_file_for_a_spreadsheet_and_for_a_program(rated, finance, api):
    held = own(id="OWN-2", start_date_time="2025-03-10T08:00:00Z")
    rated.receiver("POST", "cdrs", held)
    clerk.everything(rated.hub.store)
    finance.post("/clearing/cdrs/NL/CPO/OWN-2/reject", {"reason": "=billed already"})
    answer = finance.get("/clearing/returns/file?owner=NL/CPO")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="returns-NLCPO.csv"'
    (row,) = csv.DictReader(answer.text.splitlines())
    assert (row["cdr_id"], row["reason"]) == ("OWN-2", "'=billed already")  # no spreadsheet reckons with it
    lines = finance.get("/clearing/returns/file?owner=NL/CPO&format=jsonl")
    (told,) = map(json.loads, lines.text.splitlines())
    assert (lines.mimetype, told["cdr_id"]) == ("application/x-ndjson", "OWN-2")
    assert len(api("read-only", "NL/CPO").get("/clearing/returns/file?owner=NL/CPO").text.splitlines()) == 2
    others = api("read-only", "FR/XXX").get("/clearing/returns/file?owner=NL/CPO")
    assert len(others.text.splitlines()) == 1  # the names of the columns
    assert finance.get("/clearing/returns/file").status_code == 422


# The ledger ------------------------------------------------------------------------------------------------


def test_a_closed_month_is_replayed_and_its_balances_sum_to_nought(rated, finance, api):
    hub = rated.hub
    for each in finance.get("/clearing/cdrs?state=HELD").json["items"]:
        finance.post(f"/clearing/cdrs/{each['cpo']}/{each['id']}/accept")
    hub.store.clock = lambda: APRIL
    assert finance.get("/ledger/balances").json == {"items": [], "total": 0, "next": None}
    closed = done(hub, finance, finance.post("/periods/close", {"period": "2025-03"}))
    statement = closed["closed"][0]["statement"]
    items = finance.get("/ledger/balances?period=2025-03").json["items"]
    assert {each["account"].partition(":")[0] for each in items} >= {"receivable", "payable"}
    assert sum(Decimal(each["balance"]) for each in items) == 0
    postings = finance.get(f"/ledger/postings?document=statement/{statement}").json["items"]
    assert sum(Decimal(each["amount"]) for posting in postings for each in posting["entries"]) == 0
    assert finance.get("/ledger/postings?account=receivable:DE/MSP&period=2025-03").json["total"] == 1
    assert finance.get("/ledger/postings?account=receivable:XX/XXX").json["total"] == 0
    replayed = done(hub, finance, finance.post("/periods/replay", {"period": "2025-03"}))
    assert (replayed["statements"], replayed["differences"], replayed["first_differences"]) == (1, 0, [])
    assert replayed["lines"] >= 1
    assert api("finance", "NL/CPO").get("/ledger/balances").status_code == 403
    assert api("read-only").post("/periods/replay", {"period": "2025-03"}).status_code == 403
    assert finance.post("/periods/replay", {"period": "9999-12"}).status_code == 422
