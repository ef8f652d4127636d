"""Many sessions beyond one process: Parquet files repriced under Dask come to the same totals.

Runs wherever the extra `scale` is installed; `dev` has its packages, so `make test` and CI always run it.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

import tariffs

pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")
pytest.importorskip("dask", reason="the extra `scale` is not installed")

import dask
import pyarrow.parquet as pq

from tariffs.arrow import amounts_table, from_table, to_table

CASES = Path(__file__).parent / "cases"
ZONE = "Europe/Amsterdam"
FINER = {"start": "2025-06-02T10:00:00Z", "segments": [{"hours": 1, "kwh": Decimal("1.0000001")}]}


def tariff() -> tariffs.Tariff:
    text = (CASES / "w15-complex-weekday" / "tariff.json").read_text(encoding="utf-8")
    return tariffs.read_tariff(json.loads(text, parse_float=Decimal))


def sessions(count: int) -> list[tariffs.Session]:
    """Mondays to Saturdays in Amsterdam: charging, then parking; one finer than columns can hold."""
    told = [
        {
            "start": f"2025-06-{2 + number % 6:02d}T{6 + number % 12:02d}:{number % 60:02d}:00Z",
            "segments": [
                {"minutes": 30 + number % 90, "kwh": number % 40, "current": 16 + number % 40},
                {"kind": "PARKING", "minutes": number % 50},
            ],
        }
        for number in range(count)
    ]
    return [tariffs.read_session(one) for one in (*told, FINER)]


def reprice(path: Path) -> int:
    """What a worker does with one file: the total before taxes, in 0.0001 EUR."""
    amounts = tariffs.price_columns(tariff(), from_table(pq.read_table(path)), ZONE)
    pq.write_table(amounts_table(amounts), path.with_suffix(".priced"))
    return int(amounts.before_taxes.sum())


def test_parquet_files_repriced_under_dask_come_to_the_same_totals(tmp_path: Path) -> None:
    given = sessions(300)
    columns = tariffs.pack(given)
    files = []
    for number, first in enumerate(range(0, len(columns), 100)):
        files.append(tmp_path / f"{number}.parquet")
        pq.write_table(to_table(columns.part(first, min(first + 100, len(columns)))), files[-1])
    totals = dask.compute(*(dask.delayed(reprice)(file) for file in files), scheduler="threads")
    expected = [tariffs.price(tariff(), one, ZONE).whole_amounts(4)[0] for one in given]
    assert sum(totals) == sum(expected)
    priced = [pq.read_table(file.with_suffix(".priced"))["before_taxes"].to_pylist() for file in files]
    assert [amount for part in priced for amount in part] == expected


def test_a_table_gives_back_the_sessions() -> None:
    given = sessions(7)
    table = to_table(tariffs.pack(given))
    assert list(from_table(table)) == given
    assert list(from_table(table.slice(3, 4))) == given[3:7]
    assert list(from_table(table.slice(0, 0))) == []
