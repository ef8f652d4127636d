"""`hub rule`, `hub location-group`, `hub membership`: as a pricing manager uses them, refusals included."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from platforms import Platform, code

from hub import cli
from hub.ocpi import instants
from hub.settings import Settings

Run = Callable[..., tuple[int, str, str]]
ALWAYS = {"start_date_time": None, "end_date_time": None, "min_price": None, "max_price": None}
HOUR = 3_600_000_000


@pytest.fixture
def run(settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `hub ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(list(words))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def priced(cpo: Platform) -> Platform:
    prices = {"T": Decimal("0.50"), "NIGHT": Decimal("0.30")}
    for key, price in prices.items():
        parts = [{"type": "ENERGY", "price": price, "vat": 20, "step_size": 1}]
        elements = [{"price_components": parts}]
        cpo.put(f"tariffs/NL/CPO/{key}", example("2.2.1", "tariffs", id=key, elements=elements) | ALWAYS)
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["T"])
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations", id="HARBOUR", evses=[evse]))
    return cpo


def complete(cpo: Platform, key: str = "S1") -> None:
    start = cpo.hub.store.clock() // 1_000_000 * 1_000_000 + 60_000_000
    volumes = [{"type": "ENERGY", "volume": 20}, {"type": "TIME", "volume": 1}]
    times = {"start_date_time": instants.text(start), "end_date_time": instants.text(start + HOUR)}
    period = {"start_date_time": times["start_date_time"], "dimensions": volumes}
    body = example("2.2.1", "sessions", id=key, status="COMPLETED", kwh=20, total_cost=None, currency="EUR")
    told = body | times | {"charging_periods": [period], "last_updated": times["start_date_time"]}
    assert code(cpo.put(f"sessions/NL/CPO/{key}", told)) == (201, 1000)


def told(run: Run, *words: str) -> Any:
    status, out, errors = run(*words, "--json")
    assert status == 0, errors
    return json.loads(out, parse_float=Decimal)


def test_a_price_for_one_partner_at_a_group_of_locations(priced: Platform, run: Run) -> None:
    assert run("location-group", "add", "NL/CPO", "coast", "harbour")[:2] == (
        0,
        "1 came into location group COAST of NL/CPO.\n",
    )
    made = told(
        run, "rule", "add", "NL/CPO", "--tariff", "NIGHT", "--partner", "DE/MSP", "--location-group", "COAST"
    )
    assert made["match"] == {"partner": "DE/MSP", "location_group": "COAST"}
    complete(priced)
    shown = told(run, "session", "show", "NL/CPO", "S1")
    assert shown["before_taxes"] == 6
    assert shown["grounds"] == {
        "tariff_version": 1,
        "rule_id": made["id"],
        "adjusted_by": [],
        "policy": "PIN_AT_START",
    }
    out = run("session", "show", "NL/CPO", "S1")[1]
    assert f"NIGHT, version 1, in force at the start; given by rule {made['id']}" in out


def test_what_comes_off_is_shown_with_its_rule_and_reason(priced: Platform, run: Run) -> None:
    made = told(run, "rule", "add", "NL/CPO", "--percent", "-10", "--reason", "gold members")
    complete(priced)
    out = run("session", "show", "NL/CPO", "S1")[1]
    (line,) = [line.split() for line in out.splitlines() if line.startswith("PERCENT")]
    assert line == ["PERCENT", str(made["id"]), "-10", "%", "-1", "-0.2", "-1.2", "gold", "members"]
    assert [line.split()[:4] for line in out.splitlines() if line.startswith("tariff alone")] == [
        ["tariff", "alone", "10", "2"]
    ]


def test_resolve_tells_what_holds_and_why_nothing_else_does(priced: Platform, run: Run) -> None:
    one = told(run, "rule", "add", "NL/CPO", "--tariff", "NIGHT", "--partner", "DE/MSP")["id"]
    other = told(run, "rule", "add", "NL/CPO", "--tariff", "NIGHT", "--partner", "NL/EMS")["id"]
    free = told(run, "rule", "add", "NL/CPO", "--free-kwh", "30")["id"]
    complete(priced)
    found = told(run, "rule", "resolve", "NL/CPO", "S1")
    assert (found["tariff_id"], found["tariff_version"], found["rule"]["id"]) == ("NIGHT", 1, one)
    assert {each["rule"]["id"]: each["why_not"] for each in found["considered"]} == {
        one: None,
        other: "partner is DE/MSP, not NL/EMS",
        free: None,
    }
    assert [(each["rule_id"], each["value"]) for each in found["adjustments"]] == [(free, 10)]
    out = run("rule", "resolve", "NL/CPO", "--location", "HARBOUR", "--contract", "NL-EMS-C1")[1]
    assert f"rule {other}" in out
    assert "partner is NL/EMS, not DE/MSP" in out


def test_a_rule_is_ended_and_replaced(priced: Platform, run: Run) -> None:
    first = told(run, "rule", "add", "NL/CPO", "--tariff", "NIGHT")["id"]
    second = told(run, "rule", "add", "NL/CPO", "--tariff", "T", "--replaces", str(first))
    assert second["replaces"] == first
    assert [each["id"] for each in told(run, "rule", "list", "--owner", "NL/CPO")] == [second["id"]]
    assert len(told(run, "rule", "list", "--all")) == 2
    status, out, _ = run("rule", "end", str(second["id"]), "--reason", "over")
    assert (status, out[:8]) == (0, f"Rule {second['id']} e"[:8])
    assert "over" in run("rule", "show", str(second["id"]))[1]
    assert told(run, "rule", "list") == []


def test_a_rule_is_told_with_its_partner_its_moment_and_who_sees_it(priced: Platform, run: Run) -> None:
    words = (
        *("--tariff", "NIGHT", "--partner", "NL/EMS", "--private"),
        *("--from", "2126-11-30 06:00 Europe/Berlin"),
    )
    told = "partner NL/EMS; from Sat 2126-11-30 "
    out = run("rule", "add", "NL/CPO", *words, "--dry-run")[1]
    assert out.startswith("It would be: tariff NIGHT; " + told), out
    out = run("rule", "add", "NL/CPO", *words)[1]
    assert re.match("Rule [0-9]+: tariff NIGHT; " + told, out), out
    assert out.endswith("; nobody else sees the tariff.\n")
    assert "partner NL/EMS" in run("rule", "list")[1]


def test_a_rule_that_is_only_tried_is_not_there(priced: Platform, run: Run) -> None:
    status, out, errors = run("rule", "add", "NL/CPO", "--percent", "-5", "--dry-run")
    assert status == 0
    assert "-5 %" in out
    assert "nothing was written" in errors
    assert told(run, "rule", "list") == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--tariff", "NIGHT"], "Give one a higher priority"),
        (["--tariff", "NOWHERE", "--priority", "1"], "publish it first, with `hub tariff publish`"),
        (["--percent", "ten"], "write it as -0.05"),
        ([], "Say what the rule gives, by one of --tariff, --percent"),
        (["--percent", "-5", "--free-kwh", "3"], "Say what the rule gives, by one of"),
        (["--per-kwh", "-0.05"], "as --currency EUR"),
        (["--percent", "-5", "--connector", "1"], "together with evse_uid"),
        (["--percent", "-5", "--from", "2020-01-01T00:00:00Z"], "Leave it out for now"),
        (["--percent", "-5", "--from", "tomorrow"], "is no moment"),
        (["--percent", "-5", "--hours", "10-12"], "write 22:00-06:00"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    priced: Platform, run: Run, words: list[str], says: str
) -> None:
    told(run, "rule", "add", "NL/CPO", "--tariff", "NIGHT")
    status, _, errors = run("rule", "add", "NL/CPO", *words)
    assert status != 0
    assert says in errors


def test_contracts_come_into_plans_and_leave(priced: Platform, run: Run) -> None:
    run("membership", "add", "NL/CPO", "plan", "gold", "nl-c1", "nl-c2")
    out = run("membership", "add", "NL/CPO", "plan", "gold", "NL-C1", "NL-C3")[1]
    assert out == "1 came into plan GOLD of NL/CPO; 1 was there already.\n"
    assert [each["member"] for each in told(run, "membership", "list")] == ["NL-C1", "NL-C2", "NL-C3"]
    assert (
        run("membership", "remove", "NL/CPO", "plan", "gold", "nl-c2")[1] == "1 left plan GOLD of NL/CPO.\n"
    )
    assert [each["member"] for each in told(run, "membership", "list", "--kind", "plan")] == [
        "NL-C1",
        "NL-C3",
    ]
    status, _, errors = run("membership", "add", "NL/CPO", "plan", "basic", "NL-C1")
    assert status == 1
    assert "Let it leave that first" in errors
    assert told(run, "location-group", "list") == []


def test_a_fee_without_energy_is_billed_when_somebody_has_looked(priced: Platform, run: Run) -> None:
    parts = [{"type": "FLAT", "price": 1, "vat": 20, "step_size": 1}]
    now = instants.text(priced.hub.store.clock())
    fee = example("2.2.1", "tariffs", id="T", elements=[{"price_components": parts}]) | ALWAYS
    priced.put("tariffs/NL/CPO/T", fee | {"last_updated": now})
    start = priced.hub.store.clock() // 1_000_000 * 1_000_000 + 60_000_000
    body = example("2.2.1", "sessions", id="S1", status="COMPLETED", kwh=0, total_cost=None, currency="EUR")
    times = {"start_date_time": instants.text(start), "end_date_time": instants.text(start + HOUR)}
    priced.put("sessions/NL/CPO/S1", body | times | {"charging_periods": []})
    status, _, errors = run("session", "rate", "NL/CPO", "S1")
    assert (status, "--accept ENERGY_ZERO" in errors) == (1, True)
    status, out, _ = run("session", "rate", "NL/CPO", "S1", "--accept", "ENERGY_ZERO")
    assert (status, out[:12]) == (0, "Billed 1 EUR")
