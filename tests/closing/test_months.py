"""Months by the clocks of a place, and what is none."""

import pytest

from hub.closing import months
from hub.closing.problems import NoSuchMonth
from hub.ocpi import instants


def test_a_month_is_from_midnight_to_midnight_of_its_place():
    since, until = months.span("2026-10", "Europe/Amsterdam")
    assert instants.text(since) == "2026-09-30T22:00:00Z"
    assert instants.text(until) == "2026-10-31T23:00:00Z"
    assert months.of(until, "Europe/Amsterdam") == "2026-11"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_month_have_a_span_everywhere(zone):
    for month in ("1970-01", "2999-12"):
        since, until = months.span(months.read(month), zone)
        assert since < until


@pytest.mark.parametrize("text", ["9999-12", "0000-01", "1969-12", "3000-01", "2026-13", "2026-1", "", "x"])
def test_what_no_calendar_has_is_no_month(text):
    with pytest.raises(NoSuchMonth):
        months.read(text)
    with pytest.raises(NoSuchMonth):
        months.span(text, "UTC")
