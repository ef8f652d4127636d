"""`hub invoice` as a clerk runs it: one command tells what an invoice bills and what is wrong with that."""

import json
from decimal import Decimal

import pytest
from months_of import agree, cdr, close, put, step
from platforms import code

from hub.ocpi.module import Role

NUMBER = "NLCPO-2026-000001"


@pytest.fixture
def cpo(connect):
    return connect("NL/CPO", Role.CPO, "2.3.0")


@pytest.fixture
def books(cpo, connect):
    """A statement that was sent."""
    connect("DE/MSP", Role.EMSP, "2.3.0")
    store = cpo.hub.store
    agree(store)
    for each in ("a-1", "a-2", "a-3"):
        put(store, cdr(each, [("10.005", 19)]))
    statement = close(store).statement
    for name in ("approve", "send"):
        statement = step(store, name, statement)
    return store


def bill_again(cpo):
    """An invoice of the CPO that bills some of it again, and more."""
    body = {"country_code": "NL", "party_id": "CPO", "id": "R-1", "invoice_id": "INV-7"}
    body |= {"cdrs": ["a-1", "a-1", "GHOST"], "last_updated": "2026-11-20T12:00:00Z"}
    assert code(cpo.receiver("POST", "invoicereconciliation", body)) == (201, 1000)


def told(run, *words):
    _, out, err = run(*words, "--json")
    assert err == ""
    return json.loads(out, parse_float=Decimal)


def test_an_invoice_that_agrees_and_one_that_does_not(books, cpo, run):
    done, out, err = run("invoice", "match", NUMBER, "--amount", "35.72")
    assert (done, err) == (0, "")
    assert all(word in out for word in ("It agrees.", "35.72", "agrees"))
    bill_again(cpo)
    done, out, err = run("invoice", "match", "INV-7", "--by", "NL/CPO", "--net", "30")
    assert (done, err) == (1, "")
    assert all(word in out for word in ("GHOST", "Listed twice", NUMBER, "DIFFERS", "does NOT agree"))
    report = told(run, "invoice", "match", "INV-7")
    assert [each["cdr"] for each in report["unknown"]] == ["GHOST"]
    assert report["objections"] == ["1 unknown", "1 listed twice", "1 on another invoice too"]


def test_records_are_listed_shown_given_another_number_and_withdrawn(books, cpo, run):
    bill_again(cpo)
    assert [each["invoice"] for each in told(run, "invoice", "list")] == ["INV-7", NUMBER]
    assert told(run, "invoice", "list", "--party", "FR/XXX") == []
    shown = told(run, "invoice", "show", "INV-7")
    assert [(each["cdr"], each["known"]) for each in shown["cdrs"]] == [("A-1", True), ("GHOST", False)]
    out = run("invoice", "show", NUMBER)[1]
    assert all(word in out for word in ("A-3", "STATED", "11.9"))
    said = run("invoice", "issue", NUMBER, "--invoice-id", "INV-9")[1]
    assert said == f"Record {NUMBER} of NL/CPO tells DE/MSP that invoice INV-9 bills 3 CDRs.\n"
    assert told(run, "invoice", "list", "--statement", "1")[0]["invoice"] == "INV-9"
    assert "told DE/MSP" in run("invoice", "withdraw", NUMBER, "--reason", "a mistake")[1]
    assert [each["invoice"] for each in told(run, "invoice", "list")] == ["INV-7"]
    assert "INV-9" in run("invoice", "list", "--withdrawn")[1]
    assert {"issue-invoice", "withdraw-invoice"} <= set(run("audit", "list")[1].split())


def test_refusals_say_what_to_do(books, run):
    assert "see `hub invoice list`" in run("invoice", "match", "INV-8")[2]
    run("invoice", "withdraw", "1")
    assert "No record is issued" in run("invoice", "withdraw", "1")[2]
    assert run("invoice", "issue", "1", "--invoice-id", "é")[0] == 2
    assert "see `hub statement list`" in run("invoice", "issue", "77")[2]
    assert "hub statement send" in run("invoice", "list", "--party", "FR/XXX")[1]
