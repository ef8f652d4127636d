"""The private PostgreSQL of the tests leaves nothing behind, whatever happens to the tests."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres import PostgresMissing, binaries, candidates

PATIENCE = 60
KILLED = """
import os, signal
from postgres import Postgres
print(Postgres().folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(bool(os.environ.get("HUB_TEST_NO_POSTGRES")), reason="HUB_TEST_NO_POSTGRES is set")
def test_the_server_goes_with_the_tests_even_when_they_are_killed():
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("hub-pg-"), done.stderr
    deadline = time.monotonic() + PATIENCE
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} is still there"
        time.sleep(0.05)


def test_a_folder_that_is_named_is_the_only_one_looked_at(monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_TEST_PG_BIN", str(tmp_path))
    assert list(candidates()) == [tmp_path]
    with pytest.raises(PostgresMissing, match="HUB_TEST_NO_POSTGRES=1"):
        binaries()
    for program in ("initdb", "postgres"):
        (tmp_path / program).touch()
    assert binaries() == tmp_path
