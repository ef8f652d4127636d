"""`hub sync status`: one look tells whether deliveries flow, and what is owed to whom."""

import json

import pytest
from factories import example
from sqlalchemy import insert, update

from hub import cli
from hub.cli.sync import ago
from hub.store.deliveries import breakers, deliveries

HOUR = 3_600_000_000


@pytest.fixture
def run(settings, capsys, monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        return cli.run(["sync", "status", *words]), *capsys.readouterr()

    return run


@pytest.fixture
def owed(cpo, emsp):
    """The eMSP is owed two locations, one of them for an hour."""
    for name in ("L1", "L2"):
        cpo.put(f"locations/NL/CPO/{name}", example("2.2.1", "locations", id=name))
    with emsp.hub.store.unit() as unit:
        older = update(deliveries).where(deliveries.c.document == 1)
        unit.connection.execute(older.values(owed_at=unit.now - HOUR))
    return emsp


def of(run, name):
    told = json.loads(run("--json")[1])
    return next(each for each in told["partners"] if each["name"] == name)


def test_what_is_owed_is_told_with_its_age(run, owed):
    code, out, err = run()
    assert (code, err) == (0, "")
    (line,) = (line for line in out.splitlines() if line.startswith("EMSP DE/MSP "))
    assert line.split()[2:6] == ["2.2.1", "CONNECTED", "closed", "2"]
    assert "1 h" in line
    assert of(run, "EMSP DE/MSP")["backlog"] == 2
    assert of(run, "CPO NL/CPO")["backlog"] == 0


def test_what_was_delivered_refused_and_shut_is_told(run, owed):
    with owed.hub.store.unit() as unit:
        first = update(deliveries).where(deliveries.c.document == 1)
        unit.connection.execute(first.values(state="done", done_at=unit.now - HOUR))
        second = update(deliveries).where(deliveries.c.document == 2)
        unit.connection.execute(second.values(state="dead", error="refused"))
        counts = dict.fromkeys(("failures", "window_at", "tried", "failed", "pauses", "width"), 1)
        shut = {"partner_id": owed.id, "gate": "open", "since": unit.now, "error": "unreached: refused"}
        unit.connection.execute(insert(breakers).values(**shut, **counts))
    told = of(run, "EMSP DE/MSP")
    assert (told["backlog"], told["oldest"], told["dead"], told["deliveries"]) == (0, None, 1, "open")
    assert told["last_delivered"].endswith("Z")
    out = run()[1]
    assert "EMSP DE/MSP: open, unreached: refused" in out
    assert "hub delivery list --state dead" in out


def test_sessions_that_cannot_be_billed_are_told(run, cpo):
    cpo.put("sessions/NL/CPO/S1", example("2.2.1", "sessions", id="S1", status="COMPLETED"))
    assert json.loads(run("--json")[1])["held_sessions"] == 1
    assert "hub session list --held" in run()[1]


def test_without_partners_there_is_nothing_to_tell(run):
    assert run() == (0, "", "")


@pytest.mark.parametrize(
    ("seconds", "told"), [(-3, "0 s"), (59, "59 s"), (61, "1 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_an_age_has_one_unit(seconds, told):
    assert ago(seconds * 1_000_000) == told


def test_a_partner_that_has_waited_for_too_long_is_told(run, owed):
    assert "EMSP DE/MSP: has waited for more than 1 h" in run()[1]
    assert of(run, "EMSP DE/MSP")["overdue_hours"] == 1
    assert of(run, "CPO NL/CPO")["overdue_hours"] == 0
