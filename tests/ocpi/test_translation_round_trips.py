"""What is true of every translation, whatever the object."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ocpi.checking import check
from hub.ocpi.document import Json
from hub.ocpi.editions import EDITIONS, NEWEST, edition
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.translation import lift, lower
from tests.factories import example
from tests.ocpi.translating import CPO, World, down, newest, up

NAMES = (
    "locations",
    "evses",
    "connectors",
    "tariffs",
    "sessions",
    "cdrs",
    "tokens",
    "location_references",
    "authorization_info",
)
OLDER = tuple(one.version for one in EDITIONS[:-1])
STRANGE: tuple[Any, ...] = (
    None,
    [],
    "X_OWN_WORD",
    "#NA",
    "É" * 30,
    "N/A",
    "YES",
    True,
    False,
    0,
    400,
    "EMAID",
    "MCS",
    "DC",
    "RESERVATION",
)


def world() -> World:
    return World(asked=newest("tokens"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", OLDER)
def test_what_is_lowered_is_of_the_older_edition(version: str, name: str) -> None:
    down(version, name, newest(name), world())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", OLDER)
def test_what_is_lifted_is_of_the_newest_edition(version: str, name: str) -> None:
    up(version, name, example(version, name), world())


@pytest.mark.parametrize("name", NAMES)
def test_221_survives_the_way_up_and_down(name: str) -> None:
    lifted = up("2.2.1", name, example("2.2.1", name))
    assert down("2.2.1", name, lifted) == example("2.2.1", name)


@pytest.mark.parametrize(
    "name", ["locations", "evses", "connectors", "tariffs", "tokens", "location_references"]
)
def test_211_survives_the_way_up_and_down(name: str) -> None:
    body = example("2.1.1", name)
    assert down("2.1.1", name, up("2.1.1", name, body)) == {
        field: value for field, value in body.items() if field != "connector_ids"
    }


@pytest.mark.parametrize("name", ["sessions", "cdrs"])
def test_211_keeps_what_it_said_of_a_session(name: str) -> None:
    body = example("2.1.1", name)
    again = down("2.1.1", name, up("2.1.1", name, body))
    assert {field: again[field] for field in body if field != "location"} == {
        field: body[field] for field in body if field != "location"
    }
    assert again["location"]["id"] == body["location"]["id"]
    assert again["location"]["evses"][0]["uid"] == body["location"]["evses"][0]["uid"]


@pytest.mark.parametrize("name", NAMES)
def test_the_newest_edition_is_never_translated(name: str) -> None:
    assert lift(NEWEST, name, newest(name), CPO, world()) == newest(name)
    assert lower(NEWEST, name, newest(name), CPO, world()) == newest(name)


GARBAGE = ("?", 7, [{}])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", OLDER)
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_a_stranger_never_becomes_a_word_of_the_newest_edition(version: str, name: str, garbage: Any) -> None:
    for newer in EDITIONS:
        for field in newer.schemas[name]().fields:
            body = {field: garbage} | example(version, name)
            if good(version, name, body):
                up(version, name, body, world())


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_strangers_inside_neither(garbage: Any) -> None:
    for version in OLDER:
        newer = {field: garbage for one in EDITIONS for field in one.schemas["connectors"]().fields}
        evse = example(version, "evses")
        evse["connectors"] = [newer | plug for plug in evse["connectors"]]
        evse |= {"parking": garbage, "accepted_service_providers": garbage}
        location = example(version, "locations", evses=[evse])
        if good(version, "locations", location):
            up(version, "locations", location)


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_strangers_in_a_price_neither(garbage: Any) -> None:
    tariff = example("2.1.1", "tariffs")
    tariff["elements"][0]["price_components"][0]["vat"] = garbage
    up("2.1.1", "tariffs", tariff)


@pytest.mark.parametrize("name", ["min_current", "reservation"])
@pytest.mark.parametrize("garbage", ["?", [{}], {"x": None}, True], ids=repr)
def test_a_restriction_nobody_understands_is_refused_not_dropped(name: str, garbage: Any) -> None:  # C3
    tariff = example("2.1.1", "tariffs")
    tariff["elements"][0]["restrictions"] = {name: garbage}
    with pytest.raises(InvalidObject):
        up("2.1.1", "tariffs", tariff)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(OLDER), st.randoms(use_true_random=False))
def test_any_object_is_lowered_or_said_to_be_inexpressible(name: str, version: str, random: Random) -> None:
    body = varied(name, NEWEST.version, random)
    before = deepcopy(body)
    try:
        lowered = lower(edition(version), name, body, CPO, world())
    except NotExpressible:
        return
    finally:
        assert body == before
    check(edition(version), name, lowered)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(OLDER), st.randoms(use_true_random=False))
def test_any_object_is_lifted_to_a_good_one(name: str, version: str, random: Random) -> None:
    body = varied(name, version, random)
    before = deepcopy(body)
    try:
        lifted = lift(edition(version), name, body, CPO, world())
    except InvalidObject:
        return
    check(NEWEST, name, lifted)
    assert body == before


def varied(name: str, version: str, random: Random) -> Json:
    """The example with some values changed or gone, as long as it remains an object of the edition."""
    body = example(version, name)
    for _ in range(random.randint(0, 12)):
        changed = deepcopy(body)
        around, field = random.choice(list(places(changed)))
        if random.random() < 0.4:
            del around[field]
        else:
            around[field] = random.choice(STRANGE)
        if good(version, name, changed):
            body = changed
    return body


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document where a value stands."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for at, one in list(items):
        yield value, at
        if isinstance(one, dict | list):
            yield from places(one)


def good(version: str, name: str, body: Json) -> bool:
    try:
        check(edition(version), name, body)
    except InvalidObject:
        return False
    return True
