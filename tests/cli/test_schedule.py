"""`hub schedule`: what is missing can be made, with its reasons when it cannot; what was done can be seen."""

import json

import pytest
from platforms import Platform
from sqlalchemy import insert, select

from hub import cli
from hub.store import audit, runs
from hub.store.parties import endpoints
from hub.store.runs import KEPT, Ran
from hub.store.schedules import schedules
from hub.sync import schedule

HOUR = 3_600_000_000


@pytest.fixture
def run(settings, capsys, monkeypatch):
    """Runs `hub schedule ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["schedule", *words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def offering(cpo: Platform) -> Platform:
    """The CPO offers, since lately, a list of its tariffs."""
    with cpo.hub.store.unit() as unit:
        url = "https://cpo.example.com/tariffs"
        row = {"partner_id": cpo.id, "module": "tariffs", "role": "SENDER", "url": url}
        unit.connection.execute(schedules.delete())
        unit.connection.execute(endpoints.delete().where(endpoints.c.role == "SENDER"))
        unit.connection.execute(insert(endpoints).values(**row))
    return cpo


def listed(run):
    return {each["name"]: each for each in json.loads(run("list", "--json")[1])}


def test_a_schedule_that_is_missing_is_made_with_the_times_that_are_usual_or_asked_for(run, offering):
    code, out, errors = run("add", "pull", "--partner", "NL/CPO", "--module", "tariffs")
    assert (code, errors) == (0, "")
    assert "every 6h, next at" in out
    assert run("add", "crawl", "--partner", "NL/CPO", "--module", "tariffs", "--every", "0 4 * * 0")[0] == 0
    made = listed(run)
    assert made[f"pull tariffs {offering.id}"]["splay"] == 6 * 3600
    assert made[f"crawl tariffs {offering.id}"]["every"] == "0 4 * * 0"
    with offering.hub.store.reading() as unit:
        events = unit.connection.execute(select(audit.audit_events.c.action, audit.audit_events.c.what)).all()
    assert ("create", f"schedule/pull tariffs {offering.id}") in map(tuple, events)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["pull", "--module", "tariffs"], "is done with a partner"),
        (["pull", "--partner", "NL/CPO"], "say of which: locations"),
        (["alive", "--partner", "NL/CPO", "--module", "tariffs"], "it has none"),
        (["retention", "--partner", "NL/CPO"], "done by the hub for all"),
        (["pull", "--partner", "NL/CPO", "--module", "tokens"], "is no EMSP"),
        (["pull", "--partner", "NL/CPO", "--module", "cdrs"], "offers no list of cdrs"),
    ],
)
def test_a_schedule_that_would_never_do_anything_is_refused_with_the_reason(run, offering, words, why):
    code, out, errors = run("add", *words)
    assert (code, out, errors.count("\n")) == (1, "", 1)
    assert why in errors


def test_a_schedule_that_is_there_is_to_be_set(run, offering):
    words = ["add", "pull", "--partner", "NL/CPO", "--module", "tariffs"]
    run(*words)
    code, _, errors = run(*words)
    assert code == 1
    assert "`hub schedule set" in errors


def test_times_that_nobody_can_read_make_no_schedule(run, offering):
    words = ["--partner", "NL/CPO", "--module", "tariffs", "--every", "now and then"]
    code, _, errors = run("add", "pull", *words)
    assert code == 2
    assert "Neither an interval" in errors or "neither an interval" in errors.lower()
    assert f"pull tariffs {offering.id}" not in listed(run)


def test_only_what_would_not_be_made_again_is_taken_away(run, offering):
    run("add", "pull", "--partner", "NL/CPO", "--module", "tariffs")
    made = str(listed(run)[f"pull tariffs {offering.id}"]["id"])
    code, _, errors = run("remove", made)
    assert code == 1
    assert f"`hub schedule pause {made}`" in errors
    with offering.hub.store.unit() as unit:
        unit.connection.execute(endpoints.delete().where(endpoints.c.role == "SENDER"))
    assert run("remove", made) == (0, f"pull tariffs {offering.id} is gone.\n", "")
    code, _, errors = run("remove", str(listed(run)["retention - -"]["id"]))
    assert code == 1
    assert "make it again by itself" in errors


def test_the_last_runs_of_a_schedule_are_shown(run, cpo):
    overdue = listed(run)["overdue - -"]["id"]
    with cpo.hub.store.unit() as unit:
        claim = schedule.claim_one(unit, schedule.one(unit, overdue))
        schedule.conclude(unit, claim, "failed", "no answer")
        for number in range(KEPT):
            ended = Ran(HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, "done", f"run {number}")
            runs.record(unit, overdue, ended)
    told = json.loads(run("show", str(overdue), "--runs", "1000", "--json")[1])
    assert len(told["runs"]) == KEPT
    assert told["runs"][-1] == {
        "slot": "1970-01-01T01:00:00Z",
        "through": "1970-01-01T02:00:00Z",
        "started_at": "1970-01-01T03:00:00Z",
        "ended_at": "1970-01-01T04:00:00Z",
        "outcome": "done",
        "told": "run 49",
    }
    out = run("show", str(overdue), "--runs", "2")[1]
    assert "run 48" in out
    assert "run 47" not in out
