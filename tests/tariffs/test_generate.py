"""Sample sessions use every element that can be reached, and stand at every edge."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, tariff_documents

import tariffs
from tariffs.generate import generate
from tariffs.lint import lint

CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())
ZONE = "Europe/Amsterdam"


def document_of(name: str) -> Any:
    found = json.loads((CASES / name / "tariff.json").read_text(), parse_float=Decimal)
    return found[0] if isinstance(found, list) else found


def used(tariff: tariffs.Tariff, zone: str) -> set[tuple[int, str]]:
    """The components that the samples of a tariff use."""
    sessions = [tariffs.read_session(sample.document) for sample in generate(tariff, zone)]
    lines = [line for session in sessions for line in tariffs.price(tariff, session, zone).lines]
    return {(line.element_index, line.dimension.value) for line in lines}


def reachable(document: Json, tariff: tariffs.Tariff) -> set[tuple[int, str]]:
    """The components that the linter does not call unreachable or impossible."""
    paths = {found.path for found in lint(document) if found.id == "unreachable"}
    never = {
        found.path.partition(".")[0]
        for found in lint(document)
        if found.id in ("impossible", "time-window-empty")
    }
    return {
        (element.index, part.dimension.value)
        for element in tariff.elements
        for part in element.components
        if f"elements[{element.index}].price_components[{place_of(document, element.index, part)}]"
        not in paths
        and f"elements[{element.index}]" not in never
    }


def place_of(document: Json, index: int, part: tariffs.Component) -> int:
    given = document["elements"][index]["price_components"]
    return [one["type"] for one in given].index(part.dimension)


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_of_a_case_use_every_component(name: str) -> None:
    document = document_of(name)
    tariff = tariffs.read_tariff(document)
    assert used(tariff, ZONE) == reachable(document, tariff)


def test_samples_stand_just_before_and_at_an_edge() -> None:
    night = {"start_time": "22:00", "end_time": "06:00"}
    part = {"type": "ENERGY", "price": 1, "step_size": 1}
    tariff = tariffs.read_tariff(
        {"id": "T", "currency": "EUR", "elements": [{"price_components": [part], "restrictions": night}]}
    )
    told = {sample.about: sample.document["start"] for sample in generate(tariff, ZONE)}
    assert told == {
        "element 0, ENERGY": "2026-01-04T23:00:00Z",
        "element 0, ENERGY, start_time": "2026-01-05T21:00:00Z",
        "element 0, ENERGY, before start_time": "2026-01-05T20:59:00Z",
        "element 0, ENERGY, end_time": "2026-01-05T05:00:00Z",
        "element 0, ENERGY, before end_time": "2026-01-05T04:59:00Z",
    }


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(), st.sampled_from(ZONES))
def test_what_samples_do_not_use_is_told_by_the_linter(document: Json, zone: str) -> None:
    tariff = tariffs.read_tariff(document)
    assert used(tariff, zone) <= reachable(document, tariff)
    assert all(sample.as_dict()["about"] for sample in generate(tariff, zone))
