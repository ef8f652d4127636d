"""What leniency has mended of the objects that partners sent, so that operators can tell them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from hub.ocpi.document import Party
from hub.store.base import INSERTS
from hub.store.parties import mendings, partner_roles
from hub.store.prepared import Prepared
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Mending:
    """`notes`: field path -> what was done; `times`: how often the object came so; `seen_at`: when last."""

    module: str
    object_key: str
    notes: Mapping[str, str]
    times: int
    seen_at: int


def record(unit: Unit, partner_id: int, module: str, object_key: str, notes: Mapping[str, str]) -> None:
    """Note that an object was mended; the latest notes stand, and it is counted how often."""
    row = {"partner_id": partner_id, "module": module, "object_key": object_key[:100]}
    latest = {"notes": json.dumps(dict(notes)), "seen_at": unit.now}
    new = INSERTS[unit.dialect.name](mendings).values(**row, **latest, times=1)
    counted = latest | {"times": mendings.c.times + 1}
    unit.connection.execute(new.on_conflict_do_update(index_elements=list(row), set_=counted))


def of_partner(unit: Unit, partner_id: int) -> list[Mending]:
    """Everything mended of a partner, the latest first."""
    query = select(mendings).where(mendings.c.partner_id == partner_id)
    rows = unit.connection.execute(query.order_by(mendings.c.seen_at.desc(), mendings.c.id.desc()))
    return [
        Mending(row.module, row.object_key, json.loads(row.notes), row.times, row.seen_at) for row in rows
    ]


OF_OBJECT = Prepared(
    every=select(mendings.c.notes)
    .join(partner_roles, partner_roles.c.partner_id == mendings.c.partner_id)
    .where(mendings.c.module == bindparam("module"), mendings.c.object_key == bindparam("object_key"))
    .where(partner_roles.c.party == bindparam("owner"))
    .limit(1)
)


def of_object(unit: Unit, owner: Party, module: str, object_key: str) -> Mapping[str, str]:
    """What was mended of one object of a party, when it came last; nothing when it came as it should."""
    row = OF_OBJECT.first(unit, owner=owner.code, module=module, object_key=object_key[:100])
    found: Mapping[str, str] = {} if row is None else json.loads(row.notes)
    return found
