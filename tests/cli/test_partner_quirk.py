"""`hub partner quirk`: every quirk is set, shown and taken away the same way, and tells its reason."""

import json
from pathlib import Path

import pytest

from hub import cli
from hub.cli.partner_quirk import spelling
from hub.net.pinning import DEFAULT_CA_BUNDLE_PATH
from hub.parties.quirk_table import QUIRKS

README = Path(__file__).parent.parent.parent / "README.md"
SECRET = "a secret key of these tests alone"
INVITE = ("partner", "invite", "--name", "EV Mobile", "--role", "EMSP", "--party", "NL/EMS")


@pytest.fixture
def run(settings, capsys, monkeypatch):
    """Runs `hub partner quirk ...` beside one invited partner: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", SECRET)
    assert cli.run([*INVITE]) == 0
    capsys.readouterr()

    def run(*words: str) -> tuple[int, str, str]:
        return cli.run(["partner", "quirk", *words]), *capsys.readouterr()

    return run


def settings_after(run, *words):
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)["settings"]


def held(run) -> list[str]:
    return [each["quirk"] for each in json.loads(run("list", "EV Mobile", "--json")[1])]


SETTING = {
    "auth-encoding=raw": ("auth_encoding", "raw"),
    "trailing-slash=add": ("trailing_slash", "add"),
    "ascii-only": ("ascii_only", True),
    "known-fields-only": ("known_fields_only", True),
    "first-print": ("first_print", True),
    "no-credit-cdrs": ("credit_cdrs", False),
    "pull-only=tariffs": ("pull_only", ["tariffs"]),
    "page-size=50": ("page_size", 50),
    "lenient=times_with_seconds": ("lenient", ["times_with_seconds"]),
    "time-zone=Europe/Amsterdam": ("time_zone", "Europe/Amsterdam"),
    "vat=5.5": ("vat", "5.5"),
    "postal-code=0000": ("postal_code", "0000"),
    "counterpart=DE/MSP": ("counterpart", "DEMSP"),
    "cdrs=cpo": ("hub_issues_cdrs", False),
    "allow-host=api.example.com:8443": ("hosts", ["api.example.com:8443"]),
    "notice-days=14": ("notice_days", 14),
    "notice-blocks": ("notice_blocks", True),
    f"ca-file={DEFAULT_CA_BUNDLE_PATH}": ("ca_file", DEFAULT_CA_BUNDLE_PATH),
}


def test_every_quirk_is_tried_here_but_the_certificate():
    assert {written.partition("=")[0] for written in SETTING} == QUIRKS.keys() - {"client-certificate"}


@pytest.mark.parametrize("written", SETTING)
def test_a_quirk_is_set_listed_and_taken_away(run, written):
    name, value = SETTING[written]
    before = settings_after(run, "unset", "EV Mobile", "vat")
    after = settings_after(run, "set", "EV Mobile", written)
    assert {field for field in after if after[field] != before[field]} == {name}
    assert str(after[name]).replace("/", "") == str(value).replace("/", "")
    (listed,) = held(run)
    assert listed.replace("/", "") == written.replace("/", "")
    assert settings_after(run, "unset", "EV Mobile", written.partition("=")[0]) == before


def test_several_are_set_at_once_and_the_others_stay(run):
    run("set", "EV Mobile", "ascii-only")
    run("set", "NL/EMS", "vat=21", "pull-only=tariffs", "pull-only=cdrs")
    assert held(run) == ["ascii-only", "pull-only=cdrs", "pull-only=tariffs", "vat=21"]
    run("set", "EV Mobile", "pull-only=tokens")
    run("unset", "EV Mobile", "pull-only=cdrs", "vat")
    assert held(run) == ["ascii-only", "pull-only=tariffs", "pull-only=tokens"]


def test_the_list_without_a_name_is_of_all_partners(run):
    run("set", "EV Mobile", "ascii-only")
    out = run("list")[1]
    assert "EV Mobile" in out
    assert QUIRKS["ascii-only"].reason[:40] in out


@pytest.mark.parametrize(
    "written",
    [
        *("vat=101", "vat=x", "vat", "time-zone=Mars", "lenient=all", "ascii-only=maybe", "pull-only=dogs"),
        *("page-size=0", "page-size=x", "ca-file=/nowhere.pem", "allow-host=a/b", "fly", "counterpart=NLD"),
        *("auth-encoding=", "postal-code=01234567890", f"client-certificate={DEFAULT_CA_BUNDLE_PATH}"),
    ],
)
def test_a_quirk_that_makes_no_sense_is_one_line_and_changes_nothing(run, written):
    code, out, err = run("set", "EV Mobile", "ascii-only", written)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert held(run) == []


@pytest.mark.parametrize("words", [["--help"], ["set", "--help"]])
def test_help_is_there_without_a_database(words, capsys):
    assert cli.run(["partner", "quirk", *words]) == 0
    assert "Example" in capsys.readouterr().out


@pytest.mark.parametrize("name", QUIRKS)
def test_the_readme_shows_every_quirk_with_its_reason(name):
    written = spelling(name).replace("|", "\\|")
    assert f"| `{written}` | {QUIRKS[name].reason} |" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", QUIRKS)
def test_the_reason_of_each_is_in_the_help(name, capsys):
    cli.run(["partner", "quirk", "--help"])
    out = "".join(capsys.readouterr().out.split())
    assert "".join(spelling(name).split()) in out
    assert "".join(QUIRKS[name].reason.split()) in out
