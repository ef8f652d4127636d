"""Every command explains itself with an example, and every fault is one line that says what to do."""

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from hub import cli
from hub.cli.frame import Command, Group


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")


EVERY = dict(commands(cli.hub, "hub"))


def ran(capsys: pytest.CaptureFixture[str], words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words.split())
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.out, written.err


@pytest.mark.parametrize("path", EVERY)
def test_the_help_of_every_command_shows_an_example_of_itself(path):
    command = EVERY[path]
    assert isinstance(command, Command | Group), "use hub.cli.frame.Command and Group"
    result = CliRunner().invoke(cli.hub, [*path.split()[1:], "--help"])
    assert result.exit_code == 0
    assert " ".join(command.example.split()) in " ".join(result.output.split())
    assert path in command.example


@pytest.mark.parametrize("path", EVERY)
def test_every_command_and_option_has_a_help_text(path):
    assert EVERY[path].help
    options = [parameter for parameter in EVERY[path].params if isinstance(parameter, click.Option)]
    assert all(option.help for option in options)


def test_help_works_whatever_the_environment_says(capsys, monkeypatch):
    monkeypatch.setenv("HUB_PARTY", "nonsense")
    assert ran(capsys, "db upgrade --help")[0] == 0


def test_alone_the_command_shows_its_help(capsys):
    code, _, err = ran(capsys, "")
    assert code == 2
    assert "Commands:" in err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("fly", "hub: No such command 'fly'. See 'hub --help'.\n"),
        ("db fly", "hub: No such command 'fly'. See 'hub db --help'.\n"),
        ("db downgrade", "hub: Missing argument 'REV'. See 'hub db downgrade --help'.\n"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(capsys, words, line):
    assert ran(capsys, words) == (2, "", line)


def test_a_setting_that_cannot_be_used_is_one_line_and_exit_code_1(capsys, monkeypatch):
    monkeypatch.setenv("HUB_PARTY", "nonsense")
    code, out, err = ran(capsys, "settings")
    assert (code, out) == (1, "")
    assert err.startswith("hub: HUB_PARTY is no country code and party id: 'nonsense'. Write ")
    assert err.count("\n") == 1


def test_a_database_that_cannot_be_opened_is_one_line_without_sql(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/hub.sqlite")
    code, _, err = ran(capsys, "db upgrade")
    assert code == 1
    assert err.startswith("hub: the database says: unable to open database file. Check HUB_DATABASE_URL")
    assert err.count("\n") == 1


def test_a_database_server_that_is_away_is_one_line_without_the_password(capsys, monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://ann:hunter2@127.0.0.1:1/hub")
    code, _, err = ran(capsys, "db status")
    assert code == 1
    assert err.startswith("hub: the database says: ")
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.fixture
def broken() -> Iterator[None]:
    @click.command("break", cls=Command, example="hub break")
    def command() -> None:
        raise ZeroDivisionError("division by zero,\non two lines")

    cli.hub.add_command(command)
    yield
    del cli.hub.commands["break"]


def test_a_defect_is_one_line_too(capsys, broken):
    code, out, err = ran(capsys, "break")
    assert (code, out) == (1, "")
    assert err.startswith("hub: unexpected ZeroDivisionError: division by zero, on two lines. ")
    assert err.count("\n") == 1


def test_a_traceback_is_there_for_who_asks(broken):
    with pytest.raises(ZeroDivisionError):
        cli.main(["--traceback", "break"])


def test_settings_shows_what_is_in_force_and_no_secret(capsys, monkeypatch):
    monkeypatch.setenv("HUB_PARTY", "de-abc")
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    _, out, _ = ran(capsys, "settings --json")
    shown = json.loads(out)
    assert shown["HUB_PARTY"] == "DE/ABC"
    assert "k" * 40 not in out
    _, out, _ = ran(capsys, "settings")
    assert "HUB_PARTY=DE/ABC\n    Country code and party id of the hub itself.\n" in out
    assert "k" * 40 not in out
