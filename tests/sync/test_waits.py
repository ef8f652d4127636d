"""Waits between tries: random, growing, bounded; and what a partner may ask for."""

import pytest

from hub.ocpi import instants
from hub.sync import waits
from hub.sync.peer import Reply

NOW = instants.micros("2026-03-01T12:00:00Z")


def longest(low: float, high: float) -> float:
    assert low == 0
    return high


def shortest(low: float, high: float) -> float:
    return low


@pytest.mark.parametrize(
    ("module", "attempts", "most"),
    [
        ("locations", 1, 2),
        ("locations", 5, 32),
        ("locations", 10, 900),
        ("locations", 10_000, 900),
        ("cdrs", 11, 2048),
        ("cdrs", 10_000, 3600),
    ],
)
def test_a_wait_is_anything_from_a_second_up_to_twice_as_much_each_time(module, attempts, most):
    assert waits.wait(module, attempts, longest) == most
    assert waits.wait(module, attempts, shortest) == 1


@pytest.mark.parametrize(
    ("http", "text", "seconds"),
    [
        (503, "7", 7),
        (429, " 120 ", 120),
        (503, "Sun, 01 Mar 2026 12:00:30 GMT", 30),
        (503, "Sun, 01 Mar 2026 11:00:00 GMT", 0),
        (503, "soon", None),
        (503, "-5", None),
        (503, "", None),
        (500, "7", None),
    ],
)
def test_patience_is_asked_for_in_seconds_or_until_a_date(http, text, seconds):
    assert waits.asked_for(Reply(http, None, headers={"Retry-After": text}), NOW) == seconds


@pytest.mark.parametrize(("own", "asked", "seconds"), [(4, None, 4), (4, 2, 4), (4, 9, 9), (4, 86400, 3600)])
def test_what_is_asked_for_is_neither_less_than_our_own_wait_nor_more_than_an_hour(own, asked, seconds):
    assert waits.no_sooner(own, asked) == seconds
