"""`hub serve` and `hub worker` as an operator runs them: processes with settings, signals, exit codes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

import migrations
from hub import cli

PATIENCE = 60
OPEN = re.compile(r"The hub is open: partners begin at (\S+)")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `hub WORDS` in an empty folder, with no settings but those given."""
    started: list[subprocess.Popen[str]] = []

    def run(words: str, **environment: str) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        paths = {"PYTHONPATH": str(Path(cli.__file__).parent.parent.parent), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", "from hub.cli import main; main()", *words.split()],
            cwd=tmp_path,
            env=kept | paths | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def opened(process: "subprocess.Popen[str]") -> str:
    """The versions URL, once the hub is open."""
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if found := OPEN.search(line):
            return found[1]
    raise AssertionError(process.stderr.read())


def test_the_embedded_default_needs_no_setting_and_brings_its_database_up_to_date(start, tmp_path):
    process = start("serve --port 0")
    versions = opened(process)
    answer = requests.get(versions, timeout=PATIENCE)
    assert answer.status_code == 401  # TR-02
    assert answer.json()["status_code"] == 2000
    assert (tmp_path / "hub.sqlite.key").exists()
    found = migrations.status(f"sqlite:///{tmp_path}/hub.sqlite")
    assert found.current == found.newest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_hub_in_order(start, number):
    process = start("serve --port 0")
    opened(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_several_hubs_may_start_on_one_new_database(start, database_engine, empty_url):
    environment = {"HUB_DATABASE_URL": empty_url, "HUB_SECRET_KEY": "k" * 40}
    for process in [start("serve --port 0", **environment) for _ in range(2)]:
        assert requests.get(opened(process), timeout=PATIENCE).status_code == 401
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_the_port_of_a_local_public_url_is_the_one_it_listens_on(start):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start("serve", HUB_PUBLIC_URL=f"http://localhost:{port}")
    assert opened(process) == f"http://localhost:{port}/ocpi/versions"
    assert requests.get(f"http://127.0.0.1:{port}/ocpi/versions", timeout=PATIENCE).status_code == 401


def test_a_port_in_use_is_one_line_and_exit_code_1(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(f"serve --port {taken.getsockname()[1]}")
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("hub: cannot listen on 127.0.0.1 port ")


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        ("serve --host 0.0.0.0 --port 0", {}),
        ("serve --port 0", {"HUB_PUBLIC_URL": "https://hub.example.com"}),
    ],
)
def test_a_public_address_without_a_secret_key_is_refused(start, tmp_path, words, environment):
    process = start(words, **environment)
    out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert errors.startswith("hub: HUB_SECRET_KEY is needed to ")
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_public_address_with_a_secret_key_is_served(start):
    process = start("serve --host 0.0.0.0 --port 0", HUB_SECRET_KEY="k" * 40)
    assert requests.get(opened(process), timeout=PATIENCE).status_code == 401


def test_the_worker_wants_a_database_that_is_up_to_date(start):
    process = start("worker")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "hub: the database is at revision base. Run `hub db upgrade`."


def test_the_worker_works_until_it_is_told_to_stop(start, database_url):
    process = start("worker", HUB_DATABASE_URL=database_url, HUB_SECRET_KEY="k" * 40)
    assert process.stdout.readline() == "The worker is at work.\n"
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_a_worker_can_be_asked_how_it_is(start, database_url):
    process = start("worker --port 0", HUB_DATABASE_URL=database_url, HUB_SECRET_KEY="k" * 40)
    port = process.stdout.readline().strip(".\n").rpartition(" ")[2]
    assert process.stdout.readline() == "The worker is at work.\n"
    shown = {"health/live": "live", "health/ready": "ready", "metrics": "hub_database_up 1.0"}
    for path, told in shown.items():
        assert told in requests.get(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE).text
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_a_wsgi_server_needs_no_more_than_the_module(start, database_url, monkeypatch):
    root = Path(cli.__file__).parent.parent.parent
    program = "import wsgi; print(wsgi.app.test_client().get('/ocpi/versions').status_code)"
    environment = os.environ | {"HUB_DATABASE_URL": database_url, "HUB_SECRET_KEY": "k" * 40}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "401\n"
    assert json.loads(done.stderr)["event"] == "refused"
