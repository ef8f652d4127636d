"""Which tariffs an object names is found in its bytes, whatever its ids and its other fields look like."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.ocpi import strictjson
from hub.prices.shown import naming

NAMES = st.sampled_from(["id", "tariff_id", "tariff_ids", "x_tariff_ids", "evses"])
IDS = st.text(alphabet='AB"[]{}\\,:/é ', max_size=6)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 9), IDS, st.lists(IDS, max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


def named(value: Any, name: str = "") -> set[str]:
    """The slow way."""
    if isinstance(value, list):
        return {each for item in value for each in named(item, name)}
    if isinstance(value, dict):
        return {each for field, inner in value.items() for each in named(inner, field)}
    return {value} if isinstance(value, str) and name in ("tariff_id", "tariff_ids") else set()


@given(OBJECTS)
def test_every_id_that_an_object_names_is_found_in_its_bytes(body: dict[str, Any]) -> None:
    assert set(naming.ids_in(strictjson.write(body))) == named(body)


@given(OBJECTS, st.sets(IDS))
def test_what_may_not_be_named_is_named_nowhere_and_the_rest_stays(
    body: dict[str, Any], gone: set[str]
) -> None:
    left = naming.without(body, lambda each: each not in gone)
    assert named(left) == named(body) - gone


@given(OBJECTS)
def test_an_object_that_names_nothing_hidden_is_itself(body: dict[str, Any]) -> None:
    assert naming.without(body, lambda _: True) is body
