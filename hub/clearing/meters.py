"""The public keys of meters, known otherwise than by CDRs: what signed values are verified with."""

from typing import Any

from sqlalchemy import insert, select

from hub.clearing import readings
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.parties.agreements import Signed
from hub.store import audit
from hub.store.clearings import meter_keys
from hub.store.unit import Unit


class NoSuchKey(ValueError):
    """It is no public key on an elliptic curve; write it as DER, in hexadecimal or Base64."""


class KeyInTheWay(ValueError):
    """Another key of this EVSE holds from the same moment on; choose another moment."""


def add(unit: Unit, owner: Party, evse_uid: str, key: tuple[str, int], signed: Signed) -> Json:
    """Know a key of the meter of an EVSE from an instant on, until the next one; held CDRs are looked at
    again. NoSuchKey, KeyInTheWay."""
    public_key, since = key
    if readings.loaded(public_key) is None:
        raise NoSuchKey(NoSuchKey.__doc__)
    evse = fold(evse_uid)
    same = [meter_keys.c.owner == owner.code, meter_keys.c.evse_key == evse, meter_keys.c.valid_from == since]
    if unit.connection.execute(select(meter_keys.c.id).where(*same)).first():
        raise KeyInTheWay(KeyInTheWay.__doc__)
    row = {
        "owner": owner.code,
        "evse_key": evse,
        "public_key": "".join(public_key.split()),
        "valid_from": since,
        "recorded_at": unit.now,
        "author": signed.actor.name,
        "reason": signed.reason,
    }
    unit.connection.execute(insert(meter_keys).values(row))
    told = {"key": readings.fingerprint(public_key), "valid_from": since}
    audit.record(unit, signed.actor, "add", f"meter/{owner}/{evse}"[:200], None, told, signed.reason)
    return told


def listed(unit: Unit, owner: Party | None = None, evse_uid: str | None = None) -> list[Any]:
    """The rows, by EVSE and the moment from which each holds."""
    query = select(meter_keys).order_by(meter_keys.c.owner, meter_keys.c.evse_key, meter_keys.c.valid_from)
    if owner is not None:
        query = query.where(meter_keys.c.owner == owner.code)
    if evse_uid is not None:
        query = query.where(meter_keys.c.evse_key == fold(evse_uid))
    return list(unit.connection.execute(query))
