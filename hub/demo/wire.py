"""OCPI over HTTP as a partner writes it and expects it: tokens, envelopes, DateTimes, links."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from werkzeug.datastructures import Headers

Json = dict[str, Any]
ROUTING = ("OCPI-to-party-id", "OCPI-to-country-code", "OCPI-from-party-id", "OCPI-from-country-code")
NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="next"')
DECODER = msgspec.json.Decoder(float_hook=Decimal)
ENCODER = msgspec.json.Encoder(decimal_format="number")


def read(body: bytes) -> Any:
    """JSON with exact numbers."""
    return DECODER.decode(body)


def write(value: Any) -> bytes:
    """JSON; a Decimal becomes a number, digit by digit."""
    return ENCODER.encode(value)


def authorization(version: str, token: str) -> str:
    """The Authorization header: Base64 since 2.2, the token itself before."""
    if version == "2.1.1":
        return f"Token {token}"
    return f"Token {b64encode(token.encode()).decode()}"


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def now() -> datetime:
    """The present second."""
    return datetime.now(UTC).replace(microsecond=0)


def later(text: str, **more: float) -> str:
    """A DateTime some hours, minutes ... after another."""
    return stamp(moment(text) + timedelta(**more))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def envelope(data: Any = None, status_code: int = 1000, message: str = "Success") -> Json:
    """The answer around `data`; without the field when there is nothing to say."""
    frame: Json = {} if data is None else {"data": data}
    return frame | {"status_code": status_code, "status_message": message, "timestamp": stamp(now())}


def wrong_envelope(answer: Any) -> list[str]:
    """What is wrong with an answer as such."""
    if not isinstance(answer, dict):
        return ["the answer is no envelope"]
    found = [f"unknown envelope field {name}" for name in answer.keys() - {
        "data", "status_code", "status_message", "timestamp"
    }]  # fmt: skip
    if not isinstance(answer.get("status_code"), int) or isinstance(answer.get("status_code"), bool):
        found.append("status_code is no whole number")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,4})?Z?", str(answer.get("timestamp"))):
        found.append(f"timestamp {answer.get('timestamp')!r} is no DateTime")
    if not isinstance(answer.get("status_message", ""), str):
        found.append("status_message is no string")
    return found


def next_page(link: str | None) -> str | None:
    """The URL of the next page, as it stands in the header."""
    found = NEXT.search(link or "")
    return found[1] if found else None


def routing_of(headers: Headers) -> dict[str, str]:
    """The OCPI-to and OCPI-from headers of a request."""
    return {name: headers[name] for name in ROUTING if name in headers}
