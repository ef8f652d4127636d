"""That the generated checks agree with marshmallow, name every fault, and are worth their while."""

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from factories import EXAMPLES, Json, example
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates

from hub.ocpi import strictjson
from hub.ocpi.checking import (
    MOST_KNOWN,
    check,
    compiled,
    known,
    original,
    plain,
    remembering,
    source,
    understood,
)
from hub.ocpi.editions import EDITIONS, NEWEST, edition
from hub.ocpi.errors import InvalidJson, InvalidObject
from hub.ocpi.types import CiString, ListOf, Nested, OcpiObject

OBJECTS = [(each.version, name) for each in EDITIONS for name in each.schemas]
MUTANTS = 120


def refusal(version: str, name: str, body: Any) -> dict[str, str]:
    with pytest.raises(InvalidObject) as refused:
        check(edition(version), name, body)
    return refused.value.fields


def agrees(accepts: Callable[[Any], bool], schema: Schema, body: Any) -> bool:
    """What both say; fails when they differ, or when marshmallow changes the object."""
    try:
        loaded = schema.load(body)
        good = True
    except ValidationError:
        good = False
    try:
        said = accepts(body)
    except ValidationError:
        said = False
    assert said is good, body
    assert not good or loaded == body
    return good


# --- mutants -----------------------------------------------------------------------------------------------

STRANGERS: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        100_000,
        10**17,
        Decimal("1.5"),
        Decimal(1),
        Decimal("-0.5"),
        "",
        " ",
        "x",
        "NL",
    ),
    *(
        "NLD",
        "nld",
        "EUR",
        "eur",
        "RFID",
        "rfid",
        "CUSTOM_VALUE",
        "x" * 36,
        "x" * 37,
        "x" * 39,
        "x" * 40,
        "x" * 64,
    ),
    *(
        "x" * 255,
        "x" * 256,
        "x" * 513,
        "x" * 5001,
        "a\nb",
        "a\tb",
        "a\x00b",
        "Köln",
        "a\xa0b",
        "a\u2028b",
        "\ud800",
    ),
    *(
        "2025-03-10T08:00:00Z",
        "2025-02-29T08:00:00Z",
        "2024-02-29T08:00:00",
        "2025-03-31T08:00:00.123456789Z",
    ),
    *(
        "2025-03-10T08:00:00+00:00",
        "2025-03-10 08:00:00",
        "2025-03-10",
        "0001-01-01T00:00:00Z",
        "1970-1-1T00:00:00Z",
    ),
    *(
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "2025-13-01T00:00:00Z",
        "２０２５-03-10T08:00:00Z",
        "24:00",
    ),
    *(
        "00:00",
        "23:59",
        "7:00",
        "2025-02-30",
        "52.37403",
        "52.374030",
        "52.3740",
        "Europe/Oslo",
        "Mars/Base",
        "N/A",
    ),
    *(
        "https://a.example",
        "HTTPS://a.example/x?y",
        "ftp://a.example",
        "www.a.example",
        "https://",
        "https://a b",
    ),
    *([], {}, [None], [{}], [[]], ["x"], ["x", "X"], {"x": 1}, [1], "#NA", "2.3.0", "N0", "12345", "NLHUB"),
]


def spots(body: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the object: (container, key)."""
    keys = list(body) if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ()
    for key in keys:
        yield body, key
        yield from spots(body[key])


def mutant(body: Json, random: Random) -> Any:
    """A copy with one or a few things other than they were."""
    changed = deepcopy(body)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        where = list(spots(changed))
        if where:
            CHANGES[random.randrange(len(CHANGES))](*random.choice(where), random)
    return changed


def replace(container: Any, key: Any, random: Random) -> None:
    container[key] = deepcopy(random.choice(STRANGERS))


def remove(container: Any, key: Any, random: Random) -> None:
    del container[key]


def nullify(container: Any, key: Any, random: Random) -> None:
    container[key] = None


def stretch(container: Any, key: Any, random: Random) -> None:
    if isinstance(container[key], str):
        container[key] *= random.choice((2, 10, 100))


def repeat(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, list):
        container.append(deepcopy(container[key]))


def add_stranger(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, dict):
        container[
            random.choice(("x_unknown", "vat", "credit", "parking", "publish", "publish_allowed_to"))
        ] = deepcopy(random.choice(STRANGERS))


CHANGES = [replace, replace, replace, remove, nullify, stretch, repeat, add_stranger]


@pytest.mark.parametrize(("version", "name"), OBJECTS)
def test_generated_and_marshmallow_accept_and_refuse_the_same_objects(version: str, name: str) -> None:
    schema = original(edition(version).schemas[name])
    accepts = compiled(edition(version).schemas[name])
    random = Random(f"{version} {name}")
    body = example(version, name)
    assert agrees(accepts, schema, body)
    said = {agrees(accepts, schema, mutant(body, random)) for _ in range(MUTANTS)}
    assert said == {True, False}


@pytest.mark.parametrize(("version", "name"), OBJECTS)
def test_with_and_without_memory_the_same_is_accepted_and_refused(version: str, name: str) -> None:
    """As the strict reader gives them: of what it reads no two values are written alike."""
    schema = edition(version).schemas[name]
    random = Random(f"memory of {version} {name}")
    body = example(version, name)
    bodies = [body, *(mutant(body, random) for _ in range(MUTANTS)), body]
    for each in bodies * 2:  # the second time, what was good is known
        try:
            read = strictjson.read(strictjson.write(each))
        except (InvalidJson, UnicodeEncodeError):  # cannot have come from outside
            continue
        agrees(remembering(schema), original(schema), read)


@pytest.mark.parametrize("number", ["230e0", "2300e-1", "2.3e2", "23E1", "230.0"])
def test_a_number_that_is_not_whole_is_refused_beside_its_equal_that_was_good(number: str) -> None:
    plug = example("2.2.1", "connectors", max_voltage=230)
    place = example("2.2.1", "locations", evses=[example("2.2.1", "evses", connectors=[plug])])
    good = strictjson.write(place)
    check(edition("2.2.1"), "locations", strictjson.read(good), as_read=True)
    value, written = strictjson.read_and_written(good.replace(b":230,", f":{number},".encode()))
    assert written != good
    for body in (value, strictjson.read(written)):
        with pytest.raises(InvalidObject):
            check(edition("2.2.1"), "locations", body, as_read=True)


def test_of_what_was_good_only_some_is_remembered() -> None:
    schema = edition("2.2.1").schemas["evses"]
    evse = example("2.2.1", "evses")
    memory = known(schema)
    for number in range(MOST_KNOWN + 10):
        assert memory.accepts(evse | {"uid": str(number)})
        assert not memory.accepts(evse | {"uid": "", "x": number})
    assert memory.accepts(evse | {"x": "#" * 5000})
    assert len(memory.texts) <= MOST_KNOWN
    assert not any(b"##" in text for text in memory.texts)


@pytest.mark.parametrize(("version", "name"), OBJECTS)
def test_every_stranger_in_every_field_is_judged_alike(version: str, name: str) -> None:
    schema = original(edition(version).schemas[name])
    accepts = compiled(edition(version).schemas[name])
    small = {
        field: value for field, value in example(version, name).items() if schema.load_fields[field].required
    }
    assert agrees(accepts, schema, small)
    for field in schema.load_fields:
        for stranger in STRANGERS:
            agrees(accepts, schema, small | {field: stranger})


@pytest.mark.parametrize("body", [None, [], "x", 1, True, [{}], Decimal(1)])
def test_what_is_no_object_is_refused(body: Any) -> None:
    assert list(refusal("2.2.1", "tokens", body)) == ["$"]


@pytest.mark.parametrize(("version", "name"), OBJECTS)
def test_no_schema_of_ours_needs_the_slow_way(version: str, name: str) -> None:
    seen: set[type[Schema]] = set()

    def look(schema: Schema) -> None:
        if type(schema) in seen:
            return
        seen.add(type(schema))
        assert understood(schema)
        for declared in schema.load_fields.values():
            assert plain(declared)
            inner = declared.inner if isinstance(declared, ListOf) else declared
            if isinstance(inner, Nested):
                look(inner.schema)

    look(original(edition(version).schemas[name]))


# --- what is said ------------------------------------------------------------------------------------------


def test_a_good_object_passes_in_silence() -> None:
    for version, objects in EXAMPLES.items():
        for name in objects:
            check(edition(version), name, example(version, name))


def test_every_fault_is_named_by_its_path() -> None:
    tariff = example("2.3.0", "tariffs", currency="euro")
    tariff["elements"][1]["price_components"][0]["price"] = "0.33"
    del tariff["elements"][1]["price_components"][2]["step_size"]
    tariff["elements"][0]["restrictions"]["day_of_week"] = ["MONDAY", "FUNDAY"]
    found = refusal("2.3.0", "tariffs", tariff)
    assert set(found) == {
        "currency",
        "elements[0].restrictions.day_of_week[1]",
        "elements[1].price_components[0].price",
        "elements[1].price_components[2].step_size",
    }
    assert found["elements[1].price_components[0].price"] == "Must be a number."


def test_the_message_says_edition_object_and_first_fault() -> None:
    with pytest.raises(InvalidObject, match=r"OCPI 2\.1\.1 wants of tokens: uid: Missing .*\(and 1 more\)"):
        check(edition("2.1.1"), "tokens", example("2.1.1", "tokens", uid=None, valid=None))


def test_the_fault_of_a_rule_between_fields_has_a_path_too() -> None:
    location = example(
        "2.2.1", "locations", publish=False, publish_allowed_to=[{"uid": "A", "type": "RFID"}, {}]
    )
    assert refusal("2.2.1", "locations", location) == {
        "publish_allowed_to[1]": "Needs uid, visual_number or group_id."
    }


def test_of_very_many_faults_the_first_are_named_and_it_takes_no_second() -> None:  # threat 32
    cdr = example("2.3.0", "cdrs", tariffs=[{} for _ in range(100_000)])
    started = time.process_time()
    found = refusal("2.3.0", "cdrs", cdr)
    assert time.process_time() - started < 1
    assert len(found) == 100
    assert "tariffs[0].id" in found


def test_a_long_list_of_good_entries_with_one_bad_is_refused_for_that_one() -> None:
    periods = example("2.3.0", "sessions")["charging_periods"] * 500 + [{}]
    assert sorted(refusal("2.3.0", "sessions", example("2.3.0", "sessions", charging_periods=periods))) == [
        "charging_periods[1000].dimensions",
        "charging_periods[1000].start_date_time",
    ]


# --- what the generator does not know ----------------------------------------------------------------------


class Shouted(CiString):
    def problem(self, value: Any) -> str | None:
        return super().problem(value) or (None if value.isupper() else "Louder, please.")


class WithOtherFields(OcpiObject):
    loud = Shouted(5, required=True)
    mail = fields.Email(allow_none=True)
    many = ListOf(Shouted(5))
    few = fields.Integer(strict=True, validate=validate.Range(max=3))


class WithFieldHook(OcpiObject):
    name = CiString(5)

    @validates("name")
    def not_bob(self, value: str, **kwargs: Any) -> None:
        if value == "bob":
            raise ValidationError("Not Bob.")


class WithPreparation(OcpiObject):
    name = CiString(5, required=True)

    @pre_load
    def unwrap(self, data: Any, **kwargs: Any) -> Any:
        return data.get("wrapped", data)


class WithStrictness(OcpiObject):
    name = CiString(5)

    class Meta:
        unknown = EXCLUDE


class Around(OcpiObject):
    inner = Nested(WithFieldHook)
    others = ListOf(WithPreparation)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (WithOtherFields, {"loud": "A", "mail": None, "many": ["B"], "few": 3}, {"loud": "a"}),
        (WithOtherFields, {"loud": "A", "mail": "a@b.example"}, {"loud": "A", "mail": "x"}),
        (WithOtherFields, {"loud": "A", "many": []}, {"loud": "A", "many": ["b"]}),
        (WithOtherFields, {"loud": "A"}, {"loud": "A", "few": 4}),
        (WithFieldHook, {"name": "eve"}, {"name": "bob"}),
        (WithPreparation, {"wrapped": {"name": "a"}}, {"wrapped": {}}),
        (WithStrictness, {"name": "a"}, {"name": 1}),
        (Around, {"inner": {"name": "eve"}, "others": [{"name": "a"}]}, {"inner": {"name": "bob"}}),
    ],
)
def test_what_the_generator_does_not_know_is_left_to_marshmallow(
    schema: type[OcpiObject], good: Json, bad: Json
) -> None:
    assert compiled(schema)(good)
    assert not compiled(schema)(bad)


def test_the_generated_function_can_be_read() -> None:
    text = source(NEWEST.schemas["location_references"])
    assert "v0 = get0('location_id')" in text
    assert "1 <= len(v0) <= 36" in text


def test_the_generated_check_costs_less_than_a_quarter() -> None:
    for name in ("locations", "sessions", "cdrs"):
        body, schema = example("2.3.0", name), original(NEWEST.schemas[name])
        assert cost(lambda: check(NEWEST, name, body)) < cost(lambda: schema.load(body)) / 4  # noqa: B023


def cost(task: Callable[[], object]) -> float:
    """The CPU seconds of twenty runs, the best of five."""

    def once() -> float:
        started = time.process_time()
        for _ in range(20):
            task()
        return time.process_time() - started

    return min(once() for _ in range(5))
