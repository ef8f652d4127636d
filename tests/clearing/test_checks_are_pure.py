"""O9: what a check finds hangs on nothing but the CDR, what is known around it, and the limits set for it."""

import ast
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from roaming import DEAR, own, prepare
from sqlalchemy import select
from test_checks import WRONG, case

from hub.clearing import clear, clerk
from hub.clearing.checks import check
from hub.store.clearings import clearings

ROOM = Path(__file__).parents[2] / "hub" / "clearing"
FILES = sorted((ROOM / "checks").glob("*.py"))
REACHING_OUT = ("hub.store", "hub.net", "hub.settings", "sqlalchemy", "flask", "requests", "logging")
RESTLESS = {"time", "random", "secrets", "os", "sys", "uuid", "threading", "socket", "locale"}
CASES = [case(), *(seen for _, seen in WRONG)]


def imported(file):
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_no_check_can_look_at_a_clock_or_a_database():
    assert len(FILES) > 5
    reached = {(file.name, name) for file in FILES for name in imported(file)}
    assert [each for each in reached if each[1].startswith(REACHING_OUT) or each[1] in RESTLESS] == []


def test_no_check_remembers_in_a_variable_of_its_module():
    """Nothing is written to what outlives a call."""
    remembering = [
        (file.name, node.lineno)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Global | ast.Nonlocal)
    ]
    assert remembering == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(range(len(CASES))), min_size=2, max_size=12))
def test_the_same_cdr_has_the_same_codes_whatever_was_checked_before(order):
    first = {}
    for place in order + order[::-1]:
        found = check(CASES[place], {})
        assert first.setdefault(place, found) == found


class Stop(Exception):
    """What is done is not kept."""


def codes(unit):
    return {
        row.cdr_key: (row.state, row.codes, row.cause)
        for row in unit.connection.execute(select(clearings).order_by(clearings.c.id))
    }


def test_what_is_cleared_together_has_the_codes_it_has_alone(cpo, emsp):
    """Twins, sessions that overlap, a price too high, a credit and the CDR that it takes back."""
    prepare(cpo, emsp)
    later = {"start_date_time": "2025-03-10T09:00:00Z"}
    minus = {name: -amount for name, amount in own()["total_cost"].items()}
    for body in (
        own(id="A"),
        own(id="TWIN"),
        own(id="OVERLAPS", **later),
        own(id="DEAR", **DEAR),
        own(id="A-C", credit=True, credit_reference_id="A", total_cost=minus),
        own(id="A-D", credit=True, credit_reference_id="TWIN", total_cost=minus),
        own(id="AFTER"),  # no twin of A any more
    ):
        cpo.receiver("POST", "cdrs", body)
    alone = {}
    with suppress(Stop), cpo.hub.store.unit() as unit:
        clear.enter_new(unit)
        for row in clear.due(unit):
            clear.clear(unit, row)
        alone |= codes(unit)
        raise Stop
    clerk.everything(cpo.hub.store)
    with cpo.hub.store.reading() as unit:
        assert codes(unit) == alone
    assert len({state for state, _, _ in alone.values()}) > 1
