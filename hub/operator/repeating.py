"""POST requests that may be repeated: under one Idempotency-Key they are done once, and answered alike.

The answer is kept in the transaction of what was done: either both are there, or neither. Refusals are not
kept, since nothing was done. What is shown only once, such as a new token, is not kept either.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from hub.ocpi import strictjson
from hub.operator import etags
from hub.operator.problems import KeyReused, Malformed
from hub.store.idempotency import idempotency_keys as keys
from hub.store.unit import Unit

KEPT_FOR = 24 * 3600 * 1_000_000
"""Microseconds after which a key is forgotten."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: as JSON, with the headers that belong to it."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Repeatable:
    """One request under a key of one user; `request` is a hash of all that was asked for."""

    user_id: int
    key: str
    request: bytes

    @classmethod
    def of(cls, user_id: int, key: str, *request: bytes) -> "Repeatable":
        if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
            fault = f"not 1 to {LONGEST} printable ASCII characters"
            raise Malformed("The Idempotency-Key is unusable.", fields={"Idempotency-Key": fault})
        return cls(user_id, key, hashlib.sha256(b"\0".join(request)).digest())

    def earlier(self, unit: Unit) -> Answer | None:
        """What was answered the first time; KeyReused when that was another request. Whoever comes at the
        same time waits here for the other's commit."""
        etags.lock(unit, f"key {self.user_id} {self.key}")
        wanted = [keys.c.user_id == self.user_id, keys.c.key == self.key]
        row = unit.connection.execute(select(keys).where(*wanted)).first()
        if row is None or row.at < unit.now - KEPT_FOR:
            return None
        if bytes(row.request) != self.request:
            raise KeyReused
        return Answer(row.status, row.body, json.loads(row.headers))

    def keep(self, unit: Unit, answer: Answer, secrets: Collection[str]) -> None:
        """For the next time, less the fields that are secret; keys of yesterday are forgotten."""
        unit.connection.execute(delete(keys).where(keys.c.at < unit.now - KEPT_FOR))
        unit.connection.execute(
            insert(keys).values(
                user_id=self.user_id,
                key=self.key,
                request=self.request,
                status=answer.status,
                headers=json.dumps(dict(answer.headers)),
                body=without(answer.body, secrets),
                at=unit.now,
            )
        )


def without(body: bytes, secrets: Collection[str]) -> bytes:
    if not secrets:
        return body
    said = strictjson.reread(body)
    return strictjson.write(said | dict.fromkeys(secrets))
