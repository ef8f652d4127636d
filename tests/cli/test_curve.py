"""`hub curve`: prices of a market from a file or a folder, by the command line."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hub import cli
from hub.settings import Settings
from hub.store.engine import Store
from hub.sync.jobs import JOBS
from hub.sync.schedule_defaults import CURVES, OF_HUB

TEMPLATE = {
    "id": "SPOT",
    "currency": "EUR",
    "tax_included": "NO",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.61, "vat": 21, "step_size": 1}]}],
}


@pytest.fixture
def hub(settings: Settings, capsys, monkeypatch, tmp_path):
    """Runs `hub ...` on the database of the test, in a folder with a tariff and a file of prices."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    monkeypatch.chdir(tmp_path)
    Path("tariff.json").write_text(json.dumps(TEMPLATE))
    Path("prices.csv").write_text(prices())

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(list(words))
        return code, *capsys.readouterr()

    return run


def prices(first: str = "100") -> str:
    """Of the hour in which the test runs, which need not be that of its import, and of the next two."""
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{begin + timedelta(hours=hour):%Y-%m-%dT%H:%MZ},{first}" for hour in range(3)]
    return "\n".join(["start,price", *rows, ""])


WHAT = (
    "--tariff",
    "SPOT",
    "--owner",
    "NL/EXA",
    "--time-zone",
    "Europe/Amsterdam",
    "--template",
    "tariff.json",
)


def test_a_dry_run_shows_the_prices_and_publishes_nothing(hub):
    code, out, _ = hub(
        "curve", "import", "prices.csv", *WHAT, "--margin", "0.03", "--cap", "0.12", "--dry-run"
    )
    assert code == 0
    assert "Nothing was published." in out
    assert out.count("0.12") >= 3
    told = json.loads(
        hub("curve", "import", "prices.csv", *WHAT, "--dry-run", "--json")[1], parse_float=Decimal
    )
    assert (told["published"], told["fallback"]) == (None, Decimal("0.61"))
    assert [each["price"] for each in told["prices"]] == [Decimal("0.1")] * 3
    assert json.loads(hub("curve", "list", "--json")[1]) == {"sources": [], "files": []}


def test_an_import_is_published_once_and_listed(hub, settings):
    assert "published version 1 from" in hub("curve", "import", "prices.csv", *WHAT)[1]
    assert "nothing changes" in hub("curve", "import", "prices.csv", *WHAT)[1]
    listed = json.loads(hub("curve", "list", "--json")[1])["files"]
    assert [(each["outcome"], each["versions"], each["source"]) for each in listed] == [
        ("IMPORTED", [], None),
        ("IMPORTED", [1], None),
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--cap", "0.1", "--floor", "0.2"), "the cap 0.1 lies below the floor 0.2"),
        (("--unit", "cents"), "is no unit"),
        (("--margin", "nan"), "is no number"),
        (("--time-zone", "Mars/Base"), "Mars/Base"),
        (("--template", "nowhere.json"), "there is no file nowhere.json"),
        (("--unit", "EUR/kWh"), "line 2: 100 EUR/kWh is beyond all markets [absurd]. For example 20"),
        (("--unit", "SEK/MWh"), "the tariff is in EUR, the prices are in SEK"),
        (("--template", "current"), "give --template FILE"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_remedy(hub, changed, said):
    code, out, err = hub("curve", "import", "prices.csv", *WHAT, *changed)
    assert code in (1, 2)
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_is_added_looked_into_and_removed(hub, settings):
    Path("inbox").mkdir()
    assert hub("curve", "add", "inbox", *WHAT)[0] == 0
    assert "already" in hub("curve", "add", "inbox", *WHAT)[2]
    for name, content in (("a.csv", prices("90")), ("b.csv", prices("much"))):
        Path("inbox", name).write_text(content)
        os.utime(Path("inbox", name), (time.time() - 60,) * 2)
    (job,) = json.loads(hub("schedule", "list", "--job", CURVES, "--json")[1])
    assert "1 files imported, 1 refused" in hub("schedule", "run-now", str(job["id"]), "--wait")[1]
    out = hub("curve", "list")[1]
    assert "line 2: 'much' is no price" in out
    told = json.loads(hub("curve", "list", "--json")[1])
    assert sorted((each["file"], each["outcome"]) for each in told["files"]) == [
        ("a.csv", "IMPORTED"),
        ("b.csv", "REFUSED"),
    ]
    assert hub("curve", "remove", str(told["sources"][0]["id"]))[0] == 0
    assert json.loads(hub("curve", "list", "--json")[1])["sources"] == []
    assert "There is no source 9" in hub("curve", "remove", "9")[2]
    store = Store(settings.database_url)
    with store.reading() as unit:
        rows = unit.connection.exec_driver_sql("SELECT action, via FROM audit_events ORDER BY id").all()
    store.close()
    assert [tuple(row) for row in rows] == [("create", "CLI"), ("publish", "JOB"), ("remove", "CLI")]


def test_the_job_is_among_those_of_the_hub():
    assert CURVES in JOBS
    assert CURVES in {due.job for due in OF_HUB}
