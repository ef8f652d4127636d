"""A CDR goes only the ways that the table lists, and each step is written down."""

import itertools

import pytest
from sqlalchemy import delete, insert, select

from hub.clearing.rule import Found, Severity
from hub.clearing.states import TRANSITIONS, MovedMeanwhile, NoSuchTransition, State, move
from hub.store.clearings import clearing_events, clearings


def row(unit, state):
    """A CDR in this state."""
    values = {
        "owner": "NLCPO",
        "cdr_key": f"cdr-{state}".lower(),
        "cdr_seq": 1,
        "emsp": "DEMSP",
        "kind": "NORMAL",
        "state": state,
        "received_at": 1,
        "evse_key": "evse-1",
        "connector_key": "1",
        "token_key": "04a1",
        "started_at": 1,
        "ended_at": 2,
        "energy": 1,
        "currency": "EUR",
        "net": 1,
    }
    values |= {
        name: clearings.c[name].type.process_result_value(1_000_000, None) for name in ("energy", "net")
    }
    made = unit.connection.execute(insert(clearings).values(values).returning(clearings))
    return made.one()


def test_only_listed_ways_are_gone(store):
    """O7."""
    for before, after in itertools.product(State, State):
        with store.unit() as unit:
            unit.connection.execute(delete(clearings))
            present = row(unit, before)
            if after in TRANSITIONS[before]:
                move(unit, present, after, "somebody")
            else:
                with pytest.raises(NoSuchTransition, match=f"is {before}"):
                    move(unit, present, after, "somebody")
            now = unit.connection.execute(select(clearings.c.state)).scalar_one()
            assert now == (after if after in TRANSITIONS[before] else before)


def test_each_step_tells_who_when_why_and_what_was_found(store):
    found = (Found("C1", Severity.HOLD, "from 2 to 1"),)
    with store.unit() as unit:
        move(unit, row(unit, State.CHECKED), State.HELD, "the hub", "one code", found)
        event = unit.connection.execute(select(clearing_events)).one()
    assert (event.by, event.before, event.after, event.why) == ("the hub", "CHECKED", "HELD", "one code")
    assert event.codes == '[["C1", "HOLD", "from 2 to 1"]]'


def test_of_two_that_move_a_cdr_the_second_is_told(store):
    with store.unit() as unit:
        seen = row(unit, State.HELD)
        move(unit, seen, State.RATED, "one")
        with pytest.raises(MovedMeanwhile):
            move(unit, seen, State.DROPPED, "other")


def test_what_is_held_is_never_on_a_statement():
    """O7: the only ways to STATED are from what was found right, accepted, or taken back."""
    assert {state for state, ways in TRANSITIONS.items() if State.STATED in ways} == {
        State.RATED,
        State.CREDITED,
    }
