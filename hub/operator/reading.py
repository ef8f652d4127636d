"""How what is sent is read: JSON as strictly as a partner's, and every fault by the name of its field."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, ValidationError
from webargs.flaskparser import FlaskParser

from hub.ocpi import strictjson
from hub.operator.problems import TooLarge, Unfit, UnsupportedType

BODY_LIMIT = 1024 * 1024


def sent(request: Request) -> bytes:
    """The bytes of the body; TooLarge instead of more than the API reads, whatever its headers say."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise TooLarge(f"This API reads bodies of at most {BODY_LIMIT} bytes.")
    if "body" not in request.environ.setdefault("hub.operator", {}):
        request.environ["hub.operator"]["body"] = request.stream.read(BODY_LIMIT + 1)
    body: bytes = request.environ["hub.operator"]["body"]
    if len(body) > BODY_LIMIT:
        raise TooLarge(f"This API reads bodies of at most {BODY_LIMIT} bytes.")
    return body


class StrictParser(FlaskParser):
    """Reads the arguments of every operation; a parameter or field that it does not know is a fault, too:
    a filter that is misspelt must not show everything."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE}  # noqa: RUF012 (as webargs has it)

    def load_json(self, req: Request, schema: Any) -> Any:
        body = sent(req)
        if not body.strip():
            return {}
        if not (req.mimetype == "application/json" or req.mimetype.endswith("+json")):
            raise UnsupportedType(f"The body is {req.mimetype or 'of no declared type'}.")
        value = strictjson.read(body, BODY_LIMIT)
        if not isinstance(value, dict):
            raise Unfit("The body is not a JSON object.", fields={"": "not an object"})
        return value

    def handle_error(self, error: ValidationError, req: Any, schema: Any, **_: Any) -> NoReturn:
        faults = error.messages if isinstance(error.messages, dict) else {}
        (location, found), *_rest = faults.items() or [("", error.messages)]
        fields = dict(flat(found))
        detail = "A parameter is" if location == "query" else "The body is"
        raise Unfit(f"{detail} not as this operation wants it.", fields=fields)


def flat(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The faults of marshmallow, however deep, as path -> sentence."""
    if isinstance(found, Mapping):
        for name, inner in found.items():
            own = "" if name == "_schema" else str(name)
            yield from flat(inner, f"{path}.{own}" if path and own else path or own)
    else:
        faults = found if isinstance(found, list) else [found]
        yield path, "; ".join(str(each).rstrip(".") for each in faults)


PARSER = StrictParser()
