"""What is not complete: one row for each thing that should be there and is not, as long as it is so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint, delete, select

from hub.store.base import INSERTS, Instant, Serial, metadata
from hub.store.unit import Unit

findings = Table(
    "findings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("partner_id", ForeignKey("partners.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("module", String(30), nullable=False),
    Column("owner", String(5), nullable=False),
    Column("object_key", String(100), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    UniqueConstraint("kind", "partner_id", "module", "owner", "object_key"),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not complete: of which kind, with whom, and about which object."""

    kind: str
    partner_id: int
    module: str
    owner: str
    object_key: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The same, with the instants in microseconds when it was found first and last."""

    missing: Missing
    first_at: int
    last_at: int


IDENTITY = ["kind", "partner_id", "module", "owner", "object_key"]


def settle(unit: Unit, kinds: Collection[str], found: Iterable[Missing], **scope: Any) -> int:
    """These are all there are of these kinds within the scope: others are cleared. How many there are."""
    count = 0
    for count, each in enumerate(found, 1):  # noqa: B007
        keep(unit, each)
    within = [findings.c[name] == value for name, value in scope.items()]
    gone = findings.c.kind.in_(kinds) & (findings.c.last_at != unit.now)
    unit.connection.execute(delete(findings).where(gone, *within))
    return count


def keep(unit: Unit, missing: Missing) -> None:
    row = {name: getattr(missing, name) for name in Missing.__annotations__} | {"last_at": unit.now}
    new = INSERTS[unit.dialect.name](findings).values(**row, first_at=unit.now)
    again = {"detail": missing.detail, "last_at": unit.now}
    unit.connection.execute(new.on_conflict_do_update(index_elements=IDENTITY, set_=again))


def all_of(unit: Unit, partner_id: int | None = None) -> list[Finding]:
    """Those of one partner or of all, the newest first."""
    query = select(findings).order_by(findings.c.first_at.desc(), findings.c.id.desc())
    if partner_id is not None:
        query = query.where(findings.c.partner_id == partner_id)
    return [
        Finding(
            Missing(**{name: getattr(row, name) for name in Missing.__annotations__}),
            row.first_at,
            row.last_at,
        )
        for row in unit.connection.execute(query)
    ]
