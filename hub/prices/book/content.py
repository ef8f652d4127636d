"""What a tariff says, whatever words it is written in: two of the same hash are the same price."""

import hashlib
from decimal import Context, Decimal
from typing import Any

import msgspec

from hub.ocpi.document import Json

ALONE = Context(prec=1000)
"""No figure is rounded when its trailing zeros go."""
CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")


def content_hash(newest: Json) -> str:
    """SHA-256 of a tariff in the newest edition, without `last_updated`, in one canonical form: names in
    order, nothing for null, 0.250 as 0.25."""
    said = {name: value for name, value in newest.items() if name != "last_updated"}
    return hashlib.sha256(CANONICAL.encode(plain(said))).hexdigest()


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize(ALONE)
    return value
