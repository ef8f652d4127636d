"""What a handshake settles between the hub and a partner, and how that ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from hub.parties import access
from hub.parties.partner import Partner, PartnerRole, Status
from hub.parties.problems import NameTaken
from hub.parties.registry import by_name, hold_roles
from hub.parties.tokens import Vault
from hub.store.deliveries import deliveries
from hub.store.parties import endpoints, partners, tokens_out
from hub.store.unit import Unit

Endpoints = Mapping[tuple[str, str], str]
"""(module, SENDER or RECEIVER) -> URL of the partner's own interface."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`token` opens the partner's platform."""

    version: str
    versions_url: str
    roles: tuple[PartnerRole, ...]
    endpoints: Endpoints
    token: str


def connect(unit: Unit, partner_id: int, connection: Connection, vault: Vault) -> bool:
    """Store a connection in place of any former one; False when the partner was suspended meanwhile."""
    allowed = [partners.c.id == partner_id, partners.c.status != Status.SUSPENDED]
    changed = (
        update(partners)
        .where(*allowed)
        .values(
            status=Status.CONNECTED,
            version=connection.version,
            versions_url=connection.versions_url,
            registered_at=func.coalesce(partners.c.registered_at, unit.now),
        )
    )
    if unit.connection.execute(changed).rowcount == 0:
        return False
    hold_roles(unit, partner_id, connection.roles)
    drop(unit, partner_id)
    kept = {"partner_id": partner_id, "sealed": vault.seal(connection.token), "created_at": unit.now}
    unit.connection.execute(insert(tokens_out).values(kept))
    rows = [
        {"partner_id": partner_id, "module": module, "role": role, "url": url}
        for (module, role), url in connection.endpoints.items()
    ]
    unit.connection.execute(insert(endpoints), rows)
    unit.joined.append(partner_id)
    return True


def end(unit: Unit, partner: Partner) -> None:
    """Both directions stop at once: no token of either side is left (CRED-14). Its objects and name stay, and
    what it has got is remembered; what it was owed is not."""
    access.revoke(unit, partner.id)
    drop(unit, partner.id)
    owed = (deliveries.c.partner_id == partner.id, deliveries.c.state != "done")
    unit.connection.execute(delete(deliveries).where(*owed))
    ended = update(partners).where(partners.c.id == partner.id)
    unit.connection.execute(ended.values(status=Status.SUSPENDED, registered_at=None))


def drop(unit: Unit, partner_id: int) -> None:
    """Where and with which token the partner was reached."""
    for table in (tokens_out, endpoints):
        unit.connection.execute(delete(table).where(table.c.partner_id == partner_id))


def forget(unit: Unit, partner_id: int) -> None:
    """As if it had never been put down; for one that has never registered."""
    unit.connection.execute(delete(partners).where(partners.c.id == partner_id))


def rename(unit: Unit, partner_id: int, name: str) -> None:
    other = by_name(unit, name)
    if other is not None and other.id != partner_id:
        raise NameTaken(f"There is a partner {name!r} already; choose another name")
    unit.connection.execute(update(partners).where(partners.c.id == partner_id).values(name=name))


def reseal(unit: Unit, vault: Vault) -> int:
    """Seal every stored token anew with the first secret key; how many there were."""
    rows = unit.connection.execute(select(tokens_out.c.partner_id, tokens_out.c.sealed)).all()
    for partner_id, sealed in rows:
        kept = update(tokens_out).where(tokens_out.c.partner_id == partner_id)
        unit.connection.execute(kept.values(sealed=vault.reseal(sealed)))
    return len(rows)
