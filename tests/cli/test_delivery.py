"""`hub delivery`: what partners are owed is seen with its last answer, and can be tried again."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from factories import example
from platforms import Platform, code
from sqlalchemy import update

from hub import cli
from hub.settings import Settings
from hub.store import attempts
from hub.store.attempts import Attempt
from hub.store.deliveries import deliveries
from hub.sync import claiming, outcomes

Run = Callable[..., tuple[int, str, str]]
IN_2096 = 4_000_000_000_000_000
REFUSED = {"http": 400, "ocpi": 2001, "error": "refused: 400/2001 id: is too long"}


@pytest.fixture
def run(settings: Settings, capsys, monkeypatch) -> Run:
    """Runs `hub delivery ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["delivery", *words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def owed(cpo: Platform, emsp: Platform) -> Platform:
    """The eMSP is owed a location."""
    assert code(cpo.put("locations/NL/CPO/Harbour", example("2.2.1", "locations", id="Harbour")))[1] == 1000
    return emsp


def listed(run: Run, *words: str) -> Any:
    return json.loads(run("list", *words, "--json")[1])


def settle(partner: Platform, state: str, **values: Any) -> None:
    """As a try ends that a partner has answered."""
    with partner.hub.store.unit() as unit:
        unit.connection.execute(update(deliveries).values(state=state, attempts=4, **values))


def test_what_is_owed_is_listed(run, owed):
    (told,) = listed(run)
    assert (told["partner"], told["module"], told["owner"]) == ("EMSP DE/MSP", "locations", "NL/CPO")
    assert (told["object_id"], told["state"], told["attempts"]) == ("Harbour", "due", 0)
    assert told["owed_at"].endswith("Z")
    code, out, errors = run("list")
    assert (code, errors) == (0, "")
    assert "NL/CPO Harbour" in out


def test_what_was_refused_is_listed_with_the_answer(run, owed):
    settle(owed, outcomes.DEAD, **REFUSED)
    (told,) = listed(run, "--state", "dead")
    assert (told["attempts"], told["http"], told["ocpi"], told["error"]) == (4, *REFUSED.values())
    assert REFUSED["error"] in run("list")[1]
    assert listed(run, "--state", "due") == []


def test_the_list_is_of_one_partner(run, owed, connect):
    assert len(listed(run, "--partner", "EMSP DE/MSP")) == 1
    assert len(listed(run, "--partner", "DE/MSP")) == 1
    assert listed(run, "--partner", "NL/CPO") == []
    code, _, errors = run("list", "--partner", "Nobody")
    assert (code, errors.count("\n")) == (1, 1)


def test_a_list_that_is_shown_whole_says_nothing_of_more(run, owed):
    code, out, errors = run("list", "--limit", "1")
    assert (code, len(out.splitlines()), errors) == (0, 2, "")


@pytest.mark.parametrize("state", [outcomes.DEAD, outcomes.WITHHELD, outcomes.DUE])
def test_what_waits_is_due_at_once_when_it_is_replayed(run, owed, state):
    settle(owed, state, next_at=IN_2096, **REFUSED)
    (told,) = listed(run)
    code, out, errors = run("replay", str(told["id"]))
    assert (code, out, errors) == (0, "locations NL/CPO Harbour is due to EMSP DE/MSP.\n", "")
    (told,) = listed(run)
    assert (told["state"], told["attempts"]) == ("due", 0)
    with owed.hub.store.reading() as unit:
        assert claiming.anything_due(unit)


@pytest.mark.parametrize("state", [outcomes.LEASED, outcomes.DONE])
def test_what_is_under_way_or_done_is_not_replayed(run, owed, state):
    settle(owed, state)
    (told,) = listed(run)
    code, out, errors = run("replay", str(told["id"]))
    assert (code, out) == (1, "")
    assert errors == f"hub: delivery {told['id']} is {state}: there is nothing to try again.\n"
    assert listed(run)[0]["state"] == state


def test_an_unknown_delivery_is_one_line(run, owed):
    code, _, errors = run("replay", "4711")
    assert (code, errors) == (
        1,
        "hub: there is no delivery 4711. `hub delivery list` shows those there are.\n",
    )


def test_one_delivery_is_shown_whole(run, owed):
    settle(owed, outcomes.DEAD, reason="refused", **REFUSED)
    (told,) = listed(run)
    code, out, _ = run("show", str(told["id"]), "--json")
    assert (code, json.loads(out)) == (0, told | {"tries": []})
    code, out, _ = run("show", str(told["id"]))
    assert code == 0
    assert REFUSED["error"] in out


def test_the_tries_of_a_delivery_are_shown_with_what_was_answered(run, owed):
    (told,) = listed(run)
    failed = Attempt(told["id"], 1, 1, IN_2096, 1250, "failed", 502, None, "Bad Gateway", "c-1")
    taken = replace(failed, number=2, outcome="accepted", http=200, ocpi=1000, answer=None)
    with owed.hub.store.unit() as unit:
        attempts.record(unit, [failed, taken])
    tries = json.loads(run("show", str(told["id"]), "--json")[1])["tries"]
    assert [(each["number"], each["outcome"], each["status"]) for each in tries] == [
        (1, "failed", "502/-"),
        (2, "accepted", "200/1000"),
    ]
    shown = run("show", str(told["id"]))[1]
    assert "Bad Gateway" in shown
    assert "1250" in shown
    assert "Bad Gateway" not in run("show", str(told["id"]), "--tries", "1")[1]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--all"], 1),
        (["--reason", "refused"], 1),
        (["--reason", "lost"], 0),
        (["--partner", "DE/MSP", "--module", "locations"], 1),
        (["--module", "tokens"], 0),
        (["--since", "2020-01-01T00:00:00Z"], 1),
        (["--since", "2096-01-01T00:00:00Z"], 0),
        (["--all", "--done"], 0),
    ],
)
def test_what_was_given_up_is_replayed_by_what_it_has_in_common(run, owed, words, count):
    settle(owed, outcomes.DEAD, reason="refused", **REFUSED)
    assert run("replay", *words) == (0, f"{count} deliveries are due.\n", "")
    assert len(listed(run, "--state", "due")) == count


def test_what_was_delivered_is_sent_again_to_a_partner_that_lost_it(run, owed):
    settle(owed, outcomes.DONE)
    assert run("replay", "--partner", "DE/MSP", "--done")[1] == "1 deliveries are due.\n"


@pytest.mark.parametrize("words", [[], ["17", "--all"], ["17", "--partner", "DE/MSP"], ["--since", "soon"]])
def test_a_replay_of_nobody_knows_what_is_refused(run, owed, words):
    code, out, errors = run("replay", *words)
    assert (code, out) == (2, "")
    assert errors
