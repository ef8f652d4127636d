"""Where a partner takes the objects of a module, and how the hub shows there who it is."""

from dataclasses import dataclass

from sqlalchemy import String, and_, bindparam, select

from hub.ocpi.editions import edition
from hub.parties import tokens
from hub.parties.partner import Partner
from hub.parties.registry import is_connected
from hub.parties.rows import COLUMNS, partner_of
from hub.parties.tokens import Vault
from hub.store.base import Serial
from hub.store.parties import endpoints, partner_roles, partners, tokens_out
from hub.store.prepared import Prepared
from hub.store.unit import Unit

INTERFACE = and_(
    endpoints.c.partner_id == partners.c.id,
    endpoints.c.module == bindparam("module", type_=String),
    endpoints.c.role == "RECEIVER",
)
ADDRESS = Prepared(
    every=select(endpoints.c.url, tokens_out.c.sealed, *COLUMNS)
    .select_from(
        partners.outerjoin(partner_roles)
        .outerjoin(endpoints, INTERFACE)
        .outerjoin(tokens_out, tokens_out.c.partner_id == partners.c.id)
    )
    .where(partners.c.id == bindparam("partner", type_=Serial))
    .order_by(partner_roles.c.role, partner_roles.c.party)
)


@dataclass(frozen=True, slots=True)
class Address:
    """url is None when the partner has no Receiver of the module; authorization, when it is not connected."""

    partner: Partner
    url: str | None
    authorization: str | None


def address(unit: Unit, partner_id: int, module: str, vault: Vault) -> Address | None:
    """One statement for every delivery; None when there is no such partner."""
    rows = ADDRESS.all(unit, partner=partner_id, module=module)
    if not rows:
        return None
    url, sealed = rows[0][:2]
    partner = partner_of(tuple(tuple(row[2:]) for row in rows))
    if sealed is None or partner.version is None or not is_connected(partner):
        return Address(partner, url, None)
    raw = partner.settings.sends_raw(edition(partner.version))
    return Address(partner, url, tokens.write_authorization(vault.unseal(bytes(sealed)), raw=raw))
