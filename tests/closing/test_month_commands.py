"""`hub period`, `hub statement` and `hub billing` as a finance clerk runs them at the end of a month."""

import json
from decimal import Decimal

import pytest
from months_of import agree, cdr, put

from hub.clearing.states import State


@pytest.fixture
def month(store):
    agree(store, vat_rate=Decimal(19), fee_per_cdr=Decimal("0.10"))
    for name in ("A", "B", "C"):
        put(store, cdr(name, [("10.005", 19)]))
    put(store, cdr("H", [("5", 19)]), state=State.HELD)
    return store


def told(run, *words):
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_float=Decimal)


def test_a_month_goes_from_open_to_settled(month, run):
    (before,) = told(run, "period", "show", "2026-10")
    assert (before["state"], before["lines"], before["waiting"]) == ("OPEN", 3, 1)
    (closed,) = told(run, "period", "close", "2026-10")
    assert (closed["net"], closed["tax"], closed["waiting"]) == (Decimal("30.02"), Decimal("5.70"), 1)
    assert told(run, "period", "close", "2026-10") == [closed]
    assert told(run, "period", "list") == [closed]
    assert {each["period"] for each in (before, closed, *told(run, "statement", "list"))} == {"2026-10"}
    text = run("period", "show", "2026-10")[1]
    assert all(word in text for word in ("CLOSED", "On no statement", "held until somebody decides"))
    assert run("statement", "approve", "1")[1] == "Statement 1 (NLCPO-2026-000001) is APPROVED.\n"
    assert run("statement", "send", "NLCPO-2026-000001", "--reason", "by mail")[0] == 0
    assert "CONTESTED" in run("statement", "contest", "1", "B", "--reason", "too dear")[1]
    assert run("statement", "finalise", "1")[1] == "Statement 1 (NLCPO-2026-000001) is FINAL.\n"
    shown = told(run, "statement", "show", "1", "--lines")
    assert (shown["state"], shown["net"], shown["lines"]) == ("FINAL", Decimal("20.01"), 2)
    assert shown["totals"][0]["rate"] == 19
    balances = told(run, "billing", "balances", "--period", "2026-10")
    assert {each["account"]: each["balance"] for each in balances} == {
        "hub_fee": Decimal("-0.2"),
        "payable:NL/CPO": Decimal("-23.61"),
        "receivable:DE/MSP": Decimal("23.81"),
    }
    assert sum(each["balance"] for each in balances) == 0
    assert "0 differences" in run("billing", "replay", "--period", "2026-10")[1]
    verbs = run("audit", "list")[1]
    assert all(verb in verbs for verb in ("close", "approve", "send", "contest", "finalise"))


def test_what_is_of_no_agreement_is_told_though_no_statement_will_have_it(month, run):
    assert "no agreement" not in run("period", "show", "2026-10")[1]
    put(month, cdr("N", [("5", 19)], currency="SEK"), agreement=None)
    put(month, cdr("M", [("5", 19)], currency="SEK"), agreement=None, state=State.HELD)
    assert "of no agreement, of any month: 2." in run("period", "show", "2026-10")[1]
    agree(month, currency="SEK")
    assert "no agreement" not in run("period", "show", "2026-10")[1]


def test_tables_show_what_it_comes_to(month, run):
    assert "30.02" in run("period", "close", "2026-10")[1]
    assert "35.72" in run("statement", "list", "--period", "2026-10", "--state", "draft")[1]
    text = run("statement", "show", "1", "--lines")[1]
    assert all(word in text for word in ("Totals", "Fee of the hub", "Lines", "Steps", "Ledger", "VAT 19"))


def test_refusals_say_what_is_next(month, run):
    run("period", "close", "2026-10")
    assert "next is `hub statement approve 1`" in run("statement", "finalise", "1")[2]
    assert "see `hub statement list`" in run("statement", "show", "77")[2]
    assert "close it then" in run("period", "close", "2026-12")[2]
    assert "write it as 2026-10" in run("period", "close", "October")[2]
    run("statement", "approve", "1")
    run("statement", "send", "1")
    assert "has no line for ZZ" in run("statement", "contest", "1", "ZZ", "--reason", "x")[2]


def test_where_there_is_nothing_it_says_how_there_will_be(run, store):
    assert "hub period close" in run("period", "list")[1]
    assert "hub agreement list" in run("period", "close", "2026-10")[1]
    assert "hub period close" in run("statement", "list")[1]
    assert "hub period close" in run("billing", "balances")[1]
