"""Rules as they lie in the table: read, written, ended."""

import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.wire import fold
from hub.prices.rules.rules import Kind, Per, Rule, of_plain, plain
from hub.store.assignments import rule_states, rules
from hub.store.base import INSERTS
from hub.store.prepared import Prepared
from hub.store.unit import Unit

MILLIONTHS = 10**6
STATE = Prepared(every=select(rule_states.c.state).where(rule_states.c.owner == bindparam("owner")))


def state(unit: Unit, owner: Party) -> str | None:
    """The name of the owner's rules as they are now; None when it never had any."""
    row = STATE.first(unit, owner=owner.code)
    return None if row is None else str(row.state)


def touch(unit: Unit, owner: Party) -> None:
    """The owner's rules change: nobody may use what he has cached. Whoever else changes them waits here."""
    fresh = {"state": uuid.uuid4().hex}
    row = INSERTS[unit.dialect.name](rule_states).values(owner=owner.code, **fresh)
    unit.connection.execute(row.on_conflict_do_update(index_elements=["owner"], set_=fresh))


def listed(unit: Unit, *wanted: ColumnElement[bool]) -> list[Rule]:
    """Those that fulfil these conditions, in the order in which they were made."""
    query = select(rules).where(*wanted).order_by(rules.c.id)
    return [rule(row) for row in unit.connection.execute(query)]


def of_owner(unit: Unit, owner: Party) -> list[Rule]:
    return listed(unit, rules.c.owner == owner.code)


def giving(unit: Unit, owner: Party, key: str, at: int) -> list[Rule]:
    """Those that give a tariff of this key at an instant or later."""
    still = rules.c.valid_to.is_(None) | (rules.c.valid_to > at)
    found = listed(unit, rules.c.owner == owner.code, rules.c.tariff_id.is_not(None), still)
    return [each for each in found if fold(str(each.tariff_id)) == key]


def one(unit: Unit, identity: int) -> Rule | None:
    return next(iter(listed(unit, rules.c.id == identity)), None)


def create(unit: Unit, made: Rule) -> int:
    """Write a new rule; its number."""
    millionths = None if made.value is None else int(made.value * MILLIONTHS)
    values = {name: getattr(made, name) for name in Rule.__annotations__ if name not in ("id", "match")}
    values |= {
        "owner": made.owner.code,
        "matches": strictjson.write(plain(made.match)).decode(),
        "value": millionths,
    }
    found = unit.connection.execute(insert(rules).values(**values).returning(rules.c.id))
    return int(found.scalar_one())


def set_end(unit: Unit, identity: int, at: int, by: str, why: str) -> None:
    """All that is ever changed of a rule."""
    said = {"valid_to": at, "ended_at": unit.now, "ended_by": by[:100], "end_reason": why}
    unit.connection.execute(update(rules).where(rules.c.id == identity).values(**said))


def rule(row: Any) -> Rule:
    told = {name: getattr(row, name) for name in Rule.__annotations__ if name != "match"}
    return Rule(
        **told
        | {
            "owner": Party.of_code(row.owner),
            "kind": Kind(row.kind),
            "match": of_plain(strictjson.reread(row.matches.encode())),
            "value": None if row.value is None else Decimal(row.value) / MILLIONTHS,
            "per": None if row.per is None else Per(row.per),
        }
    )
