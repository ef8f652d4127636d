"""`hub export` as a finance clerk runs it."""

import json
from pathlib import Path

from hub.cli.export import show
from hub.closing.exports.writing import Written


def test_an_export_is_a_file_and_its_sidecar(run, tmp_path):
    code, out, _ = run("export", "journal", "--period", "2026-10", "--out", str(tmp_path / "new"))
    assert (code, "journal-2026-10.csv: 0 rows." in out) == (0, True)
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == [
        "journal-2026-10.csv",
        "journal-2026-10.csv.json",
    ]
    words = ("export", "exceptions", "--period", "2026-10", "--out", str(tmp_path), "--json")
    assert json.loads(run(*words)[1])["kind"] == "exceptions"


def test_the_sums_and_their_way_to_the_ledger_are_shown(capsys):
    step = {"what": "Difference", "rows": None, "net_total": None, "gross_total": "-0.0100"}
    sums = {"EUR": {"rows": 2, "net_total": "10.0000", "gross_total": "1112.1000"}}
    told = {"rows": 2, "sums": sums, "ledger": {"EUR": [step]}, "sha256": "ab"}
    show(Written(Path("a.csv"), Path("a.csv.json"), told))
    assert capsys.readouterr().out.splitlines() == [
        "a.csv: 2 rows.",
        "Currency  rows  net_total  gross_total",
        "EUR          2    10.0000    1112.1000",
        "",
        "EUR: from the rows to the ledger  Rows  Net    Gross",
        "Difference                                   -0.0100",
        "SHA-256 ab",
    ]


def test_what_cannot_be_is_told(run, tmp_path):
    out = ("--out", str(tmp_path))
    assert run("export", "journal", "--period", "2026-13", *out)[0] == 2
    code, _, err = run("export", "exceptions", "--period", "2026-10", "--format", "beancount", *out)
    assert (code, "beancount is for journal alone" in err) == (1, True)
    (tmp_path / "file").touch()
    assert run("export", "journal", "--period", "2026-10", "--out", str(tmp_path / "file" / "x"))[0] == 1
    assert "no export of this number" in run("export", "schedule", "remove", "7")[2]


def test_the_meaning_of_every_column_is_told(run):
    told = json.loads(run("export", "columns", "cdr_reconciliation", "--json")[1])
    assert (len(told), told[0]["name"], told[-1]["name"]) == (91, "schema_version", "content_sha256")
    assert "debit" in run("export", "columns", "journal")[1]


def test_a_scheduled_export_is_listed_with_what_came_of_it(run, tmp_path):
    words = ("export", "schedule", "add", "journal", "--out", str(tmp_path), "--cpo", "NL/CPO")
    assert run(*words)[1].startswith("Export 1: journal into ")
    assert run("export", "schedule", "run")[1] == "1 export written.\n"
    (told,) = json.loads(run("export", "schedule", "list", "--json")[1])
    assert (told["only"], told["told"]) == ("cpo NL/CPO", next(tmp_path.glob("*.csv")).name)
    assert "journal" in run("export", "schedule", "list")[1]
    assert run("export", "schedule", "remove", "1")[0] == 0


def test_a_scheduled_export_that_cannot_be_written_is_named(run, tmp_path):
    folder = tmp_path / "gone"
    run("export", "schedule", "add", "journal", "--out", str(folder))
    folder.touch()
    code, out, err = run("export", "schedule", "run")
    assert (code, out, f"Export 1 into {folder}: not written: " in err) == (1, "0 exports written.\n", True)
