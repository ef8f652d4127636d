"""What a process counts is told by it, or by any of those that share a folder."""

import os
import subprocess
import sys

import pytest

COUNT = "from hub.observing import metrics; metrics.deliveries.labels('P', 'cdrs', 'accepted').inc()"
TELL = "from hub.observing import metrics; print(metrics.counted().decode())"


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


SERIES = 'hub_deliveries_total{module="cdrs",outcome="accepted",partner="P"}'


def test_a_process_alone_tells_what_it_has_counted():
    assert f"{SERIES} 1.0" in run(f"{COUNT}\n{TELL}")
    assert SERIES not in run(TELL)


@pytest.mark.parametrize("processes", [2])
def test_processes_that_share_a_folder_tell_of_all(tmp_path, processes):
    """Web processes and workers of one machine, as PROMETHEUS_MULTIPROC_DIR has it."""
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(processes):
        run(COUNT, **shared)
    assert f"{SERIES} {processes}.0" in run(TELL, **shared)
