"""A price depends on nothing but tariff, session, place and policy: not on asserts, hash seeds or threads."""

import os
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).parent / "cases"
SCRIPT = """
import json, sys
from decimal import Decimal
from pathlib import Path
import tariffs

def read(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)

sessions = []
for folder in sorted(Path(sys.argv[1]).iterdir()):
    document, zone = read(folder / "tariff.json"), read(folder / "expected.json")["time_zone"]
    session = tariffs.read_session(read(folder / "session.json"))
    given = [tariffs.read_tariff(one) for one in (document if isinstance(document, list) else [document])]
    quote = tariffs.price(given if len(given) > 1 else given[0], session, zone)
    print(folder.name, repr(quote.as_dict()), quote.charging_periods())
    by_start = tariffs.Policy(split=tariffs.Split.START)
    found = tariffs.price_columns(given[0], tariffs.pack([session] * 3), zone, by_start)
    print(found.before_taxes.tolist(), found.after_taxes.tolist(), given[0].content)
"""


def told(seed: str, *options: str) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *options, "-c", SCRIPT, str(CASES)]
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout


def test_neither_hash_seeds_nor_python_o_change_a_price() -> None:
    first = told("1")
    assert first.count(b"\n") == 2 * len(list(CASES.iterdir()))
    assert told("2", "-O") == first
