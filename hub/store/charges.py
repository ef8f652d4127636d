"""What became of each completed session: rated, billed by its CPO, held with a reason, or credited."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.base import Executable

from hub.store.base import INSERTS, Instant, Serial, metadata
from hub.store.prepared import Prepared
from hub.store.unit import Unit

RATED, OWN, HELD, CREDITED = "RATED", "OWN", "HELD", "CREDITED"
OPEN = (HELD, CREDITED)
"""Not billed, or not any more."""

charges = Table(
    "charges",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("owner", String(5), nullable=False),  # the CPO
    Column("session_key", String(80), nullable=False),
    Column("state", String(10), nullable=False),  # RATED, OWN: the CPO's own CDR, HELD, CREDITED
    Column("reason", String(40)),  # code of why it is held
    Column("message", Text),
    Column("cdr_key", String(80)),  # in cdrs, of the same owner
    Column("tariff_id", String(80)),
    Column("tariff_rev", Integer),  # the number of its version in the price book
    Column("quote", LargeBinary),  # the quote as JSON: lines, policy, warnings
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("owner", "session_key"),  # a session is billed once
)

Index(
    "ix_charges_held",
    charges.c.owner,
    sqlite_where=text("state = 'HELD'"),
    postgresql_where=text("state = 'HELD'"),
)


@dataclass(frozen=True, slots=True)
class Charge:
    """One row of the table; `quote` is JSON."""

    owner: str
    session_key: str
    state: str
    reason: str | None = None
    message: str | None = None
    cdr_key: str | None = None
    tariff_id: str | None = None
    tariff_rev: int | None = None
    quote: bytes | None = None


FIELDS = tuple(Charge.__annotations__)


def of_session(unit: Unit, owner: str, session_key: str) -> Charge | None:
    """The charge of a session, locked until the commit."""
    row = unit.connection.execute(billing(owner, session_key).with_for_update()).first()
    return None if row is None else charge(row)


def seen(unit: Unit, owner: str, session_key: str) -> Charge | None:
    """The charge of a session, to be looked at."""
    row = SEEN.first(unit, owner=owner, session_key=session_key)
    return None if row is None else charge(row)


def billing(owner: str, session_key: str) -> Select[Any]:
    return select(charges).where(charges.c.owner == owner, charges.c.session_key == session_key)


SEEN = Prepared(
    every=select(charges).where(
        charges.c.owner == bindparam("owner"), charges.c.session_key == bindparam("session_key")
    )
)


def keeping(statement: Any) -> Executable:
    """Insert the charge of a session; where there is one that is not billed, it becomes this one."""
    names = (*FIELDS, "updated_at")
    fresh = statement.values({name: bindparam(name) for name in (*names, "created_at")})
    upsert: Executable = fresh.on_conflict_do_update(
        index_elements=["owner", "session_key"],
        set_={name: fresh.excluded[name] for name in names},
        where=or_(*(charges.c.state == state for state in OPEN)),
    ).returning(charges.c.id)
    return upsert


KEEP = Prepared(**{name: keeping(insert(charges)) for name, insert in INSERTS.items()})


def keep(unit: Unit, kept: Charge) -> bool:
    """Record what became of a session; False, and nothing written, when it is billed already.

    The unique key decides between two transactions that would bill one session.
    """
    values = {name: getattr(kept, name) for name in FIELDS}
    return KEEP.first(unit, updated_at=unit.now, created_at=unit.now, **values) is not None


def credit(unit: Unit, owner: str, cdr_key: str) -> list[str]:
    """The CDR that billed a session is taken back: its CPO may bill it anew. The key of the session."""
    billed = (charges.c.owner == owner) & (charges.c.cdr_key == cdr_key) & charges.c.state.in_((RATED, OWN))
    taken_back = {"state": CREDITED, "updated_at": unit.now}
    undone = update(charges).where(billed).values(taken_back).returning(charges.c.session_key)
    return list(unit.connection.execute(undone).scalars())


IS_HELD = text("state = 'HELD'")
"""In the very words of the index: SQLite cannot use it for a parameter, and compiled the statement anew for
every value, which was 50 us of every change of a location."""
WAITING = select(charges).where(IS_HELD).order_by(charges.c.id)
WAITING_OF = Prepared(every=WAITING.where(charges.c.owner == bindparam("owner")))


def held(unit: Unit) -> list[Charge]:
    """The sessions that wait for something, the oldest first."""
    return [charge(row) for row in unit.connection.execute(WAITING)]


def held_of(unit: Unit, owner: str) -> list[Charge]:
    """Those of one CPO; looked at with every change of its locations and tariffs."""
    return [charge(row) for row in WAITING_OF.all(unit, owner=owner)]


def charge(row: Any) -> Charge:
    return Charge(**{name: getattr(row, name) for name in FIELDS})
