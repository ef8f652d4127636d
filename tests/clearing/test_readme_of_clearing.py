"""The README's tables of checks and of states are what the hub does."""

import re
from pathlib import Path

from hub import cli
from hub.clearing.states import TRANSITIONS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_checks_are_those_that_are_made(capsys):
    """To renew them: paste what `hub check table` prints."""
    assert cli.run(["check", "table"]) == 0
    found = re.search(r"<!-- checks: .*? -->\n(.*?)\n<!-- /checks -->", README, re.DOTALL)
    assert found is not None
    assert capsys.readouterr().out == found[1] + "\n"


def test_the_states_and_the_ways_between_them_are_those_that_are_kept():
    chapter = README.partition("\n## Clearing\n")[2].partition("\n### ")[0]
    told = re.findall(r"^\| `([A-Z]+)` \| [^|]+ \| ([^|]*)\|$", chapter, re.MULTILINE)
    ways = {state: set(re.findall(r"[A-Z]+", after)) for state, after in told}
    assert ways == {str(state): set(map(str, after)) for state, after in TRANSITIONS.items()}
