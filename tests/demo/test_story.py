"""The demo does its job, says clearly when it cannot, and leaves nobody behind."""

import re
import signal
import subprocess
import sys

import pytest
import requests

from hub.demo import story
from hub.demo.processes import HUB


def test_the_story_comes_to_its_good_end_without_a_complaint(capsys):
    assert story.run(once=True) == 0
    told = capsys.readouterr().out
    assert "12 locations with 46 EVSEs, and 3 tariffs" in told
    assert "8.9177 EUR before taxes" in told
    assert "37.1415 EUR before taxes + 7.7997 VAT" in told
    assert "no complaints" in told


@pytest.mark.parametrize("ignored", [False, True], ids=["in front", "in the background"])
def test_it_goes_on_until_interrupted_and_then_stops_everybody(ignored):
    command = [sys.executable, "-u", *HUB, "demo"]
    if ignored:  # as a shell starts what stands before an `&`
        command = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            addresses = told_by(process)
            for address in addresses:
                assert requests.get(address, timeout=5).status_code == 404
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
    for address in addresses:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)


def told_by(process):
    """Where the hub and its partners are, once all has been told."""
    told = []
    for line in process.stdout:
        told.append(line)
        if "hub partner list" in line:
            break
    addresses = set(re.findall(r"http://127\.0\.0\.1:\d+", "".join(told)))
    assert len(addresses) == 4
    return addresses


def test_a_step_that_fails_is_told_in_a_sentence(capsys, monkeypatch):
    monkeypatch.setattr(story, "HUB", ("-c", "import sys; sys.exit('no hub today')"))
    assert story.run(once=True) == 1
    said = capsys.readouterr().err
    assert "The demo failed. the hub ended by itself with code 1." in said
    assert "no hub today" in said
