"""What a PATCH does."""

from typing import Any

import pytest

from hub.ocpi.patching import append_periods, is_stale, merge


def period(start: str, kwh: int) -> dict[str, Any]:
    return {"start_date_time": start, "dimensions": [{"type": "ENERGY", "volume": kwh}]}


def test_only_the_fields_sent_are_changed() -> None:  # TR-51
    assert merge({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1, "b": 3, "c": 4}


def test_null_takes_a_field_away() -> None:  # TR-54
    assert merge({"a": 1, "b": None}, {"a": None, "c": None}) == {"b": None}


def test_nested_objects_and_lists_are_replaced_whole() -> None:  # TR-54
    assert merge({"a": {"x": 1}, "b": [1, 2]}, {"a": {"y": 2}, "b": [3]}) == {"a": {"y": 2}, "b": [3]}


def test_merging_changes_neither() -> None:
    stored, patch = {"a": 1}, {"a": None}
    merge(stored, patch)
    assert (stored, patch) == ({"a": 1}, {"a": None})


@pytest.mark.parametrize("new", [None, []])
def test_no_new_periods_leave_the_stored_ones(new: list[Any] | None) -> None:  # SES-02
    stored = [period("2025-03-10T08:00:00Z", 1)]
    assert append_periods(stored, new) == stored
    assert append_periods(None, new) == []


def test_new_periods_are_appended() -> None:  # SES-02
    first, second = period("2025-03-10T08:00:00Z", 1), period("2025-03-10T09:00:00Z", 2)
    assert append_periods([first], [second]) == [first, second]


@pytest.mark.parametrize("start", ["2025-03-10T08:00:00Z", "2025-03-10T08:00:00.000", "2025-03-10T08:00:00"])
def test_a_period_sent_again_counts_once(start: str) -> None:  # SES-03
    first, second = period("2025-03-10T08:00:00Z", 1), period("2025-03-10T09:00:00Z", 2)
    assert append_periods([first, second], [period(start, 1)])[1:] == [second]


def test_the_later_word_about_a_period_counts() -> None:  # SES-03
    assert append_periods([period("2025-03-10T08:00:00Z", 1)], [period("2025-03-10T08:00:00Z", 3)]) == [
        period("2025-03-10T08:00:00Z", 3)
    ]


@pytest.mark.parametrize(
    ("said", "known", "stale"),
    [
        ("2025-03-10T08:00:00Z", "2025-03-10T08:00:00.1Z", True),
        ("2025-03-10T08:00:00.100Z", "2025-03-10T08:00:00.1", False),
        ("2025-03-10T09:00:00", "2025-03-10T08:00:00Z", False),
        (None, "2025-03-10T08:00:00Z", False),
        ("2025-03-10T08:00:00Z", None, False),
    ],
)
def test_a_patch_older_than_what_is_stored_is_stale(said: str | None, known: str | None, stale: bool) -> None:
    assert is_stale({"last_updated": known}, {"last_updated": said}) is stale  # TR-55, TR-52
