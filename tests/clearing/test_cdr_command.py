"""`hub cdr` and `hub check` as a finance clerk runs them."""

import json
from decimal import Decimal

import pytest
from roaming import DEAR, complete, own, prepare

from hub import cli
from hub.clearing import deciding
from hub.ocpi import instants


@pytest.fixture
def run(settings, monkeypatch, capsys):
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words):
        code = cli.run(list(words))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def roaming(cpo, emsp, run):
    """One CDR that the hub issued, one of the CPO's that is too dear; both cleared."""
    prepare(cpo, emsp)
    complete(cpo)
    later = {"start_date_time": "2025-03-10T08:00:00Z", "cdr_token": own()["cdr_token"] | {"uid": "OTHER"}}
    cpo.receiver("POST", "cdrs", own(**DEAR, **later))
    return cpo


def listed(run, *words):
    return json.loads(run("cdr", "list", *words, "--json")[1], parse_float=Decimal)


@pytest.fixture
def cleared(roaming, run):
    assert run("cdr", "clear")[:2] == (0, "2 CDRs cleared.\n")
    return roaming


def test_what_is_wrong_is_listed_with_the_reason(cleared, run):
    (held,) = listed(run, "--state", "held")
    assert (held["id"], held["net"], held["expected_net"]) == ("OWN-1", Decimal("5.75"), Decimal("5.625"))
    assert "F6" in held["codes"]
    assert [each["id"] for each in listed(run, "--code", "F6")] == ["OWN-1"]
    assert listed(run, "--emsp", "DE/XXX") == []
    assert "OWN-1" in run("cdr", "list")[1]


def test_one_is_explained_with_all_it_stands_on(cleared, run):
    told = json.loads(run("cdr", "explain", "NL/CPO", "own-1", "--json")[1], parse_float=Decimal)
    assert {"F6"} <= {each["code"] for each in told["checks"]}
    assert all(each["remedy"] for each in told["checks"])
    assert [each["to"] for each in told["states"]] == ["CHECKED", "HELD"]
    assert (told["tariff"]["id"], told["tariff"]["version"], told["agreement"]["id"]) == ("T", 1, 1)
    assert told["cdr"]["id"] == "OWN-1"
    assert [(each["amount"], each["side"], each["delta"]) for each in told["differences"]] == [
        ("total", "before_taxes", Decimal("0.125")),
        ("total", "after_taxes", Decimal("0.1375")),
        ("total", "taxes", Decimal("0.0125")),
        ("energy", "before_taxes", Decimal("0.125")),
        ("energy", "after_taxes", Decimal("0.1375")),
        ("energy", "taxes", Decimal("0.0125")),
        ("fixed", "before_taxes", 0),
        ("fixed", "after_taxes", 0),
        ("fixed", "taxes", 0),
    ]
    assert "0.1375" in run("cdr", "explain", "NL/CPO", "OWN-1")[1]
    (rated,) = listed(run, "--state", "rated")
    text = run("cdr", "explain", "NL/CPO", rated["id"])[1]
    assert all(word in text for word in ("RATED", "Tariff", "Price", "ENERGY", "5.625"))


def test_a_decision_is_written_and_cannot_be_made_twice(cleared, run):
    accepted = run("cdr", "accept", "NL/CPO", "OWN-1", "--reason", "agreed by phone")
    assert accepted == (0, "1 CDR now RATED.\n", "")
    code, _, err = run("cdr", "drop", "NL/CPO", "OWN-1")
    assert (code, "OWN-1 is RATED" in err) == (1, True)
    told = json.loads(run("cdr", "explain", "NL/CPO", "OWN-1", "--json")[1])
    assert (told["states"][-1]["to"], told["states"][-1]["why"]) == ("RATED", "agreed by phone")
    assert "accept" in run("audit", "list")[1]


def test_many_are_decided_by_what_they_have_in_common(cleared, run):
    assert "No CDR is meant" in run("cdr", "drop", "--all", "--code", "D1")[1]
    assert run("cdr", "drop", "--all", "--code", "F6")[1] == "1 CDR now DROPPED.\n"
    assert run("cdr", "check", "NL/CPO", "OWN-1")[1] == "1 CDR now HELD.\n"
    code, _, err = run("cdr", "reject", "--all")
    assert (code, "if you mean that: --state held" in err) == (2, True)
    assert run("cdr", "reject", "--all", "--state", "held")[1] == "1 CDR now REJECTED.\n"


@pytest.mark.parametrize("words", [("accept",), ("accept", "NL/CPO", "OWN-1", "--all"), ("accept", "NL/CPO")])
def test_one_or_all_must_be_named(cleared, run, words):
    assert run("cdr", *words)[0] == 2


def test_a_cdr_that_is_not_there_is_told(cleared, run):
    assert "See `hub cdr list`" in run("cdr", "show", "NL/CPO", "NOBODY")[2]


def test_a_check_that_is_set_holds_from_then_on(cleared, run):
    assert (
        run("check", "set", "f6", "--severity", "warn", "--party", "NL/CPO")[1] == "f6 is set for NL/CPO.\n"
    )
    stranger = run("check", "set", "b4", "--severity", "off", "--party", "XX/XXX", "--reason", "agreed")
    assert (stranger[0], "no CPO XX/XXX is connected" in stranger[2]) == (0, True)
    assert "agreed" in run("audit", "list", "--json")[1]
    assert run("check", "set", "b4", "--severity", "off")[0] == 0
    shown = {
        each["code"]: each for each in json.loads(run("check", "list", "--party", "NL/CPO", "--json")[1])
    }
    assert (shown["F6"]["severity"], shown["F6"]["usual_severity"]) == ("WARN", "HOLD")
    assert run("check", "reset", "F6", "--party", "NL/CPO")[1] == "F6 is as usual for NL/CPO.\n"
    assert run("check", "reset", "F6", "--party", "NL/CPO")[1] == "F6 was not set.\n"
    assert "has no limit 'miles'" in run("check", "set", "C4", "--limit", "miles=3")[2]
    assert "no such check" in run("check", "set", "Z1", "--severity", "off")[2]


def test_what_differs_is_summed_up(cleared, run):
    (told,) = json.loads(run("cdr", "report", "--json")[1], parse_float=Decimal)
    assert (told["currency"], told["recomputed"], told["count"], told["delta"]) == (
        "EUR",
        2,
        1,
        Decimal("0.125"),
    )
    assert told["by"]["week"] == {"2025-W11": told["by"]["cpo"]["NL/CPO"]}
    assert list(told["by"]["tariff"]) == ["NL/CPO/T@1"]
    assert "0.125" in run("cdr", "report")[1]


def test_what_nobody_decides_is_dropped_after_the_days_agreed(cleared, run):
    hub = cleared.hub
    with hub.store.unit() as unit:
        assert deciding.drop_overdue(unit) == 0
    hub.store.clock = lambda: instants.micros("2025-06-09T12:00:00Z")
    with hub.store.unit() as unit:
        assert deciding.drop_overdue(unit) == 1
    (dropped,) = listed(run, "--state", "dropped")
    assert dropped["id"] == "OWN-1"
