"""The architecture, as rules that hold: who may import whom, and what the project declares."""

import ast
import contextlib
import io
import logging
import logging.config
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"hub", "tariffs", "migrations"}
SOURCES = sorted(file for package in OURS for file in (ROOT / package).rglob("*.py"))
OPENING = re.compile(r"\A(#!.*\n)?\"\"\"\S")


@contextlib.contextmanager
def loggers_kept():
    """import-linter sets up logging for a process of its own, which turns off every logger there is."""
    root = logging.getLogger()
    known = [each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = [(each, each.disabled, each.level, list(each.handlers)) for each in (root, *known)]
    yield
    for each, disabled, level, handlers in before:
        each.disabled, each.handlers[:] = disabled, handlers
        each.setLevel(level)


def test_every_import_points_downwards_and_every_room_says_where_it_stands(monkeypatch):
    """The contracts are in pyproject.toml, [tool.importlinter]."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), loggers_kept():
        status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, said.getvalue()


def names(requirements):
    return {re.split(r"[^A-Za-z0-9-_.]", text)[0].lower().replace("_", "-") for text in requirements}


OF_EXTRAS = {"tariffs/arrow.py": "scale", "hub/closing/exports/parquet_file.py": "parquet"}
"""Files that nothing else imports, for those who have installed an extra."""


def test_every_package_that_is_imported_is_a_declared_dependency():
    declared = names(PROJECT["project"]["dependencies"])
    extras = PROJECT["project"]["optional-dependencies"]
    known = packages_distributions()
    undeclared = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in SOURCES
        for name in imported_names(file)
        if name not in OURS | sys.stdlib_module_names
        if not {distribution.lower().replace("_", "-") for distribution in known.get(name, [])}
        & (declared | names(extras.get(OF_EXTRAS.get(str(file.relative_to(ROOT))), ())))
    }
    assert undeclared == set()


def test_imports_stand_at_the_top_of_their_file():
    """An import inside a function is a design fault: a circle that was hidden."""
    hidden = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in SOURCES
        for function in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_every_file_opens_with_what_it_knows():
    silent = [str(file.relative_to(ROOT)) for file in SOURCES if not OPENING.match(file.read_text())]
    assert silent == []


def imported_names(file: Path) -> Iterator[str]:
    """The top-level names of all absolute imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_loggers_say_as_much_afterwards():
    """The tests of this process that come later read what is logged."""
    log = logging.getLogger("hub.said.before")
    with loggers_kept():
        logging.config.dictConfig({"version": 1, "handlers": {}, "root": {"level": "ERROR"}})
        assert log.disabled
    assert not log.disabled
    assert logging.getLogger().level != logging.ERROR
