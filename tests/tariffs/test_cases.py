"""Every folder of cases: a tariff, a session and what it must cost (W01 to W36 of OCPI's text, and more)."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tariffs

CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())


def read(name: str, part: str) -> Any:
    return json.loads((CASES / name / f"{part}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def quote_of(name: str) -> tariffs.Quote:
    document = read(name, "tariff")
    session = tariffs.read_session(read(name, "session"))
    zone = read(name, "expected")["time_zone"]
    if isinstance(document, list):
        return tariffs.price([tariffs.read_tariff(one) for one in document], session, zone)
    return tariffs.price(tariffs.read_tariff(document), session, zone)


@pytest.mark.parametrize("name", NAMES)
def test_the_case_costs_what_it_must(name: str) -> None:
    expected, quote = read(name, "expected"), quote_of(name)
    assert (quote.before_taxes, quote.after_taxes) == (expected["before_taxes"], expected["after_taxes"])
    for share, amounts in expected.get("shares", {}).items():
        cost = getattr(quote, share)
        assert (None if cost is None else [cost.before_taxes, cost.after_taxes]) == amounts
    for total in ("total_energy", "total_time", "total_parking_time"):
        assert getattr(quote, total) == expected.get(total, getattr(quote, total))
    assert len(quote.limits) == expected.get("limits", len(quote.limits))
    assert sorted(remark.id for remark in quote.warnings) == expected.get("warnings", NotChecked())


@pytest.mark.parametrize("name", [name for name in NAMES if "billed" in read(name, "expected")])
def test_the_case_bills_the_quantity_it_must(name: str) -> None:
    for dimension, quantity in read(name, "expected")["billed"].items():
        billed = (line.billed_quantity for line in quote_of(name).lines if line.dimension == dimension)
        assert sum(billed) == quantity


@pytest.mark.parametrize("name", [name for name in NAMES if "taxes" in read(name, "expected")])
def test_the_case_has_one_tax_for_each_rate(name: str) -> None:  # A32
    taxes = [[tax.percentage, tax.amount] for tax in quote_of(name).taxes]
    assert taxes == read(name, "expected")["taxes"]


class NotChecked:
    """Equal to everything: the case says nothing of it."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]
