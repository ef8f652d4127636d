"""What an invoice bills and what is wrong with that, over the operators' API: for all and for each party."""

import pytest
from months_of import agree, cdr, close, put, step
from operators import Caller
from platforms import code

from hub.ocpi.document import Party
from hub.ocpi.module import Role

MODULE = "invoicereconciliation"
NUMBER = "NLCPO-2026-000001"
THIRD = Party("FR", "EMS")


@pytest.fixture
def books(connect):
    """A statement that was sent, a CDR of a third party, and an invoice of the CPO that says too much."""
    cpo = connect("NL/CPO", Role.CPO, "2.3.0")
    connect("DE/MSP", Role.EMSP, "2.3.0")
    connect("FR/EMS", Role.EMSP, "2.3.0")
    store = cpo.hub.store
    agree(store)
    agree(store, emsp=THIRD)
    for each in ("a-1", "a-2"):
        put(store, cdr(each, [("10.005", 19)]))
    put(store, cdr("F", [("5", 19)]), agreement=2, emsp=THIRD)
    statement = close(store).statement
    for name in ("approve", "send"):
        statement = step(store, name, statement)
    body = {
        "id": "R-1",
        "invoice_id": "INV-7",
        "cdrs": ["a-1", "GHOST"],
        "last_updated": "2026-11-20T12:00:00Z",
    }
    body |= {"country_code": "NL", "party_id": "CPO"}
    assert code(cpo.receiver("POST", MODULE, body)) == (201, 1000)
    return store


@pytest.fixture
def finance(api) -> Caller:
    caller: Caller = api("finance")
    return caller


def test_one_request_tells_all_that_is_wrong_with_an_invoice(books, finance):
    right = finance.get(f"/invoices/match?invoice={NUMBER}&amount=23.81&net=20.01").json
    assert (right["objections"], right["statement"]) == (["1 on another invoice too"], NUMBER)
    assert (right["by"], right["for"], right["counts"]["known"]) == ("NL/CPO", "DE/MSP", 2)
    assert [each["within"] for each in right["told"]] == [True, True]
    wrong = finance.get("/invoices/match?invoice=inv-7&by=NL/CPO&for=DE/MSP&amount=23.81").json
    assert not wrong["agrees"]
    assert [each["cdr"] for each in wrong["unknown"]] == ["GHOST"]
    assert [(each["cdr"], each["also_on"]) for each in wrong["elsewhere"]] == [("A-1", NUMBER)]
    assert wrong["told"][0]["difference"] == "11.90405"
    assert finance.get("/invoices/match?invoice=INV-8").status_code == 422
    assert finance.get("/invoices/match?invoice=INV-7&currency=euro").status_code == 422
    assert finance.get("/invoices/match").status_code == 422


def test_records_and_their_cdrs_are_listed(books, finance):
    items = finance.get("/invoices").json["items"]
    assert [(each["invoice"], each["by"], each["for"], each["listed"]) for each in items] == [
        ("INV-7", "NL/CPO", "DE/MSP", 2),
        (NUMBER, "NL/CPO", "DE/MSP", 2),
    ]
    narrowed = ("party=FR/EMS", "by=DE/MSP", "invoice=INV-7", "statement=1", "withdrawn=true")
    assert [finance.get(f"/invoices?{each}").json["total"] for each in narrowed] == [0, 0, 1, 1, 2]
    one = f"/invoices/{items[0]['id']}"
    assert finance.get(one).json == items[0]
    first = finance.get(f"{one}/cdrs?limit=1").json
    assert (first["total"], first["items"][0]["cdr"]) == (2, "A-1")
    assert finance.get(f"{one}/cdrs?limit=1&after={first['next']}").json["items"][0]["cdr"] == "GHOST"
    said = {
        name: [each["cdr"] for each in finance.get(f"{one}/cdrs?finding={name}").json["items"]]
        for name in ("UNKNOWN", "ELSEWHERE", "MISSING", "UNSTATED")
    }
    assert said == {"UNKNOWN": ["GHOST"], "ELSEWHERE": ["A-1"], "MISSING": [], "UNSTATED": []}
    assert finance.get("/invoices/77").status_code == 404


def test_each_party_sees_its_own_alone(books, api):
    """O10: what others bill is not there, not in totals either."""
    payer, paid, other = (api("finance", party) for party in ("DE/MSP", "NL/CPO", "FR/EMS"))
    assert [caller.get("/invoices").json["total"] for caller in (payer, paid, other)] == [2, 2, 0]
    ask = f"/invoices/match?invoice={NUMBER}"
    assert [caller.get(ask).status_code for caller in (payer, paid, other)] == [200, 200, 422]
    assert payer.get(ask).json == paid.get(ask).json
    number = payer.get("/invoices").json["items"][0]["id"]
    paths = (f"/invoices/{number}", f"/invoices/{number}/cdrs")
    assert [other.get(path).status_code for path in paths] == [404, 404]
    body = {"statement": 1, "invoice_id": "MINE"}
    assert [caller.post("/invoices", body).status_code for caller in (payer, other)] == [403, 404]
    assert paid.post("/invoices", body).json["records"][0]["invoice"] == "MINE"


def test_what_is_told_of_a_statement_is_changed_and_taken_back(books, finance, api):
    body = {"statement": 1, "invoice_id": "INV-9", "reason": "the CPO's own"}
    (made,) = finance.post("/invoices", body).json["records"]
    assert (made["invoice"], made["record"], made["statement"]) == ("INV-9", NUMBER, 1)
    (gone,) = finance.post("/invoices/withdraw", {"statement": 1}).json["records"]
    assert gone["id"] == made["id"]
    assert finance.get("/invoices").json["total"] == 1
    assert finance.get(f"/invoices/{gone['id']}/cdrs").status_code == 404
    assert finance.post("/invoices/withdraw", {"statement": 1}).status_code == 409
    assert finance.post("/invoices", {"statement": 77}).status_code == 404
    assert finance.post("/invoices", {"statement": 1, "invoice_id": "ü"}).status_code == 422
    assert api("support").post("/invoices", body).status_code == 403
    trail = api("admin").get("/audit").json["items"]
    assert {"issue-invoice", "withdraw-invoice"} <= {each["action"] for each in trail}
