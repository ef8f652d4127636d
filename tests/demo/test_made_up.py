"""The synthetic data is what the script makes, and every edition of it is well formed."""

from importlib.resources import files

import pytest

from hub.demo import data, forms, made_up
from hub.demo.identity import identity
from hub.demo.shapes import complaints


@pytest.mark.parametrize("name", sorted(made_up.FILES))
def test_the_files_are_what_the_script_writes(name):
    assert (files(data) / name).read_bytes() == made_up.text_of(name)


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_every_object_is_of_its_edition(version):
    form = forms.of(identity("Example Energy", version, [("CPO", "NL/EXA")]))
    written = "2026-01-01T00:00:00Z"
    for each in data.locations():
        assert complaints(version, "location", form.location(each, written)) == []
    for each in data.tariffs():
        assert complaints(version, "tariff", form.tariff(each, written)) == []
    assert complaints(version, "token", form.token("04A1", 1, written)) == []


def test_there_is_enough_to_look_at():
    locations = data.locations()
    assert len(locations) == 12
    assert sum(len(each["evses"]) for each in locations) >= 40
    assert len(data.tariffs()) == 3
    assert len(data.sessions()) == 20


def test_the_hours_of_a_session_are_whole_hundredths_so_that_no_second_is_lost():
    for each in data.sessions().values():
        for hours in [*(leg["hours"] for leg in each["legs"]), each["idle_hours"]]:
            assert (hours * 3600) % 36 == 0
