"""`hub tariff what-if`: past months under a draft, for a person and for a script."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factories import example
from platforms import Platform, code

from hub import cli
from hub.ocpi import strictjson
from hub.settings import Settings

Run = Callable[..., tuple[int, str, str]]
START = "2025-03-10T07:00:00Z"


def tariff(price: str, **changes: Any) -> dict[str, Any]:
    part = {"type": "ENERGY", "price": Decimal(price), "vat": 10, "step_size": 1}
    body = example("2.2.1", "tariffs", id="T", min_price=None, max_price=None, last_updated=START)
    return body | {"elements": [{"price_components": [part]}]} | changes


@pytest.fixture
def run(settings: Settings, capsys, monkeypatch, cpo: Platform) -> Run:
    """Runs `hub tariff what-if ...` on two sessions of 20 kWh at 0.25 and their location."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["T"])
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    assert code(cpo.put("tariffs/NL/CPO/T", tariff("0.25")))[1] == 1000
    place = example("2.2.1", "locations", evses=[evse], last_updated=START)
    assert code(cpo.put("locations/NL/CPO/HARBOUR", place))[1] == 1000
    for name in ("S1", "S2"):
        dimensions = [{"type": "ENERGY", "volume": 20}, {"type": "TIME", "volume": Decimal("1.75")}]
        period = {"start_date_time": "2025-03-10T08:00:00Z", "dimensions": dimensions}
        body = example("2.2.1", "sessions", id=name, kwh=20, charging_periods=[period], total_cost=None)
        assert code(cpo.put(f"sessions/NL/CPO/{name}", body | {"status": "COMPLETED"}))[1] == 1000

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.run(["tariff", "what-if", *map(str, words)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "draft.json"
    file.write_bytes(strictjson.write(tariff("0.30")))
    return file


def test_last_month_under_a_draft(run: Run, draft: Path) -> None:
    ended, said, _ = run(draft, "--owner", "NL/CPO", "--period", "2025-03")
    assert ended == 0
    lines = said.splitlines()
    assert lines[0].split() == ["All,", "EUR", "Sessions", "Before", "After", "Change", "%"]
    assert lines[1].split() == ["before", "taxes", "2", "10.00", "12.00", "2.00", "20.0"]
    assert "2 cost more, 0 less, 0 the same." in lines
    for group in ("By partner", "By location", "By hour", "By component"):
        assert any(line.startswith(group) for line in lines)
    assert {line.index("12.00") for line in lines if "12.00" in line} == {
        lines[1].index("12.00")
    }  # all line up


def test_the_same_for_a_script_and_for_some(run: Run, draft: Path) -> None:
    words = ("--owner", "NL/CPO", "--period", "2025-03", "--json")
    found = json.loads(run(draft, *words, "--partner", "DE/MSP", "--location", "HARBOUR")[1])
    assert (found["count"], found["delta"]) == (2, 2)
    ended, _, said = run(draft, *words, "--tariff", "OTHER")
    assert ended == 1
    assert "--all takes those of every tariff" in said
    assert json.loads(run(draft, *words, "--tariff", "OTHER", "--all")[1])["count"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--owner", "NL/CPO", "--period", "March"), "2026-10"),
        (("--owner", "CPO", "--period", "2025-03"), "NL"),
    ],
)
def test_what_is_asked_wrongly_is_refused(run: Run, draft: Path, words: tuple[str, ...], said: str) -> None:
    ended, _, told = run(draft, *words)
    assert ended == 2
    assert said in told


def test_it_says_what_it_leaves_out_where_there_is_such_a_thing(run: Run, draft: Path, capsys) -> None:
    words = (draft, "--owner", "NL/CPO", "--period", "2025-03")
    assert "neither side" not in run(*words)[1]
    assert cli.run(["rule", "add", "NL/CPO", "--percent", "-10"]) == 0
    capsys.readouterr()
    assert run(*words)[1].endswith(
        "What rules take off or add after the tariff is on neither side (rule 1).\n"
    )
