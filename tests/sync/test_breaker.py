"""When a partner is left alone, how it is tried again, and that it is not overrun when it is back."""

from dataclasses import replace

import pytest

from hub.sync.breaker import PRISTINE, WIDTH, Breaker, Event, Gate, after
from hub.sync.outcomes import Said
from hub.sync.waits import SECOND


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def told(breaker: Breaker, *said: Said, now: int = SECOND, attempts: int = 1) -> Breaker:
    for each in said:
        breaker = after(breaker, Event(each, attempts, now), middle)
    return breaker


def probing(breaker: Breaker) -> Breaker:
    return replace(breaker, gate=Gate.PROBING)


def test_a_partner_that_is_well_leaves_no_trace():
    assert told(PRISTINE, *[Said.WELL] * 20) == replace(PRISTINE, window_at=SECOND)


def test_five_tries_in_a_row_without_an_answer_open_it():
    assert told(PRISTINE, *[Said.ILL] * 4).gate is Gate.CLOSED
    opened = told(PRISTINE, *[Said.ILL] * 5)
    assert (opened.gate, opened.until, opened.since) == (Gate.OPEN, 31 * SECOND, SECOND)


@pytest.mark.parametrize("between", [Said.WELL, Said.STUMBLED])
def test_an_answer_in_between_begins_the_row_anew(between):
    said = [Said.ILL] * 4 + [between] + [Said.ILL] * 2
    assert told(PRISTINE, *said).gate is Gate.CLOSED


def test_seven_failures_of_ten_in_five_minutes_open_it():
    row = [Said.STUMBLED, Said.STUMBLED, Said.WELL] * 3
    assert told(PRISTINE, *row, Said.WELL).gate is Gate.CLOSED  # six of ten
    assert told(PRISTINE, *row, Said.STUMBLED).gate is Gate.OPEN


def test_failures_of_long_ago_do_not_count():
    before = told(PRISTINE, *[Said.STUMBLED] * 9)
    assert told(before, Said.STUMBLED, now=302 * SECOND).gate is Gate.CLOSED
    assert told(before, Said.STUMBLED, now=300 * SECOND).gate is Gate.OPEN


def test_an_object_that_always_fails_does_not_count_against_its_partner():
    assert told(PRISTINE, *[Said.STUMBLED] * 50, attempts=4) == PRISTINE


def test_each_probe_that_fails_doubles_the_pause_up_to_a_quarter_of_an_hour():
    breaker = told(PRISTINE, *[Said.ILL] * 5)
    pauses = []
    for _ in range(8):
        breaker = told(probing(breaker), Said.ILL)
        assert breaker.until is not None
        pauses.append((breaker.until - SECOND) // SECOND)
    assert pauses == [60, 120, 240, 480, 900, 900, 900, 900]
    assert breaker.since == SECOND


def test_a_pause_is_spread_so_that_partners_are_not_tried_together():
    five = [Event(Said.ILL, 1, 0)] * 5
    spread = []
    for chance in (lambda low, _: low, lambda _, high: high):
        breaker = PRISTINE
        for event in five:
            breaker = after(breaker, event, chance)
        spread.append(breaker.until)
    assert spread == [24 * SECOND, 36 * SECOND]


def test_after_a_pause_it_begins_slowly():
    breaker = told(probing(told(PRISTINE, *[Said.ILL] * 5)), Said.WELL)
    widths = [breaker.width]
    for _ in range(3):
        breaker = told(breaker, Said.WELL)
        widths.append(breaker.width)
    assert (breaker.gate, breaker.until, widths) == (Gate.CLOSED, None, [1, 2, 4, WIDTH])


def test_who_refuses_the_token_is_tried_every_quarter_of_an_hour_until_it_takes_it():
    parked = told(PRISTINE, Said.CLOSED)
    assert (parked.gate, parked.until) == (Gate.PARKED, 901 * SECOND)
    assert told(parked, Said.CLOSED, now=901 * SECOND).until == 1801 * SECOND
    assert told(parked, Said.WELL).gate is Gate.CLOSED


def test_tries_that_were_under_way_when_it_opened_do_not_make_the_pause_longer():
    opened = told(PRISTINE, *[Said.ILL] * 5)
    assert told(opened, Said.ILL, now=20 * SECOND).until == opened.until


def test_a_probe_that_proves_nothing_lets_the_next_one_go():
    breaker = told(probing(told(PRISTINE, *[Said.ILL] * 5)), Said.NOTHING, now=9 * SECOND)
    assert breaker.until == 9 * SECOND
