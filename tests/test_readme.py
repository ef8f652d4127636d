"""The README says what is so: its tables, its commands, its map and its files are held against the code."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import hub
from hub import cli
from hub.api import routes
from hub.app import create_app
from hub.cli.ocpi import interfaces, mends_table
from hub.ocpi.editions import EDITIONS
from hub.ocpi.leniency import MENDS
from hub.ocpi.wire import WIRES
from hub.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"^```(sh|console)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\$ )?(hub .*)$", re.MULTILINE)
INLINE = re.compile(r"`(hub [^`]+)`")


def between(marker: str) -> str:
    found = re.search(rf"<!-- {marker}: .*? -->\n(.*?)\n<!-- /{marker} -->", README, re.DOTALL)
    assert found is not None
    return found[1]


def commands() -> Iterator[str]:
    """Every `hub ...` line of the examples, as it is written."""
    for _, block in BLOCKS:
        yield from COMMAND.findall(block)


@pytest.mark.parametrize("name", ["modules", "mends"])
def test_the_tables_are_what_the_hub_says_of_itself(capsys, name):
    """To renew one: paste what `hub ocpi modules` or `hub ocpi mends` prints."""
    assert cli.run(["ocpi", name]) == 0
    assert capsys.readouterr().out == between(name) + "\n"


def test_the_tables_leave_nothing_out():
    shown = interfaces(create_app(Settings()).url_map)
    told = {
        (module, side, version, verb)
        for (module, side, _), verbs in shown.items()
        for version, each in verbs.items()
        for verb in each.split()
    }
    sides = {"Receiver": routes.receiver_rules, "Sender": routes.sender_rules}
    spoken = {
        (name, side, version, method)
        for (name, version), wire in WIRES.items()
        for side, rules in sides.items()
        for method, _, _ in rules(wire.module, wire.edition)
    }
    assert spoken <= told
    assert {module for module, *_ in told} == {name for name, _ in WIRES} | {"credentials"}
    assert all(f"| `{name}` |" in mends_table() for name in MENDS)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.version)
def test_every_version_is_named(edition):
    assert edition.version in README.partition("\n## ")[0]


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_of_the_examples_is_understood(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)[1:]
    for word in words:
        if word.endswith((".json", ".jsonl", ".csv")):
            (tmp_path / word).parent.mkdir(exist_ok=True)
            (tmp_path / word).touch()
    understood(cli.hub, words)


def test_the_example_of_a_price_is_what_it_prints(monkeypatch, capsys):
    found = re.search(r"^\$ cd (\S+)\n\$ hub (price .*)\n((?:.*\n)*?)```", README, re.MULTILINE)
    assert found is not None
    folder, line, printed = found.groups()
    monkeypatch.chdir(ROOT / folder)
    assert cli.run(shlex.split(line)) == 0
    out = capsys.readouterr().out
    assert [line.rstrip() for line in out.splitlines()] == printed.splitlines()


def test_the_examples_with_files_work_on_the_files_that_are_there(tmp_path, monkeypatch, capsys):
    found = re.search(r"^\$ cd (\S+)\n((?:\$ .*\n)*\$ hub reprice .*\n)", README, re.MULTILINE)
    assert found is not None
    monkeypatch.chdir(shutil.copytree(ROOT / found[1], tmp_path / "files"))
    for line in found[2].splitlines():
        command = line.removeprefix("$ ")
        if command.startswith("hub "):
            assert cli.run(shlex.split(command, comments=True)[1:]) == 0, capsys.readouterr()
        else:
            subprocess.run(["/bin/sh", "-c", command], check=True)
    assert re.search(r"^before taxes +3 ", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("line", sorted(set(INLINE.findall(README))))
def test_every_command_that_is_named_is_there(line):
    named(cli.hub, [word for word in shlex.split(line)[1:] if not word.startswith("-")])


def understood(command: click.Command, words: list[str]) -> None:
    """The command line is parsed, and not run."""
    if isinstance(command, click.Group) and words[:1] != ["--help"]:
        understood(command.commands[words[0]], words[1:])
    elif "--help" not in words:
        command.make_context(str(command.name), words)


def named(command: click.Command, words: list[str]) -> None:
    if isinstance(command, click.Group) and words:
        named(command.commands[words[0]], words[1:])


def test_there_are_examples():
    assert len(set(commands())) >= 12


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE))))
def test_every_make_target_is_there(target):
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_file_that_is_linked_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("line", sorted(set(re.findall(r"python -m pytest (tests/[^`]+)", README))))
def test_every_test_that_proves_a_promise_is_there(line):
    paths, _, chosen = line.partition(" -k ")
    known = "".join(each.read_text(encoding="utf-8") for path in paths.split() for each in sources(path))
    words = chosen.strip('"').split(" or ")
    assert all(re.search(rf"^def test_\w*{word}", known, re.MULTILINE) for word in words)


def sources(path: str) -> list[Path]:
    """The file, or those of the folder."""
    found = [ROOT / path] if path.endswith(".py") else sorted((ROOT / path).glob("test_*.py"))
    assert found
    return found


def rooms() -> list[str]:
    """The packages and modules of the hub in the order of the import rules, siblings as they come."""
    (layers,) = (
        contract["layers"]
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == ["hub"]
    )
    return [name.strip(" ()") for layer in layers for name in layer.split("|")]


def test_the_map_lists_every_room_in_the_order_of_imports():
    assert re.findall(r"^    (\w+) +\S", str(hub.__doc__), re.MULTILINE) == rooms()


def test_the_tree_lists_every_room_in_the_order_of_imports():
    tree = re.search(r"^hub/ .*?^migrations/", README, re.MULTILINE | re.DOTALL)
    assert tree is not None
    assert re.findall(r"^  (\w+)(?:/|\.py) +\S", tree[0], re.MULTILINE) == rooms()


def test_the_tree_lists_every_folder():
    known = {path.name for path in ROOT.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert all(f"\n{name}/ " in README for name in known | {"tests"})
