"""What each charge stands on: the version of the tariff, the rules, and which version was meant to hold."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from hub.ocpi import strictjson
from hub.store.assignments import grounds
from hub.store.base import INSERTS
from hub.store.unit import Unit

PIN_AT_START = "PIN_AT_START"
"""The version in force when the session began prices all of it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One row of the table; rule_id None where the tariff is the connector's own."""

    owner: str
    session_key: str
    tariff_key: str
    tariff_version: int
    rule_id: int | None = None
    adjusted_by: tuple[int, ...] = ()
    policy: str = PIN_AT_START


def keep(unit: Unit, ground: Ground) -> None:
    """Write it down, in place of what an earlier charge of the session stood on."""
    key = {"owner": ground.owner, "session_key": ground.session_key}
    values: dict[str, Any] = {
        "tariff_key": ground.tariff_key,
        "tariff_version": ground.tariff_version,
        "rule_id": ground.rule_id,
        "adjusted_by": strictjson.write(list(ground.adjusted_by)).decode(),
        "policy": ground.policy,
    }
    row = INSERTS[unit.dialect.name](grounds).values(**key, **values)
    unit.connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))


def of_session(unit: Unit, owner: str, session_key: str) -> Ground | None:
    mine = (grounds.c.owner == owner) & (grounds.c.session_key == session_key)
    row = unit.connection.execute(select(grounds).where(mine)).first()
    if row is None:
        return None
    told = {name: getattr(row, name) for name in Ground.__annotations__}
    return Ground(**told | {"adjusted_by": tuple(strictjson.reread(row.adjusted_by.encode()))})
