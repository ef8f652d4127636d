"""Whether an object is as an edition wants it: quickly where it is, in marshmallow's words where it is not.

The marshmallow schemas are the one declaration. From each a Python function is generated that only says yes
or no (`source` prints it) and costs a tenth of `Schema.load`. Where it says no, or a hook objects,
`Schema.load` decides and names the faults. What the generator does not know, a field of another kind or a
schema with other hooks, it leaves to marshmallow, so that a new field is slow at first, but never wrong.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, partial
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing
from marshmallow.decorators import VALIDATES_SCHEMA

from hub.ocpi import strictjson, types
from hub.ocpi.edition import Edition
from hub.ocpi.enums import CURRENCIES
from hub.ocpi.errors import InvalidObject

Accepts = Callable[[Any], bool]
AnyField = fields.Field[Any]

DEEPEST = 8
"""How deep objects in objects are tested in one function; the schemas of OCPI end before."""
NAMED = 100
"""How many faults an answer names: an object may have thousands of the same."""


def check(edition: Edition, name: str, body: Any, *, as_read: bool = False) -> None:
    """Nothing where the object is good; InvalidObject names every fault by the path of its field.

    as_read  the body is what the strict reader has read: its parts that were good lately are not looked at
    """
    schema = edition.schemas[name]
    try:
        if (remembering if as_read else compiled)(schema)(body):
            return
    except ValidationError:  # of a hook, which knows only its own part of the object
        pass
    try:
        original(schema).load(body)
    except ValidationError as error:
        raise invalid(edition, name, dict(faults(error.messages, ""))) from None


def invalid(edition: Edition, name: str, found: Mapping[str, str]) -> InvalidObject:
    (path, fault), *others = found.items()
    more = f" (and {len(others)} more)" if others else ""
    message = f"Not what OCPI {edition.version} wants of {name}: {path}: {fault}{more}"
    return InvalidObject(message, fields=dict(list(found.items())[:NAMED]))


def faults(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    """Marshmallow's nested messages as (path, message): "elements[0].price", and "$" for the whole object."""
    if not isinstance(messages, dict):
        yield path or "$", " ".join(str(message) for message in messages)
        return
    for key, inner in messages.items():
        yield from faults(inner, step(path, key))


def step(path: str, key: str | int) -> str:
    if key == "_schema":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


@cache
def original(schema: type[Schema]) -> Schema:
    return schema()


@cache
def compiled(schema: type[Schema]) -> Accepts:
    """Says yes to exactly the objects that the schema loads; may raise ValidationError for a no."""
    if not understood(original(schema)):
        return lambda body: not original(schema).validate(body)
    return made(schema, Names())


@cache
def remembering(schema: type[Schema]) -> Accepts:
    """The same for objects as the strict reader has read them: see `Known`."""
    if not understood(original(schema)):
        return compiled(schema)
    return made(schema, Names(remembers=True))


def made(schema: type[Schema], names: "Names") -> Accepts:
    text = generated(original(schema), names)
    exec(compile(text, f"<check of {schema.__name__}>", "exec"), names)  # noqa: S102 from our own declarations
    accepts: Accepts = names["accepts"]
    return accepts


def source(schema: type[Schema]) -> str:
    """The generated function, to read."""
    return generated(original(schema), Names())


def understood(schema: Schema) -> bool:
    """Whether the schema does nothing but what the generator knows: only hooks that look at one object."""
    hooks = schema._hooks  # noqa: SLF001
    others = [tag for tag in hooks if hooks[tag] and tag != VALIDATES_SCHEMA]
    alike = all(
        not many and not keywords.get("pass_original") for _, many, keywords in hooks[VALIDATES_SCHEMA]
    )
    names = all(not one.data_key and not one.attribute for one in schema.load_fields.values())
    return not others and alike and names and schema.unknown == "include"


# --- what comes again ---------------------------------------------------------------------------------------

MOST_KNOWN = 2048
LONGEST_KNOWN = 4096
"""How many objects of a class are remembered, and how many bytes each may have."""


class Known:
    """Objects of one schema that were good lately. A location is sent again with each of its EVSEs that
    changes, and every CDR has its tariff in it: to write an object as JSON and to look that up takes a tenth
    of what the check takes.

    Exact for what the strict reader has read, of which no two values are written alike; elsewhere Decimal(1)
    is written as 1 is.
    """

    def __init__(self, good: Accepts) -> None:
        self.good = good
        self.texts: set[bytes] = set()

    def accepts(self, item: Any) -> bool:
        text = strictjson.ENCODER.encode(item)
        if text in self.texts:
            return True
        if not self.good(item):
            return False
        if len(text) <= LONGEST_KNOWN:
            if len(self.texts) >= MOST_KNOWN:
                self.texts.clear()
            self.texts.add(text)
        return True


@cache
def known(schema: type[Schema]) -> Known:
    return Known(compiled(schema))


# --- the generator -----------------------------------------------------------------------------------------


class Names(dict[str, Any]):
    """What the generated function refers to, by name; whether it remembers the parts that were good."""

    def __init__(self, *, remembers: bool = False) -> None:
        super().__init__(Decimal=Decimal, missing=missing)
        self.remembers = remembers

    def bind(self, name: str, what: Any) -> str:
        """The name under which it is known: this one, unless something else has it."""
        while name in self and self[name] is not what and self[name] != what:
            name += "_"
        self[name] = what
        return name


def generated(schema: Schema, names: Names) -> str:
    lines = ["def accepts(body):", *indented(tests(schema, "body", names, 0)), "    return True", ""]
    return "\n".join(lines)


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def tests(schema: Schema, value: str, names: Names, depth: int) -> list[str]:
    """The lines that return False when the value is not an object that the schema loads. Those of objects in
    it stand where they are needed, each depth with variables of its own: calls were a third of the time."""
    lines = [*refusing(f"type({value}) is dict"), f"get{depth} = {value}.get"]
    for name, declared in schema.load_fields.items():
        lines += test(name, declared, names, depth)
    for hook, _, _ in schema._hooks[VALIDATES_SCHEMA]:  # noqa: SLF001
        lines.append(f"{names.bind(hook, getattr(schema, hook))}({value})")
    return lines


def test(name: str, declared: AnyField, names: Names, depth: int) -> list[str]:
    """The lines that return False when the field is not good."""
    get, value = f"get{depth}", f"v{depth}"
    if not plain(declared):
        accepts = names.bind(f"accepts_{name}", partial(loads, declared))
        return refusing(f"{accepts}({get}({name!r}, missing))")
    lines = (
        list_test(name, declared, names, depth)
        if isinstance(declared, types.ListOf)
        else value_test(value, name, declared, names, depth)
    )
    if declared.required:
        return [f"{value} = {get}({name!r})", *lines]
    return [f"{value} = {get}({name!r})", f"if {value} is not None:", *indented(lines)]


def value_test(value: str, name: str, declared: AnyField, names: Names, depth: int) -> list[str]:
    if not isinstance(declared, types.Nested):
        return refusing(EXPRESSIONS[tested(declared)](declared, value, name, names))
    if names.remembers and getattr(declared.schema, "comes_again", False):
        return refusing(f"{names.bind(f'known_{name}', known(type(declared.schema)).accepts)}({value})")
    if understood(declared.schema) and depth < DEEPEST:
        return tests(declared.schema, value, names, depth + 1)
    return refusing(f"{names.bind(f'accepts_{name}', compiled(type(declared.schema)))}({value})")


def refusing(expression: str) -> list[str]:
    return [f"if not ({expression}):", "    return False"]


def list_test(name: str, declared: types.ListOf, names: Names, depth: int) -> list[str]:
    filled = f" and v{depth}" if declared.card == "+" else ""
    each = value_test(f"item{depth}", name, declared.inner, names, depth)
    return [
        *refusing(f"type(v{depth}) is list{filled}"),
        f"for item{depth} in v{depth}:",
        *indented(each),
    ]


def plain(declared: AnyField) -> bool:
    """Whether the field is one of ours, and nobody has added anything to it."""
    if isinstance(declared, types.ListOf):
        return type(declared) is types.ListOf and untouched(declared) and plain(declared.inner)
    return untouched(declared) and (type(declared) is types.Nested or tested(declared) in EXPRESSIONS)


def untouched(declared: AnyField) -> bool:
    known = declared.allow_none != declared.required and declared.load_default in (missing, None)
    return known and not (declared.validators or declared.pre_load or declared.post_load)


def tested(declared: AnyField) -> Any:
    """The very test that the field runs; a subclass with a test of its own is another field."""
    ours = isinstance(declared, types.Check) and type(declared)._deserialize is types.Check._deserialize  # noqa: SLF001
    return getattr(type(declared), "problem", None) if ours else None


def loads(declared: AnyField, value: Any) -> bool:
    """What marshmallow says of a field that the generator does not know."""
    try:
        declared.deserialize(value)
    except ValidationError:
        return False
    return True


# --- an expression for every test of hub.ocpi.types --------------------------------------------------------

SAFE_DATE_TIME = re.compile(
    "(?:19[7-9]|[2-9][0-9][0-9])[0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?Z?"
).fullmatch
"""Most DateTimes there are; the 29th to 31st need a calendar."""


def string(declared: Any, value: str, name: str, names: Names) -> str:
    return " and ".join(
        [
            f"type({value}) is str",
            *length(declared, value),
            *([f"{value}.isascii()"] if declared.ascii else []),
            *([] if declared.any_signs else [printed(declared, value, names)]),
        ]
    )


def length(declared: Any, value: str) -> list[str]:
    if declared.most is None:
        return [f"len({value}) >= {declared.least}"] if declared.least else []
    return (
        [f"{declared.least} <= len({value}) <= {declared.most}"]
        if declared.least
        else [f"len({value}) <= {declared.most}"]
    )


def printed(declared: Any, value: str, names: Names) -> str:
    if declared.ascii:
        return f"{value}.isprintable()"
    return f"({value}.isprintable() or {names.bind('printable', types.printable)}({value}))"


def pattern(declared: Any, value: str, name: str, names: Names) -> str:
    form = names.bind(f"form_of_{name}", declared.form.fullmatch)
    return f"type({value}) is str and {form}({value})"


def url(declared: Any, value: str, name: str, names: Names) -> str:
    return seen_or_good(value, "url", URLS, names)


def one_of(declared: Any, value: str, name: str, names: Names) -> str:
    known = f"{value} in {names.bind(f'values_of_{name}', declared.enum.values)}"
    if declared.enum.open:
        known = f"({known} or {names.bind(f'could_be_{name}', declared.could_be)}({value}))"
    return f"type({value}) is str and {known}"


def currency(declared: Any, value: str, name: str, names: Names) -> str:
    return f"type({value}) is str and {value} in {names.bind('currencies', CURRENCIES)}"


def time_zone(declared: Any, value: str, name: str, names: Names) -> str:
    return f"type({value}) is str and {value} in {names.bind('time_zones', types.time_zones())}"


MOST_SEEN = 1024


class Seen(set[str]):
    """Texts of one form that were good: DateTimes and addresses come again, in the parts of an object and in
    its next state, and to look them up takes a tenth of the time that the form takes."""

    def __init__(self, good: Callable[[str], object]) -> None:
        super().__init__()
        self.good = good

    def take(self, value: str) -> bool:
        """Whether one that was not seen lately is good."""
        if not self.good(value):
            return False
        if len(self) >= MOST_SEEN:
            self.clear()
        self.add(value)
        return True


def seen_or_good(value: str, name: str, seen: Seen, names: Names) -> str:
    known = names.bind(f"seen_{name}", seen)
    return (
        f"type({value}) is str and ({value} in {known} or {names.bind(f'take_{name}', seen.take)}({value}))"
    )


DATE_TIMES = Seen(lambda value: SAFE_DATE_TIME(value) or types.is_date_time(value))
URLS = Seen(lambda value: types.Url.form.fullmatch(value) and len(value) <= types.Url.most)


def date_time(declared: Any, value: str, name: str, names: Names) -> str:
    return seen_or_good(value, "date_time", DATE_TIMES, names)


def date(declared: Any, value: str, name: str, names: Names) -> str:
    return f"{names.bind(f'exists_{name}', declared.exists)}({value})"


def number(declared: Any, value: str, name: str, names: Names) -> str:
    return f"type({value}) is int or type({value}) is Decimal and {value}.is_finite()"


def integer(declared: Any, value: str, name: str, names: Names) -> str:
    least = f" and {value} >= {declared.least}" if declared.least is not None else ""
    most = f" and {value} <= {declared.most}" if declared.most is not None else ""
    return f"type({value}) is int{least}{most}"


def boolean(declared: Any, value: str, name: str, names: Names) -> str:
    return f"type({value}) is bool"


EXPRESSIONS: Mapping[Any, Callable[[Any, str, str, Names], str]] = {
    types.String.problem: string,
    types.Pattern.problem: pattern,
    types.Url.problem: url,
    types.OneOf.problem: one_of,
    types.Currency.problem: currency,
    types.TimeZone.problem: time_zone,
    types.DateTime.problem: date_time,
    types.Date.problem: date,
    types.Number.problem: number,
    types.Integer.problem: integer,
    types.Boolean.problem: boolean,
}
"""How to write each test of `hub.ocpi.types`: (field, its value's name, its own name, names) -> Python."""
