"""`hub agreement` as a finance clerk runs it."""

import json

import pytest

from hub import cli


@pytest.fixture
def run(settings, monkeypatch, capsys):
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "a key that commands take from the environment")

    def run(*words):
        code = cli.run(["agreement", *words])
        return code, *capsys.readouterr()

    return run


def test_an_agreement_is_added_shown_and_ended(run):
    made = run(
        "add",
        "nl/exa",
        "DE/EMS",
        "eur",
        "--from",
        "2026-12-01 00:00 Europe/Amsterdam",
        "--term",
        "vat_rate=19",
    )
    assert made[:2] == (0, "Agreement 1: NL/EXA with DE/EMS in EUR from 2026-11-30T23:00:00Z.\n")
    assert "no CPO NL/EXA is connected; see `hub partner list`" in made[2]
    told = json.loads(run("show", "1", "--json")[1])
    assert (told["terms"]["vat_rate"], told["terms"]["hold_days"], told["valid_to"]) == ("19", "90", None)
    assert "Rate of category S" in run("show", "1")[1]
    assert run("end", "1", "--at", "2027-01-01T00:00:00Z", "--reason", "ended by both")[0] == 0
    (listed,) = json.loads(run("list", "--party", "DE/EMS", "--json")[1])
    assert listed["valid_to"] == "2027-01-01T00:00:00Z"
    assert "NL/EXA" in run("list")[1]
    assert json.loads(run("list", "--at", "2027-01-01T00:00:00Z", "--json")[1]) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "NL/EXA", "DE/EMS", "EUX"), "no currency of ISO 4217"),
        (("add", "NL/EXA", "DE/EMS", "EUR", "--term", "vat_rate=101"), "no percentage"),
        (("add", "NL/EXA", "DE/EMS", "EUR", "--from", "2026-12-01"), "does not say by which clock"),
        (("show", "7"), "no agreement of this number"),
        (("end", "7"), "no agreement of this number"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(run, words, says):
    code, out, err = run(*words)
    assert (code in {1, 2}, out, err.count("\n")) == (True, "", 1)
    assert says in err


def test_a_file_of_agreements_is_added_whole_or_not_at_all(run, tmp_path):
    good = "cpo,emsp,currency,from,to,billing\nNL/EXA,DE/EMS,EUR,2026-12-01T00:00:00Z,,direct\n"
    good += "NL/EXA,CH/EMS,CHF,2026-12-01T00:00:00Z,2027-12-01T00:00:00Z,reverse\n"
    file = tmp_path / "agreements.csv"
    file.write_text(good + "NL/EXA,DE/EMS,EUR,2026-12-01T00:00:00Z,,direct\n")
    code, _, err = run("import", str(file))
    assert (code, "Line 4: Another agreement" in err) == (1, True)
    assert json.loads(run("list", "--json")[1]) == []
    file.write_text(good)
    assert run("import", str(file)) == (0, "2 agreements added.\n", "")
    file.write_text("cpo,emsp\n")
    assert "no column 'currency'" in run("import", str(file))[2]


def test_every_term_can_be_looked_up(run):
    assert "tolerance_percent" in run("terms")[1]
