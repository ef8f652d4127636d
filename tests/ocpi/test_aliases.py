"""Stand-ins for ids that are too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ocpi.aliases import alias, fits


@given(st.text(max_size=60))
def test_an_alias_always_fits_and_is_always_the_same(identity: str) -> None:  # C1 ids
    stand_in = alias(identity, 36)
    assert fits(stand_in, 36)
    assert stand_in == alias(identity, 36)
    assert alias(stand_in, 36) == stand_in


@pytest.mark.parametrize("identity", ["1", "NL*CPO*E0001", "x" * 36])
def test_an_id_that_fits_is_its_own_alias(identity: str) -> None:
    assert alias(identity, 36) == identity


def test_ids_that_begin_alike_have_other_aliases() -> None:
    assert alias("x" * 38 + "1", 36) != alias("x" * 38 + "2", 36)
    assert alias("x" * 39, 36) != alias("X" * 39, 36)  # TR-60: in 2.1.1 two ids


def test_an_alias_shows_what_it_stands_for() -> None:
    assert alias("HARBOUR-GARAGE-NORTH-ENTRANCE-SECOND-ROW", 36).startswith("HARBOUR-GARAGE-NORT~")


def test_an_id_outside_ascii_gets_an_alias_too() -> None:  # TR-72
    assert fits(alias("Köln", 36), 36)
