"""The slots of intervals and of cron lines, in UTC whatever local clocks do."""

import pytest

from hub.ocpi.instants import micros
from hub.sync.slots import SECOND, InvalidTimes, Slots, spread

HOUR = 3600 * SECOND


def test_the_slots_of_an_interval_lie_where_every_process_reckons_them():
    slots = Slots.read("6h", 0, "any")
    first = slots.after(micros("2026-03-01T00:00:00Z"))
    assert first == micros("2026-03-01T06:00:00Z")
    assert slots.after(first) == first + 6 * HOUR
    assert slots.after(first - 1) == first


def test_partners_are_spread_over_the_interval_each_at_the_same_place():  # TR-40
    moments = {Slots.read("6h", 6 * 3600, f"pull locations {each}").after(0) for each in range(100)}
    assert len(moments) == 100
    assert max(moments) - min(moments) > 5 * HOUR
    assert spread("pull locations 1", HOUR) == spread("pull locations 1", HOUR)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_cron_line_is_in_utc_also_when_summer_time_begins_or_ends(day):
    slots = Slots.read("30 0,1,2 * * *", 0, "any")
    at, found = micros(f"{day}T00:00:00Z"), []
    for _ in range(4):
        at = slots.after(at)
        found.append(at)
    assert found[:3] == [micros(f"{day}T{hour:02}:30:00Z") for hour in range(3)]
    assert found[3] == found[0] + 24 * HOUR


def test_days_of_the_week_are_counted_from_sunday_as_in_any_crontab():
    sunday = Slots.read("0 4 * * 0", 0, "any").after(micros("2026-11-18T00:00:00Z"))
    assert sunday == micros("2026-11-22T04:00:00Z")
    weekdays = Slots.read("0 4 * * 1-5", 0, "any")
    assert weekdays.after(micros("2026-11-20T05:00:00Z")) == micros("2026-11-23T04:00:00Z")


def test_slots_that_were_missed_are_covered_up_to_the_last():
    for text in ("1h", "0 * * * *"):
        slots = Slots.read(text, 0, "any")
        first = micros("2026-03-01T05:00:00Z")
        assert slots.last_until(first + 10 * HOUR + 1, first) == first + 10 * HOUR
        assert slots.last_until(first, first) == first


@pytest.mark.parametrize("text", ["", "6", "0h", "6 h x", "0 3 * *", "61 * * * *", "0 0 31 2 *", "-5m"])
def test_what_nobody_can_read_is_refused(text):
    with pytest.raises(InvalidTimes):
        Slots.read(text, 0, "any")
