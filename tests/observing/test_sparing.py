"""What a hostile peer causes is logged now and then, and counted in between; others are logged as ever."""

import logging

import pytest
from apps import app, connect, cpo, emsp

from hub.observing.sparing import LIMITS, SPAN, Sparing

__all__ = ["app", "connect", "cpo", "emsp"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_source_has_so_many_lines_a_minute_and_tells_what_was_left_out(clock):
    sparing = Sparing(3, 100, clock)
    assert [sparing.spared("10.0.0.1") for _ in range(5)] == [{}, {}, {}, None, None]
    assert sparing.spared("10.0.0.2") == {}
    clock.now += SPAN
    assert sparing.spared("10.0.0.1") == {"left_out": 2}
    assert sparing.spared("10.0.0.1") == {}


def test_all_together_have_their_limit_whoever_they_are(clock):
    sparing = Sparing(3, 10, clock)
    told = [sparing.spared(f"2001:db8::{number:x}") for number in range(50_000)]
    assert sum(each is not None for each in told) == 10
    assert max(len(sparing.passed), len(sparing.left_out)) <= Sparing.SOURCES + 1


def test_refusals_of_one_client_are_spared_and_counted(cpo, caplog, monkeypatch):
    monkeypatch.setitem(LIMITS, "refused", (5, 100))
    with caplog.at_level(logging.INFO, "hub.api.watch"):
        for _ in range(50):
            answer = cpo.client.get("/ocpi/versions", headers={"Authorization": "Token nonsense"})
            assert answer.status_code == 401
        assert sum(record.message == "refused" for record in caplog.records) == 5
        cpo.put("locations/NL/CPO/L1", {"id": "L1"})
    assert caplog.records[-1].message == "refused"
    assert caplog.records[-1].code == 2001
