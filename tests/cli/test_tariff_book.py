"""`hub tariff publish` and what else changes prices, as a pricing manager does it at the command line."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factories import example
from platforms import Platform

from hub import cli
from hub.cli.moments import day, moment, shown
from hub.ocpi import instants, strictjson
from hub.settings import Settings

Run = Callable[..., tuple[int, str, str]]
WEEK = "2126-11-25 06:00 Europe/Berlin"
NEXT_WEEK = "2126-12-02 06:00 Europe/Berlin"


def tariff(price: str = "0.30", **changes: Any) -> dict[str, Any]:
    part = {"type": "ENERGY", "price": Decimal(price), "vat": 19, "step_size": 1}
    body = {
        "id": "Night",
        "currency": "EUR",
        "elements": [{"price_components": [part]}],
        "tax_included": "NO",
    }
    return body | changes


@pytest.fixture
def run(settings: Settings, capsys, monkeypatch) -> Run:
    """Runs `hub tariff ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["tariff", *words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def publish(run: Run, tmp_path: Path) -> Run:
    """publish(tariff or tariffs, *words) -> as run."""

    def publish(body: Any, *words: str) -> tuple[int, str, str]:
        file = tmp_path / "draft.json"
        file.write_bytes(strictjson.write(body))
        return run("publish", str(file), "--owner", "NL/EXA", *words)

    return publish


def shown_as_json(run: Run, *words: str) -> Any:
    code, output, _ = run(*words, "--json")
    assert code == 0
    return json.loads(output, parse_float=Decimal)


# Publishing ------------------------------------------------------------------------------------------------


def test_a_price_is_planned_shown_and_taken_back(run: Run, publish: Run) -> None:
    assert publish(tariff())[:2][1].startswith("NL/EXA Night: version 1 holds from ")
    code, output, _ = publish(tariff("0.20"), "--from", WEEK, "--reason", "cheaper nights")
    assert code == 0
    assert output == (
        "NL/EXA Night: version 2 holds from Mon 2126-11-25 05:00 UTC (2126-11-25T05:00:00Z), "
        "instead of version 1.\n"
    )
    told = shown_as_json(run, "show", "NL/EXA", "night")
    assert [(each["number"], each["state"], each["reason"]) for each in told["versions"]] == [
        (1, "in force", None),
        (2, "planned", "cheaper nights"),
    ]
    assert told["next_change"] == "2126-11-25T05:00:00Z"
    assert "cheaper nights" in run("schedule")[1]
    assert run("withdraw", "NL/EXA", "Night", "2")[1] == "NL/EXA Night: version 2 is withdrawn.\n"
    assert run("schedule")[1] == "Nothing is planned.\n"


def test_a_dry_run_tells_all_and_changes_nothing(run: Run, publish: Run) -> None:
    publish(tariff())
    code, output, _ = publish(tariff("0.20"), "--from", WEEK, "--time-zone", "Europe/Berlin", "--dry-run")
    assert code == 0
    for line in (
        "would hold from Mon 2126-11-25 06:00 Europe/Berlin (2126-11-25T05:00:00Z), instead of version 1.",
        "ENERGY: 0.30 EUR per kWh, 19 % VAT -> 0.20 EUR per kWh, 19 % VAT",
        "Prices in EUR (before taxes) for a session that begins then, Europe/Berlin:",
        "10 kWh  2.00 / 2.38",
    ):
        assert line in output
    assert len(shown_as_json(run, "show", "NL/EXA", "night")["versions"]) == 1


def test_the_same_price_is_not_published_again(publish: Run) -> None:
    publish(tariff())
    assert publish(tariff("0.300"))[1] == "NL/EXA Night: version 1 says the same; nothing was published.\n"


def test_what_is_wrong_is_shown_and_nothing_is_published(run: Run, publish: Run) -> None:
    gap = tariff()
    gap["elements"][0]["restrictions"] = {"start_time": "07:00", "end_time": "23:00"}
    code, output, errors = publish([tariff(id="GOOD"), gap])
    assert code == 1
    assert "charging-gap" in output
    assert "for example" in output
    assert errors == ("hub: nothing was published: correct what is refused; --anyway overrides the linter.\n")
    assert shown_as_json(run, "list") == []
    late = publish(tariff(), "--from", "2020-01-01T00:00:00Z")
    assert (
        late[2] == "hub: nothing was published: correct what is refused.\n"
    )  # which --anyway would not help
    assert publish([tariff(id="GOOD"), gap], "--anyway")[0] == 0
    assert len(shown_as_json(run, "list")) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2020-01-01T00:00:00Z"), "2020-01-01T00:00:00Z is past"),
        (("--from", NEXT_WEEK, "--until", WEEK), "before it begins"),
        (("--from", WEEK), "Version 2 begins at 2126-11-25T05:00:00Z already"),
    ],
)
def test_a_moment_at_which_it_cannot_be_is_refused(publish: Run, words: tuple[str, ...], says: str) -> None:
    publish(tariff())
    publish(tariff("0.20"), "--from", WEEK)
    code, output, _ = publish(tariff("0.10"), *words)
    assert code == 1
    assert says in " ".join(output.split())


def test_who_has_not_seen_the_latest_version_changes_nothing(publish: Run) -> None:
    publish(tariff())
    code, _, errors = publish(tariff("0.20"), "--expect", "0")
    assert code == 1
    assert "is at version 1 by now, not 0" in errors


def test_json_tells_what_was_published(publish: Run) -> None:
    code, output, _ = publish(tariff(), "--json")
    told = json.loads(output)
    assert (code, told["published"]) == (0, True)
    (one,) = told["tariffs"]
    assert (one["changed"], one["version"]["number"], one["version"]["state"]) == (True, 1, "in force")


def test_a_price_may_be_for_one_partner_alone(run: Run, publish: Run) -> None:
    output = publish(tariff(), "--for", "DE/MSP", "--for", "FR/ABC")[1]
    assert output.endswith("from now on only DE/MSP, FR/ABC can read it, whatever version.\n")
    assert shown_as_json(run, "show", "NL/EXA", "night")["readers"] == ["DE/MSP", "FR/ABC"]
    publish(tariff(), "--for", "everybody")
    assert shown_as_json(run, "show", "NL/EXA", "night")["readers"] is None


def test_the_file_may_say_whose_tariff_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tariff.json"
    file.write_bytes(strictjson.write(tariff()))
    assert "Name the party with --owner" in run("publish", str(file))[2]
    file.write_bytes(strictjson.write(tariff(country_code="NL", party_id="EXA")))
    assert run("publish", str(file))[0] == 0


# Ending, reverting, looking --------------------------------------------------------------------------------


def test_a_price_ends_and_is_brought_back(run: Run, publish: Run) -> None:
    publish(tariff())
    assert "ends Mon 2126-11-25 05:00 UTC" in run("end", "NL/EXA", "Night", "--at", WEEK)[1]
    assert "Nothing holds from Mon 2126-11-25 05:00." in run("show", "NL/EXA", "Night")[1]
    assert run("revert", "NL/EXA", "Night", "1", "--from", NEXT_WEEK)[0] == 0
    (gap,) = shown_as_json(run, "show", "NL/EXA", "Night")["gaps"]
    assert gap == {"since": "2126-11-25T05:00:00Z", "until": "2126-12-02T05:00:00Z"}
    assert "the end of version 1 is withdrawn" in run("withdraw", "NL/EXA", "Night", "1", "--end")[1]


def test_what_changes_on_a_day_is_told_in_words_and_money(run: Run, publish: Run) -> None:
    publish(tariff())
    publish(tariff("0.20"), "--from", WEEK)
    output = run("changes", "--on", "2126-11-25", "--time-zone", "Europe/Berlin")[1]
    assert output.startswith("Mon 2126-11-25 06:00  NL/EXA Night: version 1 -> 2\n")
    assert "0.30 EUR per kWh, 19 % VAT -> 0.20 EUR per kWh, 19 % VAT" in output
    assert run("changes", "--on", "2126-11-26")[1] == "No price changes on 2126-11-26 (UTC).\n"


def test_versions_and_files_are_compared(run: Run, publish: Run, tmp_path: Path) -> None:
    publish(tariff())
    publish(tariff("0.20"), "--from", WEEK)
    assert "0.30 EUR per kWh" in run("diff", "NL/EXA/night@1", "nl/exa/Night@2")[1]
    same = run("diff", "NL/EXA/Night", str(tmp_path / "draft.json"))[1]
    assert "0.30 EUR per kWh" in same
    assert run("diff", "NL/EXA/Night", "NL/EXA/Night")[1] == "Nothing that decides a price has changed.\n"
    assert "is no file, and no version" in run("diff", "there.json", "NL/EXA/Night")[2]


def test_one_version_is_told_in_plain_words(run: Run, publish: Run) -> None:
    publish(tariff())
    output = run("show", "NL/EXA", "night", "--version", "1")[1]
    assert "Energy: 0.30 EUR per kWh" in output
    told = shown_as_json(run, "show", "NL/EXA", "night", "--version", "1")
    assert told["tariff"]["elements"] == tariff()["elements"]
    assert "has no version 2" in run("show", "NL/EXA", "night", "--version", "2")[2]


def test_a_list_shows_what_holds_and_what_comes(run: Run, publish: Run) -> None:
    publish(tariff())
    publish(tariff("0.20"), "--from", WEEK)
    headings, row = run("list")[1].splitlines()
    assert headings.split()[:3] == ["Party", "ID", "Version"]
    assert row.split()[:3] == ["NL/EXA", "Night", "1"]
    assert row.split()[-2:] == ["EUR", "everybody"]


@pytest.mark.parametrize("words", [("show",), ("end",), ("revert", "1"), ("withdraw", "1")])
def test_an_unknown_tariff_is_told(run: Run, words: tuple[str, ...]) -> None:
    code, _, errors = run(words[0], "NL/EXA", "NONE", *words[1:])
    assert code == 1
    assert "NL/EXA has no tariff NONE" in errors


def test_local_times_are_those_of_the_locations_of_the_party(run: Run, cpo: Platform) -> None:
    cpo.put("locations/NL/CPO/HARBOUR", example("2.2.1", "locations", id="HARBOUR"))
    cpo.put("tariffs/NL/CPO/T", example("2.2.1", "tariffs", id="T"))
    output = run("show", "NL/CPO", "T")[1]
    assert "From (Europe/Amsterdam)" in output
    assert "OCPI" in output


# Moments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-30T05:00:00Z", "2026-11-30T05:00:00Z"),
        ("2026-11-30T06:00+01:00", "2026-11-30T05:00:00Z"),
        ("2026-11-30 06:00 Europe/Berlin", "2026-11-30T05:00:00Z"),
        ("2026-11-30 06:00 UTC", "2026-11-30T06:00:00Z"),
        ("2026-07-01 06:00 Europe/Berlin", "2026-07-01T04:00:00Z"),
    ],
)
def test_a_moment_is_an_instant_or_what_clocks_of_a_place_show(text: str, instant: str) -> None:
    assert moment(text) == instants.micros(instant)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Monday", "is no moment"),
        ("2026-11-30 06:00", "does not say by which clock"),
        ("2026-11-30T06:00Z Europe/Berlin", "an offset and a time zone"),
        ("2026-03-29 02:30 Europe/Berlin", "never show 2026-03-29 02:30"),
        ("2026-10-25 02:30 Europe/Berlin", r"2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00"),
    ],
)
def test_a_moment_that_is_none_or_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        moment(text)


@pytest.mark.parametrize(("date", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-30", 24)])
def test_a_local_day_has_the_hours_that_clocks_show(date: str, hours: int) -> None:
    begins, ends = day(date, "Europe/Berlin")
    assert ends - begins == hours * 3600 * 1_000_000
    assert shown(begins, "Europe/Berlin") == f"{instants.moment(begins + 7200_000_000):%a} {date} 00:00"


def test_who_ends_a_tariff_that_rules_give_is_told_so(
    settings: Settings, run: Run, publish: Run, capsys
) -> None:
    publish(tariff())
    assert cli.run(["rule", "add", "NL/EXA", "--tariff", "night", "--partner", "DE/MSP"]) == 0
    assert cli.run(["rule", "add", "NL/EXA", "--tariff", "night", "--country", "NLD", "--until", WEEK]) == 0
    capsys.readouterr()
    code, output, errors = run("end", "NL/EXA", "Night", "--at", NEXT_WEEK)
    assert (code, output.count("\n")) == (0, 1)
    assert errors == (
        "hub: rule 1 gives it then (partner DE/MSP): such sessions are held, RULE_TARIFF_NOT_IN_FORCE. "
        "`hub rule end 1` ends the rule.\n"
    )


def test_only_the_newest_versions_are_shown(run: Run, publish: Run) -> None:
    for price in ("0.30", "0.20", "0.10"):
        publish(tariff(price))
    told = shown_as_json(run, "show", "NL/EXA", "night", "--limit", "2")
    assert [each["number"] for each in told["versions"]] == [2, 3]
    _, output, errors = run("show", "NL/EXA", "night", "--limit", "2")
    assert "newest 2" in errors
    assert [line.split()[0] for line in output.splitlines()[-2:]] == ["2", "3"]
