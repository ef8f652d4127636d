"""The month to try the clearing with: whatever goes wrong in it is found, and nothing else is."""

import json
import re
import shlex
from collections import Counter

import pytest
from rich.console import Console
from sqlalchemy import select

from hub import cli
from hub.clearing.checks import BY_CODE
from hub.clearing.states import State
from hub.demo.month import plan as plans
from hub.demo.month import stage, telling
from hub.demo.month.faults import BY_HUB, DOOR, FAULTS
from hub.store.clearings import clearings

CANNOT_COME = {"A6", "A7", "A8", "B3", "G1", "G3", "G5"}
"""The door refuses such CDRs."""


def codes(row):
    return {code for code, _, _ in json.loads(row.codes)}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The plan, the rows of clearing, and what the door refused."""
    plan = plans.plan("2026-10", 40)
    file = tmp_path_factory.mktemp("month") / "hub.sqlite"
    with stage.opened(f"sqlite:///{file}", plan) as scene:
        for event in plan.events:
            scene.tell(event)
        scene.clear(plan.month[1])
        with scene.hub.store.reading() as unit:
            return plan, unit.connection.execute(select(clearings)).all(), scene.refusals


def planted(plan, row):
    """The fault of a CDR; of what the hub issues it is that of the session."""
    of_session = row.session_key if row.owner == "NLSTL" else None
    by_key = {key.upper(): fault for key, fault in plan.planted.items()}
    return by_key.get(row.cdr_key.upper()) or by_key.get((of_session or "").upper())


def test_every_planted_fault_is_found_by_its_codes_and_by_no_other(played):
    plan, rows, _ = played
    found = [(planted(plan, row), codes(row)) for row in rows]
    wrong = [(fault.tells, fault.found, seen) for fault, seen in found if fault and seen != fault.found]
    assert wrong == []
    assert sum(fault is not None for fault, _ in found) == len(FAULTS) + len(BY_HUB)


def test_nothing_else_is_held_nor_remarked_upon(played):
    plan, rows, _ = played
    others = [row for row in rows if planted(plan, row) is None]
    assert [(row.cdr_key, row.codes) for row in others if row.state == State.HELD or codes(row)] == []
    assert len(others) >= 40


def test_every_check_finds_something_but_those_whose_cdrs_the_door_refuses():
    found = set().union(*(fault.found for fault in FAULTS))
    assert set(BY_CODE) - found == CANNOT_COME


def test_the_door_refuses_what_cannot_be_kept(played):
    _, _, refusals = played
    assert Counter(each.why for each in refusals) == Counter(list(DOOR))
    assert all(each.body["status_code"] == 2001 for each in refusals)


def test_the_same_seed_makes_the_same_month_byte_for_byte():
    assert plans.plan("2026-10", 30) == plans.plan("2026-10", 30)
    assert plans.plan("2026-10", 30) != plans.plan("2026-10", 30, seed=1)


def test_whoever_plays_it_is_told_what_to_type_and_the_database_stays(tmp_path, capsys):
    file = tmp_path / "month.sqlite"
    assert cli.run(["demo", "--month", "2026-09", "--sessions", "3", "--database", str(file)]) == 0
    told = capsys.readouterr().out
    assert "11 were refused at the door" in told
    assert f"HUB_DATABASE_URL=sqlite:///{file}" in told
    commands = re.findall(r"^  hub (.+?)(?:  |$)", told, re.MULTILINE)
    assert "cdr list --state held" in commands
    assert {command.split()[0] for command in commands} <= {each.name for each in cli.COMMANDS}
    assert cli.run(["demo", "--month", "2026-09", "--database", str(file)]) == 1
    assert "Choose another --database" in capsys.readouterr().err


def test_what_a_clerk_is_told_to_type_can_be_done_as_it_stands(tmp_path, monkeypatch, capsys):
    file = tmp_path / "month.sqlite"
    assert cli.run(["demo", "--month", "2026-09", "--sessions", "0", "--database", str(file)]) == 0
    commands = re.findall(r"^  hub (.+?)(?:  |$)", capsys.readouterr().out, re.MULTILINE)
    monkeypatch.setenv("HUB_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.chdir(tmp_path)
    assert [command for command in commands if cli.run(shlex.split(command)) != 0] == []
    assert list((tmp_path / "exports").glob("cdr_reconciliation-2026-09.xlsx"))


@pytest.mark.parametrize("month", ["2026-13", "october", "2099-01"])
def test_a_month_that_is_not_over_or_none_at_all_is_refused(month, capsys):
    assert cli.run(["demo", "--month", month]) == 2
    assert "write it as" in capsys.readouterr().err


def test_the_tables_have_a_row_for_each_pair_and_for_each_code(played):
    _, rows, _ = played
    console = Console(width=200)
    with console.capture() as shown:
        console.print(telling.by_pair(rows), telling.by_code(rows))
    told = shown.get()
    assert re.search(r"NL/STL +SE/LDD +SEK", told)
    assert re.search(r"^ F6 .*It costs something else than it should", told, re.MULTILINE)
