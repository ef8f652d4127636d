"""I10: no binary fraction comes near money or energy: not in the source, not from JSON, not into a table."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tariffs
from hub.ocpi import strictjson
from hub.store.base import Micro, micro, of_micro

ROOT = Path(__file__).parent.parent
ROOMS = (
    "tariffs",
    "hub/closing",
    "hub/clearing",
    "hub/billing",
    "hub/prices",
    "hub/store",
    "hub/cli/money.py",
)
"""Where amounts are reckoned, kept and told."""
SECONDS = "seconds that something waits"
DRAWN = "places on a picture"
ELSEWHERE = {
    "hub/clearing/checks/identity.py": "kilometres on the globe",
    "hub/clearing/clerk.py": SECONDS,
    "hub/closing/exports/scribe.py": SECONDS,
    "hub/store/engine.py": SECONDS,
    "hub/store/pressure.py": SECONDS,
    "tariffs/cdr_bytes.py": "made whole numbers at once, where that is exact; else they are not used",
    "tariffs/drawing.py": DRAWN,
    "tariffs/fields.py": "refuses them",
    "tariffs/lint/shape.py": "how much of a week is no price told for",
    "tariffs/loop_traits.py": "which of two ways is faster",
    "tariffs/pictures.py": DRAWN,
    "tariffs/what_if_columns.py": "sums of whole numbers below 2 ** 53, which are whole then too",
}
"""The files of these rooms that have one, and what it is of."""
REAL = {"asin", "cos", "exp", "fsum", "log", "log10", "pow", "radians", "sin", "sqrt", "fmean"}
"""What makes one of any number; `ceil`, `floor`, `gcd` and `median` do not."""


def files() -> Iterator[Path]:
    for room in ROOMS:
        found = ROOT / room
        yield from [found] if found.is_file() else sorted(found.rglob("*.py"))


def is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    if isinstance(node, ast.ImportFrom):
        return node.module in {"math", "statistics"} and bool(REAL & {each.name for each in node.names})
    names = {node.id} if isinstance(node, ast.Name) else set()
    names |= {node.attr} if isinstance(node, ast.Attribute) else set()
    return any(name.rstrip("0123456789") in {"float", "double"} for name in names)


def test_no_float_stands_where_amounts_are_reckoned() -> None:
    assert sum(1 for _ in files()) > 100
    found = {
        str(file.relative_to(ROOT))
        for file in files()
        if any(map(is_float, ast.walk(ast.parse(file.read_bytes()))))
    }
    assert found == set(ELSEWHERE)


def floats(value: Any) -> list[float]:
    """All of them, however deep."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [found for each in inner for found in floats(each)]
    return [value] if isinstance(value, float) else []


NUMBERS = st.decimals(-(10**15), 10**15, places=4) | st.integers(-(10**15), 10**15)


@given(st.dictionaries(st.text("abc"), NUMBERS | st.lists(NUMBERS)))
def test_no_float_comes_from_json(told: dict[str, Any]) -> None:
    body = strictjson.write(told)
    for read in (strictjson.read, strictjson.reread):
        assert floats(read(body)) == []
        assert read(body) == told


@given(st.decimals(-(10**12), 10**12, places=6))
def test_what_a_table_holds_is_what_was_handed_in(amount: Decimal) -> None:
    kept = Micro().process_bind_param(amount, None)  # type: ignore[arg-type]
    assert type(kept) is int
    assert of_micro(kept) == amount


@pytest.mark.parametrize(
    "amount", [0.1, 1.0, float("nan"), Decimal("0.0000001"), Decimal("NaN"), Decimal(2**63)]
)
def test_no_table_takes_a_float_or_half_a_millionth(amount: Any) -> None:
    with pytest.raises((ValueError, AttributeError)):
        micro(amount)


@pytest.mark.parametrize("price", [0.25, 1.0])
def test_no_price_is_a_float(price: float) -> None:
    element = {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1}]}
    with pytest.raises(tariffs.PricingError):
        tariffs.read_tariff({"id": "T", "currency": "EUR", "elements": [element]})
